"""Termination terms. Each returns a mask ``(num_envs,)``; any of them ends the episode.

To add one: write a function here, name it in ``TERMINATIONS``, use it in ``conf/termination``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from myoassist.mdp.rewards import position_error
from myoassist.mdp.state import WalkState
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


def out_of_trajectory(state: WalkState, *, limits: TrackedJoints) -> np.ndarray:
    """A joint is further from the reference than its limit, rad (m for the pelvis height)."""
    return np.asarray((np.abs(position_error(state, limits)) > limits.values).any(axis=1))


TERMINATIONS: dict[str, Callable] = {term.__name__: term for term in (fall, trunk_tilt, out_of_trajectory)}
