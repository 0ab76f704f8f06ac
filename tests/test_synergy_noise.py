"""Noise that moves actions together as the last layer of their actor does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3.common.logger import configure
from torch import nn

from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.learn.algorithms import make_algorithm
from myoassist.learn.normalizer import normalized
from myoassist.learn.synergy_noise import SynergyGaussian, correlation_root
from myoassist.parsing import check_consistency
from tests.helpers import experiment

TINY = ("num_envs=4", "threads=1", "reset.bank_size=8", "network=mirrored", "algorithm.synergy_noise=0.6")
BATCH = ("algorithm.transitions_per_update=64", "algorithm.batch_size=32")


def make(*overrides: str) -> Any:
    config = experiment(*TINY, *overrides)
    env = normalized(WalkVecEnv(WalkEnv(config)), config.algorithm.normalize, discount=config.algorithm.discount)
    model = make_algorithm(config.algorithm, config.network, env, seed=0)
    model.set_logger(configure(None, []))
    return model


def correlation(model: Any) -> np.ndarray:
    """Of the noise of the next collection, between actions by name: ``(num_actions, num_actions)``."""
    model.policy.set_training_mode(False)
    root = model.policy.noise_root.double().numpy()
    return root @ root.T


def test_two_actions_that_share_a_latent_by_hand() -> None:
    head = nn.Linear(2, 2)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[3.0, 0.0], [1.0, 1.0]]))  # 45 degrees between them, whatever their lengths
    root = correlation_root(head, 2, 0.5)
    shared = 0.5 / math.sqrt(2.0)
    torch.testing.assert_close(root, torch.tensor([[1.0, 0.0], [shared, math.sqrt(1.0 - shared**2)]]))


def test_an_action_without_weights_has_noise_of_its_own() -> None:
    head = nn.Linear(3, 2)
    nn.init.zeros_(head.weight)
    torch.testing.assert_close(correlation_root(head, 3, 0.9), torch.eye(2))


def test_density_and_entropy_by_hand() -> None:
    """Two actions with a correlation of 0.5 at one standard deviation up and one down: an exponent of -2."""
    root = torch.tensor([[1.0, 0.0], [0.5, math.sqrt(0.75)]])
    noise = SynergyGaussian(root).proba_distribution(torch.zeros(1, 2), torch.tensor([0.1, 0.2]).log())
    scale = math.log(2.0 * math.pi) + math.log(0.1 * 0.2) + 0.5 * math.log(0.75)
    torch.testing.assert_close(noise.log_prob(torch.tensor([[0.1, -0.2]])), torch.tensor([-2.0 - scale]))
    torch.testing.assert_close(noise.entropy(), torch.tensor([1.0 + scale]))
    assert torch.equal(noise.mode(), torch.zeros(1, 2))


def test_drawn_actions_keep_their_standard_deviations() -> None:
    model = make(*BATCH)
    wanted = correlation(model)
    observation = torch.zeros(1, model.observation_space.shape[0])
    torch.manual_seed(0)
    with torch.no_grad():
        policy = model.policy
        noise = policy._get_action_dist_from_latent(policy.mlp_extractor.forward_actor(observation).repeat(200_000, 1))
        drawn = noise.sample().numpy()
    np.testing.assert_allclose(drawn.std(axis=0), policy.log_std.exp().detach().numpy(), rtol=0.01)
    np.testing.assert_allclose(np.corrcoef(drawn.T), wanted, atol=0.01)


def test_muscles_of_a_leg_move_together_and_the_other_leg_as_its_mirror_image() -> None:
    model = make(*BATCH)
    for layer in model.policy.action_net.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(1))
    matrix = correlation(model)
    names = list(model.get_env().venv.walk.action_map.names)
    right, left = ([i for i, n in enumerate(names) if n.endswith(side)] for side in ("_r", "_l"))
    motors = [i for i, n in enumerate(names) if n.startswith("Exo")]
    assert len(right) == len(left) == 11 and len(motors) == 2
    off_diagonal = matrix[np.ix_(right, right)][np.triu_indices(11, 1)]
    assert 0.1 < np.abs(off_diagonal).max() < 0.6
    same = [names.index(names[i].removesuffix("_r") + "_l") for i in right]
    np.testing.assert_allclose(matrix[np.ix_(same, same)], matrix[np.ix_(right, right)], atol=1e-6)
    assert np.abs(matrix[np.ix_(right, left)]).max() < 1e-6, "legs explore on their own"
    assert np.abs(matrix[np.ix_(motors, right + left)]).max() < 1e-6, "and so do muscles and motors"


@pytest.mark.parametrize("algorithm", [("ppo", *BATCH), ("a2c", BATCH[0])], ids=lambda value: value[0])
def test_an_update_keeps_the_correlation_that_it_collected_with(algorithm: tuple[str, ...]) -> None:
    model = make(f"algorithm={algorithm[0]}", *algorithm[1:], "algorithm.learning_rate=0.01")
    seen: list[torch.Tensor] = []
    evaluate, forward = model.policy.evaluate_actions, model.policy.forward

    def collected(*arguments: Any, **keywords: Any) -> Any:
        seen.append(model.policy.noise_root.clone())
        return forward(*arguments, **keywords)

    def learned(*arguments: Any, **keywords: Any) -> Any:
        seen.append(model.policy.noise_root.clone())
        return evaluate(*arguments, **keywords)

    model.policy.forward, model.policy.evaluate_actions = collected, learned
    model.learn(64, log_interval=None)
    first = seen[0]
    assert all(torch.equal(root, first) for root in [*seen, model.policy.noise_root])
    assert not torch.equal(first, torch.eye(len(first))), "it holds from the first collection on"
    after = torch.tensor(np.linalg.cholesky(correlation(model)), dtype=first.dtype)
    assert (after - first).abs().max() > 1e-3, "the next collection follows the new weights"


def test_without_it_nothing_changes() -> None:
    model = make(*BATCH, "algorithm.synergy_noise=0.0")
    assert "noise_root" not in model.policy.state_dict()
    noise = model.policy.get_distribution(torch.zeros(1, model.observation_space.shape[0]))
    assert isinstance(noise.distribution, torch.distributions.Normal)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("network=shared", "algorithm.synergy_noise=0.5"), "needs actors of their own: network=mirrored"),
        (("network=mirrored", "algorithm.synergy_noise=1.0"), "algorithm.synergy_noise"),
        (("network=mirrored", "algorithm=trpo", "+algorithm.synergy_noise=0.5"), "synergy_noise"),
    ],
)
def test_what_does_not_fit_is_refused(overrides: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        check_consistency(experiment(*overrides))
    assert "\n" not in str(caught.value)
