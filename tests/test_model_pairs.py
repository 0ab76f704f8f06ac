"""Every body with every device: composed, standing, carried by the ground, consistent, and stable for two seconds."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from myoassist.model.build import BuiltModel
from myoassist.model.compose import available_devices
from myoassist.model.geometry import Surfaces
from myoassist.model.names import BODIES, known_names

PAIRS = [(body, device) for body in BODIES for device in (None, *available_devices(body))]
QUICK = [  # no device, an ankle exo, closed loops, and a prosthesis with an ankle of its own
    ("myolegs22", None),
    ("myolegs22", "Tutorial_L1"),
    ("myolegs22", "UTAnkleExo_L2"),
    ("myolegs26", "OpenExo_L1"),
    ("myolegs", None),
    ("myolegs", "OpenSourceLeg_A_L1"),
]
MM = 1e-3


def test_there_are_42_pairs() -> None:
    assert len(PAIRS) == 42
    assert set(QUICK) < set(PAIRS)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(pair, id=f"{pair[0]}+{pair[1]}", marks=[] if pair in QUICK else pytest.mark.slow) for pair in PAIRS
    ],
)
def pair(request: pytest.FixtureRequest, build) -> BuiltModel:
    return build(*request.param)


@pytest.fixture
def standing(pair: BuiltModel) -> mujoco.MjData:
    data = mujoco.MjData(pair.models[0])
    data.qpos[:] = pair.index.standing_qpos
    mujoco.mj_forward(pair.models[0], data)
    return data


def test_a_device_leaves_the_joints_of_the_body_where_they_are(pair: BuiltModel, build) -> None:
    bare = build(pair.index.body)
    for name in pair.index.joints.keys() & bare.index.joints.keys():
        place, wanted = (built.models[0].joint(name).pos for built in (pair, bare))
        np.testing.assert_allclose(place, wanted, atol=1e-9, err_msg=name)


def test_both_soles_stand_on_the_ground(pair: BuiltModel, standing: mujoco.MjData) -> None:
    for names in pair.index.soles.values():
        geoms = [pair.models[0].geom(name).id for name in names]
        lowest = Surfaces(pair.models[0], geoms).lowest(standing).min()
        assert -5 * MM < lowest <= 0


def test_the_ground_carries_both_sides(pair: BuiltModel, standing: mujoco.MjData) -> None:
    for names in pair.index.soles.values():
        force = standing.sensordata[pair.index.sensor_columns("contact", names)].reshape(-1, 3).sum(axis=0)
        assert force[2] > 5  # N, upward: the force of the ground on the body


def test_joints_stand_within_their_limits(pair: BuiltModel) -> None:
    for joint in pair.index.joints.values():
        assert joint.low - 1e-6 <= pair.index.standing_qpos[joint.qpos] <= joint.high + 1e-6, joint.name


def test_joints_that_follow_others_agree_with_them(pair: BuiltModel, standing: mujoco.MjData) -> None:
    model = pair.models[0]
    for row in np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_JOINT):
        follower, leader = model.jnt_qposadr[[model.eq_obj1id[row], model.eq_obj2id[row]]]
        x = standing.qpos[leader] - model.qpos0[leader]
        wanted = model.qpos0[follower] + np.polynomial.Polynomial(model.eq_data[row, :5])(x)
        assert standing.qpos[follower] == pytest.approx(wanted, abs=1e-6)


def test_closed_loops_are_closed(pair: BuiltModel, standing: mujoco.MjData) -> None:
    model = pair.models[0]
    assert set(model.eq_type) <= {mujoco.mjtEq.mjEQ_JOINT, mujoco.mjtEq.mjEQ_CONNECT}
    loops = np.flatnonzero(model.eq_type == mujoco.mjtEq.mjEQ_CONNECT)
    assert len(loops) == (6 if pair.index.loop_dofs.size else 0)
    for row in loops:
        ends = []
        for body, anchor in ((model.eq_obj1id[row], 0), (model.eq_obj2id[row], 3)):
            turned = standing.xmat[body].reshape(3, 3) @ model.eq_data[row, anchor : anchor + 3]
            ends.append(standing.xpos[body] + turned)
        assert np.linalg.norm(ends[0] - ends[1]) < 1 * MM


def test_every_actuator_and_sensor_is_indexed(pair: BuiltModel) -> None:
    model, index = pair.models[0], pair.index
    actuators = [*index.muscles.values(), *index.motors.values()]
    assert sorted(actuator.id for actuator in actuators) == list(range(model.nu))
    assert {actuator.side for actuator in actuators} == {"r", "l"}
    assert sum(span.stop - span.start for span in index.sensors.values()) == model.nsensordata
    assert 70 < index.mass < 90  # kg: an adult, with or without a device


def test_names_known_before_building_are_the_models(pair: BuiltModel, request: pytest.FixtureRequest) -> None:
    names, index = known_names(*request.node.callspec.params["pair"]), pair.index
    assert set(index.joints) <= set(names.joints)
    assert set(index.muscles) <= set(names.muscles)
    assert set(index.motors) == set(names.motors)


def test_two_seconds_stay_finite(pair: BuiltModel, standing: mujoco.MjData) -> None:
    while standing.time < 2.0 - 1e-9:
        mujoco.mj_step(pair.models[0], standing)
    assert standing.time == pytest.approx(2.0)
    for values in (standing.qpos, standing.qvel, standing.act, standing.sensordata):
        assert np.isfinite(values).all()
    assert standing.warning.number.sum() == 0
