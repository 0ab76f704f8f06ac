"""Learning algorithms by the ``type`` of ``conf/algorithm``. One function each, registered in ``ALGORITHMS``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.vec_env import VecEnv

from myoassist.config import Algorithm, Network, PPOConfig
from myoassist.learn.networks import policy_arguments


class ThreadedPPO(PPO):
    """PPO that leaves the cores to the simulation while it collects, and takes ``update_threads`` for the update."""

    update_threads: int = 1

    def train(self) -> None:
        torch.set_num_threads(self.update_threads)
        super().train()
        torch.set_num_threads(1)


def make_ppo(config: PPOConfig, network: Network, env: VecEnv, *, seed: int) -> BaseAlgorithm:
    """PPO over ``env``; the batch of an update does not depend on the number of environments."""
    torch.set_num_threads(
        1
    )  # torch's pool fights the simulation threads: one thread nearly doubles the collection rate
    model = ThreadedPPO(
        "MlpPolicy",
        env,
        n_steps=config.transitions_per_update // env.num_envs,
        batch_size=config.batch_size,
        n_epochs=config.epochs,
        learning_rate=config.learning_rate,
        gamma=config.discount,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        target_kl=config.target_kl,
        ent_coef=config.entropy_weight,
        vf_coef=config.value_weight,
        max_grad_norm=config.max_gradient_norm,
        policy_kwargs=policy_arguments(network),
        device=torch_device(config.device),
        seed=seed,
        verbose=0,
    )
    model.update_threads = config.update_threads or os.cpu_count() or 1
    return model


def torch_device(name: str) -> str:
    """``auto`` is the CPU: these networks are small, and the copies to a GPU cost more than they save."""
    return "cpu" if name == "auto" else name


POLICIES: dict[type, type[BasePolicy]] = {PPOConfig: ActorCriticPolicy}
ALGORITHMS: dict[type, Callable[..., BaseAlgorithm]] = {PPOConfig: make_ppo}


def make_algorithm(config: Algorithm, network: Network, env: VecEnv, *, seed: int) -> BaseAlgorithm:
    """The configured algorithm over ``env``."""
    return ALGORITHMS[type(config)](config, network, env, seed=seed)


def make_policy(config: Algorithm, network: Network, observations: Box, actions: Box) -> BasePolicy:
    """An untrained policy of the configured algorithm and network, to load weights into."""
    return POLICIES[type(config)](observations, actions, lambda _: 0.0, **policy_arguments(network))


def act(model: BaseAlgorithm, observation: np.ndarray) -> np.ndarray:
    """Deterministic actions ``(n, num_actions)`` for normalised observations ``(n, size)``."""
    action: Any = model.predict(observation, deterministic=True)[0]
    return action
