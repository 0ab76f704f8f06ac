"""Actions of a policy outside of its training, with noise of their own where they are not deterministic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy

from myoassist.config import EvaluationConfig, TD3Config, TrainConfig
from myoassist.env.walk import WalkEnv
from myoassist.learn.networks import start_deviations


def acting(
    policy: BaseAlgorithm | BasePolicy,
    *,
    noise_seed: int | None = None,
    noise_steps: int = 0,
    deviations: Sequence[float] | None = None,
) -> Callable[[np.ndarray], np.ndarray]:
    """Actions ``(n, num_actions)`` for normalised observations ``(n, size)``, once per control step.

    They are deterministic, or drawn with ``noise_seed``. That leaves torch's own random numbers as they are, and the
    noise that a training has drawn. A recurrent policy's memory lasts from call to call: make a new one for every
    start from a reset.

    Args:
        noise_steps: calls between draws of state-dependent noise, as ``algorithm.noise_steps``; 0 where it is plain.
        deviations: standard deviation of noise that is added to each action in [-1, 1], where the policy draws none.
    """
    memory: Any = None
    calls, noise = 0, None if noise_seed is None else np.random.default_rng(noise_seed)
    learner: Any = getattr(policy, "policy", policy)
    own = copy(learner.action_dist) if noise_steps else None  # holds what was drawn last

    def act(observation: np.ndarray) -> np.ndarray:
        nonlocal memory, calls
        if noise is None:
            action, memory = policy.predict(observation, state=memory, deterministic=True)
            return action
        devices = [learner.device] if learner.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices), _exploring_by(learner, own):
            torch.manual_seed(int(noise.integers(2**63)))
            if noise_steps and calls % noise_steps == 0:
                learner.reset_noise(len(observation))
            action, memory = policy.predict(observation, state=memory, deterministic=False)
        calls += 1
        if deviations is not None:
            action = np.clip(action + noise.normal(0.0, deviations, action.shape), -1.0, 1.0).astype(np.float32)
        return action

    return act


def acting_as_asked(
    policy: BaseAlgorithm | BasePolicy, config: TrainConfig, walk: WalkEnv, asked: EvaluationConfig
) -> Callable[[np.ndarray], np.ndarray]:
    """:func:`acting` as an evaluation on ``walk`` asks a policy of ``config`` to.

    It is deterministic, or has noise by its seed: TD3's, which draws none itself, the noise that it explores with.
    """
    if asked.deterministic:
        return acting(policy)
    steps = getattr(config.algorithm, "noise_steps", 0)
    added = start_deviations(config.network, walk) if isinstance(config.algorithm, TD3Config) else None
    return acting(policy, noise_seed=asked.seed, noise_steps=steps, deviations=added)


@contextmanager
def _exploring_by(learner: Any, own: Any) -> Iterator[None]:
    """Let ``learner`` draw from ``own`` in the place of its distribution of actions for a while."""
    if own is None:
        yield
        return
    theirs, learner.action_dist = learner.action_dist, own
    try:
        yield
    finally:
        learner.action_dist = theirs
