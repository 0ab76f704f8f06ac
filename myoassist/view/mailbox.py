"""The newest frame of a walker, passed from the process that simulates to the one that draws, at next to no cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from myoassist.model.index import ModelIndex
from myoassist.view.live import Frame

_SINGLE = 6  # count, episode, time, speed, target speed, ground
_TRIES = 20  # at reading a frame that is being written


class Mailbox:
    """A small file mapped into the memory of both processes. One writes, one reads, neither waits for the other.

    The count in front is odd while a frame is being written, so that a reader sees a half-written one and tries again.
    """

    def __init__(self, path: Path, index: ModelIndex, *, create: bool = False) -> None:
        self.path = path
        self._ends = _SINGLE + np.cumsum([index.nq, len(index.muscles), len(index.motors)])
        self._values = np.memmap(path, dtype=np.float64, mode="w+" if create else "r+", shape=(int(self._ends[-1]),))

    def put(self, frame: Frame) -> None:
        """Replace the frame."""
        values, (a, b, c) = self._values, self._ends
        values[0] += 1
        values[1:_SINGLE] = frame.episode, frame.time, frame.speed, frame.target_speed, frame.ground
        values[_SINGLE:a], values[a:b], values[b:c] = frame.qpos, frame.activation, frame.motor_force
        values[0] += 1

    def get(self, after: float = 0.0) -> tuple[float, Frame] | None:
        """Count and frame, if there is a newer one than number ``after``."""
        a, b, c = self._ends
        for _ in range(_TRIES):
            copy = np.array(self._values)
            whole = copy[0] % 2 == 0 and copy[0] == self._values[0]
            if whole:
                break
        else:
            return None
        if copy[0] <= after:
            return None
        episode, time, speed, target, ground = copy[1:_SINGLE].tolist()
        parts = copy[_SINGLE:a], copy[a:b], copy[b:c]
        return float(copy[0]), Frame(*parts, speed, target, time, int(episode), int(ground))
