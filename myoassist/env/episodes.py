"""What happened in each episode: length, return, distance, sums of the reward terms, and why it ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myoassist.env.curriculum import Curriculum
from myoassist.mdp.state import WalkState
from myoassist.sim.arrays import Arrays, put_arrays, take_arrays

TIME_UP = "time_up"
PHYSICS_FAILED = "physics_failed"


@dataclass(frozen=True)
class Episode:
    """A finished episode.

    ``env`` numbers the environment. ``length`` in control steps, ``seconds``, ``distance`` of the pelvis in m,
    ``mean_speed`` in m/s, ``speed_error``: root mean square of speed minus target, m/s. ``steps`` counts heel strikes
    and ``alternating`` those that followed one of the other side. ``terms``: weighted sum of each reward term.
    ``reason``: the termination term, ``time_up`` or ``physics_failed``. ``level`` of the curriculum, and whether the
    episode walked far enough to be promoted from it (``success``); None without a curriculum. ``ground`` numbers the
    ground it was on.
    """

    env: int
    length: int
    seconds: float
    total_reward: float
    distance: float
    mean_speed: float
    speed_error: float
    steps: int
    alternating: int
    peak_load: float
    mean_activation: float
    terms: dict[str, float]
    reason: str
    level: int | None = None
    success: bool | None = None
    ground: int = 0


class EpisodeLog:
    """Running sums per environment, and the finished episodes since the last :meth:`drain`."""

    def __init__(self, num_envs: int, terms: tuple[str, ...], reasons: tuple[str, ...]) -> None:
        self._names, self._reasons = terms, (PHYSICS_FAILED, *reasons)
        self._total = np.zeros(num_envs)
        self._terms = np.zeros((num_envs, len(terms)))
        self._squared_error = np.zeros(num_envs)
        self._activation = np.zeros(num_envs)
        self._peak_load = np.zeros(num_envs)
        self._steps = np.zeros(num_envs, dtype=int)
        self._alternating = np.zeros(num_envs, dtype=int)
        self._last_side = np.full(num_envs, -1)
        self._finished: list[Episode] = []

    def clear(self) -> None:
        """Forget everything: new episodes everywhere."""
        self._forget(np.arange(len(self._total)))
        self._finished = []

    def add(self, reward: np.ndarray, terms: np.ndarray, state: WalkState) -> None:
        """Take in one control step: ``reward`` ``(n,)`` and weighted ``terms`` ``(n, n_terms)``."""
        self._total += reward
        self._terms += terms
        self._squared_error += (state.speed - state.target_speed) ** 2
        self._activation += state.activation.sum(axis=1) / max(1, state.activation.shape[1])
        np.maximum(self._peak_load, state.foot_load.max(axis=1) / state.index.body_weight, out=self._peak_load)
        self._steps += state.heel_strike.sum(axis=1)
        together = state.heel_strike.all(axis=1)  # a hop: no step follows another
        for side in (0, 1):
            struck = state.heel_strike[:, side] & ~together
            self._alternating += struck & (self._last_side == 1 - side)
            self._last_side[struck] = side
        self._last_side[together] = -1

    def finish(
        self,
        rows: np.ndarray,
        reasons: np.ndarray,
        truncated: np.ndarray,
        state: WalkState,
        curriculum: Curriculum | None = None,
    ) -> None:
        """Close the episodes of ``rows``; ``reasons`` ``(n, 1 + n_terms)`` as the environment gives them."""
        numbers = self._numbers(rows, state)
        if curriculum is not None:
            numbers |= {"level": curriculum.level[rows], "success": curriculum.passed(numbers["distance"])}
        columns = zip(*(column.tolist() for column in numbers.values()), strict=True)
        sums, reached = self._terms[rows].tolist(), reasons[rows].argmax(axis=1).tolist()
        for values, terms, first, time_up in zip(columns, sums, reached, truncated[rows].tolist(), strict=True):
            reason = TIME_UP if time_up else self._reasons[first]
            summed = dict(zip(self._names, terms, strict=True))
            self._finished.append(Episode(**dict(zip(numbers, values, strict=True)), terms=summed, reason=reason))
        self._forget(rows)

    def _numbers(self, rows: np.ndarray, state: WalkState) -> dict[str, np.ndarray]:
        """Fields of :class:`Episode` that are one number, ``(len(rows),)`` each."""
        length, distance = state.step[rows], state.distance[rows]
        seconds = length * state.task.dt
        return {
            "env": rows,
            "length": length,
            "seconds": seconds,
            "total_reward": self._total[rows],
            "distance": distance,
            "mean_speed": distance / seconds,
            "speed_error": np.sqrt(self._squared_error[rows] / length),
            "steps": self._steps[rows],
            "alternating": self._alternating[rows],
            "peak_load": self._peak_load[rows],
            "mean_activation": self._activation[rows] / length,
            "ground": state.sim.ground[rows],
        }

    def drain(self) -> list[Episode]:
        """Finished episodes since the last call, in order."""
        finished, self._finished = self._finished, []
        return finished

    def get_state(self) -> Arrays:
        """A copy of the running sums; finished episodes are left to :meth:`drain`."""
        return take_arrays(self)

    def set_state(self, state: Arrays) -> None:
        """Go back to what :meth:`get_state` gave. Raises RunError where it does not fit."""
        put_arrays(self, state)
        self._finished = []

    def _forget(self, rows: np.ndarray) -> None:
        for sums in (self._total, self._terms, self._squared_error, self._activation, self._peak_load):
            sums[rows] = 0.0
        self._steps[rows] = self._alternating[rows] = 0
        self._last_side[rows] = -1
