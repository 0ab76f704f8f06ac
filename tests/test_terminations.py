"""When an episode ends, at limits worked out by hand."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest
from helpers import stand_in_index, stand_in_state, stand_in_task

from myoassist.config import TermConfig
from myoassist.errors import ConfigError
from myoassist.mdp import fading
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
    return bound(stand_in_task(dt=1 / 30), "out_of_trajectory", **params)


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


class TestOffPace:
    def test_counts_from_where_the_target_speed_would_have_brought_it(self) -> None:
        """At 1.25 m/s and 0.02 s a walker is due at 0.025 m after a step; it may be 0.1 m off."""
        state = stand_in_state(3, target_speed=[1.25, 1.25, 0.0])
        term = bound(state.task, "off_pace", limit=0.1)
        forward = state.index.joints["pelvis_tx"].qpos
        state.qpos[:, forward] = 0.12, -0.08, 0.0  # 0.095 m ahead, 0.105 m behind, in place
        assert term(state).tolist() == [False, True, False]
        state.qpos[:, forward] = 0.16, -0.04, 0.11  # due at 0.05 m: 0.11 m ahead, 0.09 m behind; 0.11 m from the start
        assert term(state).tolist() == [True, False, True]

    def test_an_episode_begins_at_its_start_and_speeds_may_change(self) -> None:
        state = stand_in_state(target_speed=[1.0, 2.0])
        term = bound(state.task, "off_pace", limit=0.05)
        assert term(state).tolist() == [False, False]  # due at 0.02 and 0.04 m
        state.target_speed[:] = 2.0, 1.0
        assert term(state).tolist() == [True, True]  # due at 0.06 m both
        term.reset(np.array([1]))
        assert term(state).tolist() == [True, False]  # due at 0.10 and 0.02 m
        assert take_arrays(term)["_due"] == pytest.approx([0.10, 0.02])

    def test_what_it_is_off_fades_with_its_memory(self) -> None:
        """Standing while 1 m/s is asked for: 0.02 m a step, of which 1/5 goes in a step of a memory of 0.1 s."""
        state = stand_in_state(target_speed=[1.0, 0.0])
        term = bound(state.task, "off_pace", limit=0.05, memory=0.1)
        behind = 0.0
        for _ in range(4):
            behind = 0.8 * behind + 0.02
            assert term(state).tolist() == [behind > 0.05, False]
        assert behind == pytest.approx(0.05904)
        with pytest.raises(ConfigError, match="off_pace: memory is longer than a control step"):
            bound(state.task, "off_pace", memory=0.01)


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
    """Two walkers with control steps of 1/30 s; here the rate at which they leave forgets half of itself in a step."""

    @pytest.fixture(autouse=True)
    def short_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fading, "RATE_STEPS", 4)

    def shares(self, term: Any, state: WalkState, calls: int) -> list[float]:
        return [term(state) is not None and term.numbers()["limits_share"] for _ in range(calls)]

    def test_limits_shrink_while_walkers_stay_within_them_and_widen_while_they_do_not(self) -> None:
        state = stand_in_state()
        term = made(limits={"hip_r": 0.5}, tighten_to=0.4, keep_seconds=1.0, halving_steps=4)
        # nobody leaves: from 30/s the rate falls to 15, 7.5, 3.75, 1.875 and 0.9375/s, below 1/s from the fifth step on
        root = 0.5**0.5  # two of the four steps in which they halve
        assert self.shares(term, state, 7) == pytest.approx([1.0] * 4 + [root, 0.5, 0.4])
        state.qpos[:, 4] = 0.51  # rad off at the right hip: both leave, 15/s and more
        assert self.shares(term, state, 3) == pytest.approx([0.4 / root, 0.8, 1.0])

    def test_one_that_leaves_in_half_the_steps_is_kept_for_twice_the_time(self) -> None:
        state = stand_in_state()
        state.qpos[1, 4] = 0.51  # one of two, in each step: 15/s, a walker stays for 1/15 s
        term = made(limits={"hip_r": 0.5}, tighten_to=0.4, keep_seconds=0.06, halving_steps=4)
        assert self.shares(term, state, 8)[-1] == pytest.approx(0.4)
        term = made(limits={"hip_r": 0.5}, tighten_to=0.4, keep_seconds=0.07, halving_steps=4)
        assert self.shares(term, state, 8)[-1] == 1.0

    def test_what_is_left_of_the_limits_is_what_ends_an_episode(self) -> None:
        state = stand_in_state()
        state.qpos[0, 4] = 0.3
        term = made(limits={"hip_r": 0.5}, tighten_to=0.5, halving_steps=4)
        ended = [term(state).tolist() for _ in range(7)]
        # limits 0.5 (five steps, which are kept), 0.354 and 0.25 rad
        assert ended == [[False, False]] * 6 + [[True, False]]

    def test_they_go_on_over_episodes_and_into_the_state_of_a_training(self) -> None:
        term = made(limits={"hip_r": 0.5}, tighten_to=0.5, halving_steps=4)
        self.shares(term, stand_in_state(), 5)
        term.reset(np.array([0, 1]))
        saved = take_arrays(term)
        assert saved["_share"] == pytest.approx([0.5**0.5]) and saved["_rate"] == pytest.approx([0.9375])

    @pytest.mark.parametrize(
        "wrong", [{"tighten_to": 0.0}, {"tighten_to": 1.5}, {"keep_seconds": 0}, {"halving_steps": 0}]
    )
    def test_wrong_numbers_are_one_line(self, wrong: dict) -> None:
        with pytest.raises(ConfigError, match="tighten_to is a share"):
            made(limits={"hip_r": 0.5}, **wrong)


def test_every_term_is_tested_here() -> None:
    assert set(TERMINATIONS) == {"fall", "trunk_tilt", "off_pace", "out_of_trajectory"}
