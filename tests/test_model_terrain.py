"""Ground heights by hand and against MuJoCo's own ray casts, and bodies that start, stand and fall on them."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest
from helpers import experiment, stand_in_reference, stand_in_state, stand_in_task

from myoassist.config import (
    CurriculumTerrain,
    DeviceConfig,
    Harmonic,
    HarmonicTerrain,
    MixedTerrain,
    ModelConfig,
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
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terminations import fall
from myoassist.model.build import build_model
from myoassist.model.geometry import Surfaces
from myoassist.model.surfaces import SURFACES
from myoassist.model.terrain import BEHIND, Ground, HeightGrid, make_ground
from myoassist.rules_world import check_terrain
from myoassist.sim.batch import BatchSim
from tests.conftest import Build

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


def rough_heights(seed: int, **changes: float) -> np.ndarray:
    return grid_of(RoughTerrain(**{"length": 12.0, **changes}), planar=True, grounds=2, seed=seed).heights  # type: ignore[arg-type]


class TestHeight:
    def test_between_samples_by_hand(self) -> None:
        #  y=2 |  3   5        the cell is cut from its first corner (0, 0) to its last (1, 1)
        #  y=0 |  1   2
        heights = np.array([[[1.0, 2.0], [3.0, 5.0]]])
        grid = HeightGrid(heights=heights, x_first=0.0, y_first=0.0, spacing=2.0, row_spacing=2.0)
        x = np.array([0.0, 2.0, 0.0, 2.0, 1.0, 1.0, 0.0, 1.5, 0.5, -9.0, 9.0])
        y = np.array([0.0, 0.0, 2.0, 2.0, 0.0, 1.0, 1.0, 0.5, 1.5, -9.0, 1.0])
        wanted = [1.0, 2.0, 3.0, 5.0, 1.5, 3.0, 2.0, 2.5, 3.0, 1.0, 3.5]
        assert grid.at(np.zeros(11, dtype=int), x, y) == pytest.approx(wanted)

    def test_samples_along_and_across_have_distances_of_their_own(self) -> None:
        heights = np.array([[[0.0, 1.0], [10.0, 11.0]]])
        grid = HeightGrid(heights=heights, x_first=1.0, y_first=-2.0, spacing=0.5, row_spacing=4.0)
        assert grid.at(np.zeros(2, dtype=int), np.array([1.25, 1.5]), np.array([-2.0, 0.0])) == pytest.approx(
            [0.5, 6.0]
        )

    def test_flat_ground_is_level_everywhere(self, build: Build) -> None:
        built = build("myolegs22")
        assert len(built.models) == 1
        x = np.linspace(-5, 500, 6).reshape(2, 3)
        assert (built.ground.height(np.zeros((2, 3), dtype=int), x, x) == np.zeros((2, 3))).all()
        assert (built.ground.level(np.zeros(2, dtype=int), x[:, 0], x[:, 0]) == 0).all()

    @pytest.mark.slow
    @kinds
    @pytest.mark.parametrize("body", ["myolegs22", "myolegs"])
    def test_equals_a_ray_cast(self, build: Build, body: str, kind: str) -> None:
        built = build(body, terrain=TERRAINS[kind], grounds=2)
        grid, random = built.ground.grid, np.random.default_rng(3)
        assert grid is not None and len(built.models) == (6 if kind == "curriculum" else 2)
        highest = 0.0
        for which, model in list(enumerate(built.models))[-2:]:
            data = mujoco.MjData(model)
            data.qpos[built.index.joints["pelvis_ty"].qpos] = 50.0  # out of the rays' way
            mujoco.mj_forward(model, data)
            x, y = random.uniform(-2.9, 21.9, 50), random.uniform(0.95 * grid.y_first, -0.95 * grid.y_first, 50)
            ours = built.ground.height(np.full(50, which), x, y)
            geom = np.zeros(1, dtype=np.int32)
            for at in range(50):
                start = np.array([x[at], y[at], 9.0])
                distance = mujoco.mj_ray(model, data, start, np.array([0.0, 0.0, -1.0]), None, 1, -1, geom)
                assert geom[0] == model.geom("ground").id
                assert ours[at] == pytest.approx(9.0 - distance, abs=2e-5)
            highest = max(highest, float(np.abs(ours).max()))
        assert highest > 0.02

    def test_level_does_not_jump_at_a_stair(self) -> None:
        # risers of 0.1 m, 0.3 m apart: averaged over 0.6 m a staircase is almost a ramp
        steps = StairsTerrain(rise=0.1, run=0.3, count=50, grid=0.05, first="up", **COURSE)
        ground = Ground(grid_of(steps))
        x = np.linspace(5.0, 11.0, 601)
        which, y = np.zeros(601, dtype=int), np.zeros(601)
        point, mean = ground.height(which, x, y), ground.level(which, x, y)
        assert np.abs(np.diff(point)).max() == pytest.approx(0.02, abs=1e-4)  # 0.01 m ahead on a riser 0.05 m deep
        assert np.abs(np.diff(mean)).max() < 0.005  # a ramp of the same grade would rise by 0.0033
        assert np.abs(mean - point).max() < 0.1

    def test_level_is_the_height_on_a_ramp(self) -> None:
        ground = Ground(grid_of(SlopeTerrain(grade=0.2, ramp=20.0, first="up", **COURSE)))
        x = np.linspace(3.0, 12.0, 20)
        assert ground.level(np.zeros(20, dtype=int), x, np.zeros(20)) == pytest.approx(0.2 * (x - 2.0), abs=1e-6)


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


class TestBodies:
    def test_a_copy_of_the_model_is_light(self, build: Build) -> None:
        model = build("myolegs22", terrain=TERRAINS["rough"], grounds=2).models[0]
        assert model.ntexdata < 1000 and model.nbuffer < 3e6

    def test_one_ground_of_several_for_a_picture(self, build: Build) -> None:
        every, terrain = build("myolegs22", terrain=TERRAINS["rough"], grounds=2), TERRAINS["rough"]
        settings = ModelConfig(name="22", body="myolegs22"), DeviceConfig(name="none"), terrain
        one = build_model(*settings, grounds=2, rng=np.random.default_rng(0), drawing=True, only=1)
        assert len(one.models) == 1
        assert (one.models[0].hfield_data == every.models[1].hfield_data).all()

    @pytest.mark.parametrize("body", ["myolegs22", "myolegs"])
    @pytest.mark.parametrize("kind", ["rough", "stairs", "mixed"])
    def test_soles_stand_at_the_start_and_the_body_falls_without_going_through(
        self, build: Build, body: str, kind: str
    ) -> None:
        built = build(body, terrain=TERRAINS[kind], grounds=2)
        index, grid = built.index, built.ground.grid
        assert grid is not None
        for which, model in enumerate(built.models):
            data = mujoco.MjData(model)
            data.qpos[:] = index.standing_qpos
            mujoco.mj_forward(model, data)
            for names in index.soles.values():
                soles = Surfaces(model, [model.geom(name).id for name in names])
                assert soles.lowest(data).min() == pytest.approx(-0.001, abs=2e-4)
                force = data.sensordata[index.sensor_columns("contact", names)].reshape(-1, 3).sum(axis=0)
                assert force[2] > 5
            data.qpos[index.joints["pelvis_tx"].qpos] += 4.0
            around = grid.heights[which][:, np.abs(columns_of(grid) - 4.0) < 0.6]
            data.qpos[index.joints["pelvis_ty"].qpos] += 0.1 + float(around.max())
            for _ in range(300):
                mujoco.mj_step(model, data)
            assert np.isfinite(data.qpos).all() and data.warning.number.sum() == 0
            columns = np.concatenate([index.sensor_columns("foot", names) for names in index.soles.values()])
            x, y, z = data.sensordata[columns].reshape(-1, 3).T
            assert (z > built.ground.height(np.full(len(x), which), x, y) - 0.01).all()

    @pytest.mark.parametrize("body", ["myolegs26", "myolegs"])
    def test_pelvis_height_after_walking_sideways(self, build: Build, body: str) -> None:
        """Over waves across the course, 1 m to the left: as far over the ground as a ray from the pelvis says."""
        cross = HarmonicTerrain(waves={"cross": Wave(amplitude=0.2, wavelength=4.0, direction=1.5708)}, **COURSE)
        built = build(body, terrain=cross, grounds=1)
        model, index = built.models[0], built.index
        sim = BatchSim([model], num_envs=1, substeps=1, threads=1)
        task = Task(index=index, reference=stand_in_reference(), ground=built.ground, num_envs=1, dt=0.01)
        state = WalkState(task, sim, num_actions=1)
        sim.qpos[0] = index.standing_qpos
        for name, value in {"pelvis_tx": 6.0, "pelvis_ty": 2.0, "pelvis_tz": 1.0}.items():
            sim.qpos[0, index.joints[name].qpos] = value
        state.advance(np.zeros((1, 1)))
        data = mujoco.MjData(model)
        data.qpos[:] = sim.qpos[0]
        mujoco.mj_forward(model, data)
        pelvis, geom = data.body("pelvis").xpos, np.zeros(1, dtype=np.int32)
        assert pelvis[1] == pytest.approx(1.0, abs=1e-4)  # m to the left
        distance = mujoco.mj_ray(model, data, pelvis, np.array([0.0, 0.0, -1.0]), None, 1, -1, geom)
        assert geom[0] == model.geom("ground").id
        origin = 2.0 - pelvis[2]  # m: pelvis_ty is the height of the pelvis; the 80-muscle body's stands over its feet
        assert state.height == pytest.approx(distance + origin, abs=1e-5)
        assert abs(float(state.ground_height[0])) > 0.02
        sim.close()


class TestFalls:
    def test_a_walker_on_high_ground_has_not_fallen_and_one_that_lies_there_has(self) -> None:
        ground = Ground(grid_of(SlopeTerrain(grade=0.2, ramp=20.0, first="up", **COURSE)))
        state = stand_in_state(task=stand_in_task(ground=ground))
        state.sim.ground[:] = 0
        state.qpos[:, 1] = 12.0  # m ahead: the ground is 0.2 * (12 - 2) = 2 m up
        state.qpos[:, 2] = 2.9, 2.4
        state.advance(np.zeros((2, 4)))
        assert state.height == pytest.approx([0.9, 0.4], abs=1e-6)
        assert fall(state).tolist() == [False, True]


def course(kind: type, **settings: Any) -> Any:
    return kind(**{"length": 20.0, **settings})


@pytest.mark.parametrize(
    ("terrain", "expected"),
    [
        (course(SlopeTerrain, safe_zone=20.0), "terrain.safe_zone: got 20.0; less than terrain.length=20.0"),
        (course(SlopeTerrain, width=0.6, grid=0.4), "terrain.grid: got 0.4; at most half of terrain.width=0.6"),
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


MODELS = {"22muscle": "walk", "26muscle": "walk_3d", "80muscle": "walk_3d"}


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("terrain", ["flat", "rough", "harmonic", "slope", "stairs", "mixed", "curriculum_mixed"])
def test_feet_are_on_the_ground_at_reset(model: str, terrain: str) -> None:
    """Also with the shortest safe zone: no start pose reaches beyond level ground, or into it."""
    short = [] if terrain == "flat" else ["terrain.safe_zone=0.5", "terrain.length=12"]
    choices = [f"model={model}", f"observation={MODELS[model]}", f"terrain={terrain}", *short]
    walk = WalkEnv(experiment(*choices, "reset.bank_size=32", "num_envs=16", "threads=1"))
    walk.reset()
    for row in range(16):
        compiled = walk.sim.models[walk.sim.ground[row]]
        data = mujoco.MjData(compiled)
        data.qpos[:] = walk.sim.qpos[row]
        mujoco.mj_kinematics(compiled, data)
        geoms = [compiled.geom(name).id for names in walk.index.soles.values() for name in names]
        surfaces = Surfaces(compiled, geoms)
        points = np.concatenate([surfaces.points(data, which) for which in range(len(geoms))])
        heights = walk.task.ground.height(np.full(len(points), walk.sim.ground[row]), points[:, 0], points[:, 1])
        assert (points[:, 2] - heights).min() > -0.003
        assert points[:, 2].min() < 0.02
    walk.close()
