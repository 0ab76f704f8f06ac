"""Strip what only draws: the simulation keeps bodies, joints, tendons and soles, and none of the meshes around them."""

from __future__ import annotations

import mujoco
import numpy as np

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
