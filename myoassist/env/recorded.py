"""What a recording takes down at each frame, and what it says of model, reference and experiment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np

from myoassist.config import DeviceConfig
from myoassist.mdp.state import SIDES
from myoassist.model.compose import compose
from myoassist.model.driving import arms_at
from myoassist.model.index import Joint, ModelIndex
from myoassist.model.muscle import muscle_architecture
from myoassist.parsing import to_plain

if TYPE_CHECKING:
    from myoassist.env.walk import WalkEnv

CYCLE = np.linspace(0.0, 1.0, 101)  # phases at which the reference is kept
_MUSCLE_SIGNALS = {
    "muscle_force": ("force", -1.0),
    "muscle_length": ("length", 1.0),
    "muscle_velocity": ("velocity", 1.0),
}


@dataclass(frozen=True)
class StepFacts:
    """What one control step was, before finished rows begin anew; arrays over the environments."""

    action: np.ndarray
    terms: np.ndarray
    failed: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray


@dataclass(frozen=True)
class Moment:
    """Frames of the rows being recorded: ``state`` and ``sensors`` ``(rows, frames, size)``, sensors as frame means."""

    walk: WalkEnv
    facts: StepFacts
    rows: np.ndarray
    state: np.ndarray
    sensors: np.ndarray
    mean_sensors: np.ndarray

    @property
    def controls(self) -> np.ndarray:
        """Controls of each frame's last physics step ``(rows, frames, nu)``."""
        taken = self.walk.sim.controls_taken[self.rows]
        width = taken.shape[1] // self.state.shape[1]
        return taken[:, width - 1 :: width]

    def held(self, values: np.ndarray) -> np.ndarray:
        """Values of the control step ``(rows, columns)`` for each of its frames."""
        return np.repeat(values[:, None], self.state.shape[1], axis=1)

    @property
    def qpos(self) -> np.ndarray:
        """Positions ``(rows, frames, nq)``."""
        return self.state[..., 1 : 1 + self.walk.index.nq]

    @property
    def qvel(self) -> np.ndarray:
        """Velocities ``(rows, frames, nv)``."""
        index = self.walk.index
        return self.state[..., 1 + index.nq : 1 + index.nq + index.nv]

    @property
    def act(self) -> np.ndarray:
        """Activations ``(rows, frames, na)``."""
        return self.state[..., self.state.shape[-1] - self.walk.index.na :]


Take = Callable[[Moment], np.ndarray]


def recorded_signals(walk: WalkEnv) -> dict[str, tuple[Take, tuple[str, ...]]]:
    """How to take each group from a moment ``(rows, frames, columns)``, and the names of its columns."""
    index, reference = walk.index, walk.reference
    joints = list(index.joints.values())
    sign = np.array([joint.sign for joint in joints])
    tracked = np.array([index.joints[name].sign for name in reference.joints])
    muscles, motors = tuple(index.muscles), tuple(index.motors)
    ids = [muscle.id for muscle in index.muscles.values()]
    addresses = [muscle.activation for muscle in index.muscles.values()]
    qpos, dof = [joint.qpos for joint in joints], [joint.dof for joint in joints]
    forward = index.joints["pelvis_tx"].dof
    signals: dict[str, tuple[Take, tuple[str, ...]]] = {
        "qpos": (lambda m: m.qpos, tuple(f"q{i}" for i in range(index.nq))),
        "joint_position": (lambda m: m.qpos[..., qpos] * sign, tuple(index.joints)),
        "joint_velocity": (lambda m: m.qvel[..., dof] * sign, tuple(index.joints)),
        "excitation": (lambda m: m.controls[..., ids], muscles),
        "activation": (lambda m: m.act[..., addresses], muscles),
        "speed": (lambda m: m.qvel[..., [forward]], ()),
        "ground_height": (lambda m: m.held(m.walk.state.ground_height[m.rows, None]), ()),
        "target_speed": (lambda m: m.held(m.walk.state.target_speed[m.rows, None]), ()),
        "phase": (lambda m: m.held(m.walk.state.phase[m.rows, None]), ()),
        "reference_position": (lambda m: m.held(m.walk.state.reference_position[m.rows] * tracked), reference.joints),
        "action": (lambda m: m.held(m.facts.action[m.rows]), walk.action_map.names),
        "reward": (lambda m: m.held(m.facts.terms[m.rows]), tuple(walk.config.reward.terms)),
    }
    for group, (quantity, factor) in _MUSCLE_SIGNALS.items():
        signals[group] = (_sensor(index.sensor_columns(quantity, list(muscles)), factor), muscles)
    force = index.sensor_columns("force", list(motors))
    velocity = index.sensor_columns("velocity", list(motors))
    signals["motor_force"] = (_sensor(force, 1.0), motors)
    signals["device_power"] = (lambda m: m.sensors[..., force] * m.sensors[..., velocity], motors)
    return signals | _feet(walk)


def _sensor(columns: np.ndarray, factor: float) -> Take:
    return lambda moment: factor * moment.sensors[..., columns]


def _feet(walk: WalkEnv) -> dict[str, tuple[Take, tuple[str, ...]]]:
    index, model = walk.index, walk.sim.models[0]
    data = mujoco.MjData(model)
    data.qpos[:] = index.standing_qpos
    mujoco.mj_kinematics(model, data)
    loads, places = [], []
    for side in SIDES:
        soles = sorted(index.soles[side], key=lambda name: data.geom(name).xpos[0])
        loads.append(index.sensor_columns("contact", soles).reshape(-1, 3))
        places += [index.sensor_columns("foot", [soles[0]]), index.sensor_columns("foot", [soles[-1]])]
    position = np.concatenate(places)

    def force(moment: Moment) -> np.ndarray:
        return np.concatenate([moment.mean_sensors[..., columns].sum(axis=-2) for columns in loads], axis=-1)

    return {
        "ground_force": (force, tuple(f"{axis}_{side}" for side in SIDES for axis in ("forward", "left", "up"))),
        "foot_position": (
            lambda m: m.sensors[..., position],
            tuple(f"{part}_{side}_{axis}" for side in SIDES for part in ("heel", "toe") for axis in "xyz"),
        ),
    }


def driven_joints(index: ModelIndex) -> tuple[str, ...]:
    return tuple(dict.fromkeys(joint for motor in index.motors.values() for joint in motor.drives))


def device_torque(walk: WalkEnv, arrays: dict[str, np.ndarray], frames: int) -> np.ndarray:
    """Torque about each driven joint ``(frames, joints)``; moment arms once per control step, linear in between."""
    index, names = walk.index, driven_joints(walk.index)
    torque = np.zeros((len(arrays["time"]), len(names)), dtype=np.float32)
    if not names:
        return torque
    every = np.arange(frames - 1, len(torque), frames)
    poses = arrays["qpos"][every].astype(float)
    for column, motor in enumerate(index.motors.values()):
        for joint, arms in arms_at(walk.sim.models[0], index, motor, poses).items():
            along = np.interp(np.arange(len(torque)), every, arms)
            torque[:, names.index(joint)] += index.joints[joint].sign * along * arrays["motor_force"][:, column]
    return torque


def describe(walk: WalkEnv) -> dict[str, Any]:
    """What a reader has to know of model, reference and experiment."""
    index, model = walk.index, walk.sim.models[0]
    signs = {name: joint.sign for name, joint in index.joints.items()}
    position, _ = walk.reference.sample(CYCLE)
    curves = {name: (signs[name] * position[:, i]).tolist() for i, name in enumerate(walk.reference.joints)}
    facts = {key: getattr(walk.reference, key) for key in ("speed", "cycle_seconds", "left_strike")}
    reference = facts | {"joints": curves} if curves else None
    return {
        "control_hz": walk.config.model.control_hz,
        "physics_hz": walk.config.model.physics_hz,
        "mass": index.mass,
        "body_mass": _human_mass(walk),
        "gravity": index.gravity,
        "planar": index.planar,
        "standing_height": index.standing_height,
        "joints": {name: _joint(joint) for name, joint in index.joints.items()},
        "muscles": {name: asdict(muscle) for name, muscle in muscle_architecture(model, index).items()},
        "motors": {
            name: {"side": motor.side, "peak_force": motor.peak_force, "drives": motor.drives}
            for name, motor in index.motors.items()
        },
        "reference": reference,
        "num_envs": walk.num_envs,
        "experiment": to_plain(walk.config),
    }


def _joint(joint: Joint) -> dict[str, Any]:
    """Limits in OpenSim's signs; null where there is none."""
    low, high = sorted((joint.sign * joint.low, joint.sign * joint.high))
    limits = [float(limit) if np.isfinite(limit) else None for limit in (low, high)]
    return {"side": joint.side, "role": joint.role, "low": limits[0], "high": limits[1]}


def _human_mass(walk: WalkEnv) -> float:
    """Mass of the walker without the device, kg: the bodies that the bare model has too."""
    bare = compose(walk.config.model, DeviceConfig(name="none"))
    own = {body.name for body in bare.bodies}
    return sum(mass for name, mass in walk.index.masses.items() if name in own)


def units(walk: WalkEnv, columns: dict[str, list[str]]) -> dict[str, dict[str, str]]:
    """Units of the columns of those groups in which they differ: slides are in m, hinges in rad; motors alike."""
    model = walk.sim.models[0]
    slides = {n for n in walk.index.joints if model.joint(n).type[0] == mujoco.mjtJoint.mjJNT_SLIDE}
    place = {name: "m" if name in slides else "rad" for name in walk.index.joints}
    kinds = {name: model.actuator_trntype[motor.id] for name, motor in walk.index.motors.items()}
    return {
        "joint_position": place,
        "joint_velocity": {name: f"{unit}/s" for name, unit in place.items()},
        "reference_position": {name: place[name] for name in columns["reference_position"]},
        "motor_force": {name: "N m" if kind == mujoco.mjtTrn.mjTRN_JOINT else "N" for name, kind in kinds.items()},
    }
