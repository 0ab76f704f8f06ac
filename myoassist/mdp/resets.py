"""Start states of an episode, as a bank computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from myoassist.config import ReferencePhaseReset, Reset, StandingReset
from myoassist.model.index import ModelIndex
from myoassist.reference.retarget import Reference, consistent_state, reference_state
from myoassist.sim.bank import StateBank, make_bank

if TYPE_CHECKING:
    import mujoco

Pose = tuple[np.ndarray, np.ndarray]


def reference_phase(
    config: ReferencePhaseReset, model: mujoco.MjModel, index: ModelIndex, reference: Reference, phase: np.ndarray
) -> list[Pose]:
    """The reference's pose and velocity at each phase."""
    return [reference_state(reference, model, index, float(p)) for p in phase]


def standing(
    config: StandingReset, model: mujoco.MjModel, index: ModelIndex, reference: Reference, phase: np.ndarray
) -> list[Pose]:
    """Standing still; the phase of the reference is random all the same."""
    return [(index.standing_qpos.copy(), np.zeros(index.nv)) for _ in phase]


POSES: dict[type, Callable[..., list[Pose]]] = {ReferencePhaseReset: reference_phase, StandingReset: standing}


def start_bank(
    config: Reset, model: mujoco.MjModel, index: ModelIndex, reference: Reference, rng: np.random.Generator
) -> StateBank:
    """Start states at evenly spread random phases, with the configured noise on leg joints."""
    phase = (np.arange(config.bank_size) + rng.uniform(size=config.bank_size)) / config.bank_size
    poses: list[Any] = POSES[type(config)](config, model, index, reference, phase)
    if config.position_noise or config.velocity_noise:
        poses = [consistent_state(model, index, *_disturbed(config, index, pose, rng)) for pose in poses]
    return make_bank(model, poses, activation=config.activation, phase=phase)


def _disturbed(config: Reset, index: ModelIndex, pose: Pose, rng: np.random.Generator) -> Pose:
    qpos, qvel = pose
    for joint in index.joints.values():
        if joint.role == "leg":
            moved = qpos[joint.qpos] + config.position_noise * rng.standard_normal()
            qpos[joint.qpos] = np.clip(moved, joint.low, joint.high)
            qvel[joint.dof] += config.velocity_noise * rng.standard_normal()
    return qpos, qvel
