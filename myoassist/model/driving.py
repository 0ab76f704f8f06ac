"""Which joints a motor moves, found by moving the joints of the compiled model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from myoassist.model.coupling import Coupling, close_loops, follow_loops

if TYPE_CHECKING:
    from myoassist.model.index import Actuator, ModelIndex

ANGLE = 0.02  # rad or m by which a joint is moved to each side
SMALLEST = 0.1  # share of a motor's largest moment arm below which a joint counts as not driven


def moment_arms(
    model: mujoco.MjModel,
    joints: Iterable[tuple[str, int]],
    coupling: Coupling,
    loops: np.ndarray,
    standing: np.ndarray,
) -> dict[int, dict[str, float]]:
    """Moment arm of each actuator about the joints it moves, by actuator id and joint name.

    It is the change of the actuator's length per rad or m of the joint, near the pose ``standing`` ``(nq,)``: 1 for a
    motor on the joint itself, that of the tendon in m for a cable. Coupled joints follow, and loops of a device stay
    closed, so that a motor in a linkage is found to move the joint of the leg.

    Args:
        joints: names and ``qpos`` addresses of the joints to try.
        loops: degrees of freedom that the device's closed loops determine.
    """
    data = mujoco.MjData(model)
    lengths = {}
    for name, address in joints:
        ends = [_lengths(model, data, address, angle, coupling, loops, standing) for angle in (-ANGLE, ANGLE)]
        lengths[name] = (ends[1] - ends[0]) / (2 * ANGLE)
    largest = np.max([np.abs(change) for change in lengths.values()], axis=0, initial=0.0) if lengths else None
    if largest is None:
        return {actuator: {} for actuator in range(model.nu)}
    return {
        actuator: {
            name: float(change[actuator])
            for name, change in lengths.items()
            if abs(change[actuator]) > max(1e-6, SMALLEST * largest[actuator])
        }
        for actuator in range(model.nu)
    }


def arms_at(model: mujoco.MjModel, index: ModelIndex, motor: Actuator, poses: np.ndarray) -> dict[str, np.ndarray]:
    """Moment arms ``(n,)`` of a motor about each joint it drives, in ``poses`` ``(n, nq)``, by joint name.

    The speed of the motor's length while the joint moves with 1 rad/s or m/s, coupled joints and closed loops with it.
    A motor that sits on its joint has the same arm in every pose.
    """
    if all(abs(abs(arm) - 1.0) < 1e-6 for arm in motor.drives.values()):
        return {name: np.full(len(poses), arm) for name, arm in motor.drives.items()}
    data = mujoco.MjData(model)
    found = {name: np.empty(len(poses)) for name in motor.drives}
    for row, pose in enumerate(poses):
        for name, arms in found.items():
            data.qpos[:], data.qvel[:] = pose, 0.0
            data.qvel[index.joints[name].dof] = 1.0
            index.coupling.apply(data.qpos, data.qvel)
            follow_loops(model, data, index.loop_dofs)
            _transmit(model, data)
            entries = data.moment_rowadr[motor.id] + np.arange(data.moment_rownnz[motor.id])
            arms[row] = data.actuator_moment[entries] @ data.qvel[data.moment_colind[entries]]
    return found


def _lengths(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    address: int,
    angle: float,
    coupling: Coupling,
    loops: np.ndarray,
    standing: np.ndarray,
) -> np.ndarray:
    """Lengths of the actuators ``(nu,)`` with one joint moved by ``angle``."""
    data.qpos[:] = standing
    data.qpos[address] += angle
    coupling.apply(data.qpos, data.qvel)
    close_loops(model, data, loops)
    _transmit(model, data)
    return data.actuator_length.copy()


def _transmit(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Lengths and moments of the actuators in the pose of ``data``."""
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_tendon(model, data)
    mujoco.mj_transmission(model, data)
