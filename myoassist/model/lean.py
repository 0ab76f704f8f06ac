"""The simulation model: what only draws goes, bodies that cannot move join their parents, idle stages are off.

None of it changes the motion: the full model takes the same course, to rounding.
"""

from __future__ import annotations

import mujoco
import numpy as np

SPARSE_FROM = (
    0.5  # share of joints that follow others from which sparse matrices are faster (measured: 0.41, 0.61, 0.72)
)
_TIES = (mujoco.mjtEq.mjEQ_CONNECT, mujoco.mjtEq.mjEQ_WELD)
_WRAPS = (mujoco.mjtWrap.mjWRAP_SPHERE, mujoco.mjtWrap.mjWRAP_CYLINDER)


def strip_drawing(spec: mujoco.MjSpec, model: mujoco.MjModel) -> None:
    """Delete geoms, sites and meshes that the physics does not use, and empty textures; inertia stays as compiled.

    Args:
        spec: has no sensors that refer to sites (see :func:`myoassist.model.sensors.replace_sensors`).
        model: compiled from ``spec`` with the bodies, geoms and sites that it has now.
    """
    for body in spec.bodies:
        if body.id > 0:
            _fix_inertia(body, model)
    geoms, sites = _used_by_tendons(model)
    sites |= _used_by_actuators(model)
    paired = {name for pair in spec.pairs for name in (pair.geomname1, pair.geomname2)}
    tied = {name for equality in spec.equalities for name in (equality.name1, equality.name2)}
    idle_geoms = [
        geom
        for geom in spec.geoms
        if not (geom.contype or geom.conaffinity) and geom.id not in geoms and geom.name not in paired
    ]
    idle_sites = [site for site in spec.sites if site.id not in sites and site.name not in tied]
    for element in (*idle_geoms, *idle_sites):  # chosen before any goes: deleting renumbers the rest
        spec.delete(element)
    used = {geom.meshname for geom in spec.geoms}
    for mesh in list(spec.meshes):
        if mesh.name not in used:
            spec.delete(mesh)
    for texture in spec.textures:  # megabytes in each copy of the model; materials hold on to them, so one pixel stays
        texture.file, texture.builtin = "", mujoco.mjtBuiltin.mjBUILTIN_FLAT
        texture.width = texture.height = 1


def _fix_inertia(body: mujoco.MjsBody, model: mujoco.MjModel) -> None:
    body.mass = float(model.body_mass[body.id])
    body.ipos, body.iquat = model.body_ipos[body.id].copy(), model.body_iquat[body.id].copy()
    body.inertia = model.body_inertia[body.id].copy()
    body.fullinertia = np.full(6, np.nan)
    body.explicitinertial = True


def join_bodies(spec: mujoco.MjSpec, full: mujoco.MjModel) -> None:
    """Let each body that cannot move, carries nothing and has no child become a part of its parent.

    A parent whose geoms touch something, or that a loop is tied to, keeps its children apart: MuJoCo takes the softness
    of contacts and ties from the centre of mass of the body itself.

    Args:
        spec: without drawing (see :func:`strip_drawing`), with inertia as compiled.
        full: compiled from ``spec`` with the bodies that it has now.
    """
    bodies = {body.id: body for body in spec.bodies}
    tied = {name for tie in spec.equalities if tie.type in _TIES for name in (tie.name1, tie.name2)}  # bodies or sites
    parents = full.body_parentid
    alone = {i for i, body in bodies.items() if _is_touched(body) or tied & {body.name, *(s.name for s in body.sites)}}
    kept = {0}
    for i in sorted(bodies, reverse=True):  # children come after their parents
        body, parent = bodies[i], int(parents[i])
        carries = body.joints or body.geoms or body.sites or body.cameras or body.lights or full.body_gravcomp[i]
        if i in kept or i in alone or carries or parent == 0 or parent in alone:
            kept |= {i, parent}
        elif i > 0:
            _join(bodies[parent], body, full)
    for i in sorted(set(bodies) - kept, reverse=True):
        spec.delete(bodies[i])


def _is_touched(body: mujoco.MjsBody) -> bool:
    return any(geom.contype or geom.conaffinity for geom in body.geoms)


def _join(parent: mujoco.MjsBody, child: mujoco.MjsBody, full: mujoco.MjModel) -> None:
    """Add mass and inertia of ``child`` to ``parent``; both are given about their own centres of mass."""
    turn = _rotation(full.body_quat[child.id])
    masses = np.array([parent.mass, child.mass])
    if not masses.any():
        return
    centres = np.array([parent.ipos, full.body_pos[child.id] + turn @ child.ipos])
    tensors = [_tensor(parent, np.eye(3)), _tensor(child, turn)]
    centre = masses @ centres / masses.sum()
    whole = np.zeros((3, 3))
    for mass, tensor, arm in zip(masses, tensors, centres - centre, strict=True):
        whole += tensor + mass * (arm @ arm * np.eye(3) - np.outer(arm, arm))
    moments, axes = np.linalg.eigh(whole)
    axes[:, 0] *= np.sign(np.linalg.det(axes))
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, axes.ravel())
    parent.mass, parent.ipos, parent.iquat, parent.inertia = float(masses.sum()), centre, quaternion, moments


def _tensor(body: mujoco.MjsBody, turn: np.ndarray) -> np.ndarray:
    axes = turn @ _rotation(body.iquat)
    return axes @ np.diag(body.inertia) @ axes.T


def _rotation(quaternion: np.ndarray) -> np.ndarray:
    matrix = np.zeros(9)
    mujoco.mju_quat2Mat(matrix, np.asarray(quaternion))
    return matrix.reshape(3, 3)


def skip_idle_stages(model: mujoco.MjModel) -> None:
    """Switch off in a compiled model what a walker on the ground does not need, and choose the faster matrices.

    It is one island, so that looking for islands finds nothing; springs and dry friction cost where there are none.
    """
    idle = mujoco.mjtDisableBit.mjDSBL_ISLAND
    springs = (model.jnt_stiffness, model.jnt_stiffnesspoly, model.tendon_stiffness, model.tendon_stiffnesspoly)
    if not any(stiffness.any() for stiffness in springs):
        idle |= mujoco.mjtDisableBit.mjDSBL_SPRING
    if not (model.dof_frictionloss.any() or model.tendon_frictionloss.any()):
        idle |= mujoco.mjtDisableBit.mjDSBL_FRICTIONLOSS
    model.opt.disableflags |= int(idle)
    followers = np.count_nonzero((model.eq_type == mujoco.mjtEq.mjEQ_JOINT) & (model.eq_obj2id >= 0))
    sparse = followers > SPARSE_FROM * model.nv
    model.opt.jacobian = mujoco.mjtJacobian.mjJAC_SPARSE if sparse else mujoco.mjtJacobian.mjJAC_DENSE


def _used_by_tendons(model: mujoco.MjModel) -> tuple[set[int], set[int]]:
    kinds, objects = model.wrap_type, model.wrap_objid
    geoms = {int(i) for kind, i in zip(kinds, objects, strict=True) if kind in _WRAPS}
    sites = {int(i) for kind, i in zip(kinds, objects, strict=True) if kind == mujoco.mjtWrap.mjWRAP_SITE}
    sites |= {int(i) for kind, i in zip(kinds, model.wrap_prm, strict=True) if kind in _WRAPS and i >= 0}  # side sites
    return geoms, sites


def _used_by_actuators(model: mujoco.MjModel) -> set[int]:
    by_site = (mujoco.mjtTrn.mjTRN_SITE, mujoco.mjtTrn.mjTRN_SLIDERCRANK)
    rows = np.isin(model.actuator_trntype, [int(kind) for kind in by_site])
    return {int(i) for i in model.actuator_trnid[rows].ravel() if i >= 0}
