"""Joints that follow others: polynomial couplings (knee and via points) and closed loops of a device."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from myoassist.errors import ModelError


@dataclass(frozen=True)
class Coupling:
    """Joint equality constraints ``y - y0 = sum_k c_k (x - x0)^k`` as arrays, parents before children.

    ``follower_qpos``, ``follower_dof``, ``leader_qpos``, ``leader_dof``: addresses ``(n,)``; ``coefficients``
    ``(n, 5)``; ``follower_zero``, ``leader_zero``: reference positions ``(n,)`` in rad or m.
    """

    follower_qpos: np.ndarray
    follower_dof: np.ndarray
    leader_qpos: np.ndarray
    leader_dof: np.ndarray
    coefficients: np.ndarray
    follower_zero: np.ndarray
    leader_zero: np.ndarray

    @property
    def count(self) -> int:
        return len(self.follower_qpos)

    def positions(self, qpos: np.ndarray) -> np.ndarray:
        """Followers' positions ``(..., n)`` that agree with the leaders in ``qpos`` ``(..., nq)``."""
        x = qpos[..., self.leader_qpos] - self.leader_zero
        powers = x[..., None] ** np.arange(5)
        return self.follower_zero + (self.coefficients * powers).sum(-1)

    def residual(self, qpos: np.ndarray) -> np.ndarray:
        """Disagreement ``(..., n)`` in rad or m."""
        return qpos[..., self.follower_qpos] - self.positions(qpos)

    def apply(self, qpos: np.ndarray, qvel: np.ndarray) -> None:
        """Set the followers in ``qpos`` ``(..., nq)`` and ``qvel`` ``(..., nv)`` in place from their leaders."""
        for row in range(self.count):  # one by one: a follower may lead another
            x = qpos[..., self.leader_qpos[row]] - self.leader_zero[row]
            c0, c1, c2, c3, c4 = self.coefficients[row]
            qpos[..., self.follower_qpos[row]] = self.follower_zero[row] + c0 + x * (c1 + x * (c2 + x * (c3 + x * c4)))
            slope = c1 + x * (2 * c2 + x * (3 * c3 + x * 4 * c4))
            qvel[..., self.follower_dof[row]] = slope * qvel[..., self.leader_dof[row]]


def find_coupling(model: mujoco.MjModel) -> Coupling:
    """Read the active joint equalities of a compiled model.

    Raises:
        ModelError: two joints lead each other in a circle.
    """
    rows = [row for row in range(model.neq) if model.eq_type[row] == mujoco.mjtEq.mjEQ_JOINT and model.eq_active0[row]]
    rows = [row for row in rows if model.eq_obj2id[row] >= 0]
    ordered: list[int] = []
    while rows:
        followers = {model.eq_obj1id[row] for row in rows}
        ready = [row for row in rows if model.eq_obj2id[row] not in followers]
        if not ready:
            raise ModelError("the model's joint equality constraints lead each other in a circle")
        ordered += ready
        rows = [row for row in rows if row not in ready]
    first = np.array([model.eq_obj1id[row] for row in ordered], dtype=int)
    second = np.array([model.eq_obj2id[row] for row in ordered], dtype=int)
    return Coupling(
        follower_qpos=model.jnt_qposadr[first].astype(int),
        follower_dof=model.jnt_dofadr[first].astype(int),
        leader_qpos=model.jnt_qposadr[second].astype(int),
        leader_dof=model.jnt_dofadr[second].astype(int),
        coefficients=model.eq_data[ordered, :5].copy().reshape(-1, 5),
        follower_zero=model.qpos0[model.jnt_qposadr[first]],
        leader_zero=model.qpos0[model.jnt_qposadr[second]],
    )


def close_loops(model: mujoco.MjModel, data: mujoco.MjData, dofs: np.ndarray, *, tolerance: float = 1e-5) -> float:
    """Move ``dofs`` of ``data.qpos`` until the model's connect and weld constraints hold, by Gauss-Newton steps.

    Their velocities follow, so that the loop stays closed. Every other joint is left as it is.
    Returns the largest residual left, in m (rad for the rotations of a weld).
    """
    if not len(dofs):
        return 0.0
    worst, matrix = np.inf, np.zeros((0, model.nv))
    for _ in range(100):
        residual, matrix = _loops(model, data)
        worst = float(np.abs(residual).max(initial=0.0))
        if worst < tolerance:
            break
        change = np.zeros(model.nv)
        change[dofs] = np.linalg.lstsq(matrix[:, dofs], -residual, rcond=1e-6)[0]
        largest = float(np.abs(change).max())
        if largest < 1e-10:  # a loop with more constraints than joints comes no closer
            break
        mujoco.mj_integratePos(model, data.qpos, change * min(1.0, 0.5 / largest), 1.0)
    _follow(data, dofs, matrix)
    return worst


def follow_loops(model: mujoco.MjModel, data: mujoco.MjData, dofs: np.ndarray) -> None:
    """Set the velocities of ``dofs`` so that connect and weld constraints keep as they are while the others move."""
    if len(dofs):
        _follow(data, dofs, _loops(model, data)[1])


def _follow(data: mujoco.MjData, dofs: np.ndarray, matrix: np.ndarray) -> None:
    data.qvel[dofs] = 0.0
    data.qvel[dofs] = np.linalg.lstsq(matrix[:, dofs], -matrix @ data.qvel, rcond=1e-6)[0]


def _loops(model: mujoco.MjModel, data: mujoco.MjData) -> tuple[np.ndarray, np.ndarray]:
    """Residual ``(rows,)`` and Jacobian ``(rows, nv)`` of the connect and weld constraints in the pose of ``data``."""
    chosen, model.opt.jacobian = model.opt.jacobian, mujoco.mjtJacobian.mjJAC_DENSE  # rows of efc_J as a plain matrix
    mujoco.mj_fwdPosition(model, data)
    model.opt.jacobian = chosen
    rows = np.flatnonzero(data.efc_type[: data.nefc] == mujoco.mjtConstraint.mjCNSTR_EQUALITY)
    rows = rows[np.isin(model.eq_type[data.efc_id[rows]], (mujoco.mjtEq.mjEQ_CONNECT, mujoco.mjtEq.mjEQ_WELD))]
    return data.efc_pos[rows], data.efc_J.reshape(-1, model.nv)[rows]
