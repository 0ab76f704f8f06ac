"""Fit a gait to a model: its trunk, its signs, its limits, and a pelvis height that puts the feet on the ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import mujoco
import numpy as np

from myoassist.model.coupling import close_loops
from myoassist.model.index import Joint, ModelIndex, coordinate_of
from myoassist.reference.grounding import Grounding
from myoassist.reference.motion import FORWARD, Gait, Harmonics, fit_harmonics

SAMPLES = 128  # phases at which a pose is put on the ground
ORDER = 14  # harmonics of the curves fitted to those poses


@dataclass(frozen=True)
class Reference:
    """A gait on one model.

    ``joints``: names of the tracked joints, in column order. ``qpos``, ``dof``: their addresses ``(n,)``.
    ``mean`` ``(n,)``, ``cos`` and ``sin`` ``(order, n)``: harmonics in the model's own signs, rad and m.
    ``low``, ``high`` ``(n,)``: joint limits. ``forward``: harmonics of the pelvis' forward velocity, m/s.
    ``left_strike``: phase of the left heel strike; the right one is at 0.
    """

    joints: tuple[str, ...]
    qpos: np.ndarray
    dof: np.ndarray
    mean: np.ndarray
    cos: np.ndarray
    sin: np.ndarray
    low: np.ndarray
    high: np.ndarray
    forward: Harmonics
    cycle_seconds: float
    speed: float
    left_strike: float = 0.5

    @cached_property
    def _order(self) -> np.ndarray:
        return np.arange(1.0, len(self.cos) + 1)

    @cached_property
    def _rate(self) -> np.ndarray:
        return 2 * np.pi / self.cycle_seconds * self._order

    def sample(self, phase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions and velocities ``(n_envs, n)`` at ``phase`` ``(n_envs,)``, at the reference's own speed.

        rad and rad/s (m and m/s for the pelvis height). Where a joint limit cuts the curve the velocity is zero.
        """
        angle = 2 * np.pi * phase[:, None] * self._order
        c, s = np.cos(angle), np.sin(angle)
        position = self.mean + c @ self.cos + s @ self.sin
        velocity = (c * self._rate) @ self.sin - (s * self._rate) @ self.cos
        inside = (position > self.low) & (position < self.high)
        return np.minimum(np.maximum(position, self.low), self.high), velocity * inside

    def forward_velocity(self, phase: np.ndarray) -> np.ndarray:
        """Forward velocity of the pelvis ``(n_envs,)`` in m/s at ``phase``."""
        angle = 2 * np.pi * phase[:, None] * np.arange(1, len(self.forward.cos) + 1)
        return self.forward.mean + np.cos(angle) @ self.forward.cos + np.sin(angle) @ self.forward.sin

    def way(self, cycles: np.ndarray) -> np.ndarray:
        """How far the pelvis goes forward ``(n,)`` in m in ``cycles`` ``(n,)`` strides from phase 0."""
        order = 2 * np.pi * np.arange(1, len(self.forward.cos) + 1)
        angle = cycles[:, None] * order
        swing = np.sin(angle) @ (self.forward.cos / order) + (1 - np.cos(angle)) @ (self.forward.sin / order)
        return self.cycle_seconds * (self.forward.mean * cycles + swing)


def reference_state(
    reference: Reference, model: mujoco.MjModel, index: ModelIndex, phase: float
) -> tuple[np.ndarray, np.ndarray]:
    """``qpos`` ``(nq,)`` and ``qvel`` ``(nv,)`` of the model at ``phase``; joints that the gait does not name stand."""
    position, velocity = reference.sample(np.array([phase]))
    qpos, qvel = index.standing_qpos.copy(), np.zeros(index.nv)
    qpos[reference.qpos], qvel[reference.dof] = position[0], velocity[0]
    qvel[index.joints["pelvis_tx"].dof] = reference.forward_velocity(np.array([phase]))[0]
    return consistent_state(model, index, qpos, qvel)


def consistent_state(
    model: mujoco.MjModel, index: ModelIndex, qpos: np.ndarray, qvel: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """``qpos`` and ``qvel`` with coupled joints and a device's closed loops following the joints that lead them."""
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = qpos, qvel
    index.coupling.apply(data.qpos, data.qvel)
    close_loops(model, data, index.loop_dofs)
    return data.qpos.copy(), data.qvel.copy()


def no_reference() -> Reference:
    """A reference that tracks no joint, for a task without a gait; phase and cadence run on at a stride per second."""
    none, curves = np.zeros(0), np.zeros((1, 0))
    steady = Harmonics(1.25, np.zeros(1), np.zeros(1))
    places = np.zeros(0, dtype=int)
    return Reference((), places, places, none, curves, curves, none, none, steady, cycle_seconds=1.0, speed=1.25)


def retarget(gait: Gait, model: mujoco.MjModel, index: ModelIndex) -> Reference:
    """Fit ``gait`` to a compiled model.

    The trunk of every body is rigid: the mean of pelvis_tilt moves from the tilt to hip flexion. A left leg that the
    gait does not tell is the right one half a cycle later. Pelvis height and toes come from the model's own
    kinematics, and the swing leg is lifted just enough to clear the ground
    (:class:`myoassist.reference.grounding.Grounding`).
    """
    forward = gait.coordinates[FORWARD]
    forward = forward.scaled(gait.speed / forward.mean)
    curves = wanted_curves(gait, index)
    raw = _table(curves, index, forward, gait)
    poses = np.empty((SAMPLES, index.nq))
    for step in range(SAMPLES):
        poses[step] = index.standing_qpos
        poses[step, raw.qpos] = raw.sample(np.array([step / SAMPLES]))[0][0]
    Grounding(model, index, left_strike=gait.left_strike).correct(poses)
    for joint in index.joints.values():
        if joint.name == "pelvis_ty" or (joint.role != "root" and np.ptp(poses[:, joint.qpos]) > 0):
            curves[joint.name] = fit_harmonics(poses[:, joint.qpos], ORDER)
    return _table(curves, index, forward, gait)


def wanted_curves(gait: Gait, index: ModelIndex) -> dict[str, Harmonics]:
    """The gait in the joints and signs of a model, before its limits and the ground have their say."""
    tilt = gait.coordinates["pelvis_tilt"]
    curves = {}
    for joint in index.joints.values():
        name = _source_name(joint, index)
        if name in gait.coordinates and name != "pelvis_ty":
            curve = gait.curve(name, joint.side)
            if name == "pelvis_tilt":
                curve = replace(curve, mean=0.0)
            if name == "hip_flexion":
                curve = curve.scaled(1.0, offset=tilt.mean)
            curves[joint.name] = curve.scaled(joint.sign)
    return curves


def _source_name(joint: Joint, index: ModelIndex) -> str:
    """The gait's coordinate for a joint, or ``""``. A prosthetic knee or ankle moves like the joint it replaces."""
    if joint.role == "root":
        return joint.name
    coordinate = coordinate_of(joint.name)
    same = [j for j in index.joints.values() if j.side == joint.side and coordinate_of(j.name) == coordinate]
    return coordinate if len(same) == 1 else ""  # two springs that share an angle (a passive foot) follow none


def _table(curves: dict[str, Harmonics], index: ModelIndex, forward: Harmonics, gait: Gait) -> Reference:
    joints = [index.joints[name] for name in index.joints if name in curves]
    order = max(len(curves[joint.name].cos) for joint in joints)

    def column(values: np.ndarray) -> np.ndarray:
        return np.pad(values, (0, order - len(values)))

    return Reference(
        joints=tuple(joint.name for joint in joints),
        qpos=np.array([joint.qpos for joint in joints]),
        dof=np.array([joint.dof for joint in joints]),
        mean=np.array([curves[joint.name].mean for joint in joints]),
        cos=np.stack([column(curves[joint.name].cos) for joint in joints], axis=1),
        sin=np.stack([column(curves[joint.name].sin) for joint in joints], axis=1),
        low=np.array([joint.low for joint in joints]),
        high=np.array([joint.high for joint in joints]),
        forward=forward,
        cycle_seconds=gait.cycle_seconds,
        speed=gait.speed,
        left_strike=gait.left_strike,
    )
