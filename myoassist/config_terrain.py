"""The schema of the ground. ``config.py`` offers every name.

A surface (``Rough``, ``Harmonic``, ``Slope``, ``Stairs``) says what the ground looks like; a terrain is a course that
it covers. A surface alone can also be a tile of a mixed course or of a curriculum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myoassist.fields import setting

First = Literal["up", "down", "random"]


@dataclass(frozen=True, kw_only=True)
class FlatTerrain:
    """A level plane."""

    type: Literal["flat"] = "flat"
    friction: float = setting(1.0, ge=0, help="sliding friction coefficient of the ground")


@dataclass(frozen=True, kw_only=True)
class Course:
    """What every uneven ground has: a level safe zone at the start, then a strip of ground on a grid of heights."""

    friction: float = setting(1.0, ge=0, help="sliding friction coefficient of the ground")
    length: float = setting(65.0, unit="m", gt=5, le=500, help="length of the course ahead of the start")
    width: float = setting(
        6.0, unit="m", gt=0.5, le=50, help="width of the course for 3D bodies; planar bodies get a strip"
    )
    safe_zone: float = setting(1.5, unit="m", ge=0.5, help="level distance ahead of the start")
    grid: float = setting(0.1, unit="m", ge=0.02, le=1.0, help="distance between height samples along the course")
    cross_grid: float = setting(
        0.2, unit="m", ge=0.02, le=1.0, help="distance between height samples across the course, for 3D bodies"
    )


@dataclass(frozen=True, kw_only=True)
class Rough:
    """Random heights, smoothed; different in every environment."""

    type: Literal["rough"] = "rough"
    amplitude: float = setting(0.03, unit="m", ge=0, le=0.5, help="largest height anywhere, up or down")
    smoothing: float = setting(0.15, unit="m", ge=0, help="standard deviation of the Gaussian that smooths the heights")


@dataclass(frozen=True, kw_only=True)
class Wave:
    """One sine component of harmonic ground."""

    amplitude: float = setting(unit="m", ge=0, le=1, help="height of the crests over the middle")
    wavelength: float = setting(unit="m", gt=0, le=500, help="distance from crest to crest")
    direction: float = setting(0.0, unit="rad", ge=-3.15, le=3.15, help="0: along the course; 1.5708: across it")
    phase: float | None = setting(None, unit="rad", help="of the sine at the start; null is random in each environment")


@dataclass(frozen=True, kw_only=True)
class Harmonic:
    """A sum of sine waves."""

    type: Literal["harmonic"] = "harmonic"
    waves: dict[str, Wave] = setting({}, help="components by a name of your own")


@dataclass(frozen=True, kw_only=True)
class Slope:
    """Ramps with level ground between them: up, level, down, level, and so on."""

    type: Literal["slope"] = "slope"
    grade: float = setting(0.1, ge=0, le=0.7, help="rise over run, 0.1 is 10 %")
    ramp: float = setting(8.0, unit="m", gt=0, le=500, help="horizontal length of a ramp")
    landing: float = setting(2.0, unit="m", ge=0, le=500, help="level ground after a ramp")
    back: bool = setting(True, help="every second ramp leads back; false goes on in the same direction")
    first: First = setting("random", help="direction of the first ramp; random differs between environments")


@dataclass(frozen=True, kw_only=True)
class Stairs:
    """Flights of stairs with landings: up, landing, down, landing, and so on."""

    type: Literal["stairs"] = "stairs"
    rise: float = setting(0.1, unit="m", ge=0, help="height of a step")
    run: float = setting(0.4, unit="m", gt=0, le=5, help="depth of a step; a whole multiple of the grid")
    count: int = setting(5, ge=1, le=1000, help="steps in a flight")
    landing: float = setting(1.5, unit="m", ge=0, le=500, help="level ground after a flight, beyond the last step")
    back: bool = setting(True, help="every second flight leads back; false goes on in the same direction")
    first: First = setting("random", help="direction of the first flight; random differs between environments")


Surface = Rough | Harmonic | Slope | Stairs


@dataclass(frozen=True, kw_only=True)
class RoughTerrain(Rough, Course):
    """A course of random heights."""


@dataclass(frozen=True, kw_only=True)
class HarmonicTerrain(Harmonic, Course):
    """A course of waves."""


@dataclass(frozen=True, kw_only=True)
class SlopeTerrain(Slope, Course):
    """A course of ramps."""


@dataclass(frozen=True, kw_only=True)
class StairsTerrain(Stairs, Course):
    """A course of stairs."""


@dataclass(frozen=True, kw_only=True)
class Tiles(Course):
    """A course of tiles, in another order in every environment; every tile is used before one comes again."""

    tiles: dict[str, Surface] = setting({}, help="surfaces by a name of your own")
    tile_length: float = setting(8.0, unit="m", ge=3, le=500, help="length of a tile along the course")


@dataclass(frozen=True, kw_only=True)
class MixedTerrain(Tiles):
    """A course of tiles."""

    type: Literal["mixed"] = "mixed"


@dataclass(frozen=True, kw_only=True)
class CurriculumTerrain(Tiles):
    """Levels from flat ground to the tiles in full height; each environment climbs and descends by how it walks."""

    type: Literal["curriculum"] = "curriculum"
    levels: int = setting(6, ge=2, le=50, help="number of levels; heights and slopes grow evenly from 0 to the tiles'")
    variants: int = setting(8, ge=1, le=1000, help="different courses per level; an episode draws one of them")
    promote_distance: float = setting(8.0, unit="m", gt=0, help="an episode that walked this far goes one level up")
    demote_seconds: float = setting(
        2.0, unit="s", ge=0, help="an episode that ends earlier than this, but not by time, goes one level down"
    )
    start_speed: float | None = setting(
        None,
        unit="m/s",
        ge=0,
        le=4,
        help="target speed of level 0, from which it grows to the command's; null: no ramp",
    )
    adapt: bool = setting(True, help="false: nobody moves; environments share the levels equally, as in evaluation")


Terrain = FlatTerrain | RoughTerrain | HarmonicTerrain | SlopeTerrain | StairsTerrain | MixedTerrain | CurriculumTerrain
