"""Learning algorithms by the ``type`` of ``conf/algorithm``. One function each, registered in ``ALGORITHMS``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sb3_contrib import TQC, TRPO, CrossQ, RecurrentPPO
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from sb3_contrib.crossq.policies import CrossQPolicy
from sb3_contrib.tqc.policies import TQCPolicy
from stable_baselines3 import A2C, PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.sac.policies import SACPolicy
from stable_baselines3.td3.policies import TD3Policy

from myoassist.config import (
    A2CConfig,
    Algorithm,
    CrossQConfig,
    Network,
    OffPolicyConfig,
    OnPolicyConfig,
    PPOConfig,
    RecurrentPPOConfig,
    SACConfig,
    SeparateNetwork,
    TD3Config,
    TQCConfig,
    TRPOConfig,
)
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.spaces import action_space, observation_space
from myoassist.env.walk import WalkEnv
from myoassist.learn.mirror import make_mirror
from myoassist.learn.networks import policy_arguments, separate_policy, start_deviations
from myoassist.learn.policies import set_start_std
from myoassist.learn.schedules import scheduled
from myoassist.learn.symmetry import MirrorPPO
from myoassist.learn.updating import updating
from myoassist.mdp.check import check_mirror


def make_ppo(config: PPOConfig, walk: WalkEnv, **common: Any) -> BaseAlgorithm:
    """PPO; the batch of an update does not depend on the number of environments."""
    if config.mirror_weight:
        check_mirror(walk.config)
        mirror = make_mirror(walk.observer.signals, walk.action_map.names, walk.index, where="algorithm.mirror_weight")
        weight = scheduled(config.mirror_weight)
        return updating(MirrorPPO, config)(**common, **_proximal(config), mirror=mirror, weight=weight)
    return updating(PPO, config)(**common, **_proximal(config))


def make_recurrent_ppo(config: RecurrentPPOConfig, walk: WalkEnv, **common: Any) -> BaseAlgorithm:
    """PPO with a memory in actor and critic."""
    return updating(RecurrentPPO, config)(**common, **_proximal(config))


def _proximal(config: PPOConfig | RecurrentPPOConfig) -> dict[str, Any]:
    return {
        "batch_size": config.batch_size,
        "n_epochs": config.epochs,
        "clip_range": scheduled(config.clip_range),
        "target_kl": config.target_kl,
        **_weights(config),
    }


def _weights(config: PPOConfig | RecurrentPPOConfig | A2CConfig) -> dict[str, Any]:
    entropy: Any = scheduled(config.entropy_weight)
    return {
        "ent_coef": entropy(1.0) if callable(entropy) else entropy,
        "vf_coef": config.value_weight,
        "max_grad_norm": config.max_gradient_norm,
    }


def make_a2c(config: A2CConfig, walk: WalkEnv, **common: Any) -> BaseAlgorithm:
    """A2C: one gradient step over all transitions of a collection."""
    return updating(A2C, config)(
        **common,
        **_weights(config),
        use_rms_prop=config.optimizer == "rmsprop",
        normalize_advantage=config.normalize_advantage,
    )


def make_trpo(config: TRPOConfig, walk: WalkEnv, **common: Any) -> BaseAlgorithm:
    """TRPO."""
    return updating(TRPO, config)(
        **common,
        batch_size=config.batch_size,
        n_critic_updates=config.critic_epochs,
        target_kl=config.target_kl,
        cg_damping=config.damping,
        cg_max_steps=config.search_steps,
    )


def make_sac(config: SACConfig, walk: WalkEnv, **common: Any) -> BaseAlgorithm:
    """SAC."""
    return updating(SAC, config)(**common, **_soft(config), tau=config.target_rate)


def make_tqc(config: TQCConfig, walk: WalkEnv, **common: Any) -> BaseAlgorithm:
    """TQC."""
    common["policy_kwargs"] = {**common["policy_kwargs"], "n_quantiles": config.quantiles}
    return updating(TQC, config)(
        **common,
        **_soft(config),
        tau=config.target_rate,
        top_quantiles_to_drop_per_net=config.dropped_quantiles,
    )


def make_crossq(config: CrossQConfig, walk: WalkEnv, **common: Any) -> BaseAlgorithm:
    """CrossQ."""
    return updating(CrossQ, config)(**common, **_soft(config))


def _soft(config: SACConfig | TQCConfig | CrossQConfig) -> dict[str, Any]:
    learned = f"auto_{config.start_entropy_weight}"
    return {
        "ent_coef": learned if config.entropy_weight is None else config.entropy_weight,
        "target_entropy": "auto" if config.target_entropy is None else config.target_entropy,
    }


def make_td3(config: TD3Config, walk: WalkEnv, **common: Any) -> BaseAlgorithm:
    """TD3; the network's ``start_std`` is the noise of its exploration."""
    return updating(TD3, config)(
        **common,
        tau=config.target_rate,
        policy_delay=config.policy_delay,
        target_policy_noise=config.target_noise,
        target_noise_clip=config.target_noise_clip,
    )


def torch_device(name: str) -> str:
    """``auto`` is the CPU: these networks are small, and the copies to a GPU cost more than they save."""
    return "cpu" if name == "auto" else name


POLICIES: dict[type, type[BasePolicy]] = {
    PPOConfig: ActorCriticPolicy,
    A2CConfig: ActorCriticPolicy,
    TRPOConfig: ActorCriticPolicy,
    RecurrentPPOConfig: RecurrentActorCriticPolicy,
    SACConfig: SACPolicy,
    TD3Config: TD3Policy,
    TQCConfig: TQCPolicy,
    CrossQConfig: CrossQPolicy,
}
ALGORITHMS: dict[type, Callable[..., BaseAlgorithm]] = {
    PPOConfig: make_ppo,
    A2CConfig: make_a2c,
    TRPOConfig: make_trpo,
    RecurrentPPOConfig: make_recurrent_ppo,
    SACConfig: make_sac,
    TD3Config: make_td3,
    TQCConfig: make_tqc,
    CrossQConfig: make_crossq,
}


def make_algorithm(config: Algorithm, network: Network, env: VecEnv, *, seed: int) -> BaseAlgorithm:
    """The configured algorithm over ``env``, a wrapped or bare :class:`WalkVecEnv`.

    Raises:
        ConfigError: the network names what the environment does not have, or the model has no mirror image.
    """
    torch.set_num_threads(1)
    vec_env = env.unwrapped
    assert isinstance(vec_env, WalkVecEnv)
    walk = vec_env.walk
    common = {
        "policy": policy_class(config, network),
        "env": env,
        "learning_rate": scheduled(config.learning_rate),
        "gamma": config.discount,
        "policy_kwargs": policy_arguments(network, config, walk),
        "device": torch_device(config.device),
        "seed": seed,
        "verbose": 0,
    }
    extra = _on_policy(config, env) if isinstance(config, OnPolicyConfig) else _off_policy(config, env)
    if isinstance(config, TD3Config):
        deviations = np.array(start_deviations(network, walk))
        extra["action_noise"] = NormalActionNoise(np.zeros_like(deviations), deviations)
    model = ALGORITHMS[type(config)](config, walk, **common, **extra)
    if isinstance(config, SACConfig | TQCConfig | CrossQConfig):
        set_start_std(model.policy, start_deviations(network, walk))
    return model


def _on_policy(config: OnPolicyConfig, env: VecEnv) -> dict[str, Any]:
    return {
        "n_steps": config.transitions_per_update // env.num_envs,
        "gae_lambda": config.gae_lambda,
        "use_sde": config.noise_steps > 0,
        "sde_sample_freq": config.noise_steps or -1,
    }


def _off_policy(config: OffPolicyConfig, env: VecEnv) -> dict[str, Any]:
    return {
        "train_freq": config.transitions_per_update // env.num_envs,
        "gradient_steps": config.gradient_steps,
        "batch_size": config.batch_size,
        "buffer_size": config.buffer_size,
        "learning_starts": config.warmup,
    }


def policy_class(config: Algorithm, network: Network) -> type[BasePolicy]:
    """Policy class of an algorithm with a network."""
    return separate_policy(config) if isinstance(network, SeparateNetwork) else POLICIES[type(config)]


def make_policy(config: Algorithm, network: Network, walk: WalkEnv) -> BasePolicy:
    """An untrained policy of the configured algorithm and network, to load weights into."""
    arguments = policy_arguments(network, config, walk)
    if isinstance(config, TQCConfig):
        arguments["n_quantiles"] = config.quantiles
    if isinstance(config, OnPolicyConfig):
        arguments["use_sde"] = config.noise_steps > 0
    return policy_class(config, network)(observation_space(walk), action_space(walk), lambda _: 0.0, **arguments)
