"""Progress of a training: a bar in a terminal, a line now and then in a file."""

from __future__ import annotations

import sys
import time

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from tqdm import tqdm

from myoassist.config import LoggingConfig
from myoassist.env.episodes import Episode
from myoassist.learn.callbacks import EpisodeStatistics


def say(text: str) -> None:
    """Write one line for the user to standard output, past any progress bar."""
    tqdm.write(text, file=sys.stdout)
    sys.stdout.flush()


class Progress(BaseCallback):
    """Shows steps, rate, time left, and the length and return of the last episodes.

    ``config.progress``: ``auto`` (a bar in a terminal, else lines), ``bar``, ``lines`` (one per update, but no two
    within ``config.line_seconds``) or ``none``.
    """

    def __init__(self, config: LoggingConfig, *, total: int, statistics: EpisodeStatistics) -> None:
        super().__init__()
        style = config.progress
        if style == "auto":
            style = "bar" if sys.stderr.isatty() else "lines"
        self._style, self._total, self._statistics, self._pause = style, total, statistics, config.line_seconds
        self._bar: tqdm | None = None
        self._start_steps = 0
        self._begun = self._spoken = 0.0
        self._first: float | None = None

    def growth(self) -> str | None:
        """One line on how the mean training episode grew; None where too few have ended."""
        if self._first is None or not self._statistics.last:
            return None
        now = mean_seconds(self._statistics.last)
        return (
            f"mean training episode: {self._first:.2f} s at first, {now:.2f} s at last ({now / self._first:.1f} times)"
        )

    def _on_training_start(self) -> None:
        self._begun, self._spoken = time.monotonic(), -np.inf
        self._start_steps = self.num_timesteps
        if self._style == "bar":
            self._bar = tqdm(
                total=self._total,
                initial=self.num_timesteps,
                unit="step",
                unit_scale=True,
                dynamic_ncols=True,
                leave=True,
            )

    def _on_step(self) -> bool:
        if self._bar is not None:
            self._bar.update(self.num_timesteps - self._bar.n)
        return True

    def _on_rollout_end(self) -> None:
        if self._first is None and self._statistics.last:
            self._first = mean_seconds(self._statistics.last)
        if self._bar is not None:
            self._bar.set_postfix_str(self._summary(), refresh=False)
        elif self._style == "lines" and time.monotonic() - self._spoken >= self._pause:
            self._spoken = time.monotonic()
            elapsed = self._spoken - self._begun
            rate = (self.num_timesteps - self._start_steps) / max(elapsed, 1e-9)
            left = (self._total - self.num_timesteps) / max(rate, 1e-9)
            say(
                f"{self.num_timesteps:>10,} / {self._total:,} steps  {rate:,.0f} steps/s  "
                f"{clock(left)} left  {self._summary()}"
            )

    def _summary(self) -> str:
        episodes = self._statistics.last
        if not episodes:
            return "no episode has ended yet"
        length = mean_seconds(episodes)
        total = np.mean([episode.total_reward for episode in episodes])
        return f"episode {length:.2f} s, return {total:.2f}"

    def _on_training_end(self) -> None:
        if self._bar is not None:
            self._bar.close()


def mean_seconds(episodes: list[Episode]) -> float:
    """Mean duration of episodes, s."""
    return float(np.mean([episode.seconds for episode in episodes]))


def clock(seconds: float) -> str:
    """``h:mm:ss`` or ``m:ss``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
