"""A terrain of every kind, and their heights without a body."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from myoassist.config import (
    CurriculumTerrain,
    Harmonic,
    HarmonicTerrain,
    MixedTerrain,
    Rough,
    RoughTerrain,
    Slope,
    SlopeTerrain,
    Stairs,
    StairsTerrain,
    Terrain,
    Wave,
)
from myoassist.model.terrain import HeightGrid, make_ground
from myoassist.rules_world import check_terrain

COURSE: dict[str, Any] = {"length": 22.0, "width": 3.0, "safe_zone": 2.0}
WAVES = {"long": Wave(amplitude=0.06, wavelength=4.0), "cross": Wave(amplitude=0.05, wavelength=3.0, direction=1.5708)}
TILES = {
    "rough": Rough(amplitude=0.05),
    "hills": Harmonic(waves=WAVES),
    "slope": Slope(grade=0.2, ramp=2.0, landing=0.5),
    "stairs": Stairs(rise=0.15, run=0.3, count=3, landing=0.6),
}
TERRAINS: dict[str, Terrain] = {
    "rough": RoughTerrain(amplitude=0.08, **COURSE),
    "harmonic": HarmonicTerrain(waves=WAVES, **COURSE),
    "slope": SlopeTerrain(grade=0.2, ramp=3.0, landing=1.0, **COURSE),
    "stairs": StairsTerrain(rise=0.15, run=0.3, grid=0.05, **COURSE),
    "mixed": MixedTerrain(tiles=TILES, tile_length=5.0, grid=0.05, **COURSE),
    "curriculum": CurriculumTerrain(tiles=TILES, tile_length=5.0, grid=0.05, levels=3, variants=2, **COURSE),
}
kinds = pytest.mark.parametrize("kind", TERRAINS)


def grid_of(terrain: Terrain, *, planar: bool = False, grounds: int = 4, seed: int = 0) -> HeightGrid:
    check_terrain(terrain)
    grid = make_ground(terrain, planar=planar, grounds=grounds, rng=np.random.default_rng(seed)).grid
    assert grid is not None
    return grid


def columns_of(grid: HeightGrid) -> np.ndarray:
    return grid.x_first + grid.spacing * np.arange(grid.heights.shape[2])
