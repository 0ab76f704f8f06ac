"""Which level of the ground, and of the target speed, each environment walks on."""

from __future__ import annotations

import numpy as np

from myoassist.config import CurriculumTerrain
from myoassist.mdp.state import WalkState
from myoassist.sim.arrays import Arrays, put_arrays, take_arrays

MEMORY = 0.02  # weight of the newest episode in a running mean


class Curriculum:
    """Levels of ``num_envs`` environments; every one begins at 0.

    An episode that walked ``promote_distance`` goes one level up, and one that ended before ``demote_seconds``, but not
    by time, goes one down. An environment that is promoted from the last level has graduated: from then on each of its
    episodes is on a random level, so that nothing is forgotten. Levels with short episodes are drawn more often, for
    as much time on each. With ``adapt`` off nobody moves and environment ``i`` stays on level ``i`` modulo ``levels``.

    ``level`` ``(num_envs,)`` of the current episode, ``graduated`` ``(num_envs,)`` bool, ``duration`` ``(levels,)``
    running mean of an episode in control steps, 0 before the first.
    """

    def __init__(self, config: CurriculumTerrain, num_envs: int) -> None:
        self.config = config
        self.level = np.zeros(num_envs, dtype=int)
        self.graduated = np.zeros(num_envs, dtype=bool)
        self.duration = np.zeros(config.levels)
        self.restart()

    def restart(self) -> None:
        """Begin anew with every environment."""
        self.level[:] = 0 if self.config.adapt else np.arange(len(self.level)) % self.config.levels
        self.graduated[:] = False
        self.duration[:] = 0.0

    def passed(self, distance: np.ndarray) -> np.ndarray:
        """Whether an episode of ``distance`` m, any shape, is a success."""
        return np.asarray(distance) >= self.config.promote_distance

    def finish(self, rows: np.ndarray, truncated: np.ndarray, state: WalkState) -> None:
        """Move ``rows``, whose episodes have just ended, up or down; ``truncated`` ``(num_envs,)``: the time was up."""
        if not self.config.adapt:
            return
        up = self.passed(state.distance[rows])
        early = state.step[rows] * state.task.dt < self.config.demote_seconds
        down = ~up & early & ~truncated[rows]
        last = self.config.levels - 1
        for level, steps in zip(self.level[rows], state.step[rows], strict=True):
            self.duration[level] += (steps - self.duration[level]) * (MEMORY if self.duration[level] else 1.0)
        self.graduated[rows] |= up & (self.level[rows] == last)
        self.level[rows] = np.clip(self.level[rows] + up.astype(int) - down, 0, last)

    def begin(self, row: int, rng: np.random.Generator) -> int:
        """Level of a new episode of environment ``row``, drawn where it has graduated; returns its ground's number.

        Grounds are numbered level by level, as :func:`myoassist.model.terrain.make_ground` makes them.
        """
        variant = int(rng.integers(self.config.variants))
        if self.graduated[row]:
            often = 1.0 / np.maximum(self.duration, 1.0)
            self.level[row] = rng.choice(self.config.levels, p=often / often.sum())
        return int(self.level[row]) * self.config.variants + variant if self.config.tiles else 0

    def ease(self, speed: np.ndarray) -> np.ndarray:
        """Target speeds ``(num_envs,)`` in m/s: from ``start_speed`` at level 0 evenly to ``speed`` at the last."""
        start = self.config.start_speed
        if start is None or not self.config.adapt:
            return speed
        return start + (speed - start) * self.level / (self.config.levels - 1)

    def numbers(self) -> dict[str, float]:
        """Mean level, share of environments on each level, and share of those that have graduated."""
        shares = np.bincount(self.level, minlength=self.config.levels) / len(self.level)
        return {
            "level": float(self.level.mean()),
            "graduated": float(self.graduated.mean()),
            **{f"envs_on_level_{level}": float(share) for level, share in enumerate(shares)},
        }

    def get_state(self) -> Arrays:
        """A copy of every array."""
        return take_arrays(self)

    def set_state(self, state: Arrays) -> None:
        """Go back to what :meth:`get_state` gave. Raises RunError where it does not fit."""
        put_arrays(self, state)
