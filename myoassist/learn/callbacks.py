"""What happens beside learning: episode statistics, and the work between an update and the next collection."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.env.episodes import Episode
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.learn.training_state import (
    Progression,
    ReplayMark,
    TrainingState,
    continue_clock,
    draw_exploration,
    put_state,
    take_state,
)


class EpisodeStatistics(BaseCallback):
    """Gathers finished episodes until a row is written: their length, distance, reward terms, and why they ended."""

    def __init__(self, env: WalkVecEnv) -> None:
        super().__init__()
        self._env = env
        self.pending: list[Episode] = []
        self._written: list[Episode] = []

    @property
    def last(self) -> list[Episode]:
        """Episodes since the last row, or those of that row."""
        return self.pending or self._written

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        self.pending += self._env.drain_episodes()

    def record(self) -> None:
        """Write their means into the row that is about to be written."""
        for name, number in self._env.walk.numbers().items():
            self.logger.record(f"curriculum/{name}", number)
        if self.pending:
            record_episodes(self.logger, self.pending)
            self._written, self.pending = self.pending, []


def record_episodes(logger: Logger, episodes: list[Episode]) -> None:
    """Write means over ``episodes`` to ``logger`` under ``episode/``, ``reward/`` and ``end/``.

    Of a curriculum also the share of episodes on each level that walked far enough to be promoted.
    """
    for name in ("length", "seconds", "distance", "mean_speed", "speed_error", "mean_activation", "peak_load"):
        logger.record(f"episode/{name}", float(np.mean([getattr(episode, name) for episode in episodes])))
    logger.record("episode/return", float(np.mean([episode.total_reward for episode in episodes])))
    logger.record("episode/count", len(episodes))
    for term in episodes[0].terms:
        logger.record(f"reward/{term}", float(np.mean([episode.terms[term] for episode in episodes])))
    for reason, count in sorted(Counter(episode.reason for episode in episodes).items()):
        logger.record(f"end/{reason}", count / len(episodes))
    for level in sorted({episode.level for episode in episodes if episode.level is not None}):
        successes = [bool(episode.success) for episode in episodes if episode.level == level]
        logger.record(f"curriculum/success_on_level_{level}", float(np.mean(successes)))


WARNINGS = ("SIGUSR1", "SIGUSR2")  # what clusters send before they take a job away


class Stopper:
    """Remembers that the process was asked to stop: by Ctrl-C, SIGTERM, or a cluster's warning.

    Asked twice, it stops at once. A warning outweighs the SIGTERM that a cluster may send with it, in either order.
    """

    def __init__(self) -> None:
        self.asked: str | None = None
        self._before: dict[int, Any] = {}

    def listen(self) -> None:
        """Take the signals; only the main thread can."""
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", *WARNINGS):
                if (number := getattr(signal, name, None)) is not None:  # Windows has no warnings
                    self._before[number] = signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if name in WARNINGS or self.asked is None:
            self.asked = name
        elif self.asked not in WARNINGS or name == "SIGINT":
            raise KeyboardInterrupt

    def restore(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


@dataclass(frozen=True)
class Moment:
    """Between an update and the next collection: the steps then and the moment before, and whether it is the last."""

    before: int
    steps: int
    last: bool

    def due(self, every: int) -> bool:
        """Whether another ``every`` steps were completed since the moment before; 0 is never."""
        return bool(every) and self.steps // every > self.before // every


@dataclass
class Tasks:
    """What is done at each :class:`Moment`: ``evaluate`` may ask for a checkpoint, ``save`` writes one."""

    evaluate: Callable[[Moment], bool]
    save: Callable[[TrainingState], Any]
    row_every: int
    checkpoint_every: int
    progression: Progression = field(default_factory=Progression)


class BetweenUpdates(BaseCallback):
    """Evaluates, writes a row, saves, and remembers the state to go back to, each time an update is over.

    Only there do weights, episodes and random numbers belong together, so that a training continued from there takes
    the same course. A stop in the middle of a collection goes back to the moment before it: nothing learned is lost.
    """

    def __init__(
        self,
        env: VecNormalize,
        statistics: EpisodeStatistics,
        stopper: Stopper,
        tasks: Tasks,
        *,
        begin: TrainingState | None = None,
    ) -> None:
        super().__init__()
        self._env, self._statistics, self._stopper, self._tasks, self._begin = env, statistics, stopper, tasks, begin
        self._before: int | None = None
        self._collecting = False
        self._replay: ReplayMark | None = None  # beside ``clean``
        self.clean: TrainingState | None = None  # state to go back to; None where the weights are past it

    def _on_rollout_start(self) -> None:
        if self._begin is not None:  # again after SB3 set itself up, which resets noise and draws random numbers
            self._continue(self._begin)
            self._begin = None
        self._collecting = True
        if self._before is None:
            self._before = self.model.num_timesteps
            self.clean = self._take(last=False)
        elif self.model.num_timesteps > self._before:
            self._work(last=False)

    def _on_step(self) -> bool:
        return self._stopper.asked is None or self.clean is None

    def _on_rollout_end(self) -> None:
        self._collecting = False
        self.clean = None

    def _on_training_end(self) -> None:
        if not self._collecting:
            self._work(last=True)

    def rewind(self) -> TrainingState | None:
        """Undo a collection that was cut short; the state gone back to, or None where nothing was cut."""
        if self._collecting and self.clean is not None:
            put_state(self.clean, self.model, self._env)
            if self._replay is not None:
                self._replay.put_back()
            return self.clean
        return None

    def _continue(self, begin: TrainingState) -> None:
        progression = put_state(begin, self.model, self._env)
        if begin.plain["last"]:
            draw_exploration(self.model)
        self._tasks.progression = progression
        self._statistics.pending = list(progression.episodes)
        continue_clock(self.model, progression.elapsed)

    def _take(self, *, last: bool) -> TrainingState:
        progression = self._tasks.progression
        progression.elapsed = (time.time_ns() - self.model.start_time) / 1e9
        progression.episodes = self._statistics.pending
        self._replay = ReplayMark(self.model)
        return take_state(self.model, self._env, progression, last=last)

    def _work(self, *, last: bool) -> None:
        assert self._before is not None
        moment = Moment(self._before, self.model.num_timesteps, last)
        self._before = moment.steps
        wanted = self._tasks.evaluate(moment) or last or moment.due(self._tasks.checkpoint_every)
        if last or moment.due(self._tasks.row_every):
            self._write_row()
        if wanted or self._stopper.asked or isinstance(self.model, OnPolicyAlgorithm):
            self.clean = self._take(last=last)
            if wanted:
                self._tasks.save(self.clean)

    def _write_row(self) -> None:
        self._tasks.progression.rows += 1
        self._statistics.record()
        if isinstance(self.model, OnPolicyAlgorithm):
            self.model.dump_logs(self._tasks.progression.rows)
        else:
            self.model.dump_logs()
