"""Networks and the device: who drives its motors, by which joints, and outputs that are held constant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.mdp.actions import ActionMap
from tests.helpers import experiment, stand_in_index
from tests.wired_networks import SMALL, wired


@pytest.mark.slow
@pytest.mark.parametrize(
    ("device", "seen", "driven"),
    [
        ("tutorial", ["ankle_angle_r", "ankle_angle_l"], ["Exo_R", "Exo_L"]),
        ("hippo", ["hip_flexion_r", "hip_flexion_l"], ["Exo_R", "Exo_L"]),
        pytest.param(
            "stride",
            ["ankle_angle_r", "ankle_angle_l"],
            ["STRIDE_L2_cable_r", "STRIDE_L2_cable_l"],
            marks=pytest.mark.slow,
        ),
        ("hmedi", ["hip_flexion_r", "hip_flexion_l"], ["HMEDI_L1_Exo_R", "HMEDI_L1_Exo_L"]),
        ("osl_ankle", ["OSL_A_L1_osl_ankle_angle_r"], ["osl_ankle_torque_actuator"]),
        (
            "osl_knee_ankle",
            ["OSL_KA_L1_osl_knee_angle_r", "OSL_KA_L1_osl_ankle_angle_r"],
            ["osl_knee_torque_actuator", "osl_ankle_torque_actuator"],
        ),
    ],
)
def test_partial_sees_the_joints_its_motors_move(device: str, seen: list[str], driven: list[str]) -> None:
    wiring, signals, actions = wired("network=separate_partial", f"device={device}")
    human, exo = wiring.actors
    assert [signals[i] for i in human.branches[0].inputs] == signals
    assert {signals[i] for i in exo.branches[0].inputs} == {
        f"joint_{kind}.{j}" for kind in ("pos", "vel") for j in seen
    }
    assert [actions[i] for i in exo.outputs] == driven
    assert [actions[i] for i in human.outputs] == actions[: -len(driven)]
    assert (human.layers, exo.layers, wiring.critic_layers) == ((64, 64), (8, 8), (64, 64))


def test_a_linkage_is_found_to_move_the_ankle(build: Any) -> None:
    motors = build("myolegs22", "UTAnkleExo_L2").index.motors
    assert [list(motor.drives) for motor in motors.values()] == [["ankle_angle_r"], ["ankle_angle_l"]]


def test_one_sided_device_has_one_branch() -> None:
    wiring, _, _ = wired("network=per_side", "device=osl_ankle")
    assert len(wiring.actors[1].branches) == 1


# --- constants --------------------------------------------------------------------------------------------------------


def test_constants_leave_the_action_space() -> None:
    walk = WalkEnv(experiment(*SMALL, "network=exo_off"))
    assert len(walk.action_map) == 22
    assert not any(name.startswith("Exo") for name in walk.action_map.names)
    assert WalkVecEnv(walk).action_space.shape == (22,)
    walk.reset(seed=0)
    walk.step(np.ones((2, 22)))
    assert walk.sim.sensordata[:, walk.index.sensor_columns("force", ["Exo_R", "Exo_L"])] == pytest.approx(0.0)
    walk.close()


@pytest.mark.parametrize(("share", "control"), [(0.0, 0.0), (0.25, -0.25), (1.0, -1.0)])
def test_a_constant_is_a_share_of_the_range(share: float, control: float) -> None:
    index = stand_in_index()  # motors from -1 to 0 are controls 0 and 1, muscles 2 and 3
    held = ActionMap(experiment().action, index, {"motors": share, "soleus_r": 0.5})
    assert held.names == ("soleus_l",)
    assert held(np.zeros((1, 1)))[0, :3] == pytest.approx([control, control, 0.5])


def test_constants_with_the_shared_network_and_previous_action() -> None:
    term = "+observation.terms.previous.func=previous_action"
    walk = WalkEnv(experiment(*SMALL, "network=shared", "+network.constants.motors=0.5", term))
    names = [signal.name for signal in walk.observer.signals if signal.source == "previous_action"]
    assert [name.removeprefix("previous.") for name in names] == list(walk.action_map.names)
    assert walk.reset(seed=0).shape == (2, len(walk.observer.signals))
    walk.close()
