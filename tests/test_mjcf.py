"""A body of one's own: the shipped bodies as files, and a small walker with other names, roots and directions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import assist_sim
import mujoco
import numpy as np
import pytest

from myoassist.config import DeviceConfig, FlatTerrain, ModelConfig, RolesConfig
from myoassist.errors import ModelError
from myoassist.model.build import BuiltModel, build_model
from myoassist.model.naming import opensim_name
from tests.own_bodies import NAMES, OWN_NAMES, PLANAR, SPOKEN_NAMES, biped

OWN_JOINTS = {name: joint for name, joint in OWN_NAMES.items() if name != "pelvis"}
HEIGHT = 0.88  # m of the small walker's pelvis over its soles
ROOT = ("pelvis_tx", "pelvis_ty", "pelvis_tz", "pelvis_tilt", "pelvis_list", "pelvis_rotation")


def built(path: Path, **roles: Any) -> BuiltModel:
    model = ModelConfig(name="own", body="mjcf", path=str(path), roles=RolesConfig(**roles))
    return build_model(model, DeviceConfig(name="none"), FlatTerrain())


@pytest.fixture()
def own(tmp_path: Path):
    """``own(xml, **roles)``: the body of that MJCF text."""

    def own(xml: str, **roles: Any) -> BuiltModel:
        path = tmp_path / "my walker 걸음.xml"
        path.write_text(xml, encoding="utf-8")
        return built(path, **roles)

    return own


def places(body: BuiltModel, **angles: float) -> dict[str, np.ndarray]:
    """Where bodies are with the standing pose changed by ``angles`` (rad, m), by name, m."""
    data = mujoco.MjData(body.models[0])
    data.qpos[:] = body.index.standing_qpos
    for name, value in angles.items():
        data.qpos[body.index.joints[name].qpos] += value
    mujoco.mj_kinematics(body.models[0], data)
    return {body.models[0].body(i).name: data.xpos[i].copy() for i in range(body.models[0].nbody)}


@pytest.fixture(scope="module", params=["myolegs22", "myolegs26"])
def pair(request, build, tmp_path_factory) -> tuple[BuiltModel, BuiltModel]:
    """A body that assist-sim wrote to a file, and the same built by the project."""
    folder = tmp_path_factory.mktemp("export")
    assist_sim.load_msk(request.param, export_xml=str(folder / "body.xml"), cache_dir=folder)
    return built(folder / "body.xml"), build(request.param)


class TestShippedBodiesAsFiles:
    """What assist-sim writes, with its free root, is the body that the project builds itself."""

    def test_the_index_is_the_same(self, pair) -> None:
        ours, theirs = (body.index for body in pair)
        assert ours.joints == theirs.joints
        assert list(ours.muscles) == list(theirs.muscles)
        assert [m.peak_force for m in ours.muscles.values()] == [m.peak_force for m in theirs.muscles.values()]
        assert ours.soles == theirs.soles
        assert ours.mass == pytest.approx(theirs.mass, abs=1e-9)
        np.testing.assert_allclose(ours.standing_qpos, theirs.standing_qpos, atol=1e-9)

    def test_bodies_are_where_they_are(self, pair) -> None:
        angles = {"pelvis_tilt": 0.2, "hip_flexion_r": 0.4, "knee_angle_l": -0.6}
        ours, theirs = (places(body, **angles) for body in pair)
        assert max(np.abs(ours[name] - theirs[name]).max() for name in theirs) < 1e-6


class TestRoots:
    def test_a_free_root_becomes_pelvis_coordinates(self, own) -> None:
        body = own(biped())
        assert tuple(body.index.joints)[:6] == ROOT
        assert not body.index.planar
        assert body.index.standing_height == pytest.approx(HEIGHT, abs=2e-3)

    @pytest.mark.parametrize("turn", [0, 90, 180, -135])
    def test_it_walks_along_x_wherever_the_file_faces(self, own, turn: int) -> None:
        body = own(biped(pose=f"pos='3 1 .9' euler='0 0 {turn}'"))
        here = places(body)
        assert here["pelvis"][:2] == pytest.approx([0, 0], abs=1e-9)
        assert here["thigh_l"][1] == pytest.approx(0.09)  # left is +y
        assert places(body, hip_flexion_r=0.5)["foot_r"][0] > 0.3  # flexion swings the foot to +x

    def test_signs_of_the_pelvis(self, own) -> None:
        """tilt: backward positive; list: right side down; rotation: to the left, seen from above counter-clockwise."""
        body = own(biped(pose="pos='0 0 .9' euler='0 0 60'"))
        still = places(body)
        assert places(body, pelvis_tilt=0.3)["foot_r"][0] > still["foot_r"][0]  # leaning back brings feet forward
        assert places(body, pelvis_list=0.3)["thigh_r"][2] < still["thigh_r"][2]
        assert places(body, pelvis_rotation=0.3)["thigh_r"][0] > still["thigh_r"][0]
        assert places(body, pelvis_tz=0.3)["pelvis"][1] == pytest.approx(0.3)
        assert places(body, pelvis_ty=0.3)["pelvis"][2] == pytest.approx(still["pelvis"][2] + 0.3)

    def test_a_planar_root_of_any_name(self, own) -> None:
        body = own(biped(names=OWN_NAMES, root=PLANAR, width=0), joints=OWN_JOINTS)
        assert tuple(body.index.joints)[:4] == ("pelvis_tx", "pelvis_ty", "pelvis_tilt", "hip_flexion_r")
        assert body.index.planar
        assert body.index.standing_height == pytest.approx(HEIGHT, abs=2e-3)
        assert places(body, pelvis_tilt=0.3)["foot_r"][0] > 0.1  # the file's hinge turned the other way

    def test_six_joints_over_two_bodies(self, own) -> None:
        slides = "".join(f"<joint name='s{axis}' type='slide' axis='{axis}'/>" for axis in ("1 0 0", "0 1 0", "0 0 1"))
        hinges = "".join(f"<joint name='h{axis}' axis='{axis}'/>" for axis in ("0 0 1", "1 0 0", "0 1 0"))
        cart = f"<body name='cart' pos='0 0 .7'>{slides}<inertial pos='0 0 0' mass='.1' diaginertia='.1 .1 .1'/>"
        xml = biped(root=hinges, pose="pos='0 .1 .2' euler='0 0 30'")
        xml = xml.replace("<body name='pelvis'", f"{cart}<body name='pelvis'")
        xml = xml.replace("</worldbody>", "</body></worldbody>")
        body = own(xml)
        assert tuple(body.index.joints)[:6] == ROOT
        assert places(body)["thigh_l"] == pytest.approx([0, 0.09, body.index.standing_height], abs=1e-6)

    def test_the_keyframe_is_the_standing_pose(self, own) -> None:
        key = "<key name='ready' qpos='5 5 2 .7071068 0 0 .7071068 .2 -.4 .2 .2 -.4 .2'/>"
        xml = biped().replace("</mujoco>", f"<keyframe>{key}</keyframe></mujoco>")
        index = own(xml, keyframe="ready").index
        angle = [
            index.standing_qpos[index.joints[name].qpos]
            for name in ("hip_flexion_r", "knee_angle_l", "pelvis_rotation")
        ]
        assert angle == pytest.approx([0.2, -0.4, 0.0])
        with pytest.raises(ModelError, match=r"model.roles.keyframe: no keyframe named 'redy'; did you mean 'ready'"):
            own(xml, keyframe="redy")


class TestNames:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("knee_angle_r", "knee_angle_r"),
            ("RightKnee", "knee_angle_r"),
            ("l_hip_pitch_joint", "hip_flexion_l"),
            ("ankle_left", "ankle_angle_l"),
            ("/jointset/walker_knee_r/knee_angle_r/value", "knee_angle_r"),
            ("/jointset/walker_knee_r/knee_angle_r/speed", ""),
            ("hip-abduction.R", "hip_adduction_r"),
            ("Pelvis_Tilt", "pelvis_tilt"),
            ("knee", ""),
            ("left_right_knee", ""),
            ("thigh_joint", ""),
            ("", ""),
        ],
    )
    def test_opensim_names(self, name: str, expected: str) -> None:
        assert opensim_name(name) == expected

    def test_spoken_names_are_understood(self, own) -> None:
        index = own(biped(names=SPOKEN_NAMES)).index
        assert {name for name, joint in index.joints.items() if joint.role == "leg"} == {
            n for n in NAMES if n != "pelvis"
        }

    def test_motors_drive_the_renamed_joints(self, own) -> None:
        index = own(biped(names=SPOKEN_NAMES), motors={"exo_r": "m_ankle_angle_r"}).index
        assert index.motors["exo_r"].drives == {"ankle_angle_r": pytest.approx(150.0)}
        assert not index.muscles

    def test_muscles_get_names_and_their_force(self, own) -> None:
        index = own(biped(muscles=True), muscles={"hamstrings_r": "knee_flexor_r"}).index
        assert set(index.muscles) == {"hamstrings_r", "knee_flexor_l"}
        assert index.muscles["hamstrings_r"].peak_force == 2000.0
        assert (index.muscles["hamstrings_r"].low, index.muscles["hamstrings_r"].high) == (0.0, 1.0)

    def test_feet_by_geom_and_by_body(self, own) -> None:
        assert own(biped(), feet={"r": ["sole_r"], "l": ["foot_l"]}).index.soles == {"r": ["sole_r"], "l": ["sole_l"]}
        with pytest.raises(ModelError, match=r"model.roles.feet.r: no geom or body of the file named 'sole'"):
            own(biped(), feet={"r": ["sole"]})
        with pytest.raises(ModelError, match=r"model.roles.feet: no side named 'right'"):
            own(biped(), feet={"right": ["sole_r"]})


class TestFiles:
    def test_floors_and_boxes_of_the_scene_go(self, own) -> None:
        model = own(biped()).models[0]
        assert {model.body(i).name for i in range(model.nbody)} & {"box"} == set()
        assert [model.geom(i).name for i in range(model.ngeom)].count("floor") == 0
        assert model.geom("ground").type[0] == mujoco.mjtGeom.mjGEOM_PLANE

    def test_a_scene_as_in_myoassist(self, own) -> None:
        """A height field as the terrain, cameras, sites and sensors of its own, contact pairs with the floor."""
        scene = (
            "<asset><texture name='sky' type='skybox' builtin='flat' rgb1='1 1 1' width='8' height='8'/>"
            "<hfield name='terrain' size='5 5 1 1' nrow='4' ncol='4'/></asset>"
            "<worldbody><geom name='terrain' type='hfield' hfield='terrain'/><site name='target' pos='0 0 .92'/>"
            "<camera name='side' mode='trackcom'/><camera name='at' mode='targetbody' target='box'/></worldbody>"
            "<contact><pair geom1='sole_r' geom2='terrain'/><exclude body1='pelvis' body2='box'/></contact>"
            "<sensor><framepos objtype='body' objname='box'/><jointpos joint='hip_flexion_r'/></sensor>"
        )
        model = own(biped(extra=scene)).models[0]
        assert model.nhfield == 0
        assert [model.geom(g).name for g in range(model.ngeom) if model.geom_bodyid[g] == 0] == ["ground"]
        assert {model.sensor(s).name.split(".")[0] for s in range(model.nsensor)} >= {"contact", "limit", "force"}

    @pytest.mark.parametrize("names", [NAMES, SPOKEN_NAMES], ids=["as they are", "renamed"])
    def test_meshes_and_includes_are_found_beside_the_file(self, tmp_path: Path, monkeypatch, names) -> None:
        (tmp_path / "body" / "mesh").mkdir(parents=True)
        points = [(x, y, z) for x in (-0.1, 0.1) for y in (-0.1, 0.1) for z in (0, 0.4)]
        lines = [f"v {x} {y} {z}" for x, y, z in points] + ["f 1 2 3", "f 1 3 5", "f 5 6 7", "f 2 4 8"]
        (tmp_path / "body" / "mesh" / "trunk.obj").write_text("\n".join(lines))
        (tmp_path / "body" / "assets.xml").write_text(
            "<mujocoinclude><asset><mesh file='trunk.obj'/></asset></mujocoinclude>"
        )
        extra = "<compiler meshdir='mesh'/><include file='assets.xml'/>"
        xml = biped(names=names, extra=extra, torso="<geom type='mesh' mesh='trunk' mass='40'/>")
        (tmp_path / "body" / "walker.xml").write_text(xml)
        monkeypatch.chdir(tmp_path)
        assert built(Path("body/walker.xml")).index.mass == pytest.approx(68.0)

    @pytest.mark.parametrize(
        ("xml", "problem"),
        [
            ("", "is not XML"),
            ("<mujoco><worldbody>", "is not XML"),
            ("<robot name='a'/>", "is no MJCF"),
            ("<mujoco><worldbody><body><geom size='1'/></body></worldbody></mujoco>", "no leg skeleton"),
            (biped(names=OWN_NAMES), "no hip_flexion_l, no knee_angle_l; give them as +model.roles.joints."),
            (biped(root=""), "the pelvis hangs from the world on no joint"),
            (biped(root="<joint name='a'/>"), "the pelvis hangs from the world on a;"),
            (biped(actuators=""), "has no muscle and no motor"),
            (biped(actuators="<motor name='m' joint='hip_flexion_r'/>"), "no ctrlrange for m;"),
            (biped(actuators="<motor joint='hip_flexion_r' ctrlrange='0 1'/>"), "1 actuators have no name"),
            (biped(extra="<option gravity='0 -9.81 0'/>"), "must point down the z axis"),
            (biped(extra="<option><flag contact='disable'/></option>"), "disables contact or gravity"),
            (biped(extra="<include file='gone.xml'/>"), "cannot read"),
            (biped(extra="<include file='my walker 걸음.xml'/>"), "is there a circle?"),
            (biped(torso="<geom type='mesh' mesh='none'/>"), "mesh 'none' not found"),
            (biped(torso="<geom name='ground' size='.1'/>"), "has a geom named 'ground'"),
            (biped(extra="<nonsense/>"), "unrecognized element"),
            (biped(extra="<extension><plugin plugin='a'/></extension>"), "<extension>: engine extensions"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_a_body_is_one_line(self, own, xml: str, problem: str) -> None:
        with pytest.raises(ModelError) as caught:
            own(xml)
        assert problem in str(caught.value)
        assert str(caught.value).startswith("model.path")
        assert "\n" not in str(caught.value)

    def test_roles_that_are_not_in_the_file(self, own) -> None:
        with pytest.raises(ModelError, match=r"model.roles.joints.knee_angle_r: no joint in the file named 'kne'"):
            own(biped(), joints={"knee_angle_r": "kne"})
        with pytest.raises(ModelError, match=r"model.roles.joints: no coordinate named 'knee'"):
            own(biped(), joints={"knee": "knee_angle_r"})
        with pytest.raises(ModelError, match=r"model.roles.pelvis: no body above both hips named 'shank_r'"):
            own(biped(), pelvis="shank_r")
        with pytest.raises(ModelError, match=r"model.roles.motors.exo_r: no actuator in the file named 'm'"):
            own(biped(), motors={"exo_r": "m"})
