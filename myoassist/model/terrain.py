"""Ground: a plane, or a height field per environment. One function per terrain type, registered in ``BUILDERS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

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
        """Bilinear ground height in m at ``x``, ``y`` (any shape, m) of the grounds numbered ``ground`` (same shape)."""
        rows, columns = self.heights.shape[1:]
        column = np.clip((x - self.x_first) / self.spacing, 0, columns - 1.000001)
        row = np.clip((y - self.y_first) / self.spacing, 0, rows - 1.000001)
        i, j = row.astype(int), column.astype(int)
        a, b = row - i, column - j
        h = self.heights
        near = h[ground, i, j] * (1 - b) + h[ground, i, j + 1] * b
        far = h[ground, i + 1, j] * (1 - b) + h[ground, i + 1, j + 1] * b
        return near * (1 - a) + far * a


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


def _add_plane(spec: mujoco.MjSpec, config: Any, grid: HeightGrid | None) -> None:
    spec.worldbody.add_geom(
        name=GROUND,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0, 0, 1],
        contype=1,
        conaffinity=0,
        friction=[config.friction, 0.005, 0.0001],
    )


def _add_height_field(spec: mujoco.MjSpec, config: Any, grid: HeightGrid | None) -> None:
    assert grid is not None
    rows, columns = grid.heights.shape[1:]
    size = [(columns - 1) * grid.spacing / 2, (rows - 1) * grid.spacing / 2, 1.0, BASE]
    spec.add_hfield(name=GROUND, nrow=rows, ncol=columns, size=size, userdata=np.zeros(rows * columns))
    spec.worldbody.add_geom(
        name=GROUND,
        type=mujoco.mjtGeom.mjGEOM_HFIELD,
        hfieldname=GROUND,
        pos=[grid.x_first + size[0], grid.y_first + size[1], 0],
        contype=1,
        conaffinity=0,
        friction=[config.friction, 0.005, 0.0001],
    )


@dataclass(frozen=True)
class TerrainKind:
    """How a terrain type is made: its heights (None for a plane) and the geom that carries them."""

    heights: Callable[..., HeightGrid] | None
    add_geom: Callable[[mujoco.MjSpec, Any, HeightGrid | None], None]


KINDS: dict[type, TerrainKind] = {
    FlatTerrain: TerrainKind(None, _add_plane),
    RoughTerrain: TerrainKind(rough_heights, _add_height_field),
}


def make_ground(config: Terrain, *, planar: bool, grounds: int, rng: np.random.Generator) -> Ground:
    """Draw the heights of ``grounds`` different grounds (a plane needs none)."""
    heights = KINDS[type(config)].heights
    return Ground(None if heights is None else heights(config, planar=planar, grounds=grounds, rng=rng))


def add_ground(spec: mujoco.MjSpec, config: Terrain, ground: Ground) -> None:
    """Add the geom named ``ground`` to ``spec``; its heights come with :func:`lay_ground`."""
    KINDS[type(config)].add_geom(spec, config, ground.grid)


def lay_ground(model: mujoco.MjModel, grid: HeightGrid, which: int) -> None:
    """Write the heights of ground number ``which`` into the height field of a compiled ``model``."""
    heights = grid.heights[which]
    low, high = float(heights.min()), float(heights.max())
    span = max(high - low, 1e-6)
    model.hfield_size[0, 2] = span
    model.hfield_data[:] = ((heights - low) / span).ravel()
    model.geom_pos[model.geom(GROUND).id, 2] = low
