"""Noise of actions outside of a training: of the learned strength, by its own seed, leaving the training as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from myoassist.env.walk import WalkEnv
from myoassist.learn.acting import acting, acting_as_asked
from myoassist.learn.algorithms import make_policy
from myoassist.learn.checkpoint import load_checkpoint
from myoassist.learn.judge import Judge
from myoassist.learn.live_walker import actor_of_episodes
from myoassist.learn.shipped import DEFAULT, POLICIES
from myoassist.learn.training import built
from tests.helpers import experiment
from tests.wired_networks import walker

TINY = ("num_envs=4", "threads=1", "reset.bank_size=8", "evaluation.episodes=2", "evaluation.seconds=0.1")
BATCH = ("algorithm.transitions_per_update=64", "algorithm.batch_size=32")
STILL = 1e-6


def actions(policy: Any, calls: int, **noise: Any) -> np.ndarray:
    """Of ``calls`` control steps that see the same: ``(calls, 3, num_actions)``."""
    act = acting(policy, **noise)
    observation = np.ones((3, policy.observation_space.shape[0]), dtype=np.float32)
    return np.array([act(observation) for _ in range(calls)])


@pytest.fixture
def states() -> Any:
    """A training with state-dependent noise, which it has learned to keep small."""
    with built(experiment(*TINY, *BATCH, "algorithm.noise_steps=2")) as parts:
        with torch.no_grad():
            parts.model.policy.log_std.sub_(3.0)  # type: ignore[union-attr]
        yield parts.model


def test_state_dependent_noise_has_the_strength_that_was_learned(states: Any) -> None:
    """Its matrices are drawn where a policy is built: those of the start were twenty times as strong."""
    certain = actions(states, 1)[0]
    drawn = np.concatenate([actions(states, 1, noise_seed=seed, noise_steps=2)[0] for seed in range(40)])
    rms = float(np.sqrt(np.mean((drawn - certain[0]) ** 2)))
    with torch.no_grad():
        policy = states.policy
        latent = policy.mlp_extractor.forward_actor(torch.ones(1, policy.observation_space.shape[0]))
        wanted = float((latent**2 @ policy.log_std.exp() ** 2).mean().sqrt())
    assert wanted > 100 * STILL
    assert rms == pytest.approx(wanted, rel=0.15)


def test_state_dependent_noise_is_drawn_by_its_seed_and_anew_every_so_many_steps(states: Any) -> None:
    one, again, other = (actions(states, 4, noise_seed=seed, noise_steps=2) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > STILL
    np.testing.assert_array_equal(one[0], one[1])
    np.testing.assert_array_equal(one[2], one[3])
    assert np.abs(one[0] - one[2]).max() > STILL


def test_a_training_keeps_the_noise_that_it_has_drawn(states: Any) -> None:
    states.policy.reset_noise(4)
    before, numbers = states.policy.action_dist.exploration_mat, torch.get_rng_state()
    actions(states, 3, noise_seed=5, noise_steps=2)
    assert states.policy.action_dist.exploration_mat is before
    assert torch.equal(torch.get_rng_state(), numbers)


@pytest.mark.parametrize("network", ["network=shared", "network=separate_full"])
def test_td3_has_the_noise_that_it_explores_with_where_it_is_not_deterministic(network: str) -> None:
    """Its policy draws none of its own."""
    exo = ("network.actors.exo.start_std=0.1",) if "separate" in network else ()
    walk = walker("algorithm=td3", "algorithm.buffer_size=8192", network, *exo)
    config, asked = walk.config, replace(walk.config.evaluation, deterministic=False)
    policy = make_policy(config.algorithm, config.network, walk)
    seen = np.zeros((2000, len(walk.observer.signals)), dtype=np.float32)
    drawn, again = (acting_as_asked(policy, config, walk, asked)(seen) for _ in range(2))
    np.testing.assert_array_equal(drawn, again)
    assert drawn.dtype == np.float32 and np.abs(drawn).max() <= 1.0
    wanted = np.where([name.startswith("Exo") for name in walk.action_map.names], 0.1 if exo else 0.22, 0.22)
    np.testing.assert_allclose(drawn.std(axis=0), wanted, rtol=0.12)
    certain = acting_as_asked(policy, config, walk, walk.config.evaluation)
    np.testing.assert_array_equal(certain(seen), policy.predict(seen, deterministic=True)[0])


def test_trials_of_a_training_are_noisy_where_they_ask_for_it(tmp_path: Path) -> None:
    trials = "+evaluation.trials={plain: {}, noisy: {deterministic: false, seed: 7}, other: {deterministic: false}}"
    with built(experiment(*TINY, *BATCH, trials)) as parts:
        judge = Judge(parts.config.evaluation, parts.trials, tmp_path, parts.model, parts.env)
        seen = np.zeros((3, parts.env.observation_space.shape[0]), dtype=np.float32)  # type: ignore[index]
        plain, again, noisy, same, other = (
            judge._policy(parts.trials[name])(seen) for name in ("plain", "plain", "noisy", "noisy", "other")
        )
    np.testing.assert_array_equal(plain, again)
    np.testing.assert_array_equal(noisy, same)
    assert np.abs(noisy - plain).max() > 0.01
    assert np.abs(noisy - other).max() > 0.01


@pytest.mark.parametrize("deterministic", [True, False])
def test_a_watched_walker_that_may_be_noisy_has_other_noise_in_each_episode(deterministic: bool) -> None:
    checkpoint = load_checkpoint(POLICIES / DEFAULT)
    asked = replace(checkpoint.config.evaluation, deterministic=deterministic)
    walk = WalkEnv(replace(checkpoint.config, evaluation=asked), num_envs=1, seed=1, threads=1)
    begin = actor_of_episodes(checkpoint)
    seen = walk.reset()
    first, second = begin(walk)(seen), begin(walk)(seen)
    walk.close()
    assert (np.abs(first - second).max() < 1e-6) == deterministic
