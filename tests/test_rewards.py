"""Every reward term against a figure worked out by hand, and its signs and units on a real body.

Terms of steps and of the swing: ``test_rewards_steps.py``.
"""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from helpers import DT, experiment, stand_in_index, stand_in_state, stand_in_task, term, tracked

from myoassist.env.walk import WalkEnv
from myoassist.mdp import rewards
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.state import SIDES
from myoassist.mdp.terms import Motors, Muscles


def muscles(pattern: str) -> Muscles:
    return Muscles.resolve(pattern, stand_in_task(), "test")


class TestTracking:
    def test_forward(self) -> None:
        state = stand_in_state(target_speed=1.25)
        state.qvel[:, 0] = 1.25, 0.75
        # 0.02 s at the target; 0.5 m/s too slow: 0.02 exp(-5 * 0.25) = 0.02 * 0.2865048
        assert term("forward")(state) == pytest.approx([0.02, 0.005730096], rel=1e-6)
        # sharpness 10: 0.02 exp(-2.5) = 0.02 * 0.0820850
        assert term("forward", sharpness=10.0)(state)[1] == pytest.approx(0.001641700, rel=1e-6)

    def test_joint_position_weighs_each_joint(self) -> None:
        state = stand_in_state(reference_position=[0.9, 0.0, 0.5, -0.3])
        state.qpos[:, 4] = 0.6  # right hip: 0.1 rad off, exp(-8 * 0.01) = 0.9231163
        state.qpos[:, 3] = 0.2  # tilt: 0.2 rad off, exp(-8 * 0.04) = 0.7261490
        # 0.02 * (1 * 0.9231163 + 0.5 * 0.7261490)
        given = rewards.joint_position(state, joints=tracked(hip_r=1.0, pelvis_tilt=0.5))
        assert given == pytest.approx([0.02572382] * 2, rel=1e-6)

    def test_joint_position_by_glob_takes_both_sides(self) -> None:
        state = stand_in_state(reference_position=[0.9, 0.0, 0.5, -0.3])
        state.qpos[:, 4:6] = 0.5, -0.1  # right on the reference, left 0.2 rad off it
        # 0.02 * 0.2 * (1 + 0.7261490)
        assert term("joint_position", joints={"hip_*": 0.2})(state)[0] == pytest.approx(0.006904596, rel=1e-6)

    def test_pelvis_height_counts_from_the_ground_below(self) -> None:
        state = stand_in_state(reference_position=[0.9, 0.0, 0.0, 0.0], ground_height=[0.1, 0.0])
        state.qpos[:, 2] = 1.0
        # on ground 0.1 m up the height is right; on level ground it is 0.1 m off: 0.02 * 0.9231163
        given = rewards.joint_position(state, joints=tracked(pelvis_ty=1.0))
        assert given == pytest.approx([0.02, 0.01846233], rel=1e-6)
        assert (state.qpos[:, 2] == 1.0).all()  # the term leaves the state alone

    @pytest.mark.parametrize(("follow", "speed"), [(True, -1.2566371), (False, -2.5132741)])
    def test_joint_velocity_follows_the_target_speed(self, follow: bool, speed: float) -> None:
        state = stand_in_state(task=stand_in_task(follow_speed=follow, cadence_exponent=1.0))
        # 0.4 cos(2 pi t): at a quarter of the cycle of 1 s it moves at -0.4 * 2 pi = -2.5132741 rad/s;
        # half the target speed of the reference's 1.25 m/s halves that
        state.restart(np.arange(2), phase=np.full(2, 0.25), target_speed=np.full(2, 0.625))
        state.qvel[:, 3] = speed, speed + 0.2
        # 0.2 rad/s off: 0.02 exp(-8 * 0.04) = 0.02 * 0.7261490
        given = rewards.joint_velocity(state, joints=tracked(hip_r=1.0))
        assert given == pytest.approx([0.02, 0.01452298], rel=1e-6)


class TestEffort:
    def test_activation(self) -> None:
        state = stand_in_state(activation=[0.2, 0.6])
        assert term("activation")(state) == pytest.approx([-0.008] * 2)  # -0.02 * (0.2 + 0.6) / 2
        assert term("activation", exponent=2.0)(state) == pytest.approx([-0.004] * 2)  # -0.02 * (0.04 + 0.36) / 2
        assert term("activation", muscles="*_l")(state) == pytest.approx([-0.012] * 2)  # -0.02 * 0.6

    def test_smoothness_is_a_bonus(self) -> None:
        state = stand_in_state(activation=[0.7, 0.6], previous_activation=[0.2, 0.6])
        # 0.02 * (exp(-4 * 0.25) + 1) / 2 = 0.02 * (0.3678794 + 1) / 2
        assert term("smoothness")(state) == pytest.approx([0.01367879] * 2, rel=1e-6)
        assert rewards.smoothness(state, muscles=muscles("soleus_l")) == pytest.approx([0.02] * 2)

    def test_action_rate(self) -> None:
        state = stand_in_state(action=[1.0, 0.0, 0.5, 0.0], previous_action=[-1.0, 0.0, 0.5, 0.0])
        assert term("action_rate")(state) == pytest.approx([-0.02] * 2)  # -0.02 * (2^2 + 0 + 0 + 0) / 4

    def test_device_effort_is_a_share_of_each_motors_largest(self) -> None:
        state = stand_in_state()
        state.sensordata[:, 20:22] = -50.0, 25.0  # of 100 and of 50: both half
        assert term("device_effort")(state) == pytest.approx([-0.005] * 2)  # -0.02 * 0.5^2
        state.sensordata[:, 21] = 0.0
        assert term("device_effort", motors="exo_r")(state) == pytest.approx([-0.005] * 2)
        assert term("device_effort")(state) == pytest.approx([-0.0025] * 2)

    def test_device_effort_without_device_is_nothing(self) -> None:
        task = stand_in_task(index=stand_in_index(motors={}))
        effort = rewards.device_effort(task, motors=Motors.resolve("*", task, "test"))
        assert effort(stand_in_state()) == pytest.approx([0.0, 0.0])

    def test_alive(self) -> None:
        assert term("alive")(stand_in_state()) == pytest.approx([0.02, 0.02])


class TestLoads:
    def test_joint_limit_takes_the_worst_joint(self) -> None:
        state = stand_in_state()
        state.sensordata[:, 12:14] = [[-40.0, 12.0], [0.0, 0.0]]
        assert term("joint_limit")(state) == pytest.approx([-0.001, 0.0])  # -0.02 * 40 / 800

    def test_foot_load_above_the_threshold(self) -> None:
        state = stand_in_state(foot_load=[[400.0, 1120.0], [960.0, 960.0]])
        # 1120 N of 800 N is 1.4: -0.02 * (1.4 - 1.2); 960 N is 1.2 and free
        assert term("foot_load")(state) == pytest.approx([-0.004, 0.0])
        assert term("foot_load", threshold=1.0)(state) == pytest.approx([-0.008, -0.004])

    def test_foot_impact_is_the_largest_force_within_the_step(self) -> None:
        state = stand_in_state()
        sensors = np.zeros((2, 3, state.sensordata.shape[1]))  # three physics steps of two walkers
        columns = [state.index.sensor_columns("contact", state.index.soles[side])[2] for side in SIDES]
        sensors[0, :, columns[0]] = [400.0, 1600.0, 900.0]  # a blow of 2 body weights, gone at the end of the step
        sensors[0, :, columns[1]] = [900.0, 100.0, 0.0]
        sensors[1, :, columns[1]] = [0.0, np.nan, 800.0]  # physics failed
        state.sim.substeps_taken = (np.zeros(0), sensors)  # type: ignore[misc]
        # -0.02 * (2.0 - 1.2); the second row holds no force that is known
        assert term("foot_impact")(state) == pytest.approx([-0.016, 0.0])
        assert term("foot_impact", threshold=1.5)(state)[0] == pytest.approx(-0.01)


@pytest.fixture(scope="module")
def walker() -> WalkEnv:
    """One real body, 22 muscles, standing still."""
    return WalkEnv(experiment("device=none", "reset=standing", "reset.position_noise=0"), num_envs=1, threads=1)


def physics(walker: WalkEnv) -> mujoco.MjData:
    """MuJoCo's own account of the walker's state; its sensors go into the walker."""
    data = mujoco.MjData(walker.sim.models[0])
    data.qpos[:], data.qvel[:], data.act[:] = walker.state.qpos[0], walker.state.qvel[0], walker.state.act[0]
    mujoco.mj_forward(walker.sim.models[0], data)
    walker.sim.sensordata[0] = data.sensordata
    return data


class TestOnTheBody:
    def test_foot_load_is_the_force_that_holds_the_pelvis_up(self, walker: WalkEnv) -> None:
        walker.reset(seed=0)
        data = physics(walker)
        walker.state.restart(np.arange(1), phase=np.zeros(1), target_speed=np.ones(1))
        # the root's vertical slide carries the whole body: what constraints do along it is the ground's force
        total = data.qfrc_constraint[walker.index.joints["pelvis_ty"].dof]
        assert total > 50
        assert walker.state.foot_load.sum() == pytest.approx(total, rel=1e-6)
        assert (walker.state.foot_load > 0).all()

    def test_speed_is_forward_in_the_world(self, walker: WalkEnv) -> None:
        walker.reset(seed=0)
        walker.state.qvel[0, walker.index.joints["pelvis_tx"].dof] = 1.3
        model, data = walker.sim.models[0], physics(walker)
        before = data.body("pelvis").xpos.copy()
        mujoco.mj_integratePos(model, data.qpos, data.qvel, 0.01)
        mujoco.mj_kinematics(model, data)
        assert data.body("pelvis").xpos - before == pytest.approx([0.013, 0.0, 0.0], abs=1e-9)
        assert walker.state.speed == pytest.approx([1.3])

    def test_toes_rise_with_the_knee(self, walker: WalkEnv) -> None:
        walker.reset(seed=0)
        call, joints = rewards.foot_clearance(walker.task, clearance=0.03), walker.index.joints
        standing = physics(walker).geom(walker.index.soles["r"][0]).xpos.copy()
        walker.state.foot_load[:] = 0.0
        assert call(walker.state) == pytest.approx([0.0])
        walker.state.qpos[0, joints["pelvis_tx"].qpos] += 0.1
        physics(walker)
        assert call(walker.state) == pytest.approx([-0.2], abs=0.002)  # both feet on the ground, 0.1 m each
        walker.state.qpos[0, joints["hip_flexion_r"].qpos] += 0.6  # rad
        walker.state.qpos[0, joints["knee_angle_r"].qpos] -= 1.0  # rad, flexion
        toes = physics(walker).geom(walker.index.soles["r"][0]).xpos
        assert toes[2] > standing[2] + 0.03 and toes[0] > standing[0] + 0.1
        assert call(walker.state) == pytest.approx([0.0], abs=0.002)  # the right is high, the left stands still

    @pytest.mark.parametrize("name", ["hip_flexion_r", "hip_flexion_l"])
    @pytest.mark.parametrize("beyond", [0.05, -0.05])
    def test_joint_limit_in_newton_metres(self, walker: WalkEnv, name: str, beyond: float) -> None:
        walker.reset(seed=0)
        joint = walker.index.joints[name]
        walker.state.qpos[0, walker.index.joints["pelvis_ty"].qpos] += 1.0  # in the air: limits and couplings only
        physics(walker)
        assert rewards.joint_limit(walker.task)(walker.state) == pytest.approx([0.0], abs=1e-9)
        walker.state.qpos[0, joint.qpos] = (joint.high if beyond > 0 else joint.low) + beyond
        torque = physics(walker).qfrc_constraint[joint.dof]  # the muscles' via points, coupled to the joint, add 0.4 %
        assert np.sign(torque) == -np.sign(beyond)
        assert 50 < abs(torque) < 500
        expected = -walker.task.dt * abs(torque) / walker.index.body_weight
        assert rewards.joint_limit(walker.task)(walker.state) == pytest.approx([expected], rel=0.01)


def test_every_term_is_tested_here() -> None:
    assert set(REWARDS) == {
        *("forward", "joint_position", "joint_velocity", "activation", "smoothness", "action_rate", "device_effort"),
        *("alive", "joint_limit", "foot_load", "foot_impact", "step_duration", "step_speed", "step_effort"),
        *("symmetry", "foot_clearance"),
        "metabolic_rate",  # in test_metabolics.py
    }
    assert DT == 0.02  # the figures above
