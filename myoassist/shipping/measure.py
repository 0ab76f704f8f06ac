"""What a policy of the package does: the numbers of its card, and the short look that a test repeats."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from myoassist.analysis.results import analyse_trial
from myoassist.env.episodes import TIME_UP
from myoassist.evaluation import record
from myoassist.finishing import trials_in
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.evaluate import DEFAULT_TRIAL, Evaluator, make_actor
from myoassist.learn.evaluations import read_summary
from myoassist.learn.run_folder import environment
from myoassist.shipping.card import METRICS

EPISODES, SECONDS, SEED = 4, 5.0, 7  # the short look
TOLERANCE = 0.1  # m/s, of the speed in it: another processor rounds otherwise, and the walk takes another course
PACKAGES = ("mujoco", "myo_sim", "assist_sim", "torch", "stable_baselines3", "numpy")


def measured(
    checkpoint: Checkpoint, replaced: Sequence[str], *, output: Path, say: Callable[[str], Any]
) -> dict[str, Any]:
    """Outcome and gait metrics of every trial of the policy's own evaluation, and with what they were measured.

    Recordings and metrics stay in the folder ``output``; ``replaced``: settings of the command line, for the record.
    """
    settings = checkpoint.config.evaluation
    folder = record(checkpoint, checkpoint.config, replaced, output=output)
    outcomes, trials = read_summary(folder)["trials"], {}
    for trial in trials_in(folder):
        result = analyse_trial(trial, plots=[])
        say(f"{trial.name}: {result.verdict}")
        found = {name: metric.mean for name, metric in result.metrics.items() if name in METRICS and metric.n}
        found |= {name: value for name, value in outcomes[trial.name].items() if not isinstance(value, dict)}
        trials[trial.name] = {name: value for name, value in sorted(found.items()) if math.isfinite(value)}
    versions: Any = environment()["packages"]
    facts = {"episodes": settings.episodes, "seconds": settings.seconds, "seed": settings.seed}
    packages = {name: versions[name] for name in PACKAGES}
    return {**facts, "date": f"{datetime.now():%Y-%m-%d}", "packages": packages, "trials": trials}


def short_check(checkpoint: Checkpoint) -> dict[str, dict[str, float]]:
    """Mean speed in m/s and number of falls in a few short episodes of every trial; a test repeats it."""
    found: dict[str, dict[str, float]] = {}
    settings = replace(checkpoint.config.evaluation, trials={}, episodes=EPISODES, seconds=SECONDS, seed=SEED)
    config = replace(checkpoint.config, evaluation=settings)
    for name, trial in (checkpoint.config.evaluation.trials or {DEFAULT_TRIAL: None}).items():
        short = trial and replace(trial, episodes=None, seconds=None, seed=None)
        evaluator = Evaluator(config, short)
        try:
            episodes = evaluator.run(make_actor(checkpoint, evaluator.walk))
        finally:
            evaluator.close()
        speed = sum(episode.distance for episode in episodes) / sum(episode.seconds for episode in episodes)
        found[name] = {"speed": speed, "falls": sum(episode.reason != TIME_UP for episode in episodes)}
    return found
