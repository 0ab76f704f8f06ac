"""Poses with both soles on level ground."""

from __future__ import annotations

import mujoco
import numpy as np

from myoassist.model.coupling import Coupling, close_loops, find_coupling
from myoassist.model.geometry import Surfaces
from myoassist.model.index import Joint, list_joints, loop_dofs

SINK = 0.001  # m: a standing sole is pressed this deep into the ground, so that it carries weight from the first step


def settle(model: mujoco.MjModel, data: mujoco.MjData, coupling: Coupling, loops: np.ndarray) -> None:
    """Set the joints that follow others in ``data`` and update its kinematics."""
    coupling.apply(data.qpos, data.qvel)
    close_loops(model, data, loops)
    mujoco.mj_kinematics(model, data)


def _knee_bend(joints: dict[str, Joint], side: str) -> list[tuple[int, float]]:
    """Joint addresses and factors that shorten a leg by an angle, with the sole kept level."""
    factors = {"hip_flexion": 1.0, "knee_angle": -2.0, "ankle_angle": 1.0}
    bend = []
    for joint in joints.values():
        for coordinate, factor in factors.items():
            if joint.side == side and joint.role != "root" and joint.name.rsplit("_", 1)[0].endswith(coordinate):
                bend.append((joint.qpos, factor * joint.sign))
    return bend


def standing_pose(model: mujoco.MjModel, soles: dict[str, list[int]]) -> np.ndarray:
    """The ``stand`` keyframe (else the reference pose), coupled joints set, legs of equal length, soles on the ground.

    Where a device or prosthesis makes one leg longer, that knee is bent until both soles are level.

    Returns ``qpos`` ``(nq,)``; both soles reach 1 mm into level ground at height zero.
    """
    data = mujoco.MjData(model)
    keys = [model.key(k).name for k in range(model.nkey)]
    start = model.key_qpos[keys.index("stand")].copy() if "stand" in keys else model.qpos0.copy()
    coupling = find_coupling(model)
    joints = list_joints(model, coupling, soles)
    loops = loop_dofs(model, joints)
    if len(loops):  # closed loops fit in the reference pose only
        start = model.qpos0.copy()
    surfaces = {side: Surfaces(model, geoms) for side, geoms in soles.items()}

    def heights(bent: str, angle: float) -> dict[str, float]:
        data.qpos[:] = start
        data.qvel[:] = 0
        for address, factor in _knee_bend(joints, bent):
            data.qpos[address] += factor * angle
        settle(model, data, coupling, loops)
        return {side: float(surface.lowest(data).min()) for side, surface in surfaces.items()}

    level = heights("r", 0.0)
    long = min(level, key=lambda side: level[side])
    other = "l" if long == "r" else "r"
    low, high = 0.0, 0.4
    for _ in range(30 if level[other] - level[long] > 1e-4 else 0):
        middle = (low + high) / 2
        now = heights(long, middle)
        low, high = (middle, high) if now[long] < now[other] else (low, middle)
    now = heights(long, low)
    data.qpos[joints["pelvis_ty"].qpos] -= max(now.values()) + SINK
    settle(model, data, coupling, loops)
    return data.qpos.copy()
