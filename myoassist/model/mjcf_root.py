"""The root of a user's body: whatever joints it floats on become the pelvis coordinates of the project."""

from __future__ import annotations

import mujoco
import numpy as np

from myoassist.errors import ModelError
from myoassist.model.geometry import Surfaces
from myoassist.model.naming import ROOT_COORDINATES, body_side

_SLIDE, _HINGE = mujoco.mjtJoint.mjJNT_SLIDE, mujoco.mjtJoint.mjJNT_HINGE
_FREE, _BALL = mujoco.mjtJoint.mjJNT_FREE, mujoco.mjtJoint.mjJNT_BALL
# World axes: x forward, y left, z up. OpenSim's tilt turns about the axis to the right, and so is -y.
AXES = {
    "pelvis_tx": (_SLIDE, (1.0, 0.0, 0.0)),
    "pelvis_ty": (_SLIDE, (0.0, 0.0, 1.0)),
    "pelvis_tz": (_SLIDE, (0.0, 1.0, 0.0)),
    "pelvis_tilt": (_HINGE, (0.0, -1.0, 0.0)),
    "pelvis_list": (_HINGE, (1.0, 0.0, 0.0)),
    "pelvis_rotation": (_HINGE, (0.0, 0.0, 1.0)),
}
PLANAR = ("pelvis_tx", "pelvis_ty", "pelvis_tilt")
STRAIGHT = 0.999  # cosine: axes that agree within 2.6 degrees count as the same


def unify_root(spec: mujoco.MjSpec, qpos: np.ndarray, *, where: str) -> None:
    """Give ``spec`` the root joints of the project, and one keyframe ``stand``.

    A root that has them already stays as it is. Else the joints between world and pelvis go, the body is turned about
    the vertical to face along x, and the pose in ``qpos`` is upright: zero tilt, list and rotation.

    Args:
        qpos: standing pose of the file's own model ``(nq,)``.

    Raises:
        ModelError: the root has other degrees of freedom than a planar or a free one.
    """
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    chain = _chain(model)
    root = [j for j in range(model.njnt) if model.jnt_bodyid[j] in chain]
    names = PLANAR if _is_planar(model, root, where) else ROOT_COORDINATES
    height = _pelvis_height(model, data)
    rest = [j for j in range(model.njnt) if j not in root]
    pose = np.concatenate([qpos[_span(model, j)] for j in rest] or [np.zeros(0)])
    if not _is_ours(model, data, root, names):
        _replace(spec, model, data, chain, root, names)
        pose = np.concatenate([np.zeros(len(names)), pose])
    else:
        pose = qpos.copy()
    for key in list(spec.keys):
        spec.delete(key)
    ready = spec.compile()
    pose[ready.joint("pelvis_ty").qposadr[0]] = height
    spec.add_key(name="stand", qpos=pose)


def _chain(model: mujoco.MjModel) -> list[int]:
    """Bodies from the pelvis up to the one that hangs from the world."""
    chain = [model.body("pelvis").id]
    while model.body_parentid[chain[-1]] > 0:
        chain.append(int(model.body_parentid[chain[-1]]))
    return chain


def _span(model: mujoco.MjModel, joint: int) -> slice:
    size = {_FREE: 7, _BALL: 4}.get(mujoco.mjtJoint(model.jnt_type[joint]), 1)
    return slice(int(model.jnt_qposadr[joint]), int(model.jnt_qposadr[joint]) + size)


def _is_planar(model: mujoco.MjModel, root: list[int], where: str) -> bool:
    kinds = sorted(int(model.jnt_type[joint]) for joint in root)
    if kinds in ([int(_FREE)], [int(_BALL), *[int(_SLIDE)] * 3], [*[int(_SLIDE)] * 3, *[int(_HINGE)] * 3]):
        return False
    if kinds == [int(_SLIDE), int(_SLIDE), int(_HINGE)]:
        return True
    found = ", ".join(model.joint(joint).name or "a joint without a name" for joint in root) or "no joint"
    raise ModelError(
        f"{where}: the pelvis hangs from the world on {found}; it needs a free joint, three slides and three hinges, "
        f"or two slides and a hinge"
    )


def _is_ours(model: mujoco.MjModel, data: mujoco.MjData, root: list[int], names: tuple[str, ...]) -> bool:
    """Whether the root joints have the project's names, order, kinds and axes, and the legs face along x."""
    if tuple(model.joint(joint).name for joint in root) != names:
        return False
    rest = mujoco.MjData(model)
    mujoco.mj_kinematics(model, rest)
    for joint, name in zip(root, names, strict=True):
        kind, axis = AXES[name]
        if model.jnt_type[joint] != kind or rest.xaxis[joint] @ axis < STRAIGHT:
            return False
    return float(_forward(model, data)[0]) > STRAIGHT


def _forward(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Horizontal direction ``(3,)`` that the body faces: square to the line from the right hip to the left one."""
    left = data.joint("hip_flexion_l").xanchor - data.joint("hip_flexion_r").xanchor
    forward = np.cross(left, [0.0, 0.0, 1.0])
    if np.linalg.norm(forward[:2]) < 1e-4:  # both hips on one line: a planar body, which faces where its hips flex
        forward = np.cross(-data.joint("hip_flexion_r").xaxis, [0.0, 0.0, 1.0])
        forward *= np.sign(forward @ _foot_direction(model, data)) or 1.0
    return forward / np.linalg.norm(forward)


def _foot_direction(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """From the hips to the middle of the lowest geoms of the legs: feet reach forward."""
    legs = _leg_geoms(model)
    surfaces = Surfaces(model, legs)
    points = np.concatenate([surfaces.points(data, which) for which in range(len(legs))])
    low = points[points[:, 2] < points[:, 2].min() + 0.03]
    return (low.min(axis=0) + low.max(axis=0)) / 2 - data.joint("hip_flexion_r").xanchor


def _leg_geoms(model: mujoco.MjModel) -> list[int]:
    return [geom for geom in range(model.ngeom) if body_side(model, int(model.geom_bodyid[geom]))]


def _pelvis_height(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    """Height of the pelvis' origin over the lowest point of the legs, m."""
    legs = _leg_geoms(model)
    lowest = Surfaces(model, legs).lowest(data).min() if legs else 0.0
    return float(data.body("pelvis").xpos[2] - lowest)


def _replace(
    spec: mujoco.MjSpec,
    model: mujoco.MjModel,
    data: mujoco.MjData,
    chain: list[int],
    root: list[int],
    names: tuple[str, ...],
) -> None:
    forward = _forward(model, data)
    turn = np.zeros(4)
    mujoco.mju_axisAngle2Quat(turn, np.array([0.0, 0.0, 1.0]), -float(np.arctan2(forward[1], forward[0])))
    top, bodies = chain[-1], {body.id: body for body in spec.bodies}
    moving = {int(model.jnt_bodyid[joint]) for joint in root} | {top}
    for joint in [joint for body in chain for joint in bodies[body].joints]:
        spec.delete(joint)
    for body in chain:
        if body in moving:
            place, quat = _relative(model, data, body)
            bodies[body].alt.type = mujoco.mjtOrientation.mjORIENTATION_QUAT
            bodies[body].pos, bodies[body].quat = place, quat if body != top else _times(turn, quat)
    frame, pelvis = np.zeros(9), np.zeros(3)
    mujoco.mju_quat2Mat(frame, np.asarray(bodies[top].quat, dtype=float))
    mujoco.mju_rotVecQuat(pelvis, data.body("pelvis").xpos - data.xpos[top], turn)
    inward = frame.reshape(3, 3).T
    for name in names:
        kind, axis = AXES[name]
        limits = {"limited": mujoco.mjtLimited.mjLIMITED_FALSE}
        bodies[top].add_joint(name=name, type=kind, axis=inward @ axis, pos=inward @ pelvis, **limits)


def _relative(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> tuple[np.ndarray, np.ndarray]:
    """Place and turn of a body in its parent's frame, in the pose of ``data``."""
    parent = int(model.body_parentid[body])
    inverse, place = np.zeros(4), np.zeros(3)
    mujoco.mju_negQuat(inverse, data.xquat[parent])
    mujoco.mju_rotVecQuat(place, data.xpos[body] - data.xpos[parent], inverse)
    return place, _times(inverse, data.xquat[body])


def _times(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    product = np.zeros(4)
    mujoco.mju_mulQuat(product, first, second)
    return product
