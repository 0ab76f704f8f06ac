"""Actions of a policy outside of its training, with noise of their own where they are not deterministic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy

_DRAWN = ("exploration_mat", "exploration_matrices", "weights_dist")  # of state-dependent noise, between two draws


def acting(
    policy: BaseAlgorithm | BasePolicy, *, noise_seed: int | None = None, noise_steps: int = 0
) -> Callable[[np.ndarray], np.ndarray]:
    """Actions ``(n, num_actions)`` for normalised observations ``(n, size)``, once per control step.

    They are deterministic, or drawn with ``noise_seed``. That leaves torch's own random numbers as they are, and the
    noise that a training has drawn. A recurrent policy's memory lasts from call to call: make a new one for every
    start from a reset.

    Args:
        noise_steps: calls between draws of state-dependent noise, as ``algorithm.noise_steps``; 0 where it is plain.
    """
    memory: Any = None
    calls, noise, drawn = 0, None if noise_seed is None else np.random.default_rng(noise_seed), {}
    learner: Any = getattr(policy, "policy", policy)

    def act(observation: np.ndarray) -> np.ndarray:
        nonlocal memory, calls, drawn
        if noise is None:
            action, memory = policy.predict(observation, state=memory, deterministic=True)
            return action
        devices = [learner.device] if learner.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices), _own_draws(learner, drawn if noise_steps else None) as own:
            torch.manual_seed(int(noise.integers(2**63)))
            if noise_steps and calls % noise_steps == 0:
                learner.reset_noise(len(observation))
            action, memory = policy.predict(observation, state=memory, deterministic=False)
            drawn = own()
        calls += 1
        return action

    return act


@contextmanager
def _own_draws(learner: Any, drawn: dict[str, Any] | None) -> Iterator[Callable[[], dict[str, Any]]]:
    """Put ``drawn`` in the place of the policy's state-dependent noise for a while; gives a look at what is there."""
    if drawn is None:
        yield dict
        return
    owner: Any = learner.action_dist

    def held() -> dict[str, Any]:
        return {name: getattr(owner, name) for name in _DRAWN}

    before = held()
    vars(owner).update(drawn)
    try:
        yield held
    finally:
        vars(owner).update(before)
