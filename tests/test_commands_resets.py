"""How an episode begins: its pose and what the walker's state forgets; and how the reference follows the target."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest
from helpers import SPEED, experiment, stand_in_index, stand_in_reference, stand_in_state, stand_in_task

from myoassist.config import ReferencePhaseReset, Reset, StandingReset
from myoassist.mdp.resets import POSES, start_bank
from myoassist.model.build import BuiltModel
from myoassist.model.terrain import Ground, HeightGrid
from myoassist.reference.motion import load_gait
from myoassist.reference.retarget import Reference, consistent_state, retarget
from myoassist.sim.bank import StateBank


class TestWalkState:
    def test_cadence_follows_the_target_speed_as_in_people(self) -> None:
        state = stand_in_state()
        state.restart(np.arange(2), phase=np.array([0.5, 0.1]), target_speed=np.array([SPEED, 2 * SPEED]))
        assert state.cadence_ratio == pytest.approx([1.0, 1.494849], rel=1e-6)  # 2^0.58
        state.advance(np.zeros((2, 4)))
        assert state.phase == pytest.approx([0.52, 0.1 + 0.02 * 1.494849], rel=1e-6)

    def test_phase_goes_with_the_target_speed_where_the_stride_length_is_kept(self) -> None:
        state = stand_in_state(task=stand_in_task(cadence_exponent=1.0))
        state.restart(np.arange(2), phase=np.array([0.5, 0.995]), target_speed=np.array([SPEED, 2 * SPEED]))
        state.advance(np.zeros((2, 4)))
        # a cycle of 1 s at the reference's speed: 0.02 per step of 0.02 s, and twice that at twice the speed
        assert state.phase == pytest.approx([0.52, 0.035])
        state.advance(np.zeros((2, 4)))
        assert state.phase == pytest.approx([0.54, 0.075])
        assert state.step.tolist() == [2, 2]

    def test_phase_at_the_references_own_speed(self) -> None:
        state = stand_in_state(task=stand_in_task(follow_speed=False))
        state.restart(np.arange(2), phase=np.zeros(2), target_speed=np.array([SPEED, 2 * SPEED]))
        state.advance(np.zeros((2, 4)))
        assert state.phase == pytest.approx([0.02, 0.02])

    def test_reference_at_the_phase(self) -> None:
        state = stand_in_state()
        state.restart(np.arange(2), phase=np.array([0.0, 0.25]), target_speed=np.full(2, 2 * SPEED))
        # hips 0.1 ± 0.4 cos(2 pi phase) rad; at a quarter they move at ∓0.4 * 2 pi = ∓2.513274 rad/s, times 2^0.58
        assert state.reference_position == pytest.approx(np.array([[0.9, 0, 0.5, -0.3], [0.9, 0, 0.1, 0.1]]))
        expected = np.array([[0, 0, 0, 0], [0, 0, -3.756965, 3.756965]])
        assert state.reference_velocity == pytest.approx(expected, abs=1e-5)

    def test_hips_swing_further_where_steps_are_longer(self) -> None:
        state = stand_in_state(task=stand_in_task(stride_joints=("hip_r",)))
        state.restart(np.arange(2), phase=np.array([0.0, 0.25]), target_speed=np.array([2 * SPEED, 0.5 * SPEED]))
        # steps are 2^0.42 = 1.337928 and 2^-0.42 = 0.747425 times as long; the right hip swings 0.4 rad about 0.1 rad
        assert state.reference_position[0] == pytest.approx([0.9, 0, 0.635171, -0.3], abs=1e-6)
        assert state.reference_position[1] == pytest.approx([0.9, 0, 0.1, 0.1], abs=1e-6)
        # at a quarter -2.513274 rad/s; times cadence 2^-0.58 and swing 2^-0.42: half, as the speed; left only 2^-0.58
        assert state.reference_velocity[1] == pytest.approx([0, 0, -1.256637, 1.681299], abs=1e-5)

    def test_a_hip_that_would_swing_past_its_range_rests_at_the_end(self) -> None:
        reference = stand_in_reference(high=np.array([np.inf, np.inf, 0.4, 2.0]))
        state = stand_in_state(task=stand_in_task(stride_joints=("hip_r",), reference=reference))
        state.restart(np.arange(2), phase=np.array([0.125, 0.875]), target_speed=np.array([2 * SPEED, SPEED]))
        # 0.1 + 1.337928 * 0.4 cos(45°) = 0.478418 rad, 0.4 is allowed; at the reference's own speed 0.382843 rad
        assert state.reference_position[:, 2] == pytest.approx([0.4, 0.382843], abs=1e-6)
        # at seven eighths the hip comes forward with 0.4 * 2 pi * sin(45°) rad/s
        assert state.reference_velocity[:, 2] == pytest.approx([0.0, 1.777153], abs=1e-5)

    def test_a_new_target_counts_from_now_on(self) -> None:
        state = stand_in_state(task=stand_in_task(cadence_exponent=1.0))
        state.restart(np.arange(2), phase=np.full(2, 0.25), target_speed=np.full(2, SPEED))
        state.advance(np.zeros((2, 4)), np.array([SPEED, 2 * SPEED]))
        assert state.phase == pytest.approx([0.27, 0.27])  # the way so far was at the old speed
        assert state.reference_velocity[1] == pytest.approx(2 * state.reference_velocity[0])

    def test_restart_forgets_only_the_rows_that_begin_anew(self) -> None:
        state = stand_in_state(3)
        state.act[:] = 0.2
        state.advance(np.full((3, 4), 0.3))
        state.act[:] = 0.6
        state.advance(np.full((3, 4), 0.7))
        state.heel_strike[:] = True
        phases = state.phase.copy()
        state.restart(np.array([1]), phase=np.array([0.4]), target_speed=np.array([1.1]))
        assert state.step.tolist() == [2, 0, 2]
        assert state.phase.tolist() == [phases[0], 0.4, phases[2]]
        assert state.target_speed.tolist() == [0.0, 1.1, 0.0]
        assert state.action[:, 0] == pytest.approx([0.7, 0.0, 0.7])
        assert state.previous_action[:, 0] == pytest.approx([0.3, 0.0, 0.3])
        assert state.previous_activation[:, 0] == pytest.approx([0.2, 0.6, 0.2])  # a new episode: no change yet
        assert state.heel_strike[:, 0].tolist() == [True, False, True]

    def test_height_and_distance_over_a_slope(self) -> None:
        # two grounds that rise by 0.1 and 0.2 per metre
        x = np.arange(4.0)
        heights = np.stack([np.tile(0.1 * x, (2, 1)), np.tile(0.2 * x, (2, 1))])
        grid = HeightGrid(heights=heights, x_first=-1.0, y_first=-0.5, spacing=1.0, row_spacing=1.0)
        state = stand_in_state(task=stand_in_task(ground=Ground(grid)))
        state.qpos[:, 1:3] = 0.5, 1.0
        state.advance(np.zeros((2, 4)))
        assert state.distance == pytest.approx([0.5, 0.5])
        assert state.ground_height == pytest.approx([0.15, 0.30])  # 1.5 m after the first sample
        assert state.height == pytest.approx([0.85, 0.70])


@pytest.fixture(scope="module")
def walker(build) -> tuple[BuiltModel, Reference]:
    body = build("myolegs22", "Tutorial_L1")
    return body, retarget(load_gait(), body.models[0], body.index)


def bank(walker: tuple[BuiltModel, Reference], config: Reset, seed: int = 0) -> StateBank:
    body, reference = walker
    return start_bank(config, body.models[0], body.index, reference, np.random.default_rng(seed))


class Parts:
    """qpos, qvel and act of a bank's states."""

    def __init__(self, body: BuiltModel, bank: StateBank) -> None:
        index = body.index
        assert bank.state.shape == (len(bank), 1 + index.nq + index.nv + index.na)
        self.time, self.qpos, self.qvel, self.act = np.split(bank.state, np.cumsum([1, index.nq, index.nv]), axis=1)


class TestReferencePhase:
    def test_phases_are_spread_evenly_and_at_random(self, walker) -> None:
        phase = bank(walker, ReferencePhaseReset(bank_size=16)).phase
        assert np.floor(phase * 16).astype(int).tolist() == list(range(16))  # one in each sixteenth of the cycle
        assert len(set((phase * 16 % 1).round(6))) == 16
        assert phase.tolist() != bank(walker, ReferencePhaseReset(bank_size=16), seed=1).phase.tolist()
        assert phase.tolist() == bank(walker, ReferencePhaseReset(bank_size=16)).phase.tolist()

    def test_pose_and_speed_of_the_reference(self, walker) -> None:
        body, reference = walker
        made = bank(walker, ReferencePhaseReset(bank_size=8, activation=0.2))
        parts = Parts(body, made)
        position, velocity = reference.sample(made.phase)
        assert parts.qpos[:, reference.qpos] == pytest.approx(position, abs=1e-12)
        assert parts.qvel[:, reference.dof] == pytest.approx(velocity, abs=1e-12)
        forward = parts.qvel[:, body.index.joints["pelvis_tx"].dof]
        assert forward == pytest.approx(reference.forward_velocity(made.phase))
        assert ((forward > 0.9) & (forward < 1.6)).all()  # m/s
        assert (parts.qpos[:, body.index.joints["pelvis_tx"].qpos] == 0).all()
        assert (parts.act == 0.2).all() and (parts.time == 0).all()

    def test_sensors_are_those_of_the_state(self, walker) -> None:
        body, _ = walker
        made = bank(walker, ReferencePhaseReset(bank_size=4))
        parts, data = Parts(body, made), mujoco.MjData(body.models[0])
        for row in range(4):
            mujoco.mj_resetData(body.models[0], data)
            data.qpos[:], data.qvel[:], data.act[:] = parts.qpos[row], parts.qvel[row], parts.act[row]
            mujoco.mj_forward(body.models[0], data)
            assert made.sensordata[row] == pytest.approx(data.sensordata, abs=1e-9)
        assert len(np.unique(made.sensordata, axis=0)) == 4

    def test_noise_moves_legs_within_their_limits_and_nothing_else(self, walker) -> None:
        body, _ = walker
        still = Parts(body, bank(walker, ReferencePhaseReset(bank_size=64)))
        noisy = Parts(body, bank(walker, ReferencePhaseReset(bank_size=64, position_noise=0.03, velocity_noise=0.2)))
        for joint in body.index.joints.values():
            moved = noisy.qpos[:, joint.qpos] - still.qpos[:, joint.qpos]
            faster = noisy.qvel[:, joint.dof] - still.qvel[:, joint.dof]
            if joint.role != "leg":
                assert (moved == 0).all() and (faster == 0).all(), joint.name
                continue
            free = (noisy.qpos[:, joint.qpos] > joint.low) & (noisy.qpos[:, joint.qpos] < joint.high)
            assert ((noisy.qpos[:, joint.qpos] >= joint.low) & (noisy.qpos[:, joint.qpos] <= joint.high)).all()
            assert moved[free].std() == pytest.approx(0.03, rel=0.5), joint.name
            assert faster.std() == pytest.approx(0.2, rel=0.5), joint.name
        assert np.abs(body.index.coupling.residual(noisy.qpos)).max() < 1e-9

    def test_coupled_joints_move_as_their_leaders_do(self, walker) -> None:
        body, _ = walker
        config = ReferencePhaseReset(bank_size=4, position_noise=0.03, velocity_noise=0.2)
        parts, coupling = Parts(body, bank(walker, config)), body.index.coupling
        step = 1e-6
        later = coupling.residual(parts.qpos + step * parts.qvel)  # every joint here is a hinge or a slide
        assert later == pytest.approx(0.0, abs=1e-9)


def test_noise_keeps_the_loops_of_a_device_closed(build) -> None:
    """The start after noise is one that closing the device's loops once more does not change."""
    body = build("myolegs22", "UTAnkleExo_L2")
    index, model = body.index, body.models[0]
    reference = retarget(load_gait(), model, index)
    config = StandingReset(bank_size=4, position_noise=0.02, velocity_noise=0.05)
    made = Parts(body, start_bank(config, model, index, reference, np.random.default_rng(0)))
    for qpos, qvel in zip(made.qpos, made.qvel, strict=True):
        again = consistent_state(model, index, qpos, qvel)
        assert again[0] == pytest.approx(qpos, abs=1e-3)
        assert np.abs(qpos - index.standing_qpos)[list(index.loop_dofs)].max() > 1e-3


class TestStanding:
    def test_still_and_upright(self, walker) -> None:
        body, _ = walker
        made = bank(walker, StandingReset(bank_size=8, activation=0.1))
        parts = Parts(body, made)
        assert (parts.qpos == body.index.standing_qpos).all()
        assert (parts.qvel == 0).all() and (parts.act == 0.1).all()
        assert len(set(made.phase)) == 8  # the reference starts anywhere

    def test_noise(self, walker) -> None:
        body, _ = walker
        parts = Parts(body, bank(walker, StandingReset(bank_size=64, position_noise=0.02)))
        hip = body.index.joints["hip_flexion_r"]
        assert parts.qpos[:, hip.qpos].std() == pytest.approx(0.02, rel=0.4)
        assert (parts.qvel == 0).all()


def test_stand_in_has_what_the_model_has(build) -> None:
    """The hand-made walker of these tests has no field that the real index lacks."""
    real: Any = build("myolegs22").index
    for field in vars(stand_in_index()):
        assert hasattr(real, field), field
    assert list(stand_in_task().reference.__dict__) == list(Reference.__dataclass_fields__)


def test_every_kind_of_start_has_poses() -> None:
    assert set(POSES) == set(Reset.__args__)  # type: ignore[attr-defined]


def test_default_experiment_starts_anywhere_in_the_stride() -> None:
    assert isinstance(experiment().reset, ReferencePhaseReset)
    assert isinstance(experiment("reset=standing").reset, StandingReset)
