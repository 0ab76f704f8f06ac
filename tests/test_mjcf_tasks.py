"""The shipped task on a body of one's own that has torque motors only, and requests for it that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from myoassist.config import DeviceConfig, ModelConfig
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, ModelError
from myoassist.mdp.check import check_task
from myoassist.model.compose import check_pair
from myoassist.parsing import check_consistency
from tests.helpers import experiment
from tests.own_bodies import FREE, biped


class TestTasks:
    """Torque motors only: the shipped task as it is."""

    @pytest.fixture()
    def config(self, tmp_path: Path):
        (tmp_path / "torque.xml").write_text(biped(root=FREE))
        return experiment("model=mjcf", "device=none", "num_envs=2", f"model.path={tmp_path / 'torque.xml'}")

    def test_it_is_valid_and_steps(self, config) -> None:
        check_consistency(config)
        check_task(config)
        walk = WalkEnv(config, threads=1)
        try:
            assert walk.action_map.names == tuple(walk.index.motors)
            observation = walk.reset()
            assert np.isfinite(observation).all()
            for _ in range(5):
                result = walk.step(np.zeros((2, len(walk.action_map))))
                assert np.isfinite(result.reward).all()
                assert np.isfinite(result.final_observation).all()
            assert np.isfinite(walk.reference.sample(np.linspace(0, 1, 9))[0]).all()
        finally:
            walk.close()

    def test_every_reward_copes_without_muscles(self, tmp_path: Path) -> None:
        (tmp_path / "torque.xml").write_text(biped())
        overrides = [
            "model=mjcf",
            "device=none",
            "num_envs=2",
            f"model.path={tmp_path / 'torque.xml'}",
            "reward=effort",
        ]
        walk = WalkEnv(experiment(*overrides), threads=1)
        try:
            walk.reset()
            assert np.isfinite(walk.step(np.zeros((2, len(walk.action_map)))).reward).all()
        finally:
            walk.close()

    def test_motors_with_dynamics_start_at_rest_and_muscles_do_not(self, tmp_path: Path) -> None:
        slow = "<general name='slow' joint='ankle_angle_r' dyntype='filter' dynprm='.05' ctrlrange='-1 1' gear='50'/>"
        (tmp_path / "walker.xml").write_text(biped(actuators=slow, muscles=True))
        overrides = ["model=mjcf", "device=none", "num_envs=1", f"model.path={tmp_path / 'walker.xml'}"]
        walk = WalkEnv(experiment(*overrides, "reset.activation=0.2"), threads=1)
        try:
            walk.reset()
            assert walk.state.act[0, walk.index.motors["slow"].activation] == 0.0
            assert walk.state.activation[0] == pytest.approx(0.2)
        finally:
            walk.close()

    def test_devices_of_assist_sim_do_not_apply(self) -> None:
        with pytest.raises(ModelError, match="give device=none"):
            check_pair(
                ModelConfig(name="own", body="mjcf", path="x.xml"), DeviceConfig(name="a", assist_sim="Tutorial_L1")
            )

    def test_a_path_is_needed_and_belongs_here(self) -> None:
        with pytest.raises(ConfigError, match=r"model.path: missing"):
            check_consistency(experiment("model=mjcf", "device=none"))
        with pytest.raises(ConfigError, match=r"belong to model=mjcf"):
            check_consistency(experiment("+model.path=x.xml"))

    def test_a_file_that_is_not_there(self) -> None:
        with pytest.raises(ModelError, match=r"model.path=nowhere.xml: no such file"):
            check_task(experiment("model=mjcf", "device=none", "model.path=nowhere.xml"))
