"""Ground: a plane, or a height field per environment, made of the surfaces in ``surfaces.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mujoco
import numpy as np

from myoassist.config import Course, CurriculumTerrain, FlatTerrain, Surface, Terrain, Tiles
from myoassist.errors import ConfigError, unknown
from myoassist.model.contact import GROUND
from myoassist.model.surfaces import SURFACES

BEHIND = 3.0  # m of level course behind the start
PLANAR_WIDTH = 0.8  # m: a planar body never leaves its plane, so a strip under both feet is enough
BASE = 0.5  # m of solid ground under the lowest point
LEVEL = 1e-6  # m: heights at which a surface counts as beginning at 0
WINDOW = (np.arange(12) - 5.5) * 0.05  # m: 0.6 m of the course, a step's length, around a point


@dataclass(frozen=True)
class HeightGrid:
    """Ground heights on a regular grid, one per ground.

    ``heights``: ``(n_grounds, rows, columns)`` in m over the level of the start; rows run along y, columns along x.
    ``x_first``, ``y_first``: position of the first sample; ``spacing`` and ``row_spacing``: distance between samples
    along x and along y, all in m.
    """

    heights: np.ndarray
    x_first: float
    y_first: float
    spacing: float
    row_spacing: float

    def at(self, ground: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Ground height in m at ``x``, ``y`` (any shape, m) of the grounds numbered ``ground`` (same shape).

        Exact on MuJoCo's height field, whose cells are cut in two along the diagonal from their first corner. Beyond
        the edge the height of the edge goes on.
        """
        rows, columns = self.heights.shape[1:]
        column = np.clip((np.asarray(x) - self.x_first) / self.spacing, 0, columns - 1)
        row = np.clip((np.asarray(y) - self.y_first) / self.row_spacing, 0, rows - 1)
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

    def level(self, ground: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Mean height in m over a step's length (0.6 m along the course) around ``x``, ``y``, each ``(n,)``.

        What a walker stands on: at the edge of a stair it does not jump by a step, as the height of one point does.
        """
        if self.grid is None:
            return np.zeros(np.shape(x))
        return self.grid.at(ground[:, None], x[:, None] + WINDOW, y[:, None]).mean(axis=1)


def make_ground(config: Terrain, *, planar: bool, grounds: int, rng: np.random.Generator) -> Ground:
    """Draw the heights of ``grounds`` different grounds; a plane needs none.

    A curriculum has ``levels`` times ``variants`` grounds whatever ``grounds`` says: those of level 0 first.
    """
    if isinstance(config, FlatTerrain) or (isinstance(config, Tiles) and not config.tiles):
        return Ground()
    x = -BEHIND + config.grid * np.arange(round((config.length + BEHIND) / config.grid) + 1)
    width, row_spacing = (0.0, PLANAR_WIDTH) if planar else (config.width, config.cross_grid)
    rows = round(width / row_spacing) + 1
    y = row_spacing * (np.arange(rows) - (rows - 1) / 2)
    count = config.variants if isinstance(config, CurriculumTerrain) else grounds
    heights = np.stack([_course(config, x, y, child) for child in rng.spawn(count)]).astype(np.float32)
    if planar:  # a strip that is level across
        y, heights = np.array([-PLANAR_WIDTH / 2]), np.repeat(heights, 2, axis=1)
    if isinstance(config, CurriculumTerrain):
        shares = np.linspace(0, 1, config.levels, dtype=np.float32)
        heights = np.concatenate([share * heights for share in shares])
    return Ground(HeightGrid(heights, float(x[0]), float(y[0]), config.grid, row_spacing))


def _course(config: Course, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Heights ``(rows, columns)`` of one course: the level start, then surface after surface."""
    heights = np.zeros((len(y), len(x)))
    begin, ahead = 0.0, x - config.safe_zone
    for surface, length in _surfaces(config, rng):
        columns = np.flatnonzero((ahead >= begin - 1e-9) & (ahead < begin + length - 1e-9))
        if not len(columns):
            break
        level = heights[:, [columns[0] - 1]]  # the last column so far is level
        heights[:, columns] = level + _heights(surface, ahead[columns] - begin, y, rng)
        begin += length
    return heights


def _heights(surface: Surface, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Heights ``(rows, columns)`` of a surface. Raises ConfigError where its function does not keep to its contract."""
    if surface.type not in SURFACES:
        raise ConfigError(unknown("surface", surface.type, SURFACES, where="SURFACES of myoassist/model/surfaces.py"))
    heights = np.asarray(SURFACES[surface.type](surface, x, y, rng))
    where, wanted = f"surface {surface.type!r}", (len(y), len(x))
    if heights.shape != wanted:
        raise ConfigError(f"{where} returned shape {heights.shape}; it must return (rows, columns), here {wanted}")
    if not np.isfinite(heights).all():
        raise ConfigError(f"{where} returned heights that are not finite; they must be numbers in m")
    if x[0] < 1e-9 and np.abs(heights[:, 0]).max() > LEVEL:  # between two samples it may have risen already
        most = float(heights[np.abs(heights[:, 0]).argmax(), 0])
        raise ConfigError(f"{where} begins at {most:g} m; it must begin at 0, the height of the ground before it")
    return heights


def _surfaces(config: Course, rng: np.random.Generator) -> Iterator[tuple[Surface, float]]:
    """The surfaces of a course in their order, each with its length."""
    if isinstance(config, Tiles):
        tiles = list(config.tiles.values())
        while True:
            for which in rng.permutation(len(tiles)):
                yield tiles[which], config.tile_length
    elif isinstance(config, Surface):
        yield config, config.length


def add_ground(spec: mujoco.MjSpec, ground: Ground, *, friction: float) -> None:
    """Add the geom named ``ground`` to ``spec``; the heights of a grid come with :func:`lay_ground`."""
    geom = spec.worldbody.add_geom(name=GROUND, contype=1, conaffinity=1, friction=[friction, 0.005, 0.0001])
    geom.priority = 1  # the ground's friction counts; MuJoCo would take the larger of ground and sole
    if ground.grid is None:
        geom.type, geom.size = mujoco.mjtGeom.mjGEOM_PLANE, [0, 0, 1]
        return
    grid, (low, span) = ground.grid, _range(ground.grid)
    rows, columns = grid.heights.shape[1:]
    half = [(columns - 1) * grid.spacing / 2, (rows - 1) * grid.row_spacing / 2]
    spec.add_hfield(name=GROUND, nrow=rows, ncol=columns, size=[*half, span, BASE], userdata=np.zeros(rows * columns))
    geom.type, geom.hfieldname = mujoco.mjtGeom.mjGEOM_HFIELD, GROUND
    geom.pos = [grid.x_first + half[0], grid.y_first + half[1], low]


def lay_ground(model: mujoco.MjModel, grid: HeightGrid, which: int) -> None:
    """Write the heights of ground number ``which`` into the height field of a compiled ``model``."""
    low, span = _range(grid)  # of all grounds, so that the bounds the compiler found are right for each
    model.hfield_data[:] = ((grid.heights[which] - low) / span).ravel()


def _range(grid: HeightGrid) -> tuple[float, float]:
    low, high = float(grid.heights.min()), float(grid.heights.max())
    return low, max(high - low, 1e-6)
