"""When an episode ends, at limits worked out by hand."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest
from helpers import stand_in_index, stand_in_state, stand_in_task

from myoassist.config import TermConfig
from myoassist.errors import ConfigError
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terminations import TERMINATIONS
from myoassist.mdp.terms import bind
from myoassist.sim.arrays import take_arrays


def bound(task: Task, name: str, **params) -> Any:
    config = TermConfig(func=name, params=params)
    return bind(TERMINATIONS, config, task, name=name, kind="termination", where="termination.terms.x").call


def ends(state: WalkState, name: str, **params) -> list[bool]:
    return bound(state.task, name, **params)(state).tolist()


def made(**params) -> Any:
    return bound(stand_in_task(), "out_of_trajectory", **params)


class TestFall:
    """The stand-in walker stands 0.9 m high: 77 % of that is 0.693 m."""

    def test_below_a_share_of_the_standing_height(self) -> None:
        state = stand_in_state()
        state.qpos[:, 2] = 0.694, 0.692
        assert ends(state, "fall") == [False, True]
        assert ends(state, "fall", fraction=0.5) == [False, False]
        state.qpos[:, 2] = 0.46, 0.44
        assert ends(state, "fall", fraction=0.5) == [False, True]

    def test_over_the_ground_below(self) -> None:
        state = stand_in_state(ground_height=[0.0, 0.05])
        state.qpos[:, 2] = 0.72
        assert ends(state, "fall") == [False, True]  # 0.72 m and 0.67 m
        state = stand_in_state(ground_height=[0.0, -0.05])
        state.qpos[:, 2] = 0.68
        assert ends(state, "fall") == [True, False]  # 0.68 m and 0.73 m


class TestTrunkTilt:
    @pytest.mark.parametrize(("tilt", "over"), [(0.79, False), (0.81, True), (-0.79, False), (-0.81, True)])
    def test_forward_and_backward(self, tilt: float, over: bool) -> None:
        state = stand_in_state()
        state.qpos[0, 3] = tilt
        assert ends(state, "trunk_tilt") == [over, False]

    def test_limit(self) -> None:
        state = stand_in_state()
        state.qpos[:, 3] = 0.29, 0.31
        assert ends(state, "trunk_tilt", limit=0.3) == [False, True]

    def test_any_direction_is_the_angle_from_upright(self, build) -> None:
        index = build("myolegs26").index
        model, data = build("myolegs26").models[0], mujoco.MjData(build("myolegs26").models[0])
        random = np.random.default_rng(0)
        angles = random.uniform(-0.9, 0.9, size=(200, 3))  # tilt, list, rotation
        qpos = np.tile(index.standing_qpos, (200, 1))
        for column, name in enumerate(("pelvis_tilt", "pelvis_list", "pelvis_rotation")):
            qpos[:, index.joints[name].qpos] = angles[:, column]
        lean = []
        for pose in qpos:
            data.qpos[:] = pose
            mujoco.mj_kinematics(model, data)
            up = data.body("pelvis").xmat.reshape(3, 3)[:, 1]  # the pelvis' own y axis points to the head
            lean.append(np.arccos(np.clip(up[2], -1, 1)))
        state = stand_in_state(200, task=stand_in_task(200, index=stand_in_index()))
        state.qpos, state.index = qpos, index  # type: ignore[assignment]
        for limit in (0.4, 0.8):
            over = ends(state, "trunk_tilt", limit=limit)
            assert over == [angle > limit for angle in lean]
            assert 20 < sum(over) < 180


class TestOutOfTrajectory:
    def test_any_joint_beyond_its_limit(self) -> None:
        state = stand_in_state(3, reference_position=[0.9, 0.0, 0.5, -0.3])
        state.qpos[:, 2] = 0.9
        state.qpos[:, 4] = 1.09, 0.5, -0.11  # right hip +0.59, 0, -0.61 rad off
        state.qpos[:, 5] = -0.3, -0.91, -0.3  # left hip 0, -0.61, 0 rad off
        assert ends(state, "out_of_trajectory", limits={"hip_*": 0.6}) == [False, True, True]
        assert ends(state, "out_of_trajectory", limits={"hip_r": 0.6, "hip_l": 0.7}) == [False, False, True]

    def test_height_counts_from_the_ground_below(self) -> None:
        state = stand_in_state(3, reference_position=[0.9, 0.0, 0.5, -0.3], ground_height=[0.0, 0.1, -0.1])
        state.qpos[:, 2] = 0.75
        # 0.15, 0.25 and 0.05 m too low
        assert ends(state, "out_of_trajectory", limits={"pelvis_ty": 0.2}) == [False, True, False]

    def test_unlisted_joints_are_free(self) -> None:
        state = stand_in_state(reference_position=[0.9, 0.0, 0.5, -0.3])
        state.qpos[:, 5] = 3.0
        assert ends(state, "out_of_trajectory", limits={"pelvis_tilt": 0.4}) == [False, False]


class TestTightening:
    def test_limits_shrink_between_two_counts_of_steps(self) -> None:
        state = stand_in_state()
        state.qpos[0, 4] = 0.4  # rad off at the right hip
        state.qpos[1, 4] = 0.2
        term = made(limits={"hip_r": 0.5}, tighten_to=0.5, tighten_from=4, tighten_until=12)
        # two walkers: 2, 4, 6, 8, 10, 12, 14 steps; limits 0.5, 0.5, 0.4375, 0.375, 0.3125, 0.25, 0.25 rad
        ended = [term(state).tolist() for _ in range(7)]
        assert ended == [[False, False]] * 3 + [[True, False]] * 4
        state.qpos[1, 4] = 0.26
        assert term(state).tolist() == [True, True]

    def test_the_count_goes_on_over_episodes_and_stops(self) -> None:
        term = made(limits={"hip_r": 0.5}, tighten_to=0.5, tighten_until=100)
        term(stand_in_state())
        term.reset(np.array([0, 1]))
        assert take_arrays(term)["_steps"] == pytest.approx([2.0])

    @pytest.mark.parametrize("wrong", [{"tighten_to": 0.0}, {"tighten_to": 1.5}, {"tighten_from": 5}])
    def test_a_wrong_span_is_one_line(self, wrong: dict) -> None:
        with pytest.raises(ConfigError, match="tighten_to is a share"):
            made(limits={"hip_r": 0.5}, **wrong)


def test_every_term_is_tested_here() -> None:
    assert set(TERMINATIONS) == {"fall", "trunk_tilt", "out_of_trajectory"}
