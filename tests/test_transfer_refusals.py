"""Weights that would fit and act as another policy are not taken over: they start fresh, or a refusal says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.errors import RunError
from myoassist.learn.algorithms import make_algorithm
from myoassist.learn.axes import parameter_axes
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.layout import Layout
from myoassist.learn.normalizer import Normalizer, normalized
from myoassist.learn.transfer import transfer
from tests.wired_networks import walker

PLAIN = ("network=mirrored", "network.actors.human.per_side=false", "network.actors.exo.per_side=false")
RAW = "algorithm.normalize.observations=false"
SAC = ("algorithm=sac", "algorithm.buffer_size=8192")


class Fresh:
    """The networks of an experiment as they start; all share one simulation."""

    def __init__(self, *overrides: str, seed: int = 1) -> None:
        walk = walker(*overrides)
        self.config, algorithm = walk.config, walk.config.algorithm
        self.env = normalized(WalkVecEnv(walk), algorithm.normalize, discount=algorithm.discount)
        self.model: Any = make_algorithm(algorithm, walk.config.network, self.env, seed=seed)
        self.layout = Layout.of(walk)
        self.before = {key: value.clone() for key, value in self.weights.items()}

    @property
    def weights(self) -> dict[str, torch.Tensor]:
        return self.model.policy.state_dict()

    def saved(self) -> Checkpoint:
        """What a run that ended here would hand on; its statistics are 3 and 4 everywhere."""
        axes, size = parameter_axes(self.model.policy, self.layout), len(self.layout.signals)
        there = replace(Normalizer.of(self.env), mean=np.full(size, 3.0), variance=np.full(size, 4.0), count=1e6)
        return Checkpoint(Path("there"), self.before, there, self.layout, self.config, 1, axes)

    def start_from(self, source: Checkpoint, *reset: str) -> list[str]:
        return transfer(source, self.model, self.env, self.layout, reset=reset)


def ended(*overrides: str) -> Checkpoint:
    """A run whose weights differ from those that another one starts with."""
    return Fresh(*overrides, seed=2).saved()


def other_device(source: Checkpoint) -> Checkpoint:
    """The same weights as those of another device whose motors have the same names."""
    device = replace(source.config.device, name="hip belt", assist_sim="belt")
    return replace(source, config=replace(source.config, device=device))


def refused(source: Checkpoint, here: Fresh, *reset: str) -> str:
    with pytest.raises(RunError) as caught:
        here.start_from(source, *reset)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("algorithm", [(), SAC], ids=["ppo", "sac"])
def test_a_left_leg_that_a_mirror_image_drove_is_not_left_untrained(algorithm: tuple[str, ...]) -> None:
    mirrored = ended("network=mirrored", *algorithm)
    message = refused(mirrored, Fresh(*PLAIN, *algorithm), "critic")
    assert "actor_human.weight drives " in message and "_l, … (11 in all), which another network" in message
    assert message.endswith("take the same network, or init_from.reset=[actor]")
    assert Fresh(*PLAIN, *algorithm).start_from(mirrored, "actor")[-1] == "  reset: actor"
    assert Fresh("network=mirrored", *algorithm).start_from(mirrored)[-1] == "  24 of 24 actions by name"


@pytest.mark.parametrize(("there", "here", "wanted"), [((), (RAW,), "true"), ((RAW,), (), "false")])
def test_normalised_and_raw_observations(there: tuple[str, ...], here: tuple[str, ...], wanted: str) -> None:
    source, seen = ended(*there), "normalised" if wanted == "true" else "raw"
    for reset in ((), ("actor", "log_std"), ("critic", "normalizer")):
        message = refused(source, Fresh(*here), *reset)
        assert f"learned from {seen} observations; take algorithm.normalize.observations={wanted}, or" in message
    both = Fresh(*here)
    before = Normalizer.of(both.env)
    both.start_from(source, "actor", "critic")
    after = Normalizer.of(both.env)
    np.testing.assert_array_equal(after.mean, before.mean)
    np.testing.assert_array_equal(after.count, before.count)


@pytest.mark.parametrize(("there", "here"), [("true", "false"), ("false", "true")])
def test_a_critic_of_rewards_on_another_scale(there: str, here: str) -> None:
    rewards = "algorithm.normalize.rewards="
    source, kind = ended(rewards + there), "normalised" if there == "true" else "raw"
    message = refused(source, Fresh(rewards + here), "actor")
    assert f"its critic learned from {kind} rewards; take {rewards}{there}, or init_from.reset=[critic]" in message
    Fresh(rewards + here).start_from(source, "critic")


def test_another_activation() -> None:
    shared = ended("network=shared")
    message = refused(shared, Fresh("network=shared", "network.activation=relu"))
    assert "activation is tanh there and relu here; take network.activation=tanh, or init_from.reset=[" in message
    assert refused(shared, Fresh("network=shared", "network.activation=relu"), "critic").endswith("reset=[actor]")
    Fresh("network=shared", "network.activation=relu").start_from(shared, "actor", "critic")


def test_another_activation_of_one_actor_or_of_the_critic() -> None:
    mirrored = ended("network=mirrored")
    for part, group in (("actors.exo", "actor"), ("critic", "critic")):
        message = refused(mirrored, Fresh("network=mirrored", f"network.{part}.activation=elu"))
        assert message.endswith(
            f"the {group}'s activation is tanh there and elu here; take network.{part}.activation=tanh,"
            f" or init_from.reset=[{group}]"
        )
    linear = ("network=mirrored", "network.actors.exo.layers=[]")
    Fresh(*linear, "network.actors.exo.activation=elu").start_from(ended(*linear))  # nothing to activate


# --- what starts fresh ------------------------------------------------------------------------------------------------

APART = ("network=separate_full", "network.actors.human.layers=[128,128]", "network.critic.layers=[128,128]")


@pytest.mark.parametrize("layers", ["[8,8]", "[64,128]", "[128,128]"])
def test_the_spread_of_an_actor_that_starts_fresh_is_fresh_too(layers: str) -> None:
    """Sac's comes from a layer of its own: trained, it would be read from what an untrained one says."""
    shared, here = ended("network=shared", *SAC), Fresh(*APART, f"network.actors.exo.layers={layers}", *SAC)
    here.start_from(shared)
    taken = shared.policy["actor.log_std.weight"]
    rows = {name: [here.layout.actions.index(action) for action in drives(here, name)] for name in ("human", "exo")}
    for name, fresh in (("human", False), ("exo", layers != "[128,128]")):
        key = f"actor.log_std.actor_{name}.weight"
        assert torch.equal(here.weights[key], here.before[key] if fresh else taken[rows[name]]), name


@pytest.mark.parametrize("network", ["shared", "mirrored"])
def test_with_a_reset_actor_the_layer_that_gives_its_spread_starts_afresh(network: str) -> None:
    here = Fresh(f"network={network}", *SAC)
    lines = here.start_from(ended(f"network={network}", *SAC), "actor")
    assert lines[-1] == "  reset: actor", "nothing of it is called fresh beside"
    same = {key: torch.equal(here.weights[key], here.before[key]) for key in here.weights if key.startswith("actor.")}
    assert any("log_std." in key for key in same)
    assert all(same.values()), [key for key, fresh in same.items() if not fresh]
    assert not torch.equal(here.weights["critic.qf0.0.weight"], here.before["critic.qf0.0.weight"])


def drives(fresh: Fresh, name: str) -> list[str]:
    return parameter_axes(fresh.model.policy, fresh.layout)[f"actor.mu.actor_{name}.bias"][0] or []


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
def test_what_is_seen_of_motors_of_another_device_counts_for_nothing_at_first(algorithm: str) -> None:
    seen = tuple(f"+observation.terms.{name}={{func: {name}}}" for name in ("previous_action", "motor_force"))
    overrides = (*(SAC if algorithm == "sac" else ()), *seen)
    source, here = other_device(ended(*overrides)), Fresh(*overrides)
    lines = here.start_from(source)
    assert "fresh: previous_action.Exo_R, previous_action.Exo_L, motor_force.Exo_R, motor_force.Exo_L;" in lines[1]
    assert "22 of 24 actions by name; fresh: Exo_R, Exo_L" in lines[2]
    inputs = {"ppo": ["mlp_extractor.policy_net.0.weight"], "sac": ["actor.latent_pi.0.weight", "critic.qf0.0.weight"]}
    for key in inputs[algorithm]:
        columns = parameter_axes(here.model.policy, here.layout)[key][1] or []
        for place, name in enumerate(columns):
            known = source.policy[key][:, place]
            wanted = torch.zeros_like(known) if "Exo" in name else known
            assert torch.equal(here.weights[key][:, place], wanted), (key, name)
    mean, known = Normalizer.of(here.env).mean, ("motor_force.Exo_L", "joint_pos.ankle_angle_r")
    assert [mean[here.layout.signal_names.index(name)] for name in known] == [0.0, 3.0]
