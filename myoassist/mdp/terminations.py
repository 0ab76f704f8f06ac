"""Termination terms. Each returns a mask ``(num_envs,)``; any of them ends the episode.

To add one: write a function here, name it in ``TERMINATIONS``, use it in ``conf/termination``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from myoassist.errors import ConfigError
from myoassist.mdp.fading import Fading
from myoassist.mdp.rewards import position_error
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terms import TrackedJoints
from myoassist.registry import by_name


def fall(state: WalkState, *, fraction: float = 0.77) -> np.ndarray:
    """The pelvis is lower over the ground than ``fraction`` of the model's own standing height (0.7 m of 0.91 m)."""
    return state.height < fraction * state.index.standing_height


class trunk_tilt:  # noqa: N801  (named like the functions beside it)
    """The trunk, rigid with the pelvis, leans further than ``limit`` rad from upright in any direction."""

    def __init__(self, task: object, *, limit: float = 0.8) -> None:
        self._cosine = float(np.cos(limit))

    def __call__(self, state: WalkState) -> np.ndarray:
        joints = state.index.joints
        upright = np.cos(state.qpos[:, joints["pelvis_tilt"].qpos])
        if "pelvis_list" in joints:
            upright = upright * np.cos(state.qpos[:, joints["pelvis_list"].qpos])
        return upright < self._cosine


class off_pace:  # noqa: N801
    """The walker is further than ``limit`` m ahead of or behind where the target speed would have brought it.

    With ``memory`` in s what it is ahead or behind fades with that time constant, so that a lasting error of the speed
    counts for ``memory`` times the error, and a jump of the target is forgiven; None adds it up over the episode.
    """

    def __init__(self, task: Task, *, limit: float = 0.4, memory: float | None = None) -> None:
        if memory is not None and memory <= task.dt:
            raise ConfigError(f"off_pace: memory is longer than a control step ({task.dt:g} s); got {memory:g}")
        self._limit, self._dt = limit, task.dt
        self._fading = 0.0 if memory is None else task.dt / memory
        self._due = np.zeros(task.num_envs)

    def __call__(self, state: WalkState) -> np.ndarray:
        self._due += self._dt * state.target_speed
        ahead = state.distance - self._due
        self._due += self._fading * ahead
        return np.abs(ahead) > self._limit

    def reset(self, rows: np.ndarray) -> None:
        """An episode starts at 0 m."""
        self._due[rows] = 0.0


class out_of_trajectory(Fading):  # noqa: N801
    """A joint is further from the reference than its limit, rad (m for the pelvis height).

    Wide limits let a walker learn to stay up, narrow ones let it walk like the reference. They shrink while the walkers
    stay within them for ``keep_seconds`` in the mean, by half in ``halving_steps`` environment steps, and widen again,
    as fast, while they do not: never below the share ``tighten_to`` of what they were, never above all of it. All
    environments have the same limits.
    """

    def __init__(
        self,
        task: Task,
        *,
        limits: TrackedJoints,
        tighten_to: float = 1.0,
        keep_seconds: float = 1.0,
        halving_steps: int = 1_000_000,
    ) -> None:
        if not 0 < tighten_to <= 1 or keep_seconds <= 0 or halving_steps <= 0:
            raise ConfigError(
                "out_of_trajectory: tighten_to is a share above 0 and at most 1, keep_seconds and halving_steps are "
                f"above 0; got {tighten_to}, {keep_seconds} and {halving_steps}"
            )
        super().__init__(
            num_envs=task.num_envs, dt=task.dt,
            least=tighten_to, keep_seconds=keep_seconds, halving_steps=halving_steps,
        )  # fmt: skip
        self._limits = limits

    def __call__(self, state: WalkState) -> np.ndarray:
        error = np.abs(position_error(state, self._limits))
        left = np.asarray((error > self._share * self._limits.values).any(axis=1))
        self.fade(left)
        return left

    def numbers(self) -> dict[str, float]:
        """What the limits are now, as a share of what they were."""
        return {"limits_share": float(self._share[0])}

    def reset(self, rows: np.ndarray) -> None:
        """The limits go on from episode to episode."""


TERMINATIONS: dict[str, Callable] = by_name((fall, trunk_tilt, off_pace, out_of_trajectory), kind="termination")
