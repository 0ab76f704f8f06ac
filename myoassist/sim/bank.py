"""Start states computed beforehand, with the sensor values that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np


@dataclass(frozen=True)
class StateBank:
    """Start states: ``state`` ``(n, 1 + nq + nv + na)``, ``sensordata`` ``(n, nsensordata)`` and gait ``phase``."""

    state: np.ndarray
    sensordata: np.ndarray
    phase: np.ndarray

    def __len__(self) -> int:
        return len(self.phase)


def make_bank(
    model: mujoco.MjModel, poses: Sequence[tuple[np.ndarray, np.ndarray]], *, activation: float, phase: np.ndarray
) -> StateBank:
    """Evaluate sensors for ``(qpos, qvel)`` pairs with every muscle at ``activation``.

    ``mujoco.rollout`` cannot tell the sensors of a state that was just put in; a row that is reset from the bank can.
    """
    data = mujoco.MjData(model)
    muscles = model.actuator_actadr[model.actuator_dyntype == mujoco.mjtDyn.mjDYN_MUSCLE]
    states, sensors = [], []
    for qpos, qvel in poses:
        mujoco.mj_resetData(model, data)
        data.qpos[:], data.qvel[:], data.act[muscles] = qpos, qvel, activation
        mujoco.mj_forward(model, data)
        states.append(np.concatenate([[0.0], data.qpos, data.qvel, data.act]))
        sensors.append(data.sensordata.copy())
    return StateBank(np.array(states), np.array(sensors), np.asarray(phase, dtype=float))
