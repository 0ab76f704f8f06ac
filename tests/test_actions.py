"""From actions to controls: what rest, half and full effort are, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import experiment, motor, muscle, stand_in_index

from myoassist.config import ActionConfig, MotorActionConfig, MuscleActionConfig
from myoassist.env.walk import WalkEnv
from myoassist.mdp.actions import ActionMap


def controls(action: list[float], index: Any, *, muscles: dict | None = None, motors: dict | None = None) -> np.ndarray:
    """Controls ``(nu,)`` for one walker's action."""
    config = ActionConfig(
        muscles=MuscleActionConfig(**(muscles or {"map": "linear"})),
        motors=MotorActionConfig(**(motors or {"map": "linear"})),
    )
    return ActionMap(config, index)(np.array([action]))[0]


def one(kind: str, action: float, **settings: float) -> float:
    """Excitation that one muscle gets."""
    index = stand_in_index(muscles={"m_r": muscle("m_r", 0, activation=0)}, motors={}, nu=1)
    return float(controls([action], index, muscles={"map": kind, **settings})[0])


def pull(kind: str, action: float, low: float = -1.0, high: float = 0.0, **settings: float) -> float:
    """Control of one motor."""
    index = stand_in_index(muscles={}, motors={"m_r": motor("m_r", 0, low, high)}, nu=1)
    return float(controls([action], index, motors={"map": kind, **settings})[0])


class TestMuscles:
    @pytest.mark.parametrize(("action", "excitation"), [(-1.0, 0.0), (-0.5, 0.25), (0.0, 0.5), (1.0, 1.0)])
    def test_linear(self, action: float, excitation: float) -> None:
        assert one("linear", action) == pytest.approx(excitation)

    @pytest.mark.parametrize(
        ("action", "excitation"),
        # 1 / (1 + e^(-5 (a - 0.5))): e^2.5 = 12.182494, so 1 / 13.182494 and 12.182494 / 13.182494; e^7.5 = 1808.0424
        [(0.0, 0.07585818), (0.5, 0.5), (1.0, 0.92414182), (-1.0, 0.00055278)],
    )
    def test_sigmoid(self, action: float, excitation: float) -> None:
        assert one("sigmoid", action) == pytest.approx(excitation, rel=1e-4)

    def test_sigmoid_settings(self) -> None:
        # 1 / (1 + e^(-2 (1 - 0))) with e^-2 = 0.1353353
        assert one("sigmoid", 1.0, steepness=2.0, offset=0.0) == pytest.approx(0.8807971, rel=1e-6)

    @pytest.mark.parametrize(("action", "excitation"), [(-1.0, 0.0), (-0.1, 0.0), (0.0, 0.0), (0.3, 0.3), (1.0, 1.0)])
    def test_clip(self, action: float, excitation: float) -> None:
        assert one("clip", action) == pytest.approx(excitation)

    @pytest.mark.parametrize("kind", ["linear", "sigmoid", "clip"])
    @pytest.mark.parametrize("action", [-7.0, -1.0, 0.0, 1.0, 7.0])
    def test_always_in_range_and_clipped_to_the_action_space(self, kind: str, action: float) -> None:
        assert 0.0 <= one(kind, action) <= 1.0
        assert one(kind, action) == one(kind, float(np.clip(action, -1, 1)))


class TestMotorsThatPushOneWay:
    """The tutorial exoskeleton: control -1 is full plantarflexion torque, 0 is none."""

    @pytest.mark.parametrize(("action", "control"), [(-1.0, 0.0), (0.0, -0.5), (1.0, -1.0)])
    def test_linear(self, action: float, control: float) -> None:
        assert pull("linear", action) == pytest.approx(control)

    # 1 / (1 + e^7.5) = 0.00055278; 1 / (1 + e^2.5) = 0.07585818; 1 / (1 + e^-2.5) = 0.92414182
    @pytest.mark.parametrize(("action", "control"), [(-1.0, -0.00055278), (0.0, -0.07585818), (1.0, -0.92414182)])
    def test_sigmoid(self, action: float, control: float) -> None:
        assert pull("sigmoid", action) == pytest.approx(control, rel=1e-4)

    @pytest.mark.parametrize(("action", "control"), [(-1.0, 0.0), (0.0, 0.0), (0.25, -0.25), (1.0, -1.0)])
    def test_clip(self, action: float, control: float) -> None:
        assert pull("clip", action) == pytest.approx(control)

    @pytest.mark.parametrize(
        ("low", "high", "rest", "full"),
        [(0.0, 400.0, 0.0, 400.0), (5.0, 400.0, 5.0, 400.0), (-400.0, -5.0, -5.0, -400.0)],
    )
    def test_from_least_effort_outward(self, low: float, high: float, rest: float, full: float) -> None:
        assert pull("linear", -1.0, low, high) == pytest.approx(rest)
        assert pull("linear", 1.0, low, high) == pytest.approx(full)

    def test_scale_shrinks_the_range(self) -> None:
        assert pull("linear", 1.0, scale=0.3) == pytest.approx(-0.3)
        assert pull("clip", 1.0, scale=0.0) == pytest.approx(0.0)


class TestMotorsThatPushBothWays:
    @pytest.mark.parametrize("kind", ["linear", "sigmoid", "clip"])
    @pytest.mark.parametrize(("action", "control"), [(-1.0, -1.0), (-0.4, -0.4), (0.0, 0.0), (0.5, 0.5), (1.0, 1.0)])
    def test_linear_whatever_the_map(self, kind: str, action: float, control: float) -> None:
        assert pull(kind, action, -1.0, 1.0) == pytest.approx(control, abs=1e-12)

    @pytest.mark.parametrize(("action", "control"), [(-1.0, -1.0), (-0.5, -0.5), (0.0, 0.0), (0.5, 1.5), (1.0, 3.0)])
    def test_rest_is_no_effort_where_one_way_is_stronger(self, action: float, control: float) -> None:
        assert pull("linear", action, -1.0, 3.0) == pytest.approx(control, abs=1e-12)

    def test_scale_shrinks_the_range(self) -> None:
        assert [pull("linear", a, -2.0, 2.0, scale=0.25) for a in (-1.0, 0.0, 1.0)] == pytest.approx([-0.5, 0.0, 0.5])


class TestOrder:
    def test_muscles_first_then_motors_each_to_its_own_control(self) -> None:
        index = stand_in_index()  # motors are controls 0 and 1, muscles 2 and 3
        assert controls([-1.0, 0.0, 1.0, -1.0], index) == pytest.approx([-1.0, 0.0, 0.0, 0.5])
        assert ActionMap(ActionConfig(), index).names == ("soleus_r", "soleus_l", "exo_r", "exo_l")

    def test_every_walker_gets_its_own(self) -> None:
        action = np.array([[-1.0, 0.0, -1.0, -1.0], [1.0, 1.0, 0.0, 1.0]])
        config = ActionConfig(muscles=MuscleActionConfig(map="linear"), motors=MotorActionConfig(map="linear"))
        expected = np.array([[0.0, 0.0, 0.0, 0.5], [-0.5, -1.0, 1.0, 1.0]])
        assert ActionMap(config, stand_in_index())(action) == pytest.approx(expected)


class TestBadActions:
    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_not_a_finite_number(self, bad: float) -> None:
        with pytest.raises(FloatingPointError, match="not a finite number"):
            controls([0.0, bad, 0.0, 0.0], stand_in_index())

    @pytest.mark.parametrize("count", [3, 5])
    def test_too_few_or_too_many(self, count: int) -> None:
        with pytest.raises(ValueError, match=r"expected \(num_envs, 4\)"):
            controls([0.0] * count, stand_in_index())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("device", "rest", "full"),
    [("tutorial", 0.0, -1.0), ("hmedi", 0.0, -1.0), ("utankle", 0.0, -1.0)],
)
def test_devices_that_push_one_way(build, device: str, rest: float, full: float) -> None:
    config = experiment(f"device={device}", "action=linear")
    index = build("myolegs22", config.device.assist_sim).index
    assert [(m.low, m.high) for m in index.motors.values()] == [(-1.0, 0.0)] * 2
    action = np.zeros((2, len(index.muscles) + 2))
    action[0, -2:], action[1, -2:] = -1.0, 1.0
    given = ActionMap(config.action, index)(action)[:, [m.id for m in index.motors.values()]]
    assert given == pytest.approx(np.array([[rest, rest], [full, full]]))


@pytest.mark.slow
@pytest.mark.parametrize(("device", "most"), [("hippo", 1.0), ("osl_knee_ankle", 2.88)])
def test_devices_that_push_both_ways(build, device: str, most: float) -> None:
    config = experiment(f"device={device}")  # action=sigmoid
    index = build("myolegs22", config.device.assist_sim).index
    action = np.zeros((3, len(index.muscles) + 2))
    action[0, -2:], action[2, -2:] = -1.0, 1.0
    given = ActionMap(config.action, index)(action)[:, [m.id for m in index.motors.values()]]
    assert given == pytest.approx(np.array([[-most] * 2, [0.0] * 2, [most] * 2]))


def test_the_tutorial_motor_pushes_the_foot_down() -> None:
    """Full effort turns the ankle into plantarflexion (negative), no effort gives no torque."""
    walker = WalkEnv(experiment("action=clip", "termination=fall", "reset.bank_size=1"), num_envs=2, threads=1)
    column = walker.index.sensor_columns("force", ["Exo_R"])[0]  # before the step: sensors nobody asks for stay 0
    walker.reset(seed=0)
    action = np.full((2, len(walker.action_map)), -1.0)
    action[1, -2:] = 1.0
    walker.step(action)
    ankle = walker.index.joints["ankle_angle_r"].dof
    torque = walker.sim.sensordata[:, column]
    assert torque == pytest.approx([0.0, -100.0], abs=1e-6)  # N m
    assert walker.state.qvel[1, ankle] < walker.state.qvel[0, ankle] - 1.0
    walker.close()
