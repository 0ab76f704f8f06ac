"""Trials with a learned policy: a few episodes from random starts, on environments of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from myoassist.analysis.recording import Recording
from myoassist.config import TrainConfig, TrialConfig
from myoassist.env.episodes import TIME_UP, Episode
from myoassist.env.recorder import Recorder
from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError
from myoassist.learn.acting import acting_as_asked
from myoassist.learn.algorithms import make_policy
from myoassist.learn.checkpoint import Checkpoint
from myoassist.parsing import parse_config, to_plain

Policy = Callable[[np.ndarray], np.ndarray]
DEFAULT_TRIAL = "walk"
FALL_TERMS = {"fall": {"func": "fall", "params": {}}, "trunk_tilt": {"func": "trunk_tilt", "params": {}}}


@dataclass(frozen=True)
class Evaluation:
    """Outcome of an evaluation; speeds in m/s, distances in m, times in s.

    ``completed`` of ``episodes`` lasted to the end.

    ``alternation``: share of heel strikes that followed one of the other side. ``peak_load``: mean over episodes of the
    largest vertical ground force, in body weights. ``terms``: return of each weighted reward term. ``levels``: share of
    the episodes on each level of a curriculum that lasted to the end.
    """

    episodes: int
    completed: int
    distance: float
    shortest_distance: float
    time: float
    speed: float
    speed_error: float
    alternation: float
    steps_per_second: float
    peak_load: float
    activation: float
    total_reward: float
    terms: dict[str, float] = field(default_factory=dict)
    levels: dict[str, float] = field(default_factory=dict)


def trial_config(config: TrainConfig, trial: TrialConfig | None = None) -> TrainConfig:
    """The experiment of one trial. Its episodes end by a fall or by time, not by leaving the reference; no aid helps.

    On a curriculum the levels are shared equally and nobody moves; target speeds are the command's on every level.
    """
    plain = to_plain(config)
    settings = plain["evaluation"]
    settings["trials"] = {}
    for name, value in to_plain(trial).items() if trial is not None else ():
        if value is not None:
            (settings if name in settings else plain)[name] = value
    if plain["terrain"]["type"] == "curriculum":
        plain["terrain"]["adapt"] = False
    plain["aid"] = {}
    plain["termination"] = {"max_seconds": plain["evaluation"]["seconds"], "terms": FALL_TERMS}
    return parse_config(plain)


def make_trials(config: TrainConfig) -> dict[str, Evaluator]:
    """The trials that ``config.evaluation`` asks for, by name and in order, built."""
    asked: dict[str, TrialConfig | None] = {**config.evaluation.trials}
    trials = {name: Evaluator(config, trial) for name, trial in (asked or {DEFAULT_TRIAL: None}).items()}
    for evaluator in trials.values():
        check_drawing(evaluator)
    return trials


def check_drawing(evaluator: Evaluator) -> None:
    """Raise ConfigError for a plot, or a signal in the video's panel, that does not exist; libraries load if needed."""
    settings = evaluator.config.evaluation
    if settings.plots != ["*"]:
        from myoassist.analysis.plots.save import chosen

        chosen(settings.plots)
    if settings.video.panel:
        from myoassist.view.panel import choose_plots

        choose_plots(evaluator.glimpse(), 0, settings.video.panel, where="evaluation.video.panel")


class Evaluator:
    """Runs the same trial again and again; the environments are built once."""

    def __init__(self, config: TrainConfig, trial: TrialConfig | None = None) -> None:
        self.config = trial_config(config, trial)
        settings = self.config.evaluation
        self.walk = WalkEnv(self.config, num_envs=settings.episodes, seed=settings.seed)

    def run(self, policy: Policy) -> list[Episode]:
        """The first episode of every environment, in their order; ``policy`` maps raw observations to actions."""
        observation = self.walk.reset(seed=self.config.evaluation.seed)
        finished: dict[int, Episode] = {}
        while len(finished) < self.walk.num_envs:
            observation = self.walk.step(policy(observation)).observation
            for episode in self.walk.episodes.drain():
                finished.setdefault(episode.env, episode)
        return [finished[env] for env in sorted(finished)]

    def record(self, policy: Policy, *, envs: int, **meta: Any) -> tuple[list[Episode], Recording]:
        """As :meth:`run`, with a recording of the first ``envs`` environments; ``meta`` describes the policy."""
        settings = self.config.evaluation
        recorder = Recorder(self.walk, record_hz=settings.record_hz, envs=envs)
        self.walk.watchers.append(recorder)
        try:
            episodes = self.run(policy)
        finally:
            self.walk.watchers.remove(recorder)
        facts = {"seed": settings.seed, "deterministic": settings.deterministic}
        return episodes, recorder.recording(episodes, **facts, **meta)

    def glimpse(self) -> Recording:
        """A recording of one control step without any effort: what a recording of these environments holds."""
        recorder = Recorder(self.walk, record_hz=self.config.evaluation.record_hz, envs=1)
        self.walk.reset(seed=self.config.evaluation.seed)
        self.walk.watchers.append(recorder)
        self.walk.step(np.zeros((self.walk.num_envs, len(self.walk.action_map))))
        self.walk.watchers.remove(recorder)
        return recorder.recording([], name="glimpse")

    def close(self) -> None:
        """Stop the simulation threads."""
        self.walk.close()


def make_actor(checkpoint: Checkpoint, walk: WalkEnv, *, noise_seed: int | None = None) -> Policy:
    """The policy of a checkpoint, from raw observations ``(n, size)`` to actions ``(n, num_actions)``.

    ``walk.config.evaluation`` says whether it is deterministic, and the seed of its noise where it is not and
    ``noise_seed`` is None.
    """
    config, asked = checkpoint.config, walk.config.evaluation
    policy = make_policy(config.algorithm, config.network, walk)
    try:
        policy.load_state_dict(checkpoint.policy)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise RunError(f"checkpoint={checkpoint.path}: the weights do not fit its network: {reason}") from error
    policy.set_training_mode(False)
    act = acting_as_asked(policy, config, walk, asked if noise_seed is None else replace(asked, seed=noise_seed))
    return lambda observation: act(checkpoint.normalizer(observation))


def summarize(episodes: list[Episode]) -> Evaluation:
    """Numbers over the episodes of one evaluation."""

    def mean(name: str) -> float:
        return float(np.mean([getattr(episode, name) for episode in episodes]))

    steps = sum(episode.steps for episode in episodes)
    return Evaluation(
        episodes=len(episodes),
        completed=sum(episode.reason == TIME_UP for episode in episodes),
        distance=mean("distance"),
        shortest_distance=min(episode.distance for episode in episodes),
        time=mean("seconds"),
        speed=float(sum(e.distance for e in episodes) / sum(e.seconds for e in episodes)),
        speed_error=mean("speed_error"),
        alternation=sum(e.alternating for e in episodes) / max(1, sum(max(0, e.steps - 1) for e in episodes)),
        steps_per_second=steps / sum(e.seconds for e in episodes),
        peak_load=mean("peak_load"),
        activation=mean("mean_activation"),
        total_reward=mean("total_reward"),
        terms={name: float(np.mean([episode.terms[name] for episode in episodes])) for name in episodes[0].terms},
        levels=_completed_by_level(episodes),
    )


def _completed_by_level(episodes: list[Episode]) -> dict[str, float]:
    levels = sorted({episode.level for episode in episodes if episode.level is not None})
    ended = {level: [episode.reason == TIME_UP for episode in episodes if episode.level == level] for level in levels}
    return {f"level_{level}": float(np.mean(outcomes)) for level, outcomes in ended.items()}
