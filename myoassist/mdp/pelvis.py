"""Orientation and motion of the pelvis from its coordinates, in axes that point forward, left and up.

The root turns by ``pelvis_tilt`` (backward), then ``pelvis_list`` (to the right), then ``pelvis_rotation`` (to the
left), each about the axis that the ones before it have turned, as in OpenSim. A planar body has the tilt alone.
"""

from __future__ import annotations

import numpy as np

from myoassist.mdp.state import WalkState

AXES = ("forward", "left", "up")


def _coordinate(state: WalkState, values: np.ndarray, name: str, address: str) -> np.ndarray:
    joint = state.index.joints.get(name)
    return np.zeros(state.num_envs) if joint is None else values[:, getattr(joint, address)]


def _angles(state: WalkState) -> tuple[np.ndarray, ...]:
    """Sines and cosines ``(n,)`` of tilt, list and rotation."""
    names = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
    angles = [_coordinate(state, state.qpos, name, "qpos") for name in names]
    return tuple(function(angle) for angle in angles for function in (np.sin, np.cos))


def gravity(state: WalkState) -> np.ndarray:
    """Unit vector of gravity ``(n, 3)`` in the axes of the pelvis: (0, 0, -1) upright, forward > 0 leaning forward."""
    st, ct, sl, cl, sr, cr = _angles(state)
    return np.stack([-cr * st - sr * sl * ct, sr * st - cr * sl * ct, -cl * ct], axis=1)


def heading(state: WalkState) -> np.ndarray:
    """Direction ``(n,)`` in rad that the pelvis faces, to the left of the world's forward axis."""
    st, ct, sl, cl, sr, cr = _angles(state)
    return np.arctan2(cl * sr, ct * cr - st * sl * sr)


def velocity(state: WalkState) -> np.ndarray:
    """Velocity ``(n, 3)`` of the pelvis in m/s: along its heading, to its left, and up."""
    forward, left, up = (
        _coordinate(state, state.qvel, name, "dof") for name in ("pelvis_tx", "pelvis_tz", "pelvis_ty")
    )
    turned = heading(state)
    sin, cos = np.sin(turned), np.cos(turned)
    return np.stack([cos * forward + sin * left, cos * left - sin * forward, up], axis=1)


def angular_velocity(state: WalkState) -> np.ndarray:
    """Angular velocity ``(n, 3)`` of the pelvis in rad/s about its own axes, as a gyroscope on it measures."""
    _, _, sl, cl, sr, cr = _angles(state)
    tilt, list_, turn = (
        _coordinate(state, state.qvel, name, "dof") for name in ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
    )
    return np.stack(
        [cr * list_ - sr * cl * tilt, -sr * list_ - cr * cl * tilt, sl * tilt + turn],
        axis=1,
    )
