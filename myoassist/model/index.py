"""Names of the compiled model as array addresses. Nothing downstream holds a literal index."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import mujoco
import numpy as np

from myoassist.model.coupling import Coupling, find_coupling
from myoassist.model.driving import moment_arms
from myoassist.model.muscle import MuscleArchitecture, read_architecture
from myoassist.model.naming import LEG_JOINT, ROOT_COORDINATES, body_side, coordinate_of, side_of_name

VIA_POINT_MASS = 0.01  # kg, more than that of a via point; a prosthesis may leave one behind without its muscle


@dataclass(frozen=True)
class Joint:
    """A joint that moves by itself (it follows no other), with one degree of freedom.

    ``role`` is ``"root"``, ``"leg"`` or ``"device"``. ``sign`` is +1 where the model's positive direction is OpenSim's
    (hip flexion, adduction, internal rotation, knee extension, ankle dorsiflexion, inversion, toe extension) and -1
    where it is opposite. ``low`` and ``high`` are the limits in rad or m, infinite where the joint has none.
    """

    name: str
    qpos: int
    dof: int
    sign: float
    low: float
    high: float
    side: str
    role: str


@dataclass(frozen=True)
class Actuator:
    """A muscle or a motor.

    ``activation`` is its address in ``act`` (-1 without one), ``low`` and ``high`` its control range, ``peak_force``
    the largest force it can give: peak isometric force of a muscle in N, gain times largest control of a motor in N
    or N m. ``drives``: moment arms of a motor by name of the joint it moves (1 where it sits on it, m for a cable).
    """

    name: str
    id: int
    activation: int
    low: float
    high: float
    side: str
    peak_force: float
    drives: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelIndex:
    """What the task needs to know of a compiled model, by name.

    ``soles``: names of each side's sole geoms; ``sole_heights``: of their centres over the ground when standing, m.
    ``masses``: of the bodies of the full model, kg; in the simulation's some are a part of others. ``sensed``: sensors
    that somebody reads (see :meth:`sensor_columns`).
    """

    body: str
    planar: bool
    nq: int
    nv: int
    na: int
    nu: int
    joints: dict[str, Joint]
    muscles: dict[str, Actuator]
    architecture: dict[str, MuscleArchitecture]
    motors: dict[str, Actuator]
    sensors: dict[str, slice]
    soles: dict[str, list[str]]
    toe_soles: frozenset[str]
    sole_heights: dict[str, float]
    coupling: Coupling
    loop_dofs: np.ndarray
    masses: dict[str, float]
    gravity: float
    standing_qpos: np.ndarray
    sensed: set[str] = field(default_factory=set, compare=False)

    @property
    def mass(self) -> float:
        """Mass of body and device, kg."""
        return sum(self.masses.values())

    @property
    def body_weight(self) -> float:
        """Weight of body and device, N."""
        return self.mass * self.gravity

    @property
    def standing_height(self) -> float:
        """Pelvis height over the ground when standing, m."""
        return float(self.standing_qpos[self.joints["pelvis_ty"].qpos])

    def sensor_columns(self, quantity: str, names: list[str]) -> np.ndarray:
        """Columns of ``sensordata`` of ``<quantity>.<name>`` for each name, concatenated.

        Whoever reads a sensor asks here for its place: the simulation leaves out the others, whose columns are 0.
        """
        spans = [self.sensors[f"{quantity}.{name}"] for name in names]
        self.sensed.update(f"{quantity}.{name}" for name in names)
        return np.concatenate([np.arange(s.start, s.stop) for s in spans]) if spans else np.zeros(0, dtype=int)


def independent_joints(model: mujoco.MjModel, coupling: Coupling) -> list[int]:
    """Ids of hinge and slide joints that follow no other joint and move more than a loose via point."""
    scalar = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
    followers = set(coupling.follower_qpos.tolist())
    candidates = [j for j in range(model.njnt) if model.jnt_type[j] in scalar and model.jnt_qposadr[j] not in followers]
    return [j for j in candidates if model.body_subtreemass[model.jnt_bodyid[j]] > VIA_POINT_MASS]


def joint_sign(model: mujoco.MjModel, joint: int, *, probe: int) -> float:
    """+1 where a positive angle moves the geom ``probe`` (front of the foot) as OpenSim's coordinate does, else -1."""
    coordinate = coordinate_of(model.joint(joint).name)
    if not coordinate:
        return 1.0
    data = mujoco.MjData(model)
    moved = []
    for angle in (-0.05, 0.05):
        data.qpos[:] = model.qpos0
        data.qpos[model.jnt_qposadr[joint]] += angle
        mujoco.mj_kinematics(model, data)
        moved.append(data.geom_xpos[probe].copy())
    forward, left, up = moved[1] - moved[0]
    medial = left if body_side(model, model.jnt_bodyid[joint]) == "r" else -left
    if coordinate in ("hip_flexion", "knee_angle"):
        return float(np.sign(forward))
    return float(np.sign(up if coordinate in ("ankle_angle", "mtp_angle") else medial))


def list_joints(model: mujoco.MjModel, coupling: Coupling, soles: dict[str, list[int]]) -> dict[str, Joint]:
    """Every independent joint of the model by name, root first as in the model."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    front = {side: max(geoms, key=lambda g: data.geom_xpos[g][0]) for side, geoms in soles.items()}
    joints = {}
    for joint in independent_joints(model, coupling):
        name = model.joint(joint).name
        leg = LEG_JOINT.match(name)
        role = "root" if name in ROOT_COORDINATES else "leg" if leg else "device"
        side = leg.group(2) if leg else body_side(model, model.jnt_bodyid[joint]) or side_of_name(name)
        limited = bool(model.jnt_limited[joint])
        joints[name] = Joint(
            name=name,
            qpos=int(model.jnt_qposadr[joint]),
            dof=int(model.jnt_dofadr[joint]),
            sign=joint_sign(model, joint, probe=front[side]) if role != "root" and side else 1.0,
            low=float(model.jnt_range[joint, 0]) if limited else -np.inf,
            high=float(model.jnt_range[joint, 1]) if limited else np.inf,
            side=side if role != "root" else "",
            role=role,
        )
    return joints


def list_actuators(model: mujoco.MjModel, *, muscles: bool) -> dict[str, Actuator]:
    """Muscles, or all other actuators, by name in the model's order."""
    found = {}
    for actuator in range(model.nu):
        if (model.actuator_dyntype[actuator] == mujoco.mjtDyn.mjDYN_MUSCLE) != muscles:
            continue
        name = model.actuator(actuator).name
        side = side_of_name(name)
        if not side and model.actuator_trntype[actuator] == mujoco.mjtTrn.mjTRN_JOINT:
            side = body_side(model, model.jnt_bodyid[model.actuator_trnid[actuator, 0]])
        low, high = model.actuator_ctrlrange[actuator]
        gain = model.actuator_gainprm[actuator]
        found[name] = Actuator(
            name=name,
            id=actuator,
            activation=int(model.actuator_actadr[actuator]),
            low=float(low),
            high=float(high),
            side=side,
            peak_force=float(gain[2] if muscles else abs(gain[0]) * max(abs(low), abs(high))),
        )
    return found


def list_motors(
    model: mujoco.MjModel, joints: dict[str, Joint], coupling: Coupling, loops: np.ndarray, standing: np.ndarray
) -> dict[str, Actuator]:
    """Actuators that are no muscles, by name, with the joints they move."""
    motors = list_actuators(model, muscles=False)
    if not motors:
        return {}
    free = [(j.name, j.qpos) for j in joints.values() if j.role != "root" and j.dof not in loops]
    arms = moment_arms(model, free, coupling, loops, standing)
    return {name: replace(motor, drives=arms[motor.id]) for name, motor in motors.items()}


def loop_dofs(model: mujoco.MjModel) -> np.ndarray:
    """Degrees of freedom of device joints that closed loops determine: those of a device part that floats freely."""
    if not np.isin(model.eq_type, (mujoco.mjtEq.mjEQ_CONNECT, mujoco.mjtEq.mjEQ_WELD)).any():
        return np.zeros(0, dtype=int)
    free = {model.jnt_bodyid[j] for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_FREE}
    return np.array([dof for dof in range(model.nv) if _is_below(model, model.dof_bodyid[dof], free)], dtype=int)


def _is_below(model: mujoco.MjModel, body: int, roots: set[int]) -> bool:
    """Whether ``body`` is one of ``roots`` or hangs from one."""
    while body > 0:
        if body in roots:
            return True
        body = model.body_parentid[body]
    return False


def _toe_soles(model: mujoco.MjModel, soles: dict[str, list[str]]) -> frozenset[str]:
    """Sole geoms beyond the joint of the toes."""
    toes = {model.jnt_bodyid[j] for j in range(model.njnt) if model.joint(j).name.startswith("mtp_angle_")}
    names = [name for side in soles.values() for name in side]
    return frozenset(name for name in names if _is_below(model, model.geom(name).bodyid[0], toes))


def _sole_heights(model: mujoco.MjModel, soles: dict[str, list[str]], standing: np.ndarray) -> dict[str, float]:
    data = mujoco.MjData(model)
    data.qpos[:] = standing
    mujoco.mj_kinematics(model, data)
    return {name: float(data.geom(name).xpos[2]) for side in soles.values() for name in side}


def make_index(
    model: mujoco.MjModel, full: mujoco.MjModel, *, body: str, soles: dict[str, list[str]], standing: np.ndarray
) -> ModelIndex:
    """Index a compiled simulation model, which was ``full`` once. ``soles``: names of each side's sole geoms."""
    coupling = find_coupling(model)
    joints = list_joints(model, coupling, {side: [model.geom(n).id for n in names] for side, names in soles.items()})
    loops = loop_dofs(model)
    muscles = list_actuators(model, muscles=True)
    sensors = {
        model.sensor(s).name: slice(int(model.sensor_adr[s]), int(model.sensor_adr[s] + model.sensor_dim[s]))
        for s in range(model.nsensor)
    }
    return ModelIndex(
        body=body,
        planar="pelvis_tz" not in joints,
        nq=model.nq,
        nv=model.nv,
        na=model.na,
        nu=model.nu,
        joints=joints,
        muscles=muscles,
        architecture=read_architecture(model, muscles),
        motors=list_motors(model, joints, coupling, loops, standing),
        sensors=sensors,
        soles=soles,
        toe_soles=_toe_soles(model, soles),
        sole_heights=_sole_heights(model, soles, standing),
        coupling=coupling,
        loop_dofs=loops,
        masses={full.body(which).name: float(full.body_mass[which]) for which in range(full.nbody)},
        gravity=float(-model.opt.gravity[2]),
        standing_qpos=standing,
    )
