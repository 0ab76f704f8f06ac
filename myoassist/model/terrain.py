"""Ground: a plane, or a height field per environment. One function per terrain type, registered in ``HEIGHTS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.ndimage import gaussian_filter

from myoassist.config import FlatTerrain, RoughTerrain, Terrain
from myoassist.model.contact import GROUND

BEHIND = 3.0  # m of course behind the start
PLANAR_WIDTH = 0.8  # m: a planar body never leaves its plane, so a strip under both feet is enough
BASE = 0.5  # m of solid ground under the lowest point


@dataclass(frozen=True)
class HeightGrid:
    """Ground heights on a regular grid, one per ground.

    ``heights``: ``(n_grounds, rows, columns)`` in m over the level of the start; rows run along y, columns along x.
    ``x_first``, ``y_first``: position of the first sample; ``spacing``: distance between samples, all in m.
    """

    heights: np.ndarray
    x_first: float
    y_first: float
    spacing: float

    def at(self, ground: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Ground height in m at ``x``, ``y`` (any shape, m) of the grounds numbered ``ground`` (same shape).

        Exact on MuJoCo's height field, whose cells are cut in two along the diagonal from their first corner. Beyond
        the edge the height of the edge goes on.
        """
        rows, columns = self.heights.shape[1:]
        column = np.clip((np.asarray(x) - self.x_first) / self.spacing, 0, columns - 1)
        row = np.clip((np.asarray(y) - self.y_first) / self.spacing, 0, rows - 1)
        i, j = np.minimum(row.astype(int), rows - 2), np.minimum(column.astype(int), columns - 2)
        a, b = row - i, column - j
        first, last = self.heights[ground, i, j], self.heights[ground, i + 1, j + 1]
        corner = np.where(a > b, self.heights[ground, i + 1, j], self.heights[ground, i, j + 1])
        return first + np.maximum(a, b) * (corner - first) + np.minimum(a, b) * (last - corner)


@dataclass(frozen=True)
class Ground:
    """The terrain of all environments: a level plane (``grid`` is None) or height fields, one model per ground."""

    grid: HeightGrid | None = None

    def height(self, ground: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Ground height in m over the level of the start, shape of ``x``."""
        return np.zeros(np.shape(x)) if self.grid is None else self.grid.at(ground, x, y)


def rough_heights(config: RoughTerrain, *, planar: bool, grounds: int, rng: np.random.Generator) -> HeightGrid:
    """Random heights in ``[-amplitude, amplitude]``, smoothed, with a level start that blends in over one metre."""
    width = PLANAR_WIDTH if planar else config.width
    columns = round((config.length + BEHIND) / config.grid) + 1
    rows = max(2, round(width / config.grid) + 1)
    noise = rng.uniform(-1, 1, size=(grounds, rows, columns))
    sigma = config.smoothing / config.grid
    smooth = gaussian_filter(noise, sigma=(0, sigma, sigma), mode="nearest")
    smooth /= np.abs(smooth).max(axis=(1, 2), keepdims=True)
    x = -BEHIND + config.grid * np.arange(columns)
    rise = np.clip((x - config.safe_zone) / 1.0, 0, 1)
    blend = rise * rise * (3 - 2 * rise)
    heights = config.amplitude * smooth * blend
    return HeightGrid(heights=heights, x_first=-BEHIND, y_first=-(rows - 1) * config.grid / 2, spacing=config.grid)


HEIGHTS: dict[type, Callable[..., HeightGrid] | None] = {
    FlatTerrain: None,
    RoughTerrain: rough_heights,
}  # None: a plane


def make_ground(config: Terrain, *, planar: bool, grounds: int, rng: np.random.Generator) -> Ground:
    """Draw the heights of ``grounds`` different grounds (a plane needs none)."""
    heights = HEIGHTS[type(config)]
    return Ground(None if heights is None else heights(config, planar=planar, grounds=grounds, rng=rng))


def add_ground(spec: mujoco.MjSpec, ground: Ground, *, friction: float) -> None:
    """Add the geom named ``ground`` to ``spec``; the heights of a grid come with :func:`lay_ground`."""
    geom = spec.worldbody.add_geom(name=GROUND, contype=1, conaffinity=1, friction=[friction, 0.005, 0.0001])
    geom.priority = 1  # the ground's friction counts; MuJoCo would take the larger of ground and sole
    if ground.grid is None:
        geom.type, geom.size = mujoco.mjtGeom.mjGEOM_PLANE, [0, 0, 1]
        return
    rows, columns = ground.grid.heights.shape[1:]
    half = [(columns - 1) * ground.grid.spacing / 2, (rows - 1) * ground.grid.spacing / 2]
    spec.add_hfield(name=GROUND, nrow=rows, ncol=columns, size=[*half, 1, BASE], userdata=np.zeros(rows * columns))
    geom.type, geom.hfieldname = mujoco.mjtGeom.mjGEOM_HFIELD, GROUND
    geom.pos = [ground.grid.x_first + half[0], ground.grid.y_first + half[1], 0]


def lay_ground(model: mujoco.MjModel, grid: HeightGrid, which: int) -> None:
    """Write the heights of ground number ``which`` into the height field of a compiled ``model``."""
    heights = grid.heights[which]
    low, high = float(heights.min()), float(heights.max())
    span = max(high - low, 1e-6)
    model.hfield_size[0, 2] = span
    model.hfield_data[:] = ((heights - low) / span).ravel()
    model.geom_pos[model.geom(GROUND).id, 2] = low
