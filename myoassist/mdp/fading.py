"""A share of something that gets less while the walkers keep up: of limits that shrink, of help that fades."""

from __future__ import annotations

import numpy as np

RATE_STEPS = 30_000  # environment steps over which the rate at which episodes end is averaged


class Fading:
    """A share between ``least`` and 1 that all environments have in common; it is 1 at first.

    It halves in ``halving_steps`` environment steps while walkers go on for ``keep_seconds`` in the mean, and doubles,
    as fast, while they do not. Only attributes that are arrays change: they are its memory.
    """

    def __init__(self, *, num_envs: int, dt: float, least: float, keep_seconds: float, halving_steps: int) -> None:
        self._least, self._seconds, self._dt = least, keep_seconds, dt
        self._step = 0.5 ** (num_envs / halving_steps)
        self._memory = min(1.0, num_envs / RATE_STEPS)
        self._share, self._rate = np.ones(1), np.ones(1)
        self.restart()

    def restart(self) -> None:
        """Begin anew with all of it."""
        self._share[:] = 1.0
        self._rate[:] = 1.0 / self._dt  # at which walkers end, 1/s; at first as if all did

    def fade(self, ended: np.ndarray) -> float:
        """Go on by one control step in which the walkers of the mask ``ended`` ``(num_envs,)`` ended; the share."""
        ending = np.count_nonzero(ended) / len(ended) / self._dt
        self._rate[0] += self._memory * (ending - self._rate[0])
        kept = self._rate[0] * self._seconds < 1.0
        share = float(self._share[0]) * (self._step if kept else 1.0 / self._step)
        self._share[0] = min(max(share, self._least), 1.0)
        return float(self._share[0])
