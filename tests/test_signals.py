"""Signals of muscle fibres, reference, pelvis and ground: by hand, and against MuJoCo's own account on real bodies."""

from __future__ import annotations

from collections.abc import Iterator

import mujoco
import numpy as np
import pytest
from helpers import experiment, stand_in_index, stand_in_state, stand_in_task
from test_observations import observe

from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.mdp import pelvis
from myoassist.mdp.check import check_task
from myoassist.model.terrain import Ground, HeightGrid

AXES: tuple[str, ...] = pelvis.AXES


class TestFibers:
    def test_length_and_velocity_by_hand(self) -> None:
        state = stand_in_state()
        state.sensordata[:, 16:20] = 0.30, 0.31, -0.2, 0.4
        # a tendon of 0.25 m and a fibre of 0.05 m: (0.30 - 0.25) / 0.05 = 1, and 1.2
        names, values = observe(state, "fiber_length")
        assert names == ["soleus_r", "soleus_l"]
        assert values == pytest.approx(np.array([[1.0, 1.2]] * 2))
        # largest velocity 10 * 0.05 = 0.5 m/s
        assert observe(state, "fiber_velocity")[1] == pytest.approx(np.array([[-0.4, 0.8]] * 2))
        assert observe(state, "fiber_velocity", muscles="plantarflexors_l")[1] == pytest.approx(np.array([[0.8]] * 2))


class TestReferenceAhead:
    def test_by_hand(self) -> None:
        state = stand_in_state(task=stand_in_task(cadence_exponent=1.0))
        state.restart(np.arange(2), phase=np.array([0.0, 0.25]), target_speed=np.array([1.25, 2.5]))
        names, values = observe(state, "reference_ahead", joints=["hip_*"], seconds=[0.0, 0.25])
        assert names == ["0s_hip_r", "0s_hip_l", "0.25s_hip_r", "0.25s_hip_l"]
        # hips 0.1 ± 0.4 cos(2 pi phase), a cycle of 1 s; the second walks twice as fast: half a cycle in 0.25 s
        assert values == pytest.approx(np.array([[0.5, -0.3, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1]]), abs=1e-6)
        state.restart(np.array([1]), phase=np.array([0.5]), target_speed=np.array([2.5]))
        seen = observe(state, "reference_ahead", joints=["hip_*"], seconds=[0.25])[1]
        assert seen[1] == pytest.approx([0.5, -0.3])

    def test_joints_of_the_reference_only(self) -> None:
        with pytest.raises(ConfigError, match=r"no joint of the reference named 'pelvis_tx'"):
            observe(stand_in_state(), "reference_ahead", joints=["pelvis_tx"], seconds=[0.1])

    @pytest.mark.parametrize("seconds", ["[]", "[0.1, x]", "[0.1, 0.1]", "0.1"])
    def test_bad_horizons(self, seconds: str) -> None:
        term = (
            f"+observation.terms.mine={{func: reference_ahead, params: {{joints: knee_angle_r, seconds: {seconds}}}}}"
        )
        with pytest.raises(ConfigError, match=r"^observation\.terms\.mine\.params\.seconds: must be a list of diff"):
            check_task(experiment(term))


class TestHeightScan:
    def test_over_a_slope(self) -> None:
        # the ground rises by 0.1 m per metre for the first walker, by 0.2 for the second
        x = np.arange(5.0)
        heights = np.stack([np.tile(0.1 * x, (3, 1)), np.tile(0.2 * x, (3, 1))])
        grid = HeightGrid(heights=heights, x_first=-1.0, y_first=-1.0, spacing=1.0, row_spacing=1.0)
        state = stand_in_state(task=stand_in_task(ground=Ground(grid)))
        state.qpos[:, 1] = 0.5
        state.advance(np.zeros((2, 4)))
        names, values = observe(state, "height_scan", ahead=[-0.5, 0, 1.0])
        assert names == ["ahead_-0.5", "ahead_0", "ahead_1"]
        assert values == pytest.approx(np.array([[-0.05, 0.0, 0.1], [-0.10, 0.0, 0.2]]))

    def test_to_the_sides(self) -> None:
        # rises to the left
        heights = np.tile(np.array([[-0.3], [0.0], [0.3]]), (1, 1, 5)) * np.ones((2, 1, 1))
        grid = HeightGrid(heights=heights, x_first=-1.0, y_first=-1.0, spacing=1.0, row_spacing=1.0)
        state = stand_in_state(task=stand_in_task(ground=Ground(grid)))
        names, values = observe(state, "height_scan", ahead=[0.5], left=[-0.2, 0.0, 0.2])
        assert names == ["ahead_0.5_right_0.2", "ahead_0.5", "ahead_0.5_left_0.2"]
        assert values == pytest.approx(np.array([[-0.06, 0.0, 0.06]] * 2))

    def test_level_ground(self) -> None:
        assert observe(stand_in_state(), "height_scan", ahead=[0.0, 1.0])[1] == pytest.approx(np.zeros((2, 2)))


class TestPlanarPelvis:
    def test_by_hand(self) -> None:
        state = stand_in_state()
        state.qpos[:, 3], state.qvel[:, :3] = -0.3, [1.2, -0.1, 0.5]  # tilted forward; turning backward
        names, values = observe(state, "gravity_direction")
        assert names == ["forward", "up"]
        assert values[0] == pytest.approx([0.2955202, -0.9553365], abs=1e-6)  # sin 0.3, -cos 0.3
        assert observe(state, "pelvis_velocity")[1][0] == pytest.approx([1.2, -0.1])
        names, values = observe(state, "pelvis_angular_velocity")
        assert names == ["left"] and values[0] == pytest.approx([-0.5])

    def test_stand_in_is_planar(self) -> None:
        assert stand_in_index().planar


BODIES = {"22muscle": ("model=22muscle",), "26muscle": ("model=26muscle",), "80muscle": ("model=80muscle",)}


@pytest.fixture(scope="module", params=BODIES)
def walk(request: pytest.FixtureRequest) -> Iterator[WalkEnv]:
    """A bare body at one point of its stride, turned and moving every way it can."""
    extra = ("observation=walk_3d",) if request.param != "22muscle" else ()
    walk = WalkEnv(
        experiment(*BODIES[request.param], *extra, "device=none", "reset.bank_size=1"), num_envs=1, threads=1
    )
    walk.reset(seed=0)
    rng = np.random.default_rng(0)
    for name, joint in walk.index.joints.items():
        if name.startswith("pelvis") and name != "pelvis_ty":
            walk.state.qpos[0, joint.qpos] += rng.uniform(0.2, 0.4)
        walk.state.qvel[0, joint.dof] = rng.uniform(-1, 1)
    yield walk
    walk.close()


@pytest.fixture()
def data(walk: WalkEnv) -> mujoco.MjData:
    """MuJoCo's own account of that state; its sensors go into the walker."""
    data = mujoco.MjData(walk.sim.models[0])
    data.qpos[:], data.qvel[:], data.act[:] = walk.state.qpos[0], walk.state.qvel[0], walk.state.act[0]
    mujoco.mj_forward(walk.sim.models[0], data)
    walk.sim.sensordata[0] = data.sensordata
    return data


def axes(walk: WalkEnv, data: mujoco.MjData) -> np.ndarray:
    """Rotation ``(3, 3)`` from the pelvis' forward, left and up to the world."""
    model = walk.sim.models[0]
    body = model.jnt_bodyid[walk.sim.models[0].joint("pelvis_tilt").id]
    upright = mujoco.MjData(model)
    upright.qpos[:] = walk.index.standing_qpos
    mujoco.mj_kinematics(model, upright)
    return data.xmat[body].reshape(3, 3) @ upright.xmat[body].reshape(3, 3).T


def spatial(walk: WalkEnv, data: mujoco.MjData) -> tuple[np.ndarray, np.ndarray]:
    """Angular and linear velocity of the pelvis in the world."""
    model, velocity = walk.sim.models[0], np.zeros(6)
    body = int(model.jnt_bodyid[model.joint("pelvis_tilt").id])
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, body, velocity, 0)
    return velocity[:3], velocity[3:]


class TestOnTheBody:
    def seen(self, walk: WalkEnv, func: str) -> dict[str, float]:
        names, values = observe(walk.state, func)
        return dict(zip(names, values[0], strict=True))

    @pytest.mark.slow
    def test_gravity_in_the_axes_of_the_pelvis(self, walk: WalkEnv, data: mujoco.MjData) -> None:
        expected: dict[str, float] = dict(zip(AXES, axes(walk, data).T @ [0, 0, -1], strict=True))
        seen = self.seen(walk, "gravity_direction")
        assert set(seen) == ({"forward", "up"} if walk.index.planar else {"forward", "left", "up"})
        assert seen == pytest.approx({name: expected[name] for name in seen}, abs=2e-3)
        assert expected["forward"] < -0.1  # leaning backward

    def test_velocity_along_the_heading(self, walk: WalkEnv, data: mujoco.MjData) -> None:
        forward = axes(walk, data)[:, 0].copy()
        forward[2] = 0.0
        forward /= np.linalg.norm(forward)
        left, velocity = np.array([-forward[1], forward[0], 0.0]), spatial(walk, data)[1]
        expected = {"forward": velocity @ forward, "left": velocity @ left, "up": velocity[2]}
        seen = self.seen(walk, "pelvis_velocity")
        assert seen == pytest.approx({name: expected[name] for name in seen}, abs=3e-3)

    def test_angular_velocity_about_its_own_axes(self, walk: WalkEnv, data: mujoco.MjData) -> None:
        expected: dict[str, float] = dict(zip(AXES, axes(walk, data).T @ spatial(walk, data)[0], strict=True))
        seen = self.seen(walk, "pelvis_angular_velocity")
        assert set(seen) == ({"left"} if walk.index.planar else {"forward", "left", "up"})
        assert seen == pytest.approx({name: expected[name] for name in seen}, abs=3e-3)

    def test_fibers_work_where_muscles_do(self, walk: WalkEnv, data: mujoco.MjData) -> None:
        lengths, model = self.seen(walk, "fiber_length"), walk.sim.models[0]
        velocities = self.seen(walk, "fiber_velocity")
        for name, length in lengths.items():
            muscle = model.actuator(name)
            between = (model.actuator_lengthrange[muscle.id], model.actuator_acc0[muscle.id])
            low, high = muscle.gainprm[:2]
            share = (data.actuator(name).length[0] - between[0][0]) / (between[0][1] - between[0][0])
            assert length == pytest.approx(low + share * (high - low), rel=1e-4), name
            assert 0.2 < length < 2.0
            rate = data.actuator(name).velocity[0] / (between[0][1] - between[0][0]) * (high - low) / muscle.gainprm[6]
            assert velocities[name] == pytest.approx(rate, rel=1e-4, abs=1e-6), name

    def test_scan_turns_with_the_heading(self, walk: WalkEnv, data: mujoco.MjData) -> None:
        rises = lambda ground, x, y: 0.1 * x + 0.3 * y  # noqa: E731
        flat, ahead = walk.task.ground, axes(walk, data)[:, 0]
        object.__setattr__(walk.task, "ground", type("Slope", (), {"height": staticmethod(rises), "grid": None})())
        try:
            walk.state.ground_height[:] = walk.state.ground_at(*(place[:, None] for place in walk.state.place))[:, 0]
            names, values = observe(walk.state, "height_scan", ahead=[0.5], left=[0.0, 0.2])
        finally:
            object.__setattr__(walk.task, "ground", flat)
            walk.state.ground_height[:] = 0.0
        heading = np.array([ahead[0], ahead[1]]) / np.hypot(ahead[0], ahead[1])
        left = np.array([-heading[1], heading[0]])
        expected = [np.dot(place, [0.1, 0.3]) for place in (0.5 * heading, 0.5 * heading + 0.2 * left)]
        assert names == ["ahead_0.5", "ahead_0.5_left_0.2"]
        assert values[0] == pytest.approx(expected, abs=1e-3)
