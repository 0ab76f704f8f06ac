"""What happens beside learning: episode statistics, evaluation, checkpoints, and stopping when asked to."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from myoassist.env.episodes import Episode
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.learn.algorithms import act
from myoassist.learn.checkpoint import prune_checkpoints
from myoassist.learn.evaluate import Evaluator, summarize
from myoassist.learn.normalizer import Normalizer


class EpisodeStatistics(BaseCallback):
    """Means over the episodes that ended in an update's collection: length, distance, each reward term, why they ended."""

    def __init__(self, env: WalkVecEnv) -> None:
        super().__init__()
        self._env = env
        self.last: list[Episode] = []

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        episodes = self._env.drain_episodes()
        if episodes:
            self.last = episodes
            record_episodes(self.logger, episodes)


def record_episodes(logger: Logger, episodes: list[Episode]) -> None:
    """Write means over ``episodes`` to ``logger`` under ``episode/``, ``reward/`` and ``end/``."""
    for name in ("length", "seconds", "distance", "mean_speed", "speed_error", "mean_activation", "peak_load"):
        logger.record(f"episode/{name}", float(np.mean([getattr(episode, name) for episode in episodes])))
    logger.record("episode/return", float(np.mean([episode.total_reward for episode in episodes])))
    logger.record("episode/count", len(episodes))
    for term in episodes[0].terms:
        logger.record(f"reward/{term}", float(np.mean([episode.terms[term] for episode in episodes])))
    for reason, count in sorted(Counter(episode.reason for episode in episodes).items()):
        logger.record(f"end/{reason}", count / len(episodes))


class EveryTransitions(BaseCallback):
    """Calls ``action`` after each collection in which another ``every`` environment steps were completed."""

    def __init__(self, every: int, action: Callable[[BaseCallback], Any]) -> None:
        super().__init__()
        self._every, self._action, self._next = every, action, every

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        if self._every and self.num_timesteps >= self._next:
            self._next += self._every * (1 + (self.num_timesteps - self._next) // self._every)
            self._action(self)


def evaluate_now(callback: BaseCallback, evaluator: Evaluator) -> None:
    """Evaluate the deterministic policy and log the outcome under ``eval/``."""
    begun = time.perf_counter()
    normalizer = Normalizer.of(callback.training_env)  # type: ignore[arg-type]
    result = summarize(evaluator.run(lambda observation: act(callback.model, normalizer(observation))))
    for name, value in asdict(result).items():
        callback.logger.record(f"eval/{name}", value)
    callback.logger.record("time/evaluation_s", time.perf_counter() - begun)


class Stopper(BaseCallback):
    """Ends training after the current step when the process is asked to stop (Ctrl-C or SIGTERM); twice stops at once."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: str | None = None
        self._before: dict[int, Any] = {}

    def _on_training_start(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = signal.Signals(number).name

    def _on_step(self) -> bool:
        return self.asked is None

    def restore(self) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


class Saver:
    """Saves the policy and removes what is too old."""

    def __init__(self, folder: Path, keep: int, save: Callable[[Path], Path]) -> None:
        self._folder, self._keep, self._save = folder, keep, save
        self.last: Path | None = None

    def __call__(self, callback: BaseCallback | None = None) -> Path:
        self.last = self._save(self._folder)
        prune_checkpoints(self._folder, self._keep)
        return self.last
