"""Where a geom's surface ends, in world coordinates."""

from __future__ import annotations

import mujoco
import numpy as np

_BOX_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)


def surface_points(model: mujoco.MjModel, geom: int) -> tuple[np.ndarray, float]:
    """Points ``(n, 3)`` in the geom's own frame and a radius: the geom is their convex hull grown by that radius.

    Exact for meshes, boxes, spheres and capsules; cylinders and ellipsoids are sampled at 64 points per rim or 2,048
    over the surface.
    """
    kind, size = mujoco.mjtGeom(model.geom_type[geom]), model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = model.geom_dataid[geom]
        first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        return np.asarray(model.mesh_vert[first : first + count], dtype=float), 0.0
    if kind == mujoco.mjtGeom.mjGEOM_SPHERE:
        return np.zeros((1, 3)), float(size[0])
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return np.array([[0, 0, -size[1]], [0, 0, size[1]]]), float(size[0])
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        rim = np.stack([size[0] * np.cos(angle), size[0] * np.sin(angle), np.full(64, size[1])], axis=1)
        return np.concatenate([rim, rim * [1, 1, -1]]), 0.0
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        return _BOX_CORNERS * size, 0.0
    return _ellipsoid(size), 0.0


def _ellipsoid(size: np.ndarray) -> np.ndarray:
    index = np.arange(2048) + 0.5
    polar, azimuth = np.arccos(1 - 2 * index / 2048), np.pi * (1 + 5**0.5) * index
    return size * np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], axis=1)


class Surfaces:
    """World-frame surface points of a few geoms, read again and again as the pose changes."""

    def __init__(self, model: mujoco.MjModel, geoms: np.ndarray | list[int]) -> None:
        self.geoms = [int(geom) for geom in geoms]
        self._local = [surface_points(model, geom) for geom in self.geoms]

    def points(self, data: mujoco.MjData, which: int) -> np.ndarray:
        """Points ``(n, 3)`` of the ``which``-th geom in world coordinates, in m; the radius counts downward."""
        local, radius = self._local[which]
        world = local @ data.geom_xmat[self.geoms[which]].reshape(3, 3).T + data.geom_xpos[self.geoms[which]]
        return world - [0.0, 0.0, radius]

    def radius(self, which: int) -> float:
        """How far the ``which``-th geom reaches beyond its points, in m."""
        return self._local[which][1]

    def lowest(self, data: mujoco.MjData) -> np.ndarray:
        """Height ``(n_geoms,)`` of each geom's lowest point over the world origin, in m."""
        return np.array([self.points(data, which)[:, 2].min() for which in range(len(self.geoms))])
