"""The composed models against what is known of the human body and of mechanics."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from bodies import SMALL, stand

from myoassist.config import DeviceConfig, FlatTerrain
from myoassist.errors import ModelError
from myoassist.model.build import BuiltModel, build_model
from myoassist.model.index import ModelIndex

BODIES = ("myolegs22", "myolegs26", "myolegs")


def unit_speed(index: ModelIndex, data: mujoco.MjData, joint: str) -> np.ndarray:
    """Velocities when ``joint`` moves at 1 rad/s in OpenSim's direction and takes along the joints that follow it."""
    speed = np.zeros(index.nv)
    speed[index.joints[joint].dof] = index.joints[joint].sign
    index.coupling.apply(data.qpos.copy(), speed)
    return speed


@pytest.mark.parametrize("body", BODIES)
class TestFrame:
    def test_pelvis_coordinates_are_world_positions(self, build, body: str) -> None:
        built = build(body)
        data = stand(built)
        height = data.qpos[built.index.joints["pelvis_ty"].qpos]
        assert data.body("pelvis").xpos == pytest.approx([0.0, 0.0, height], abs=1e-9)
        assert built.index.standing_height == height
        assert 0.85 < height < 1.0

    def test_x_is_forward_z_is_up_and_right_is_minus_y(self, build, body: str) -> None:
        built = build(body)
        model, data = built.models[0], stand(built)
        before = data.body("pelvis").xpos.copy()
        for joint, axis in (("pelvis_tx", 0), ("pelvis_ty", 2)):
            data.qpos[built.index.joints[joint].qpos] += 1.0
            mujoco.mj_kinematics(model, data)
            before[axis] += 1.0
            assert data.body("pelvis").xpos == pytest.approx(before, abs=1e-6)
        assert data.body("toes_r").xpos[0] > data.body("calcn_r").xpos[0] + 0.1  # m: toes ahead of the heel
        assert data.body("calcn_r").xpos[1] < -0.05 < 0.05 < data.body("calcn_l").xpos[1]
        assert data.body("pelvis").xpos[2] > data.body("calcn_r").xpos[2] + 0.7

    def test_positive_tilt_leans_the_trunk_back(self, build, body: str) -> None:
        built = build(body, drawing=True)
        data = stand(built)
        before = data.body("torso").xipos[0]
        data.qpos[built.index.joints["pelvis_tilt"].qpos] = 0.2
        mujoco.mj_kinematics(built.models[0], data)
        assert data.body("torso").xipos[0] < before - 0.02


@pytest.mark.parametrize(
    ("body", "joint", "sign"),
    [
        *((body, f"{joint}_{side}", 1) for body in BODIES for joint in ("hip_flexion", "ankle_angle") for side in "rl"),
        ("myolegs22", "knee_angle_r", 1),
        ("myolegs26", "knee_angle_l", 1),
        ("myolegs", "knee_angle_r", -1),  # this body's knee flexes positive
        ("myolegs", "knee_angle_l", -1),
        ("myolegs22", "mtp_angle_r", 1),
        ("myolegs", "mtp_angle_r", -1),
        ("myolegs26", "hip_adduction_r", 1),
        ("myolegs26", "hip_adduction_l", -1),  # mirrored in this body only
        ("myolegs26", "hip_rotation_r", 1),
        ("myolegs26", "hip_rotation_l", -1),
        ("myolegs", "hip_adduction_l", 1),
        ("myolegs", "hip_rotation_l", 1),
        ("myolegs", "subtalar_angle_l", 1),
    ],
)
def test_joint_signs(build, body: str, joint: str, sign: int) -> None:
    assert build(body).index.joints[joint].sign == sign


def test_signs_and_sides_of_prosthetic_joints(build) -> None:
    joints = build("myolegs22", "OpenSourceLeg_KA_L1").index.joints
    ours = {name: (joint.sign, joint.side) for name, joint in joints.items() if joint.role == "device"}
    assert ours == {"OSL_KA_L1_osl_knee_angle_r": (-1.0, "r"), "OSL_KA_L1_osl_ankle_angle_r": (1.0, "r")}


@pytest.mark.parametrize(
    ("body", "muscle", "joint", "sign"),
    [
        *((body, "soleus_r", "ankle_angle_r", -1) for body in BODIES),
        *((body, "tibant_l", "ankle_angle_l", 1) for body in BODIES),
        ("myolegs22", "vasti_r", "knee_angle_r", 1),
        ("myolegs26", "vasti_l", "knee_angle_l", 1),
        ("myolegs", "vaslat_r", "knee_angle_r", 1),
        ("myolegs", "bfsh_l", "knee_angle_l", -1),
        ("myolegs22", "iliopsoas_r", "hip_flexion_r", 1),
        ("myolegs", "glmax2_l", "hip_flexion_l", -1),
        ("myolegs26", "abd_r", "hip_adduction_r", -1),
        ("myolegs26", "add_l", "hip_adduction_l", 1),
        ("myolegs", "glmed1_l", "hip_adduction_l", -1),
        ("myolegs", "tibpost_r", "subtalar_angle_r", 1),
        ("myolegs", "perlong_r", "subtalar_angle_r", -1),
    ],
)
def test_muscles_act_as_in_anatomy(build, body: str, muscle: str, joint: str, sign: int) -> None:
    built = build(body)
    data = stand(built, lift=0.5)
    speed = unit_speed(built.index, data, joint)
    passive = data.qfrc_actuator @ speed
    data.act[built.index.muscles[muscle].activation] = 1.0
    mujoco.mj_forward(built.models[0], data)
    torque = data.qfrc_actuator @ speed - passive
    assert sign * torque > 5  # N m


@pytest.mark.parametrize("body", BODIES)
def test_the_tutorial_exo_pushes_the_ankle_down_with_100_newton_metres(build, body: str) -> None:
    built = build(body, "Tutorial_L1")
    index, data = built.index, stand(built, lift=0.5)
    dof = index.joints["ankle_angle_r"].dof
    passive = data.qfrc_actuator[dof]
    motor = index.motors["Exo_R"]
    assert (motor.low, motor.high, motor.side, motor.peak_force) == (-1.0, 0.0, "r", 100.0)
    data.ctrl[motor.id] = -1.0
    mujoco.mj_forward(built.models[0], data)
    assert data.sensordata[index.sensors["force.Exo_R"]] == pytest.approx([-100.0])
    assert data.sensordata[index.sensors["force.Exo_L"]] == pytest.approx([0.0])
    assert data.qfrc_actuator[dof] - passive == pytest.approx(-100.0, abs=0.1)


@pytest.mark.parametrize(("body", "device"), [*((body, None) for body in BODIES), ("myolegs22", "DephyExoBoot_L1")])
def test_ground_force_and_weight_change_the_momentum(build, body: str, device: str | None) -> None:
    built = build(body, device)
    model, index, data = built.models[0], built.index, stand(built, lift=0.02)
    columns = index.sensor_columns("contact", [*index.soles["r"], *index.soles["l"]])
    carried = np.zeros(3)
    mujoco.mj_subtreeVel(model, data)
    before = index.mass * data.subtree_linvel[0].copy()
    for _ in range(300):  # 0.5 s: the body drops on its feet and gives way
        mujoco.mj_step(model, data)
        carried += data.sensordata[columns].reshape(-1, 3).sum(axis=0) * model.opt.timestep
    mujoco.mj_forward(model, data)
    mujoco.mj_subtreeVel(model, data)
    gained = index.mass * data.subtree_linvel[0] - before
    weight = np.array([0, 0, index.body_weight * 0.5])  # N s
    assert carried[2] > 0.1 * weight[2]
    assert gained == pytest.approx(carried - weight, abs=0.002 * weight[2])


@pytest.mark.parametrize(
    ("body", "device", "muscles", "motors"),
    [
        ("myolegs22", None, 22, 0),
        ("myolegs26", None, 26, 0),
        ("myolegs", None, 80, 0),
        ("myolegs22", "Tutorial_L1", 22, 2),
        ("myolegs22", "OpenSourceLeg_A_L1", 18, 1),  # loses soleus, tibant, edl and fdl of one leg
        ("myolegs22", "OpenSourceLeg_KA_L1", 15, 2),  # and vasti, gastroc and bifemsh
    ],
)
def test_muscle_and_motor_counts(build, body: str, device: str | None, muscles: int, motors: int) -> None:
    index = build(body, device).index
    assert (len(index.muscles), len(index.motors)) == (muscles, motors)


class TestContact:
    @staticmethod
    def touching(built: BuiltModel) -> set[frozenset[str]]:
        """Pairs of geoms in contact while the pelvis is held 20 cm over the ground and the legs go through it."""
        model, data = built.models[0], stand(built, lift=0.2 - built.index.standing_height)
        return {frozenset((model.geom(c.geom1).name, model.geom(c.geom2).name)) for c in data.contact}

    @pytest.mark.parametrize("body", BODIES)
    def test_feet_only_touch_the_ground(self, build, body: str) -> None:
        built = build(body)
        soles = {name for names in built.index.soles.values() for name in names}
        assert self.touching(built) == {frozenset(("ground", sole)) for sole in soles}

    @pytest.mark.parametrize("body", BODIES)
    def test_with_contact_all_everything_meets_the_ground(self, build, body: str) -> None:
        built = build(body, contact="all")
        model = built.models[0]
        names = {model.geom(g).name for g in range(model.ngeom) if model.geom_contype[g]} - {"ground"}
        met = {name for pair in self.touching(built) for name in pair if "ground" in pair} - {"ground"}
        soles = {name for side in built.index.soles.values() for name in side}
        assert soles < met <= names
        assert any("femur" in name for name in met) and any("tibia" in name for name in met)

    @pytest.mark.parametrize("contact", ["feet", "all"])
    def test_legs_meet_each_other_with_contact_all_only(self, build, contact: str) -> None:
        built = build("myolegs", contact=contact)
        model, data = built.models[0], stand(built, lift=0.5)
        met = set()
        for adduction in (0.1, 0.3):  # rad: the feet are in each other, the thighs are in each other
            for side in "rl":
                data.qpos[built.index.joints[f"hip_adduction_{side}"].qpos] = adduction
            mujoco.mj_forward(model, data)
            met |= {frozenset((model.geom(c.geom1).name, model.geom(c.geom2).name)) for c in data.contact}
        if contact == "feet":
            assert not met
        else:
            assert {frozenset(("femur2_col_l", "femur2_col_r")), frozenset(("foot_col1_l", "foot_col1_r"))} <= met

    @pytest.mark.parametrize("friction", [0.3, 1.5])
    def test_friction_is_the_grounds(self, build, friction: float) -> None:
        data = stand(build("myolegs22", terrain=FlatTerrain(friction=friction)))
        assert {float(contact.friction[0]) for contact in data.contact} == {friction}


def test_unknown_device() -> None:
    with pytest.raises(ModelError, match="did you mean 'Tutorial_L1'") as error:
        build_model(SMALL, DeviceConfig(name="x", assist_sim="Tutorail_L1"), FlatTerrain())
    assert str(error.value).startswith("device.assist_sim: no device of body myolegs22 named 'Tutorail_L1'")
    assert "\n" not in str(error.value)


def test_physics_rate_and_integrator(build) -> None:
    model = build("myolegs22", physics_hz=1000, integrator="implicitfast").models[0]
    assert model.opt.timestep == pytest.approx(0.001)
    assert model.opt.integrator == mujoco.mjtIntegrator.mjINT_IMPLICITFAST
