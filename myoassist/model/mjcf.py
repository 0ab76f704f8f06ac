"""A user's own MJCF as the body: roles found by name or given, surroundings left out, the root made the project's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import mujoco
import numpy as np

from myoassist.config import ModelConfig, RolesConfig
from myoassist.errors import ModelError, unknown
from myoassist.model.contact import GROUND
from myoassist.model.mjcf_root import unify_root
from myoassist.model.mjcf_text import read_mjcf, renamed
from myoassist.model.naming import LEG_COORDINATES, LEG_JOINT, ROOT_COORDINATES, opensim_name

NEEDED = ("hip_flexion_r", "knee_angle_r", "hip_flexion_l", "knee_angle_l")  # a leg skeleton
Names = dict[str, dict[str, str]]


def load_mjcf(config: ModelConfig) -> mujoco.MjSpec:
    """Read ``config.path`` and bring it into the form of the shipped bodies.

    Joints get OpenSim's names, the pelvis is the body that carries both hips, floors and other bodies of the scene go
    (the ground is the project's), and the root gets the pelvis coordinates. Meshes are found beside the file.

    Raises:
        ModelError: the file cannot be read or compiled, or lacks a role; the message lists all that is missing.
    """
    where = f"model.path={config.path}"
    file = Path(str(config.path)).expanduser()
    if not file.is_file():
        raise ModelError(f"{where}: no such file in {Path.cwd()}")
    tree = read_mjcf(file)
    spec = _parsed(lambda: mujoco.MjSpec.from_file(str(file)), where)
    names = _find_roles(spec, config.roles, where)
    if any(names.values()):
        text = renamed(tree, names, file.resolve().parent)
        spec = _parsed(lambda: mujoco.MjSpec.from_string(text), where)
    _remove_surroundings(spec)
    model = _parsed(spec.compile, where)
    _check(model, where)
    _fix_muscles(spec, model)
    unify_root(spec, _standing(model, config.roles.keyframe, where), where=where)
    return spec


def _parsed(read, where: str):
    try:
        return read()
    except (ValueError, OSError, RuntimeError) as error:
        raise ModelError(f"{where}: {' '.join(str(error).split())}") from error


def _find_roles(spec: mujoco.MjSpec, roles: RolesConfig, where: str) -> Names:
    """New names by old one for joints, bodies and actuators."""
    joints = [joint.name for joint in spec.joints if joint.name]
    allowed = [f"{coordinate}_{side}" for coordinate in LEG_COORDINATES for side in "rl"]
    for side in roles.feet:
        if side not in ("r", "l"):
            raise ModelError(unknown("side", side, ("r", "l"), where="model.roles.feet"))
    for name in roles.joints:
        if name not in allowed:
            raise ModelError(unknown("coordinate", name, allowed, where="model.roles.joints"))
    given = {**roles.joints}
    taken = set(given.values())
    for joint in joints:
        name = joint if LEG_JOINT.match(joint) else opensim_name(joint)
        if name and name not in ROOT_COORDINATES and joint not in taken and (name not in given or name == joint):
            given.setdefault(name, joint)
    for name, joint in given.items():
        if joint not in joints:
            raise ModelError(unknown("joint in the file", joint, joints, where=f"model.roles.joints.{name}"))
    if missing := [name for name in NEEDED if name not in given]:
        raise ModelError(
            f"{where}: no leg skeleton, it has no {', no '.join(missing)}; give them as "
            f"+model.roles.joints.{missing[0]}=<joint>; joints in the file: {_listed(joints)}"
        )
    muscles_and_motors = {**roles.muscles, **roles.motors}
    actuators = [actuator.name for actuator in spec.actuators]
    for name, actuator in muscles_and_motors.items():
        if actuator not in actuators:
            kind = "muscles" if name in roles.muscles else "motors"
            raise ModelError(unknown("actuator in the file", actuator, actuators, where=f"model.roles.{kind}.{name}"))
    pelvis = _pelvis(spec, roles.pelvis, given, where)
    names = {
        "joint": _changes(given, joints, "model.roles.joints"),
        "body": _changes({"pelvis": pelvis}, [body.name for body in spec.bodies], "model.roles.pelvis"),
        "actuator": _changes(muscles_and_motors, actuators, "model.roles"),
    }
    return names


def _changes(given: dict[str, str], present: Iterable[str], where: str) -> dict[str, str]:
    """Old name to new name where they differ. Raises ModelError where the new name belongs to something else."""
    changes = {old: new for new, old in given.items() if new != old}
    for old, new in changes.items():
        if new in present and new not in changes:
            raise ModelError(f"{where}: {new} cannot be {old!r}, the file already has another {new!r}")
    return changes


def _pelvis(spec: mujoco.MjSpec, given: str | None, joints: dict[str, str], where: str) -> str:
    """Name of the body that both hips hang from: the given one, one called pelvis, else the nearest above both."""
    above = [_ancestors(spec.joint(joints[f"hip_flexion_{side}"]).parent) for side in "rl"]
    shared = [body.name for body in above[0] if body.name in {other.name for other in above[1]}]
    if given is not None:
        if given not in shared:
            raise ModelError(unknown("body above both hips", given, filter(None, shared), where="model.roles.pelvis"))
        return given
    if named := [name for name in shared if name.lower() == "pelvis"]:
        return named[0]
    if not shared or not shared[0]:
        raise ModelError(f"{where}: no named body carries both hips; name it pelvis in the file")
    return shared[0]


def _ancestors(body: mujoco.MjsBody) -> list[mujoco.MjsBody]:
    """The bodies above ``body``, nearest first, without the world."""
    found = []
    while (body := body.parent).name != "world":  # the world's own parent must not be asked for
        found.append(body)
    return found


def _remove_surroundings(spec: mujoco.MjSpec) -> None:
    """Leave out what is not the body: sensors, floors, lights, other bodies of the scene, and what refers to them."""
    pelvis = spec.body("pelvis")
    own = {"pelvis", *(body.name for body in _ancestors(pelvis))}
    for element in (*list(spec.sensors), *list(spec.lights), *list(spec.tuples), *list(spec.worldbody.geoms)):
        spec.delete(element)
    for body in list(spec.worldbody.bodies):
        if body.name not in own:
            spec.delete(body)
    bodies, geoms = {body.name for body in spec.bodies}, {geom.name for geom in spec.geoms}
    for pair in list(spec.pairs):
        if not {pair.geomname1, pair.geomname2} <= geoms:
            spec.delete(pair)
    for exclude in list(spec.excludes):
        if not {exclude.bodyname1, exclude.bodyname2} <= bodies:
            spec.delete(exclude)
    for camera in list(spec.cameras):
        if camera.targetbody and camera.targetbody not in bodies:
            spec.delete(camera)
    for hfield in list(spec.hfields):
        spec.delete(hfield)
    for texture in list(spec.textures):
        if texture.type == mujoco.mjtTexture.mjTEXTURE_SKYBOX:
            spec.delete(texture)


def _check(model: mujoco.MjModel, where: str) -> None:
    scalar = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
    for joint in range(model.njnt):
        name = model.joint(joint).name
        if LEG_JOINT.match(name) and model.jnt_type[joint] not in scalar:
            raise ModelError(f"{where}: {name} is a ball joint; the legs need hinges")
    gravity = model.opt.gravity
    if gravity[2] >= 0 or np.abs(gravity[:2]).max() > 1e-6:
        raise ModelError(f"{where}: gravity is {gravity.tolist()}; it must point down the z axis, as 0 0 -9.81")
    disabled = mujoco.mjtDisableBit.mjDSBL_CONTACT | mujoco.mjtDisableBit.mjDSBL_GRAVITY
    if model.opt.disableflags & disabled:
        raise ModelError(f"{where}: <option><flag> disables contact or gravity; a walker needs both")
    if not model.nu:
        raise ModelError(f"{where}: has no muscle and no motor, so that a policy could not move it")
    motors = [i for i in range(model.nu) if model.actuator_dyntype[i] != mujoco.mjtDyn.mjDYN_MUSCLE]
    without = [model.actuator(i).name for i in motors if not model.actuator_ctrllimited[i]]
    if unnamed := [i for i in range(model.nu) if not model.actuator(i).name]:
        raise ModelError(f"{where}: {len(unnamed)} actuators have no name; the first is number {unnamed[0]}")
    if without:
        raise ModelError(f"{where}: no ctrlrange for {_listed(without)}; give each motor one, as ctrlrange='-1 1'")
    for kind, count, element in (("geom", model.ngeom, model.geom), ("material", model.nmat, model.mat)):
        if GROUND in {element(i).name for i in range(count)}:
            raise ModelError(
                f"{where}: the body has a {kind} named {GROUND!r}, which is the name of the ground; rename it"
            )


def _fix_muscles(spec: mujoco.MjSpec, model: mujoco.MjModel) -> None:
    """Write down what MuJoCo takes or works out for muscles: excitation in [0, 1], length range and peak force."""
    for actuator in spec.actuators:
        row = model.actuator(actuator.name).id
        if model.actuator_dyntype[row] != mujoco.mjtDyn.mjDYN_MUSCLE:
            continue
        actuator.ctrllimited, actuator.ctrlrange = mujoco.mjtLimited.mjLIMITED_TRUE, [0.0, 1.0]
        actuator.lengthrange = model.actuator_lengthrange[row].copy()
        force, scale = model.actuator_gainprm[row, 2:4]
        if force < 0:  # MuJoCo's mark for a force from the acceleration that it gives
            force = float(scale / model.actuator_acc0[row])
        for prm in (actuator.gainprm, actuator.biasprm):
            prm[2] = force


def _standing(model: mujoco.MjModel, keyframe: str | None, where: str) -> np.ndarray:
    """``qpos`` of the standing pose: the named keyframe, one called stand, else the reference pose."""
    keys = [model.key(k).name for k in range(model.nkey)]
    if keyframe is not None and keyframe not in keys:
        raise ModelError(unknown("keyframe", keyframe, filter(None, keys), where="model.roles.keyframe"))
    wanted = keyframe or "stand"
    return (model.key_qpos[keys.index(wanted)] if wanted in keys else model.qpos0).copy()


def _listed(names: Iterable[str], most: int = 24) -> str:
    names = list(names)
    return ", ".join(names[:most]) + (f", … ({len(names)} in all)" if len(names) > most else "") or "none"
