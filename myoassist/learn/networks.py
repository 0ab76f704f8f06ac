"""Policy and value networks by the ``type`` of ``conf/network``. One function each, registered in ``NETWORKS``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from torch import nn

from myoassist.config import Network, SharedNetwork

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "elu": nn.ELU, "silu": nn.SiLU}


def shared(config: SharedNetwork) -> dict[str, Any]:
    """One actor for muscles and motors, one critic, no layer in common."""
    return {
        "net_arch": {"pi": list(config.actor), "vf": list(config.critic)},
        "activation_fn": ACTIVATIONS[config.activation],
        "log_std_init": math.log(config.start_std),
        "ortho_init": True,
    }


NETWORKS: dict[type, Callable[[Any], dict[str, Any]]] = {SharedNetwork: shared}


def policy_arguments(config: Network) -> dict[str, Any]:
    """``policy_kwargs`` of Stable-Baselines3 for the configured network."""
    return NETWORKS[type(config)](config)
