"""Actors that stay as they are while others learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from myoassist.errors import ConfigError
from myoassist.learn.policies import actor_key


def freeze_actors(model: BaseAlgorithm, names: Sequence[str]) -> None:
    """Keep the weights of these actors, and the spread of the actions they drive, as they are.

    Raises:
        ConfigError: there is no such actor, or none is left to learn.
    """
    if not names:
        return
    policy: Any = model.policy
    for name in names:
        keys = [key for key, _ in policy.named_parameters() if f".{actor_key(name)}." in f".{key}"]
        if not keys:
            raise ConfigError(f"freeze: {name}: it drives nothing on this body and device")
        for key in keys:
            policy.get_parameter(key).requires_grad_(False)
    actors = [p for key, p in policy.named_parameters() if f".{actor_key('')}" in f".{key}"]
    if not any(parameter.requires_grad for parameter in actors):
        raise ConfigError(f"freeze: {', '.join(names)} are all actors; leave at least one to learn")
    log_std = getattr(policy, "log_std", None)
    if isinstance(log_std, nn.Parameter):
        driven = {column for actor in policy.wiring.actors if actor.name in names for column in actor.outputs}
        frozen = torch.tensor([column in driven for column in range(log_std.shape[-1])], device=log_std.device)
        policy.frozen_actions = frozen  # for noise that is given, not learned
        log_std.register_hook(lambda gradient: gradient * ~frozen)


def seen_by(model: BaseAlgorithm, names: Sequence[str]) -> set[int]:
    """Columns of the signals that these actors see."""
    policy: Any = model.policy
    actors = [actor for actor in policy.wiring.actors if actor.name in names] if names else []
    return {column for actor in actors for branch in actor.branches for column in branch.inputs}
