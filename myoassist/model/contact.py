"""What touches the ground: the sole of each side, found in the compiled body and device."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np

from myoassist.errors import ModelError, unknown
from myoassist.model.geometry import Surfaces
from myoassist.model.naming import body_side

GROUND = "ground"
SOLE_DEPTH = 0.015  # m: only the part of a geom this close to the side's lowest point can reach level ground
SOLE_SHARE = 0.35  # a further geom belongs to the sole if this share of its footprint lies beyond the lower ones
CELL = 0.005  # m: grid on which footprints are compared


def sole_geoms(model: mujoco.MjModel, feet: Mapping[str, list[str]] | None = None) -> dict[str, list[int]]:
    """Geoms of each side that reach level ground first in the reference pose, lowest first.

    The lowest geom of a leg belongs to the sole; every next one does if a good share of its footprint lies beyond the
    footprints of the lower ones. So a shoe hides the foot inside it, and a device's bracket above the heel stays out.

    Args:
        feet: by side, names of the geoms that are the sole, or of bodies whose geoms are considered.

    Raises:
        ModelError: a side has no geom that could touch anything, or none of a given name.
    """
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    colliding = np.flatnonzero(model.geom_contype | model.geom_conaffinity).tolist()
    soles: dict[str, list[int]] = {}
    for side in ("r", "l"):
        if feet and feet.get(side):
            soles[side] = _given_soles(model, data, feet[side], side)
            continue
        geoms = [geom for geom in colliding if body_side(model, model.geom_bodyid[geom]) == side]
        if not geoms:
            raise ModelError(f"side {side!r} of the model has no geom that can touch the ground")
        soles[side] = _lowest_cover(Surfaces(model, geoms), data)
    return soles


def _given_soles(model: mujoco.MjModel, data: mujoco.MjData, names: list[str], side: str) -> list[int]:
    """Geoms by their own name, and those of named bodies that reach the ground first."""
    geoms, bodies = [model.geom(g).name for g in range(model.ngeom)], [model.body(b).name for b in range(model.nbody)]
    for name in names:
        if name not in geoms and name not in bodies:
            known = [*filter(None, geoms), *bodies[1:]]
            raise ModelError(unknown("geom or body of the file", name, known, where=f"model.roles.feet.{side}"))
    chosen = [geoms.index(name) for name in names if name in geoms]
    owners = {bodies.index(name) for name in names if name not in geoms}
    below = [geom for geom in range(model.ngeom) if int(model.geom_bodyid[geom]) in owners]
    if owners and not below:
        raise ModelError(f"model.roles.feet.{side}: {', '.join(names)} has no geom")
    return chosen + (_lowest_cover(Surfaces(model, below), data) if below else [])


def _lowest_cover(surfaces: Surfaces, data: mujoco.MjData) -> list[int]:
    lowest = surfaces.lowest(data)
    limit = lowest.min() + SOLE_DEPTH
    covered: set[tuple[int, int]] = set()
    chosen: list[int] = []
    for which in np.argsort(lowest, kind="stable"):
        cells = _footprint(surfaces, data, int(which), limit)
        if cells and len(cells - covered) >= SOLE_SHARE * len(cells):
            chosen.append(surfaces.geoms[which])
            covered |= cells
    return chosen


def _footprint(surfaces: Surfaces, data: mujoco.MjData, which: int, limit: float) -> set[tuple[int, int]]:
    """Cells of the ground under the rectangle around those points of a geom that lie below ``limit``."""
    points = surfaces.points(data, which)
    near = points[points[:, 2] < limit][:, :2]
    if not len(near):
        return set()
    low = np.floor((near.min(axis=0) - surfaces.radius(which)) / CELL).astype(int)
    high = np.floor((near.max(axis=0) + surfaces.radius(which)) / CELL).astype(int)
    return {(i, j) for i in range(low[0], high[0] + 1) for j in range(low[1], high[1] + 1)}


def restrict_contact(spec: mujoco.MjSpec, touching: list[str]) -> None:
    """Let the geoms named ``touching`` meet the ground and nothing else collide."""
    for geom in spec.geoms:
        geom.contype, geom.conaffinity = 0, int(geom.name in touching)
    for pair in list(spec.pairs):
        spec.delete(pair)
