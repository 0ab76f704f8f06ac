"""``eval.py``: a saved policy on the experiment it was trained with, parts of which may be replaced."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from myoassist.errors import ConfigError, MyoAssistError, typed
from myoassist.model.library import check_mujoco
from myoassist.processes import asks_for_help, exit_code

if TYPE_CHECKING:
    from myoassist.config import TrainConfig
    from myoassist.env.episodes import Episode
    from myoassist.learn.checkpoint import Checkpoint
    from myoassist.learn.evaluate import Evaluator

USAGE = """Evaluate a policy: record its walking, analyse the gait, draw plots and videos, write a report.

  python eval.py [evaluation.policy=<name> | checkpoint=<policy>] [output=<folder>] [group=choice ...] [key=value ...]

<name> is a policy that comes with the package: {names}. Without one, {default} is shown.
<policy> is one of your own: a run folder (its newest checkpoint), <run folder>/best, a checkpoint folder, newest (of
outputs/), a Stable-Baselines3 .zip with its config.yaml beside it, or wandb:entity/project/name:alias.

The experiment is rebuilt from the saved configuration; what you name replaces it:

  python eval.py
  python eval.py terrain=slope view=browser
  python eval.py checkpoint=outputs/2026-01-31/12-00-00_walk
  python eval.py checkpoint=outputs/2026-01-31/12-00-00_walk terrain=rough terrain.amplitude=0.02
  python eval.py checkpoint=outputs/2026-01-31/12-00-00_walk evaluation=speeds evaluation.seconds=10
  python eval.py checkpoint=outputs/2026-01-31/12-00-00_walk evaluation.video.panel=[device_torque.*,ground_force.up_*]
  python eval.py checkpoint=outputs/2026-01-31/12-00-00_walk view=browser        watch it live instead; or view=window

The outcome is printed and written to <run>/evaluations/step_<n>[_<number>], that of a policy of the package to
outputs/<date>/<time>_eval_<name>: report.html, and for each trial its recording, metrics.json, strides.csv,
episodes.csv, plots and videos."""

POLICY = "evaluation.policy"
_OWN = {"checkpoint": "<policy>", POLICY: "<name>", "output": "<folder>"}
_BAR = "{desc}: {n:.1f} of {total:.0f} s walked |{bar}| {elapsed}"
FINISH_LATER = "go on with: python scripts/analyse.py"


def evaluate_command(arguments: Sequence[str]) -> int:
    """Run an evaluation asked for on the command line; returns the exit code (0, 2 for a bad request, 130)."""
    if asks_for_help(arguments):
        from myoassist.learn.shipped import DEFAULT, policy_names

        sys.stdout.write(USAGE.format(names=", ".join(policy_names()), default=DEFAULT) + "\n")
        return 0
    return exit_code(lambda: _evaluate(list(arguments)))


def own_settings(arguments: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """``checkpoint``, ``evaluation.policy`` and ``output`` of the command line, and all other arguments.

    Raises:
        ConfigError: one of them is given twice or empty, or two of them name a policy.
    """
    own: dict[str, str] = {}
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key in _OWN:
            if key in own or not value:
                raise ConfigError(f"{key}: give one, as {key}={_OWN[key]}")
            own[key] = value
    if "checkpoint" in own and POLICY in own:
        raise ConfigError(f"{POLICY}: names a policy of the package, checkpoint= one of your own; give one of the two")
    return own, [argument for argument in arguments if argument.partition("=")[0] not in _OWN]


def _evaluate(arguments: list[str]) -> None:
    own, replaced = own_settings(arguments)
    check_mujoco()
    from myoassist.config import ViewConfig
    from myoassist.learn.finding import find_policy, shipped_policy  # after the simple checks: torch takes seconds
    from myoassist.learn.progress import say
    from myoassist.replacing import replace_settings

    checkpoint = shipped_policy(own[POLICY]) if POLICY in own else find_policy(own.get("checkpoint"))
    unwatched = replace(checkpoint.config, view=ViewConfig())  # it may have been watched in training
    config = replace_settings(unwatched, replaced)
    say(f"checkpoint: {checkpoint.path} ({checkpoint.steps:,} steps)")
    if config.view.kind != "none":
        from myoassist.learn.live_walker import view_policy

        view_policy(checkpoint, config)
        return
    folder = record(checkpoint, config, replaced, output=Path(own["output"]) if "output" in own else None)
    from myoassist.finishing import finish_evaluation

    try:
        report = finish_evaluation(folder, say=say)
    except (KeyboardInterrupt, MyoAssistError):  # such as a full disk
        say(f"the recordings are whole; {FINISH_LATER} {typed(f'recording={folder}')}")
        raise
    say(f"report: {report}")


def record(checkpoint: Checkpoint, config: TrainConfig, replaced: Sequence[str], *, output: Path | None) -> Path:
    """Run and record every trial of ``config``; returns the folder of the results.

    Raises:
        RunError: the policy does not fit the environment, or the folder cannot be written.
    """
    from myoassist.learn.evaluate import make_trials, summarize
    from myoassist.learn.evaluations import results_of, write_summary, written_whole
    from myoassist.learn.layout import Layout
    from myoassist.learn.progress import say
    from myoassist.learn.training import describe

    trials = make_trials(config)
    facts = {"checkpoint": str(checkpoint.path), "steps": checkpoint.steps}
    folder = results_of(checkpoint, output, overwrite=config.evaluation.overwrite)
    try:
        for evaluator in trials.values():
            checkpoint.layout.require(Layout.of(evaluator.walk), where=f"checkpoint={checkpoint.path}")
        with written_whole(folder) as partial:
            outcomes, stopped = _walk_all(trials, checkpoint, partial, facts)
            result = write_summary(partial, outcomes, **facts, replaced=list(replaced))
    finally:
        for evaluator in trials.values():
            evaluator.close()
    if len(outcomes) == 1:
        say(describe(result))
    else:  # what trials have in common says little
        for name, episodes in outcomes.items():
            say(f"{name}: {describe(summarize(episodes))}")
    say(f"written to {folder}")
    if stopped:
        say(f"stopped after {len(outcomes)} of {len(trials)} trials; {FINISH_LATER} {typed(f'recording={folder}')}")
        raise KeyboardInterrupt
    return folder


def _walk_all(
    trials: dict[str, Evaluator], checkpoint: Checkpoint, folder: Path, facts: dict[str, object]
) -> tuple[dict[str, list[Episode]], bool]:
    """Run the trials one after the other; Ctrl-C keeps those that are whole, and the last value says so."""
    outcomes: dict[str, list[Episode]] = {}
    try:
        for name, evaluator in trials.items():
            outcomes[name] = _walk(name, evaluator, checkpoint, folder, facts)
    except KeyboardInterrupt:
        if not outcomes:
            raise
        for cut in folder.glob("*"):
            if cut.is_dir() and cut.name not in outcomes:
                shutil.rmtree(cut)
        return outcomes, True
    return outcomes, False


def _walk(
    name: str, evaluator: Evaluator, checkpoint: Checkpoint, folder: Path, facts: dict[str, object]
) -> list[Episode]:
    """Run one trial and fill its folder in ``folder``."""
    from tqdm import tqdm

    from myoassist.learn.evaluate import make_actor
    from myoassist.learn.evaluations import write_trial
    from myoassist.learn.progress import say

    begun, walk = time.perf_counter(), evaluator.walk
    seconds = evaluator.config.evaluation.seconds
    with tqdm(total=seconds, desc=name, disable=None, leave=False, bar_format=_BAR) as bar:  # in a terminal only
        walk.watchers.append(lambda _: bar.update(min(walk.task.dt, seconds - bar.n)))
        episodes, recording = evaluator.record(make_actor(checkpoint, walk), envs=walk.num_envs, name=name, **facts)
    write_trial(folder / name, episodes, recording)
    say(f"{name}: {walk.num_envs} episodes recorded in {time.perf_counter() - begun:.0f} s")
    return episodes
