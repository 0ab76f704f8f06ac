"""Environments of every body, device and ground: what is seen and driven in each, and that it walks."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import experiment
from interfaces import SMALL, actions

from myoassist.env.walk import WalkEnv

DEVICES = {
    # signals observed, muscles, motors: a prosthesis takes a leg's muscles and joints away
    "none": (46, 22, ()),
    "tutorial": (46, 22, ("Exo_R", "Exo_L")),
    "hmedi": (46, 22, ("HMEDI_L1_Exo_R", "HMEDI_L1_Exo_L")),
    "osl_knee_ankle": (38, 15, ("osl_knee_torque_actuator", "osl_ankle_torque_actuator")),
    "kfoot": (43, 18, ()),
    "utankle": (46, 22, ("UTAnkleExo_L2_part2part3act_dx", "UTAnkleExo_L2_part2part3act_sx")),
}


def walks(walker: WalkEnv, steps: int = 6) -> None:
    """Reset and step without a number that is not finite; the feet carry something."""
    first = walker.reset(seed=0)
    assert np.isfinite(first).all()
    loads = []
    for move in actions(steps, walker.num_envs, len(walker.action_map)):
        result = walker.step(move)
        assert np.isfinite(result.observation).all() and np.isfinite(result.reward).all()
        loads.append(walker.state.foot_load.sum())
    assert max(loads) > 0
    assert "physics_failed" not in {episode.reason for episode in walker.episodes.drain()}
    walker.close()


class TestCompositions:
    @pytest.mark.slow
    @pytest.mark.parametrize("device", DEVICES)
    def test_devices(self, device: str) -> None:
        signals, muscles, motors = DEVICES[device]
        walker = WalkEnv(experiment(*SMALL, f"device={device}", "+observation.terms.motors={func: motor_force}"))
        names = [signal.name for signal in walker.observer.signals]
        assert len(names) == signals + len(motors)
        assert names[len(names) - len(motors) :] == [f"motors.{motor}" for motor in motors]
        assert sum(name.startswith("activation.") for name in names) == muscles
        assert walker.action_map.names == (*walker.index.muscles, *motors)
        assert len(walker.index.muscles) == muscles
        walks(walker)

    @pytest.mark.parametrize(("model", "muscles", "signals"), [("26muscle", 26, 63), ("80muscle", 80, 117)])
    def test_bodies_in_space(self, model: str, muscles: int, signals: int) -> None:
        walker = WalkEnv(experiment(*SMALL, f"model={model}", "device=none", "observation=walk_3d"))
        names = [signal.name for signal in walker.observer.signals]
        assert (len(walker.action_map), len(names)) == (muscles, signals)
        assert {"joint_pos.pelvis_list", "joint_vel.pelvis_tz", "joint_pos.hip_adduction_l"} <= set(names)
        walks(walker)

    @pytest.mark.parametrize("model", ["22muscle", "26muscle"])
    def test_rough_ground(self, model: str) -> None:
        rough = ("terrain=rough", "terrain.safe_zone=0.5", "terrain.length=8")
        walker = WalkEnv(experiment(*SMALL, f"model={model}", *rough))
        assert len(walker.sim.models) == 4
        assert not np.allclose(walker.sim.models[0].hfield_data, walker.sim.models[1].hfield_data)
        walker.reset(seed=0)
        walker.state.qpos[:, walker.index.joints["pelvis_tx"].qpos] = 3.0  # off the level start
        walker.step(np.full((4, len(walker.action_map)), -1.0))
        walks(walker)

    @pytest.mark.slow()
    @pytest.mark.parametrize(
        "device", ["stride", "dephy", "humotech", "openexo", "anatomics", "osl_ankle", "neuankle", "hippo"]
    )
    def test_other_devices(self, device: str) -> None:
        walker = WalkEnv(experiment(*SMALL, f"device={device}"))
        assert walker.action_map.names == (*walker.index.muscles, *walker.index.motors)
        walks(walker)
