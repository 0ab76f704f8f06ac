"""Surfaces by hand, courses made of them, and settings that make none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from grounds import COURSE, TERRAINS, columns_of, grid_of, kinds

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
    Surface,
    Terrain,
    Wave,
)
from myoassist.errors import ConfigError
from myoassist.model.surfaces import SURFACES
from myoassist.model.terrain import BEHIND, make_ground
from myoassist.rules_world import check_terrain


def rough_heights(seed: int, **changes: float) -> np.ndarray:
    return grid_of(RoughTerrain(**{"length": 12.0, **changes}), planar=True, grounds=2, seed=seed).heights  # type: ignore[arg-type]


class TestSurfaces:
    """``x`` is the distance from the beginning of the surface."""

    x = np.arange(0, 12.01, 0.1)

    def along(self, surface: Surface, seed: int = 0) -> np.ndarray:
        heights = SURFACES[surface.type](surface, self.x, np.array([-1.0, 0.0, 1.0]), np.random.default_rng(seed))
        assert heights.shape == (3, len(self.x))
        assert np.ptp(heights[:, -1]) < 1e-9 and np.abs(heights[:, 0]).max() < 1e-9  # others can follow without a step
        return heights

    def at(self, heights: np.ndarray, *places: float) -> list[float]:
        return [float(np.interp(place, self.x, heights[1])) for place in places]

    def test_every_type_has_a_function(self) -> None:
        assert {kind.type for kind in Surface.__args__} == set(SURFACES)  # type: ignore[attr-defined]

    def test_slope_by_hand(self) -> None:
        heights = self.along(Slope(grade=0.1, ramp=4.0, landing=1.0, first="up"))
        # up 0.1 per metre for 4 m, level for 1 m, down for 4 m, level for 1 m, up again
        assert self.at(heights, 2, 4, 4.5, 5, 7, 9, 10, 12) == pytest.approx([0.2, 0.4, 0.4, 0.4, 0.2, 0, 0, 0.2])
        down = self.along(Slope(grade=0.1, ramp=4.0, landing=1.0, first="down"))
        assert down == pytest.approx(-heights)
        on = self.along(Slope(grade=0.1, ramp=4.0, landing=1.0, first="up", back=False))
        assert self.at(on, 5, 9, 12) == pytest.approx([0.4, 0.8, 1.0])

    def test_stairs_by_hand(self) -> None:
        heights = self.along(Stairs(rise=0.15, run=0.3, count=3, landing=1.0, first="up"))
        # risers at 0.3, 0.6, 0.9 m, up; the flight ends at 1.9 m; risers at 2.2, 2.5, 2.8 m, down
        places = (0.2, 0.3, 0.5, 0.6, 0.9, 1.9, 2.1, 2.2, 2.5, 2.8, 3.8)
        assert self.at(heights, *places) == pytest.approx([0, 0.15, 0.15, 0.3, 0.45, 0.45, 0.45, 0.3, 0.15, 0, 0])
        on = self.along(Stairs(rise=0.15, run=0.3, count=3, landing=1.0, first="down", back=False))
        assert self.at(on, 0.3, 0.9, 2.2, 2.8) == pytest.approx([-0.15, -0.45, -0.6, -0.9])

    def test_first_is_up_or_down_by_chance(self) -> None:
        for surface in (Slope(), Stairs(run=0.4)):
            signs = {float(np.sign(self.along(surface, seed)[1, 20])) for seed in range(12)}
            assert signs == {1.0, -1.0}

    def test_harmonic_by_hand(self) -> None:
        waves = {
            "a": Wave(amplitude=0.1, wavelength=2.0, phase=0.5),
            "b": Wave(amplitude=0.04, wavelength=3.0, direction=np.pi / 6, phase=0.0),
        }
        heights = self.along(Harmonic(waves=waves))
        # at x = 5 m, y = 1 m: 0.1 sin(5 pi + 0.5) + 0.04 sin(2 pi (5 cos 30° + 1 sin 30°) / 3)
        assert heights[2, 50] == pytest.approx(-0.1 * 0.4794255 - 0.04 * 0.637629, abs=1e-5)

    def test_harmonic_phases_are_drawn_where_none_is_given(self) -> None:
        surface = Harmonic(waves={"a": Wave(amplitude=0.1, wavelength=2.0)})
        assert np.abs(self.along(surface, 0) - self.along(surface, 1)).max() > 0.02
        assert np.abs(self.along(surface, 0)).max() == pytest.approx(0.1, abs=0.002)

    def test_rough_stays_within_the_amplitude_and_uses_it(self) -> None:
        found = rough_heights(0, amplitude=0.05)
        assert np.abs(found).max() <= 0.05 + 1e-7
        assert (np.abs(found).max(axis=(1, 2)) > 0.03).all()
        assert (rough_heights(0, amplitude=0.0) == 0).all()

    def test_more_smoothing_makes_gentler_slopes(self) -> None:
        steep, gentle = (np.abs(np.diff(rough_heights(0, smoothing=sigma), axis=2)).mean() for sigma in (0.0, 0.5))
        assert gentle < 0.5 * steep


class TestCourse:
    @kinds
    def test_the_start_is_level_and_the_course_is_as_long_as_asked(self, kind: str) -> None:
        for planar in (True, False):
            grid = grid_of(TERRAINS[kind], planar=planar)
            x = columns_of(grid)
            assert (grid.heights[:, :, x <= 2.0 + 1e-9] == 0).all()
            assert np.abs(grid.heights[-1][:, (x > 2.0) & (x < 5.0)]).max() > 1e-3
            assert (x[0], x[-1]) == (-BEHIND, pytest.approx(22.0))

    @kinds
    def test_nothing_is_steeper_than_its_surfaces(self, kind: str) -> None:
        # a step between tiles would show: the steepest thing here is a riser, else a slope of less than 45 degrees
        grid = grid_of(TERRAINS[kind], grounds=8)
        most = 0.15 if kind in ("stairs", "mixed", "curriculum") else 0.1 if kind == "rough" else 0.025
        assert np.abs(np.diff(grid.heights, axis=2)).max() < most + 1e-5
        assert np.abs(np.diff(grid.heights, axis=1)).max() < 0.1

    @kinds
    def test_a_planar_body_gets_a_strip_that_is_level_across(self, kind: str) -> None:
        grid = grid_of(TERRAINS[kind], planar=True)
        assert grid.heights.shape[1] == 2
        assert (grid.heights[:, 0] == grid.heights[:, 1]).all()
        assert (grid.y_first, grid.y_first + grid.row_spacing) == (-0.4, 0.4)

    def test_samples_lie_as_far_apart_as_asked(self) -> None:
        grid = grid_of(RoughTerrain(length=12.0, width=2.4, grid=0.1, cross_grid=0.3), planar=False)
        assert (grid.spacing, grid.row_spacing) == (0.1, 0.3)
        assert grid.heights.shape[1:] == (9, 151)  # 2.4 m across; 3 m behind the start, 12 m ahead
        assert grid.y_first == pytest.approx(-1.2)

    @kinds
    def test_grounds_differ_and_do_not_depend_on_their_number(self, kind: str) -> None:
        terrain = TERRAINS[kind]
        first, again, other = (grid_of(terrain, grounds=8, seed=seed) for seed in (0, 0, 5))
        assert (first.heights == again.heights).all()
        assert np.abs(first.heights - other.heights).max() > 0.01
        assert np.abs(first.heights - first.heights[-1]).max(axis=(1, 2))[-8:-1].max() > 0.01
        if kind != "curriculum":
            assert (grid_of(terrain, grounds=2).heights == first.heights[:2]).all()

    def test_tiles_come_in_another_order_and_each_before_one_comes_again(self) -> None:
        tiles: dict[str, Surface] = {
            name: Slope(grade=grade, ramp=20.0, first="up") for name, grade in {"a": 0.1, "b": 0.2, "c": 0.4}.items()
        }
        grid = grid_of(MixedTerrain(tiles=tiles, tile_length=3.0, **COURSE), grounds=12)
        x = columns_of(grid)
        middles = np.searchsorted(x, 2.0 + 3.0 * np.arange(6) + 1.5)
        grades = (np.diff(grid.heights[:, 0].astype(float), axis=1)[:, middles] / 0.1).round(3)
        assert all(set(row[:3]) == set(row[3:]) == {0.1, 0.2, 0.4} for row in grades.tolist())
        assert len({tuple(row[:3]) for row in grades.tolist()}) > 3

    def test_levels_of_a_curriculum_grow_evenly(self) -> None:
        grid = grid_of(TERRAINS["curriculum"])
        flat, half, full = grid.heights.reshape(3, 2, *grid.heights.shape[1:])
        assert (flat == 0).all()
        assert half == pytest.approx(full / 2)
        assert np.abs(full[0] - full[1]).max() > 0.05

    def test_a_curriculum_without_tiles_is_a_plane(self) -> None:
        bare = CurriculumTerrain(tiles={}, levels=3)
        assert make_ground(bare, planar=True, grounds=4, rng=np.random.default_rng(0)).grid is None


@pytest.mark.parametrize(
    ("heights", "message"),
    [
        (lambda config, x, y, rng: np.zeros((len(x), len(y))), r"returned shape \(186, 31\); it must .* \(31, 186\)"),
        (lambda config, x, y, rng: np.full((len(y), len(x)), np.nan), "returned heights that are not finite"),
        (lambda config, x, y, rng: np.full((len(y), len(x)), 5.0), "begins at 5 m; it must begin at 0"),
    ],
)
def test_a_surface_that_breaks_its_contract(heights: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SURFACES, "slope", heights)
    with pytest.raises(ConfigError, match=f"surface 'slope' {message}"):
        grid_of(SlopeTerrain(length=20.0), planar=False)


def test_a_surface_that_begins_between_two_samples_may_have_risen() -> None:
    grid = grid_of(SlopeTerrain(length=20.0, safe_zone=1.55, grade=0.5, first="up"), planar=True)
    assert grid.heights[0, 0, np.searchsorted(columns_of(grid), 1.56)] == pytest.approx(0.025)


def test_a_surface_without_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(SURFACES, "slope")
    with pytest.raises(ConfigError, match=r"SURFACES of myoassist/model/surfaces\.py: no surface named 'slope'"):
        grid_of(SlopeTerrain(length=20.0), planar=True)


def course(kind: type, **settings: Any) -> Any:
    return kind(**{"length": 20.0, **settings})


@pytest.mark.parametrize(
    ("terrain", "expected"),
    [
        (course(SlopeTerrain, safe_zone=20.0), "terrain.safe_zone: got 20.0; less than terrain.length=20.0"),
        (course(SlopeTerrain, width=0.6, grid=0.4), "terrain.grid: got 0.4; at most half of terrain.width=0.6"),
        (
            course(SlopeTerrain, width=0.6, cross_grid=0.4),
            "terrain.cross_grid: got 0.4; at most half of terrain.width=0.6",
        ),
        (course(RoughTerrain, smoothing=2.1), "terrain.smoothing: got 2.1; at most a tenth of terrain.length=20.0"),
        (course(StairsTerrain, rise=0.9), "terrain.rise: got 0.9; at most 0.4 m, which is less than half a leg"),
        (
            course(StairsTerrain, run=0.33),
            "terrain.run: got 0.33; a whole multiple of terrain.grid=0.1, at least 3 of it; nearest: 0.3",
        ),
        (course(StairsTerrain, run=0.2), "terrain.run: got 0.2; a whole multiple of terrain.grid=0.1, at least 3 of"),
        (
            course(HarmonicTerrain, waves={"fine": Wave(amplitude=0.01, wavelength=0.3)}),
            "terrain.waves.fine.wavelength: got 0.3; at least 4 samples of terrain.grid=0.1, or the wave is lost",
        ),
        (
            course(HarmonicTerrain, waves={"across": Wave(amplitude=0.01, wavelength=0.6, direction=1.5708)}),
            "terrain.waves.across.wavelength: got 0.6; at least 4 samples of terrain.cross_grid=0.2, or the wave",
        ),
        (
            course(
                HarmonicTerrain,
                waves={"a": Wave(amplitude=0.4, wavelength=4.0), "b": Wave(amplitude=0.2, wavelength=2)},
            ),
            "terrain.waves: together as steep as 1.3 (rise over run); at most 1, the sum of 2π amplitude/wavelength; "
            "a has 0.63 of it",
        ),
        (course(HarmonicTerrain), "terrain.waves: gives no wave; add one, as long: {amplitude: 0.05, wavelength: 4}"),
        (course(MixedTerrain), "terrain.tiles: gives no tile; add one of type rough, harmonic, slope or stairs"),
        (course(MixedTerrain, tiles={"up": Stairs(rise=0.5)}), "terrain.tiles.up.rise: got 0.5; at most 0.4 m"),
        (
            course(CurriculumTerrain, tiles={"a": Rough(smoothing=0.9)}),
            "terrain.tiles.a.smoothing: got 0.9; at most a tenth of terrain.tile_length=8.0",
        ),
        (
            course(CurriculumTerrain, promote_distance=21.0),
            "terrain.promote_distance: got 21.0; at most terrain.length=20.0",
        ),
    ],
)
def test_what_does_not_fit_is_told(terrain: Terrain, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_terrain(terrain)
    assert str(caught.value).startswith(expected)
