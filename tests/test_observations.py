"""Every observation term against a figure worked out by hand, on a stand-in walker and on a real body."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest
from helpers import experiment, muscle, stand_in_index, stand_in_state, stand_in_task

from myoassist.config import ObservationConfig, ObservationTermConfig
from myoassist.env.observing import Observer
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.mdp.observations import NAMES, OBSERVATIONS, observation
from myoassist.mdp.state import Task, WalkState


def observer(task: Task, **terms: Any) -> Observer:
    """``name={"func": …, **params}`` for each term."""
    configs = {}
    for name, given in terms.items():
        params = dict(given)
        configs[name] = ObservationTermConfig(func=params.pop("func"), params=params)
    return Observer(ObservationConfig(terms=configs), task)


def observe(state: WalkState, func: str, **params: Any) -> tuple[list[str], np.ndarray]:
    """Names and values of one term, called ``x``."""
    made = observer(state.task, x={"func": func, **params})
    assert {signal.source for signal in made.signals} <= {func}
    return [signal.name.removeprefix("x").removeprefix(".") for signal in made.signals], made(state)


class TestJoints:
    def test_positions_in_the_models_order(self) -> None:
        state = stand_in_state()
        state.qpos[:] = [[9, 0.1, 0.2, 0.3, 0.4, 0.5], [9, 1.1, 1.2, 1.3, 1.4, 1.5]]  # address 0 belongs to no joint
        names, values = observe(state, "joint_position", joints=["hip_*", "pelvis_tx"])
        assert names == ["pelvis_tx", "hip_r", "hip_l"]
        assert values == pytest.approx(np.array([[0.1, 0.4, 0.5], [1.1, 1.4, 1.5]]))

    def test_pelvis_height_counts_from_the_ground_below(self) -> None:
        state = stand_in_state(ground_height=[0.0, 0.04])
        state.qpos[:, 1:3] = 3.0, 0.9
        names, values = observe(state, "joint_position", joints="pelvis_t*")
        assert names == ["pelvis_tx", "pelvis_ty", "pelvis_tilt"]
        assert values == pytest.approx(np.array([[3.0, 0.9, 0.0], [3.0, 0.86, 0.0]]))
        assert (state.qpos[:, 2] == 0.9).all()  # the term leaves the state alone

    def test_velocities(self) -> None:
        state = stand_in_state()
        state.qvel[:] = [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]
        names, values = observe(state, "joint_velocity", joints=["pelvis_ty", "hip_l"])
        assert names == ["pelvis_ty", "hip_l"]
        assert values.tolist() == [[2, 5], [7, 10]]


class TestMuscles:
    def test_activation_by_address(self) -> None:
        state = stand_in_state()
        state.act[:] = [[0.1, 0.2], [0.3, 0.4]]  # the left muscle's comes first in act
        state.advance(np.zeros((2, 4)))
        names, values = observe(state, "muscle_activation")
        assert names == ["soleus_r", "soleus_l"]
        assert values == pytest.approx(np.array([[0.2, 0.1], [0.4, 0.3]]))
        assert observe(state, "muscle_activation", muscles="*_l")[1] == pytest.approx(np.array([[0.1], [0.3]]))

    def test_force_is_a_share_of_the_peak_and_pulls_positive(self) -> None:
        state = stand_in_state()
        state.sensordata[:, 14:16] = -500.0, -500.0  # of 2000 N and of 1000 N
        assert observe(state, "muscle_force")[1] == pytest.approx(np.array([[0.25, 0.5]] * 2))
        assert observe(state, "muscle_force", muscles="soleus_l")[1] == pytest.approx(np.array([[0.5]] * 2))

    def test_force_of_a_muscle_without_strength_is_zero(self) -> None:
        paralysed = stand_in_index(muscles={"soleus_r": muscle("soleus_r", 2, activation=1, peak=0.0)})
        state = stand_in_state(task=stand_in_task(index=paralysed))
        assert observe(state, "muscle_force")[1].tolist() == [[0.0], [0.0]]

    def test_length_and_velocity(self) -> None:
        state = stand_in_state()
        state.sensordata[:, 16:20] = 0.30, 0.31, -0.2, 0.4
        assert observe(state, "muscle_length")[1] == pytest.approx(np.array([[0.30, 0.31]] * 2))
        assert observe(state, "muscle_velocity")[1] == pytest.approx(np.array([[-0.2, 0.4]] * 2))


class TestRest:
    def test_foot_force_in_body_weights(self) -> None:
        state = stand_in_state()
        state.sensordata[:, 0:12] = 77.0, 77.0, 400.0, 0.0, 0.0, 200.0, 0.0, 0.0, 80.0, 0.0, 0.0, 0.0
        names, values = observe(state, "foot_force")
        assert names == ["foot_r", "toes_r", "foot_l", "toes_l"]
        assert values == pytest.approx(np.array([[0.5, 0.25, 0.1, 0.0]] * 2))  # of 800 N

    def test_a_foot_without_toes_gives_no_column_for_them(self) -> None:
        index = stand_in_index(soles={"r": ["heel_r", "toe_r"], "l": ["heel_l"]})
        state = stand_in_state(task=stand_in_task(index=index))
        assert observe(state, "foot_force")[0] == ["foot_r", "toes_r", "foot_l"]

    def test_target_speed(self) -> None:
        names, values = observe(stand_in_state(target_speed=[0.8, 1.4]), "target_speed")
        assert names == [""]  # the signal is called like the term
        assert values == pytest.approx(np.array([[0.8], [1.4]]))

    def test_gait_phase(self) -> None:
        # a quarter of the cycle: sin 1, cos 0; three eighths: sin = -cos = 0.7071068
        names, values = observe(stand_in_state(phase=[0.25, 0.375]), "gait_phase")
        assert names == ["sin", "cos"]
        assert values == pytest.approx(np.array([[1.0, 0.0], [0.7071068, -0.7071068]]), abs=1e-6)

    def test_previous_action_is_the_one_just_taken(self) -> None:
        state = stand_in_state()
        state.advance(np.full((2, 4), 0.1))
        state.advance(np.array([[0.2, 0.3, 0.4, 0.5]] * 2))
        names, values = observe(state, "previous_action")
        assert names == ["soleus_r", "soleus_l", "exo_r", "exo_l"]
        assert values == pytest.approx(np.array([[0.2, 0.3, 0.4, 0.5]] * 2))
        assert state.previous_action == pytest.approx(0.1)

    def test_motor_force_is_a_share_of_the_largest(self) -> None:
        state = stand_in_state()
        state.sensordata[:, 20:22] = -25.0, 10.0  # of 100 and of 50
        names, values = observe(state, "motor_force")
        assert names == ["exo_r", "exo_l"]
        assert values == pytest.approx(np.array([[-0.25, 0.2]] * 2))

    def test_every_term_is_tested_here(self) -> None:
        assert (
            set(OBSERVATIONS)
            == set(NAMES)
            == {
                *("joint_position", "joint_velocity", "muscle_activation", "muscle_force", "muscle_length"),
                *("muscle_velocity", "foot_force", "target_speed", "gait_phase", "previous_action", "motor_force"),
                # in test_signals.py
                *("fiber_length", "fiber_velocity", "reference_ahead", "gravity_direction", "pelvis_velocity"),
                *("pelvis_angular_velocity", "height_scan"),
            }
        )


class TestLayout:
    def test_terms_follow_one_another_as_configured(self) -> None:
        state = stand_in_state(target_speed=1.2, phase=0.25)
        state.qvel[:, 3] = 0.7
        made = observer(
            state.task,
            speed={"func": "target_speed"},
            clock={"func": "gait_phase"},
            hip={"func": "joint_velocity", "joints": "hip_r"},
        )
        assert [signal.name for signal in made.signals] == ["speed", "clock.sin", "clock.cos", "hip.hip_r"]
        assert [signal.source for signal in made.signals] == ["target_speed", *["gait_phase"] * 2, "joint_velocity"]
        values = made(state)
        assert values.dtype == np.float32
        assert values == pytest.approx(np.array([[1.2, 1.0, 0.0, 0.7]] * 2), abs=1e-6)

    def test_nothing_to_observe(self) -> None:
        task = stand_in_task(index=stand_in_index(motors={}))
        with pytest.raises(ConfigError, match=r"observation\.terms: gives no signal"):
            observer(task, motors={"func": "motor_force"})

    @pytest.mark.parametrize("shape", [(2,), (2, 2), (1, 1)])
    def test_a_term_of_the_wrong_shape(self, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(OBSERVATIONS, "odd", lambda state: np.zeros(shape))
        monkeypatch.setitem(NAMES, "odd", lambda task: ("",))
        state = stand_in_state()
        with pytest.raises(ConfigError, match=r"'x' returned shape .*; expected \(2, 1\)"):
            observe(state, "odd")

    def test_a_term_with_memory_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """When one walker begins anew, all are read again: memory of the others would go on twice in a step."""

        class Lagged:
            def __init__(self, task: Task) -> None: ...

            def __call__(self, state: WalkState) -> np.ndarray:
                return state.speed[:, None]

            def reset(self, rows: np.ndarray) -> None: ...

        monkeypatch.setitem(OBSERVATIONS, "lagged", Lagged)
        monkeypatch.setitem(NAMES, "lagged", lambda task: ("",))
        with pytest.raises(ConfigError, match=r"^observation\.terms\.x\.func: lagged has a reset, but .*remember"):
            observe(stand_in_state(), "lagged")

    def test_a_new_term_is_one_function(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def height(state: WalkState) -> np.ndarray:
            return state.height[:, None]

        monkeypatch.setitem(OBSERVATIONS, "height", height)
        monkeypatch.setitem(NAMES, "height", lambda task: ("",))
        assert observation(lambda task: ("",))(height) is height
        state = stand_in_state(ground_height=[0.0, 0.1])
        state.qpos[:, 2] = 0.9
        assert observe(state, "height")[1] == pytest.approx(np.array([[0.9], [0.8]]))


@pytest.fixture(scope="module")
def walker() -> WalkEnv:
    """One real body with the tutorial exoskeleton in the middle of its stride, muscles half active."""
    config = experiment("device=tutorial", "reset.bank_size=1", "reset.activation=0.5")
    return WalkEnv(config, num_envs=1, threads=1)


class TestOnTheBody:
    @pytest.fixture()
    def data(self, walker: WalkEnv) -> mujoco.MjData:
        """MuJoCo's own account of the state, with full effort of the right motor."""
        walker.reset(seed=0)
        walker.state.qpos[0, walker.index.joints["pelvis_ty"].qpos] -= 0.005  # into the ground
        model = walker.sim.models[0]
        data = mujoco.MjData(model)
        data.qpos[:], data.qvel[:], data.act[:] = walker.state.qpos[0], walker.state.qvel[0], walker.state.act[0]
        data.ctrl[walker.index.motors["Exo_R"].id] = -1.0
        mujoco.mj_forward(model, data)
        walker.sim.sensordata[0] = data.sensordata
        return data

    def test_muscle_force(self, walker: WalkEnv, data: mujoco.MjData) -> None:
        names, values = observe(walker.state, "muscle_force")
        assert names == list(walker.index.muscles)
        for name, value in zip(names, values[0], strict=True):
            peak = walker.sim.models[0].actuator(name).gainprm[2]  # N
            assert value == pytest.approx(-data.actuator(name).force[0] / peak, rel=1e-5), name
        assert 0.1 < values.mean() < 1.0  # half active, pulling

    def test_muscle_length_and_velocity(self, walker: WalkEnv, data: mujoco.MjData) -> None:
        names, lengths = observe(walker.state, "muscle_length")
        velocities = observe(walker.state, "muscle_velocity")[1][0]
        model, later = walker.sim.models[0], mujoco.MjData(walker.sim.models[0])
        later.qpos[:] = data.qpos
        mujoco.mj_integratePos(model, later.qpos, data.qvel, 1e-6)
        mujoco.mj_forward(model, later)
        for name, length, velocity in zip(names, lengths[0], velocities, strict=True):
            assert length == pytest.approx(data.actuator(name).length[0], rel=1e-5)
            assert 0.05 < length < 0.8  # m
            rate = (later.actuator(name).length[0] - data.actuator(name).length[0]) / 1e-6
            assert velocity == pytest.approx(rate, abs=1e-4), name  # m/s, lengthening positive

    def test_motor_force_of_full_effort(self, walker: WalkEnv, data: mujoco.MjData) -> None:
        assert observe(walker.state, "motor_force")[1][0] == pytest.approx([-1.0, 0.0], abs=1e-6)

    def test_foot_force(self, walker: WalkEnv, data: mujoco.MjData) -> None:
        walker.state.restart(np.arange(1), phase=np.zeros(1), target_speed=np.ones(1))
        held_up = data.qfrc_constraint[walker.index.joints["pelvis_ty"].dof]  # N: what the ground gives
        names, values = observe(walker.state, "foot_force")
        assert names == ["foot_r", "toes_r", "foot_l", "toes_l"]
        assert held_up > 50
        assert values.sum() * walker.index.body_weight == pytest.approx(held_up, rel=1e-5)

    def test_default_observation(self, walker: WalkEnv) -> None:
        names = [signal.name for signal in walker.observer.signals]
        legs = [f"{joint}_{side}" for side in "rl" for joint in ("hip_flexion", "knee_angle", "ankle_angle")]
        assert names[:8] == [f"joint_pos.{joint}" for joint in ("pelvis_ty", "pelvis_tilt", *legs)]
        assert names[8:17] == [f"joint_vel.{joint}" for joint in ("pelvis_tx", "pelvis_ty", "pelvis_tilt", *legs)]
        assert names[17:39] == [f"activation.{muscle}" for muscle in walker.index.muscles]
        assert names[39:43] == [f"foot_force.{part}" for part in ("foot_r", "toes_r", "foot_l", "toes_l")]
        assert names[43:] == ["target_speed", "phase.sin", "phase.cos"]
        observed = walker.reset(seed=0)[0]
        assert observed[0] == pytest.approx(walker.state.qpos[0, walker.index.joints["pelvis_ty"].qpos], rel=1e-6)
        assert observed[17:39] == pytest.approx(0.5)
        assert observed[43] == pytest.approx(1.25)
