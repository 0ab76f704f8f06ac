"""Couplings, loops, surfaces, soles and the standing pose on small models worked out by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mujoco
import numpy as np
import pytest

import myoassist.model.build as build_module
from myoassist.config import DeviceConfig, FlatTerrain, ModelConfig
from myoassist.errors import ModelError
from myoassist.model.build import BuiltModel, build_model
from myoassist.model.contact import body_side, sole_geoms
from myoassist.model.coupling import close_loops, find_coupling
from myoassist.model.driving import arms_at
from myoassist.model.geometry import Surfaces, surface_points


def compile_xml(inside: str) -> mujoco.MjModel:
    return mujoco.MjModel.from_xml_string(f"<mujoco><compiler angle='radian'/>{inside}</mujoco>")


def chain(equalities: str) -> mujoco.MjModel:
    """Four hinges a, b, c, d on four bodies; b has the reference position 0.1."""
    bodies = "".join(
        f"<body><joint name='{name}' axis='0 1 0' {ref}/><geom size='0.1'/></body>"
        for name, ref in (("a", ""), ("b", "ref='0.1'"), ("c", ""), ("d", ""))
    )
    return compile_xml(f"<worldbody>{bodies}</worldbody><equality>{equalities}</equality>")


class TestCoupling:
    def test_followers_and_their_speeds_come_from_the_polynomial(self) -> None:
        # c = 1 + 2 (b - 0.1) + 3 (b - 0.1)², a = 5 c³: listed with the follower of a follower first
        coupling = find_coupling(
            chain(
                "<joint joint1='a' joint2='c' polycoef='0 0 0 5 0'/><joint joint1='c' joint2='b' polycoef='1 2 3 0 0'/>"
            )
        )
        assert coupling.leader_qpos.tolist() == [1, 2]
        assert coupling.follower_qpos.tolist() == [2, 0]
        qpos, qvel = np.array([[9.0, 0.3, 9.0, 0.7], [9.0, 0.1, 9.0, 0.7]]), np.array([[9.0, 0.5, 9.0, 1.0]] * 2)
        coupling.apply(qpos, qvel)
        c = 1 + 2 * 0.2 + 3 * 0.04
        speed = (2 + 6 * 0.2) * 0.5
        assert qpos == pytest.approx(np.array([[5 * c**3, 0.3, c, 0.7], [5.0, 0.1, 1.0, 0.7]]))
        assert qvel == pytest.approx(np.array([[15 * c**2 * speed, 0.5, speed, 1.0], [15 * 1.0, 0.5, 1.0, 1.0]]))
        assert coupling.residual(qpos) == pytest.approx(np.zeros((2, 2)), abs=1e-12)
        qpos[0, 2] += 0.25
        assert coupling.residual(qpos)[0, 0] == pytest.approx(0.25)

    def test_locked_and_inactive_joints_follow_nobody(self) -> None:
        assert find_coupling(chain("<joint joint1='a'/><joint joint1='b' joint2='c' active='false'/>")).count == 0

    def test_a_circle_is_an_error(self) -> None:
        with pytest.raises(ModelError, match="circle"):
            find_coupling(chain("<joint joint1='a' joint2='b'/><joint joint1='b' joint2='a'/>"))


@pytest.fixture
def slider_crank() -> mujoco.MjModel:
    """A crank of 1 m turns a rod of 2 m whose end is held on a slide along x, which a motor pushes."""
    return compile_xml(
        """<worldbody>
        <body><joint name='crank' axis='0 -1 0'/><geom type='capsule' size='.01' fromto='0 0 0 1 0 0'/>
          <body pos='1 0 0'><joint name='rod' axis='0 -1 0'/><geom type='capsule' size='.01' fromto='0 0 0 2 0 0'/>
            <site name='end' pos='2 0 0'/></body></body>
        <body pos='3 0 0'><joint name='slide' type='slide' axis='1 0 0'/><geom size='.05'/><site name='pin'/></body>
        </worldbody><equality><connect site1='end' site2='pin'/></equality>
        <actuator><motor joint='slide'/></actuator>"""
    )


def test_close_loops_moves_only_its_joints_and_keeps_the_loop_closed_at_speed(slider_crank: mujoco.MjModel) -> None:
    data = mujoco.MjData(slider_crank)
    data.qpos[0], data.qvel[0] = 0.5, 2.0
    assert close_loops(slider_crank, data, np.array([1, 2])) < 1e-5
    rod = np.arcsin(np.sin(0.5) / 2)  # the rod points down by this angle
    assert data.qpos == pytest.approx([0.5, -0.5 - rod, np.cos(0.5) + 2 * np.cos(rod) - 3], abs=1e-5)
    rod_speed = 2.0 * np.cos(0.5) / (2 * np.cos(rod))
    slide_speed = -2.0 * np.sin(0.5) - 2 * np.sin(rod) * rod_speed
    assert data.qvel == pytest.approx([2.0, -2.0 - rod_speed, slide_speed], abs=1e-4)


def test_the_arm_of_a_motor_in_a_loop_is_its_speed_per_speed_of_the_joint(slider_crank: mujoco.MjModel) -> None:
    index: Any = SimpleNamespace(
        joints={"crank": SimpleNamespace(qpos=0, dof=0)},
        coupling=find_coupling(slider_crank),
        loop_dofs=np.array([1, 2]),
    )
    motor: Any = SimpleNamespace(id=0, drives={"crank": -0.7})
    rod = np.arcsin(np.sin(0.5) / 2)
    closed = [0.5, -0.5 - rod, np.cos(0.5) + 2 * np.cos(rod) - 3]
    standing = [0.0, 0.0, 0.0]  # stretched: the slide stands still while the crank turns
    arms = arms_at(slider_crank, index, motor, np.array([closed, standing]))["crank"]
    assert arms == pytest.approx([-np.sin(0.5) - np.tan(rod) * np.cos(0.5), 0.0], abs=1e-9)


@pytest.mark.parametrize("surplus", [0.0, 0.05])
def test_a_loop_that_cannot_close_ends_near_and_soon(
    slider_crank: mujoco.MjModel, monkeypatch: pytest.MonkeyPatch, surplus: float
) -> None:
    """The slide alone can reach the end of the rod along x, but not the ``surplus`` above it."""
    steps, forward = [], mujoco.mj_fwdPosition
    monkeypatch.setattr(mujoco, "mj_fwdPosition", lambda *given: steps.append(forward(*given)))
    data = mujoco.MjData(slider_crank)
    data.qpos[:2] = 0.5, -0.5 + np.arcsin((surplus - np.sin(0.5)) / 2)
    assert close_loops(slider_crank, data, np.array([2])) == pytest.approx(surplus, abs=1e-9)
    assert len(steps) < 10


class TestSurfaces:
    @pytest.mark.parametrize(
        ("geom", "lowest"),
        [
            ("type='sphere' size='0.1'", -0.1),
            ("type='capsule' size='0.1 0.2' euler='0 1.0471976 0'", -0.1 - 0.2 * 0.5),  # 60° from upright
            ("type='cylinder' size='0.1 0.2' euler='0 1.5707963 0'", -0.1),
            ("type='box' size='0.1 0.2 0.3' euler='0 0.5235988 0'", -0.1 * 0.5 - 0.3 * np.sqrt(0.75)),  # 30°
            ("type='ellipsoid' size='0.1 0.2 0.3'", -0.3),
        ],
    )
    def test_lowest_point(self, geom: str, lowest: float) -> None:
        model = compile_xml(f"<worldbody><body pos='0 0 2'><geom {geom}/></body></worldbody>")
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        assert Surfaces(model, [0]).lowest(data) == pytest.approx([2 + lowest], abs=2e-4)

    def test_mesh_points_are_its_vertices_whatever_frame_mujoco_gives_it(self) -> None:
        corners = "1 1 1  2 1 1  1 3 1  1 1 5"
        model = compile_xml(
            f"<asset><mesh name='m' vertex='{corners}'/></asset>"
            "<worldbody><body pos='0 0 1'><geom type='mesh' mesh='m'/></body></worldbody>"
        )
        data = mujoco.MjData(model)
        mujoco.mj_kinematics(model, data)
        points = Surfaces(model, [0]).points(data, 0)
        wanted = [[1, 1, 2], [2, 1, 2], [1, 3, 2], [1, 1, 6]]
        assert sorted(points.round(5).tolist()) == sorted(wanted)
        assert surface_points(model, 0)[1] == 0.0


ANKLE = "<joint name='ankle_angle_{}' axis='0 -1 0' range='-.8 .6' limited='true'/>"
TWO_ANKLES = (
    "<joint name='up_ankle_angle_{0}' axis='0 -1 0' range='0 .6' limited='true'/>"
    "<joint name='down_ankle_angle_{0}' axis='0 -1 0' range='-.6 0' limited='true'/>"
)


def leg(side: str, y: float, *, extra: str = "", thick: float = 0.05, ankle: str = ANKLE) -> str:
    """Thigh and shank of 0.4 m; a foot of 0.25 m whose sole is ``thick`` m under the ankle. Its geoms have no names."""
    return f"""
    <body name='femur_{side}' pos='0 {y} 0'><joint name='hip_flexion_{side}' axis='0 -1 0'/>
      <geom type='capsule' size='.05' fromto='0 0 -.05 0 0 -.35'/>
      <body name='tibia_{side}' pos='0 0 -.4'><joint name='knee_angle_{side}' axis='0 -1 0'/>
        <geom type='capsule' size='.04' fromto='0 0 -.05 0 0 -.3'/>
        <body name='calcn_{side}' pos='0 0 -.4'>
          {ankle.format(side)}
          <geom type='box' size='.125 .04 {thick / 2}' pos='.075 0 {-thick / 2}'/>{extra}
        </body></body></body>"""


def biped(right: str, left: str, keys: str = "") -> str:
    return f"""
    <worldbody><body name='root' pos='0 0 .85'>
      <joint name='pelvis_tx' type='slide' axis='1 0 0'/>
      <joint name='pelvis_ty' type='slide' axis='0 0 1' ref='.85'/>
      <joint name='pelvis_tilt' axis='0 -1 0'/>
      <body name='pelvis'><geom type='box' size='.1 .15 .1' pos='0 0 .1'/>{right}{left}</body>
    </body></worldbody>{keys}"""


def build_biped(monkeypatch: pytest.MonkeyPatch, xml: str, contact: str = "feet") -> BuiltModel:
    spec = mujoco.MjSpec.from_string(f"<mujoco><compiler angle='radian'/>{xml}</mujoco>")
    monkeypatch.setattr(build_module, "compose", lambda model, device: spec)
    config = ModelConfig(name="biped", body="myolegs22", contact=contact)  # type: ignore[arg-type]
    return build_model(config, DeviceConfig(name="none"), FlatTerrain())


def angle(built: BuiltModel, joint: str) -> float:
    return float(built.index.standing_qpos[built.index.joints[joint].qpos])


class TestSoles:
    def test_a_shoe_hides_the_foot_and_a_bracket_above_it_stays_out(self) -> None:
        shoe = (
            "<geom name='fore' type='box' size='.07 .05 .005' pos='.14 0 -.06'/>"
            "<geom name='aft' type='box' size='.07 .05 .005' pos='0 0 -.06'/>"
            "<geom name='bracket' type='box' size='.03 .05 .01' pos='-.02 0 -.045'/>"
            "<geom name='drawing' type='box' size='.3 .3 .01' pos='0 0 -.2' contype='0' conaffinity='0'/>"
        )
        model = compile_xml(biped(leg("r", -0.1, extra=shoe), leg("l", 0.1)))
        soles = sole_geoms(model)
        assert {model.geom(geom).name for geom in soles["r"]} == {"fore", "aft"}
        assert [model.body(model.geom_bodyid[geom]).name for geom in soles["l"]] == ["calcn_l"]
        assert body_side(model, model.body("calcn_l").id) == "l"
        assert body_side(model, model.body("pelvis").id) == ""

    def test_a_leg_that_cannot_touch_is_an_error(self) -> None:
        model = compile_xml(biped(leg("r", -0.1), leg("l", 0.1)))
        for geom in range(model.ngeom):
            if body_side(model, model.geom_bodyid[geom]) == "l":
                model.geom_contype[geom] = model.geom_conaffinity[geom] = 0
        with pytest.raises(ModelError, match="side 'l'"):
            sole_geoms(model)


class TestStandingPose:
    def test_equal_legs_stand_straight_and_feet_turn_level(self, monkeypatch: pytest.MonkeyPatch) -> None:
        key = "<keyframe><key name='stand' qpos='0 1.5 0  0 0 -.3  0 0 .2'/></keyframe>"
        built = build_biped(monkeypatch, biped(leg("r", -0.1), leg("l", 0.1), key))
        assert built.index.standing_height == pytest.approx(0.85 - 0.001, abs=2e-4)  # pressed in by 1 mm
        for joint in ("hip_flexion_r", "knee_angle_r", "ankle_angle_r", "hip_flexion_l", "ankle_angle_l"):
            assert angle(built, joint) == pytest.approx(0.0, abs=2e-3)

    def test_the_longer_leg_bends_its_knee(self, monkeypatch: pytest.MonkeyPatch) -> None:
        built = build_biped(monkeypatch, biped(leg("r", -0.1, thick=0.07), leg("l", 0.1)))
        bend = np.arccos(1 - 0.02 / 0.8)  # 0.8 m of leg, 0.02 m too long
        assert angle(built, "hip_flexion_r") == pytest.approx(bend, abs=1e-3)
        assert angle(built, "knee_angle_r") == pytest.approx(-2 * bend, abs=2e-3)
        assert angle(built, "ankle_angle_r") == pytest.approx(bend, abs=2e-3)  # the sole stays level
        assert angle(built, "knee_angle_l") == 0.0
        assert built.index.standing_height == pytest.approx(0.85 - 0.001, abs=2e-4)

    def test_ankles_in_a_row_share_the_turn_within_their_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        key = "<keyframe><key name='stand' qpos='0 .85 0  .1 0 0 0  .1 0 0'/></keyframe>"  # hips flexed, toes up
        built = build_biped(monkeypatch, biped(leg("r", -0.1, ankle=TWO_ANKLES), leg("l", 0.1), key))
        assert angle(built, "hip_flexion_r") == pytest.approx(0.1)
        assert angle(built, "up_ankle_angle_r") == pytest.approx(0.0, abs=1e-9)
        assert angle(built, "down_ankle_angle_r") == pytest.approx(-0.1, abs=2e-3)
        assert angle(built, "ankle_angle_l") == pytest.approx(-0.1, abs=2e-3)

    def test_a_leg_that_is_much_longer_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(ModelError, match=r"0\.300 m longer"):
            build_biped(monkeypatch, biped(leg("r", -0.1), leg("l", 0.1, thick=0.35)))

    def test_geoms_without_names_stand_and_are_sensed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        built = build_biped(monkeypatch, biped(leg("r", -0.1), leg("l", 0.1)))
        model, index, data = built.models[0], built.index, mujoco.MjData(built.models[0])
        assert {model.body(model.geom(index.soles[side][0]).bodyid[0]).name for side in "rl"} == {"calcn_r", "calcn_l"}
        data.qpos[:] = index.standing_qpos
        mujoco.mj_forward(model, data)
        for side in "rl":
            assert data.sensordata[index.sensor_columns("contact", index.soles[side])][2] > 10

    def test_unnamed_geoms_meet_the_ground_with_contact_all_only(self, monkeypatch: pytest.MonkeyPatch) -> None:
        touching = {}
        for contact in ("feet", "all"):
            built = build_biped(monkeypatch, biped(leg("r", -0.1), leg("l", 0.1)), contact)
            model, data = built.models[0], mujoco.MjData(built.models[0])
            data.qpos[:] = built.index.standing_qpos
            data.qpos[1] = 0.0
            mujoco.mj_forward(model, data)
            ground = model.geom("ground").id
            pairs = [(int(c.geom1), int(c.geom2)) for c in data.contact if ground in (c.geom1, c.geom2)]
            touching[contact] = {model.body(model.geom_bodyid[g]).name for pair in pairs for g in pair} - {"world"}
        assert touching["feet"] == {"calcn_r", "calcn_l"}
        assert touching["all"] == {f"{part}_{side}" for part in ("femur", "tibia", "calcn") for side in "rl"} | {
            "pelvis"
        }
