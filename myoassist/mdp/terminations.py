"""Termination terms. Each returns a mask ``(num_envs,)``; any of them ends the episode.

To add one: write a function here, name it in ``TERMINATIONS``, use it in ``conf/termination``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from myoassist.errors import ConfigError
from myoassist.mdp.rewards import position_error
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terms import TrackedJoints


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


class out_of_trajectory:  # noqa: N801
    """A joint is further from the reference than its limit, rad (m for the pelvis height).

    Wide limits let a walker learn to stay up, narrow ones let it walk like the reference: between ``tighten_from`` and
    ``tighten_until`` environment steps, counted from the start of the training, they shrink, linearly, to the share
    ``tighten_to`` of what they were.
    """

    def __init__(
        self,
        task: Task,
        *,
        limits: TrackedJoints,
        tighten_to: float = 1.0,
        tighten_from: int = 0,
        tighten_until: int = 0,
    ) -> None:
        if not 0 < tighten_to <= 1 or not 0 <= tighten_from <= tighten_until:
            raise ConfigError(
                "out_of_trajectory: tighten_to is a share above 0 and at most 1, and tighten_from comes before "
                f"tighten_until; got {tighten_to}, {tighten_from} and {tighten_until}"
            )
        self._limits, self._share = limits, tighten_to
        self._span = (float(tighten_from), float(max(tighten_until, tighten_from + 1)))
        self._steps = np.zeros(1)  # an array: the state of a training holds it

    def __call__(self, state: WalkState) -> np.ndarray:
        self._steps += state.num_envs
        share = np.interp(self._steps[0], self._span, (1.0, self._share))
        error = np.abs(position_error(state, self._limits))
        return np.asarray((error > share * self._limits.values).any(axis=1))

    def reset(self, rows: np.ndarray) -> None:
        """The count goes on from episode to episode."""


TERMINATIONS: dict[str, Callable] = {term.__name__: term for term in (fall, trunk_tilt, out_of_trajectory)}
