"""Ground heights by hand and against MuJoCo's own ray casts, and bodies that start, stand and fall on them."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from grounds import COURSE, TERRAINS, columns_of, grid_of, kinds
from helpers import experiment, stand_in_reference, stand_in_state, stand_in_task

from myoassist.config import DeviceConfig, HarmonicTerrain, ModelConfig, SlopeTerrain, StairsTerrain, Wave
from myoassist.env.walk import WalkEnv
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terminations import fall
from myoassist.model.build import build_model
from myoassist.model.geometry import Surfaces
from myoassist.model.terrain import Ground, HeightGrid
from myoassist.sim.batch import BatchSim
from tests.conftest import Build


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
