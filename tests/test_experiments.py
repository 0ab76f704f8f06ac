"""The presets of conf/experiment: each says only what differs, is built, and learns for a few steps."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import CONF, experiment
from omegaconf import OmegaConf
from running import command

from myoassist.env.walk import WalkEnv
from myoassist.learn.acting import acting
from myoassist.learn.checkpoint import load_checkpoint
from myoassist.learn.evaluate import Evaluator, make_actor
from myoassist.learn.evaluate import Policy as Act
from myoassist.learn.finding import find_policy
from myoassist.learn.layout import Layout
from myoassist.learn.normalizer import Normalizer
from myoassist.learn.schedules import scheduled, value_at
from myoassist.learn.training import built, train
from myoassist.learn.transfer import transfer

PRESETS = sorted(file.stem for file in (CONF / "experiment").glob("*.yaml"))
FROM_THE_WALKER = ("device_sweep", "exo_off", "imitation_full_obs", "rough_transfer", "speed_control")
FEW_STEPS = (
    "total_steps=128", "num_envs=2", "threads=2", "reset.bank_size=8", "algorithm.transitions_per_update=128",
    "algorithm.batch_size=64", "algorithm.epochs=1", "algorithm.update_threads=1", "logging.tensorboard=false",
    "logging.progress=none", "evaluation.every_steps=0",
)  # fmt: skip


def test_those_that_the_documentation_promises_are_there() -> None:
    others = {"smoke", "quickstart", "imitation_partial_obs", "no_reference", "walk_26", "walk_80", "prosthesis"}
    promised = {*others, *FROM_THE_WALKER}
    assert promised <= set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_is_short_and_says_what_it_is_for(name: str) -> None:
    text = (CONF / "experiment" / f"{name}.yaml").read_text()
    assert text.startswith("# @package _global_\n# ") and len(text.splitlines()) <= 24


@pytest.mark.parametrize("setting", ["action_std", "learning_rate"])
def test_quickstart_is_the_first_part_of_the_recipe(setting: str) -> None:
    short, whole = (experiment(f"experiment={name}") for name in ("quickstart", "imitation_partial_obs"))
    for steps in np.linspace(0, short.total_steps, 9):
        found, wanted = (
            value_at(scheduled(getattr(config.algorithm, setting)), 1 - steps / config.total_steps)
            for config in (short, whole)
        )
        assert found == pytest.approx(wanted, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_is_built_and_learns(name: str, tmp_path: Path) -> None:
    config = replace(experiment(f"experiment={name}", *FEW_STEPS), run_dir=str(tmp_path / "run"))
    result = train(config)
    assert result.steps == 128
    after = load_checkpoint(result.checkpoint).policy
    assert all(np.isfinite(tensor.numpy()).all() for tensor in after.values())


@pytest.mark.parametrize("name", FROM_THE_WALKER)
def test_starts_from_the_shipped_walker(name: str) -> None:
    assert experiment(f"experiment={name}").init_from.path == "policy:walk"


def test_more_muscles_start_from_fewer() -> None:
    assert [experiment(f"experiment=walk_{n}").init_from.path for n in (26, 80)] == ["policy:walk", "policy:walk_26"]


def test_a_prosthesis_starts_from_a_walker_that_is_not_mirrored() -> None:
    assert experiment("experiment=prosthesis").init_from.path == "policy:walk_shared"


@pytest.mark.slow
def test_two_networks_that_start_from_one_act_as_it_did() -> None:
    """The walker's actor is taken apart by names into human and exoskeleton: same input, same actions."""
    parts_of_the_same_size = (f"network.actors.{name}.layers=[128,128]" for name in ("human", "exo"))
    network = ("network=separate_full", *parts_of_the_same_size, "network.critic.layers=[128,128]")
    config, walker = experiment(*network, *FEW_STEPS), find_policy("policy:walk_shared")
    short = replace(config, evaluation=replace(config.evaluation, episodes=4))
    evaluator = Evaluator(short)
    with built(config) as parts:
        transfer(walker, parts.model, parts.env, Layout.of(parts.vec_env.walk), reset=[])
        normalizer, act = Normalizer.of(parts.env), acting(parts.model, noise_seed=None)
        separate: Act = lambda observation: act(normalizer(observation))  # noqa: E731
        observation = evaluator.walk.reset(seed=1)
        shared = make_actor(walker, evaluator.walk)
        np.testing.assert_allclose(separate(observation), shared(observation), atol=1e-5)
    evaluator.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["walk_26", "walk_80"])
def test_a_3d_body_is_held_to_the_reference_in_all_directions(name: str) -> None:
    """A pelvis that turns or lists, or hips that spread, end the episode; the device is worn."""
    walk = WalkEnv(experiment(f"experiment={name}", *FEW_STEPS), num_envs=2, threads=1)
    index = walk.index
    for joint, off in (("pelvis_rotation", 0.7), ("pelvis_list", -0.5), ("hip_adduction_r", -0.6)):
        walk.reset(seed=1)
        assert not any(term.call(walk.state).any() for term in walk.terminations)
        walk.sim.qpos[1, index.joints[joint].qpos] += off
        ended = np.any([term.call(walk.state) for term in walk.terminations], axis=0)
        assert ended.tolist() == [False, True], joint
    assert list(index.motors) == ["Exo_R", "Exo_L"]
    walk.close()


def test_a_prosthesis_is_not_held_to_the_joint_it_replaces() -> None:
    config = experiment("experiment=prosthesis")
    walk = WalkEnv(config, num_envs=1, threads=1)
    names = [name for name in walk.index.joints if "ankle" in name]
    assert names == ["OSL_A_L1_osl_ankle_angle_r", "ankle_angle_l"]
    walk.reset(seed=1)
    walk.sim.qpos[0, walk.index.joints["OSL_A_L1_osl_ankle_angle_r"].qpos] += 1.5
    assert not any(term.call(walk.state).any() for term in walk.terminations)
    walk.close()


class TestDeviceSweep:
    def test_names_devices_that_have_motors(self) -> None:
        devices = OmegaConf.load(CONF / "experiment" / "device_sweep.yaml").hydra.sweeper.params.device.split(",")
        assert len(set(devices)) == len(devices) >= 8
        assert all((CONF / "device" / f"{device}.yaml").is_file() for device in devices)
        assert not {"none", "anatomics", "kfoot"} & set(devices)  # passive

    @pytest.mark.slow
    def test_is_one_run_per_device_without_a_flag(self, tmp_path: Path) -> None:
        asked = command("experiment=device_sweep", "device=stride,hmedi", *FEW_STEPS)
        done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        runs = sorted(tmp_path.glob("outputs/multirun/*/*/config.yaml"))
        assert [OmegaConf.load(run).device.name for run in runs] == ["stride", "hmedi"]
        assert [OmegaConf.load(run).name for run in runs] == ["device_stride", "device_hmedi"]
