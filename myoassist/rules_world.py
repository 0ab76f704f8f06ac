"""The rules that tie settings of the ground together; ``rules.py`` calls ``check_terrain``."""

from __future__ import annotations

import math

from myoassist.config import (
    Course,
    CurriculumTerrain,
    Harmonic,
    MixedTerrain,
    Rough,
    Stairs,
    Surface,
    Terrain,
    Tiles,
)
from myoassist.errors import ConfigError

HIGHEST_STEP = 0.4  # m: less than half a leg; nobody climbs more without hands
STEEPEST = 1.0  # rise over run of waves, 45 deg: soles slide on more
FEWEST_SAMPLES = 4  # of a wave; with less its crests fall between the samples


def check_terrain(terrain: Terrain) -> None:
    """Raise ConfigError for the first rule of the ground that is broken."""
    if not isinstance(terrain, Course):
        return
    _course_has_room(terrain)
    if isinstance(terrain, CurriculumTerrain) and terrain.promote_distance > terrain.length:
        problem = f"got {terrain.promote_distance}; at most terrain.length={terrain.length}"
        raise ConfigError(f"terrain.promote_distance: {problem}")
    if isinstance(terrain, MixedTerrain) and not terrain.tiles:
        kinds = "rough, harmonic, slope or stairs"
        raise ConfigError(f"terrain.tiles: gives no tile; add one of type {kinds}, or take terrain=flat")
    if isinstance(terrain, Tiles):
        for name, tile in terrain.tiles.items():
            _surface_fits(tile, terrain, f"terrain.tiles.{name}", key="tile_length")
    elif isinstance(terrain, Surface):
        _surface_fits(terrain, terrain, "terrain", key="length")


def _course_has_room(course: Course) -> None:
    if course.safe_zone >= course.length:
        raise ConfigError(f"terrain.safe_zone: got {course.safe_zone}; less than terrain.length={course.length}")
    for name, spacing in (("grid", course.grid), ("cross_grid", course.cross_grid)):
        if spacing > course.width / 2:
            raise ConfigError(f"terrain.{name}: got {spacing}; at most half of terrain.width={course.width}")


def _surface_fits(surface: Surface, course: Course, where: str, *, key: str) -> None:
    """``key``: the setting of ``course`` that is the length of the surface."""
    if isinstance(surface, Rough) and surface.smoothing > getattr(course, key) / 10:
        limit = f"at most a tenth of terrain.{key}={getattr(course, key)}, or no hills are left"
        raise ConfigError(f"{where}.smoothing: got {surface.smoothing}; {limit}")
    if isinstance(surface, Harmonic):
        _waves_fit_the_grid(surface, course, where)
    if isinstance(surface, Stairs):
        _stairs_can_be_climbed(surface, course, where)


def _waves_fit_the_grid(surface: Harmonic, course: Course, where: str) -> None:
    if not surface.waves:
        raise ConfigError(f"{where}.waves: gives no wave; add one, as long: {{amplitude: 0.05, wavelength: 4}}")
    for name, wave in surface.waves.items():
        along, across = abs(math.cos(wave.direction)), abs(math.sin(wave.direction))
        for key, grid, share in (("grid", course.grid, along), ("cross_grid", course.cross_grid, across)):
            if wave.wavelength < FEWEST_SAMPLES * grid * share:
                limit = f"at least {FEWEST_SAMPLES} samples of terrain.{key}={grid}, or the wave is lost between them"
                raise ConfigError(f"{where}.waves.{name}.wavelength: got {wave.wavelength}; {limit}")
    steep = {name: 2 * math.pi * wave.amplitude / wave.wavelength for name, wave in surface.waves.items()}
    if (slope := sum(steep.values())) > STEEPEST:
        worst = max(steep, key=lambda name: steep[name])
        limit = f"at most {STEEPEST:g}, the sum of 2π amplitude/wavelength; {worst} has {steep[worst]:.2g} of it"
        raise ConfigError(f"{where}.waves: together as steep as {slope:.2g} (rise over run); {limit}")


def _stairs_can_be_climbed(surface: Stairs, course: Course, where: str) -> None:
    if surface.rise > HIGHEST_STEP:
        limit = f"at most {HIGHEST_STEP} m, which is less than half a leg"
        raise ConfigError(f"{where}.rise: got {surface.rise}; {limit}")
    cells = round(surface.run / course.grid)
    if cells < 3 or abs(surface.run - cells * course.grid) > 1e-6:
        grid, near = course.grid, max(3, cells)
        limit = f"a whole multiple of terrain.grid={grid}, at least 3 of it"
        raise ConfigError(f"{where}.run: got {surface.run}; {limit}; nearest: {round(near * grid, 6)}")
