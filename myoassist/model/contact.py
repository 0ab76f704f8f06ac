"""What touches the ground: the sole of each side, found in the compiled body and device."""

from __future__ import annotations

import re

import mujoco
import numpy as np

from myoassist.errors import ModelError
from myoassist.model.geometry import Surfaces

GROUND = "ground"
SOLE_DEPTH = 0.015  # m: only the part of a geom this close to the side's lowest point can reach level ground
SOLE_SHARE = 0.35  # a further geom belongs to the sole if this share of its footprint lies beyond the lower ones
CELL = 0.005  # m: grid on which footprints are compared
_LEG_BODY = re.compile(r"^(?:femur|patella|tibia|talus|calcn|toes)(?:_.*)?_([rl])$")


def body_side(model: mujoco.MjModel, body: int) -> str:
    """Side ``"r"``, ``"l"`` or ``""`` of a body: that of the nearest leg segment above it (``femur_r`` and so on)."""
    while body > 0:
        found = _LEG_BODY.match(model.body(body).name)
        if found:
            return found.group(1)
        body = model.body_parentid[body]
    return ""


def sole_geoms(model: mujoco.MjModel) -> dict[str, list[int]]:
    """Geoms of each side that reach level ground first in the reference pose, lowest first.

    The lowest geom of a leg belongs to the sole; every next one does if a good share of its footprint lies beyond the
    footprints of the lower ones. So a shoe hides the foot inside it, and a device's bracket above the heel stays out.

    Raises:
        ModelError: a side has no geom that could touch anything.
    """
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    colliding = np.flatnonzero(model.geom_contype | model.geom_conaffinity).tolist()
    soles: dict[str, list[int]] = {}
    for side in ("r", "l"):
        geoms = [geom for geom in colliding if body_side(model, model.geom_bodyid[geom]) == side]
        if not geoms:
            raise ModelError(f"side {side!r} of the model has no geom that can touch the ground")
        soles[side] = _lowest_cover(Surfaces(model, geoms), data)
    return soles


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
