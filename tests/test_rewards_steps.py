"""Reward terms that are paid by the step or in swing, against figures worked out by hand, and when a foot strikes."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stand_in_state, stand_in_task, term

from myoassist.mdp import rewards
from myoassist.mdp.state import WalkState
from myoassist.model.terrain import Ground, HeightGrid


def walked(call, steps: list[dict]) -> np.ndarray:
    """What a term pays at each of ``steps``, each a few arrays of the state: ``(len(steps), 2)``."""
    state, paid = stand_in_state(), []
    for arrays in steps:
        for name, values in arrays.items():
            getattr(state, name)[:] = values
        paid.append(call(state))
    return np.array(paid)


NONE = [[False, False], [False, False]]
RIGHT_FIRST = [[True, False], [False, False]]  # the first walker puts its right foot down
LEFT_BOTH = [[False, True], [False, True]]


class TestHeelStrikeTerms:
    def test_step_duration(self) -> None:
        steps = [NONE, NONE, RIGHT_FIRST, NONE, LEFT_BOTH, NONE]
        paid = walked(term("step_duration"), [{"heel_strike": strike} for strike in steps])
        # the first walker: 3 steps of 0.02 s, then 2; the second: 5
        assert paid[:, 0] == pytest.approx([0, 0, 0.06, 0, 0.04, 0])
        assert paid[:, 1] == pytest.approx([0, 0, 0, 0, 0.10, 0])

    def test_step_speed_is_the_drift_over_the_step(self) -> None:
        call, state = term("step_speed"), stand_in_state(target_speed=1.0)
        paid = []
        for speed, strike in ((1.5, NONE), (1.3, NONE), (0.8, RIGHT_FIRST), (0.9, LEFT_BOTH)):
            state.qvel[:, 0], state.heel_strike[:] = speed, strike
            paid.append(call(state))
        # 0.02 * (0.5 + 0.3 - 0.2) = 0.012 m ahead; then 0.02 * 0.1 behind; the second walker is 0.02 * 0.5 ahead
        assert np.array(paid)[:, 0] == pytest.approx([0, 0, -0.012, -0.002])
        assert np.array(paid)[:, 1] == pytest.approx([0, 0, 0, -0.010])

    def test_step_effort(self) -> None:
        steps = [{"activation": [0.2, 0.6], "heel_strike": NONE}, {"activation": [0.2, 0.6], "heel_strike": LEFT_BOTH}]
        paid = walked(term("step_effort"), steps)
        assert paid == pytest.approx(np.array([[0, 0], [-0.008, -0.008]]))  # 2 * 0.02 * (0.04 + 0.36) / 2

    def test_symmetry_compares_a_step_with_the_one_before(self) -> None:
        call = term("symmetry")
        steps = [NONE, NONE, LEFT_BOTH, NONE, NONE, RIGHT_FIRST, LEFT_BOTH, NONE, NONE, RIGHT_FIRST]
        paid = walked(call, [{"heel_strike": strike} for strike in steps])
        # after the left foot's strike: steps of 3, 1 and 3 control steps; |1 - 3| / (1 + 3) = 0.5 twice
        assert paid[:, 0] == pytest.approx([0, 0, 0, 0, 0, 0, -0.5, 0, 0, -0.5])
        assert paid[:, 1] == pytest.approx([0.0] * 10)  # it has taken one step only
        call.reset(np.array([0]))
        assert walked(call, [{"heel_strike": strike} for strike in steps[2:6]])[:, 0] == pytest.approx([0.0] * 4)

    def test_even_steps_cost_nothing(self) -> None:
        steps = [RIGHT_FIRST, NONE, LEFT_BOTH, NONE, RIGHT_FIRST, NONE, LEFT_BOTH]
        assert walked(term("symmetry"), [{"heel_strike": s} for s in steps]) == pytest.approx(np.zeros((7, 2)))

    @pytest.mark.parametrize("name", ["step_duration", "step_speed", "step_effort"])
    def test_a_new_episode_starts_from_nothing(self, name: str) -> None:
        call = term(name)
        state = stand_in_state(activation=0.5, target_speed=1.0, heel_strike=NONE)
        for _ in range(4):
            call(state)
        call.reset(np.array([1]))
        state.heel_strike[:] = LEFT_BOTH
        first, second = call(state)
        assert first == pytest.approx(5 * second)  # 5 steps gathered against the one since the reset
        assert second != 0


def toes(state: WalkState, side: str, x: float, y: float, rise: float) -> None:
    """Put the toes at ``x``, ``y``, ``rise`` m above where they are when standing (their centre at 20 mm)."""
    start = {"r": 25, "l": 31}[side]
    state.sensordata[:, start : start + 3] = x, y, 0.02 + rise


class TestFootClearance:
    """Toes should rise by 30 mm in swing."""

    def test_the_way_of_low_toes_in_swing(self) -> None:
        call, state = term("foot_clearance"), stand_in_state(foot_load=[[0.0, 800.0], [800.0, 0.0]])
        toes(state, "r", 0.0, 0.0, 0.01)
        toes(state, "l", 0.0, 0.0, 0.0)
        assert call(state) == pytest.approx([0.0, 0.0])  # nothing is known of the way yet
        toes(state, "r", 0.03, 0.04, 0.01)
        toes(state, "l", 0.5, 0.0, 0.0)
        # the right swings 0.05 m, 10 of 30 mm high: -(1 - 1/3) 0.05; the second walker's left swings 0.5 m at 0
        assert call(state) == pytest.approx([-0.03333333, -0.5])
        toes(state, "r", 0.23, 0.04, 0.03)
        assert call(state)[0] == pytest.approx(0.0)  # high enough

    def test_height_is_over_the_ground_there(self) -> None:
        x = np.arange(4.0)
        grid = HeightGrid(heights=np.tile(0.1 * x, (2, 2, 1)), x_first=-1.0, y_first=-0.5, spacing=1.0, row_spacing=1.0)
        task = stand_in_task(ground=Ground(grid))
        call, state = rewards.foot_clearance(task), stand_in_state(task=task, foot_load=[0.0, 800.0])
        for place in (0.0, 0.1):
            toes(state, "r", place, 0.0, 0.13)
            paid = call(state)
        # the ground rises to 0.11 m, 0.02 m below the toes: -(1 - 2/3) 0.1
        assert paid == pytest.approx([-0.03333333] * 2)

    def test_a_new_episode_has_gone_no_way(self) -> None:
        call, state = term("foot_clearance"), stand_in_state(foot_load=[0.0, 800.0])
        call(state)
        toes(state, "r", 1.0, 0.0, 0.0)
        call.reset(np.array([1]))
        assert call(state) == pytest.approx([-1.0, 0.0])


def contact(state: WalkState, *, right: float, left: float) -> None:
    """Vertical force on the heels, N."""
    state.sensordata[:, 2], state.sensordata[:, 8] = right, left


class TestHeelStrikes:
    """A foot strikes when it carries 5 % of the weight (40 N) after at least 0.15 s without."""

    def strikes(self, right: list[float]) -> list[bool]:
        state = stand_in_state()
        contact(state, right=400.0, left=400.0)
        state.restart(np.arange(2), phase=np.zeros(2), target_speed=np.ones(2))
        seen = []
        for force in right:
            contact(state, right=force, left=400.0)
            state.advance(np.zeros((2, 4)))
            seen.append(bool(state.heel_strike[0, 0]))
            assert not state.heel_strike[:, 1].any()  # the left foot stands all the time
        return seen

    def test_after_a_swing(self) -> None:
        assert self.strikes([0.0] * 8 + [100.0, 300.0]) == [False] * 8 + [True, False]  # 8 * 0.02 s = 0.16 s

    def test_not_after_a_dropout_of_the_contact(self) -> None:
        assert not any(self.strikes([0.0] * 7 + [100.0, 300.0]))  # 0.14 s

    def test_not_by_a_touch(self) -> None:
        assert self.strikes([0.0] * 10 + [39.0, 41.0]) == [False] * 11 + [True]

    def test_not_by_a_foot_that_touches_at_the_start(self) -> None:
        """A start from the reference puts a foot down with little load; it takes the weight in the next step."""
        state = stand_in_state()
        contact(state, right=2.0, left=400.0)
        state.restart(np.arange(2), phase=np.zeros(2), target_speed=np.ones(2))
        contact(state, right=400.0, left=400.0)
        state.advance(np.zeros((2, 4)))
        assert not state.heel_strike.any()

    def test_a_foot_that_starts_in_the_air_strikes_when_it_lands(self) -> None:
        state = stand_in_state()
        state.restart(np.arange(2), phase=np.zeros(2), target_speed=np.ones(2))
        contact(state, right=100.0, left=0.0)
        state.advance(np.zeros((2, 4)))
        assert state.heel_strike.tolist() == [[True, False]] * 2

    def test_both_parts_of_a_foot_count(self) -> None:
        state = stand_in_state()
        state.sensordata[:, [2, 5, 8, 11]] = 30.0, 20.0, 3.0, 4.0
        state.sensordata[:, [0, 1, 3, 4, 6, 7]] = 999.0  # shear forces are no load
        state.advance(np.zeros((2, 4)))
        assert state.foot_load.tolist() == [[50.0, 7.0]] * 2
