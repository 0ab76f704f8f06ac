"""Policy and value networks by the ``type`` of ``conf/network``, and what they look like in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from myoassist.config import (
    Algorithm,
    CrossQConfig,
    Network,
    OffPolicyConfig,
    RecurrentPPOConfig,
    SACConfig,
    SeparateNetwork,
    SharedNetwork,
    TD3Config,
    TQCConfig,
)
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.learn.policies import (
    ACTIVATIONS,
    SeparatePolicy,
    SeparateSACPolicy,
    SeparateTD3Policy,
    SeparateTQCPolicy,
)
from myoassist.learn.wiring import Wiring, resolve_wiring

SEPARATE_POLICIES = {SACConfig: SeparateSACPolicy, TD3Config: SeparateTD3Policy, TQCConfig: SeparateTQCPolicy}


def policy_arguments(network: Network, algorithm: Algorithm, walk: WalkEnv) -> dict[str, Any]:
    """``policy_kwargs`` of Stable-Baselines3 for a network under an algorithm on an environment.

    Raises:
        ConfigError: names of the network that the environment does not have, or outputs that nobody drives.
    """
    if not walk.action_map.names:
        raise ConfigError("network.constants: hold every output; leave at least one to a policy")
    if isinstance(network, SharedNetwork):
        return _shared(network, algorithm, len(walk.observer.signals))
    return _separate(resolve_wiring(network, walk), algorithm)


def _shared(network: SharedNetwork, algorithm: Algorithm, signals: int) -> dict[str, Any]:
    critic = "qf" if isinstance(algorithm, OffPolicyConfig) else "vf"
    arguments: dict[str, Any] = {
        "net_arch": {"pi": list(network.actor), critic: list(network.critic)},
        "activation_fn": ACTIVATIONS[network.activation],
    }
    if not isinstance(algorithm, OffPolicyConfig):
        inputs = algorithm.lstm_size if isinstance(algorithm, RecurrentPPOConfig) else signals
        summed = network.actor[-1] if network.actor else inputs  # what state-dependent noise is summed over
        spread = math.sqrt(summed) if algorithm.noise_steps else 1.0
        arguments |= {"log_std_init": math.log(network.start_std / spread), "ortho_init": True}
    if isinstance(algorithm, RecurrentPPOConfig):
        arguments |= {"lstm_hidden_size": algorithm.lstm_size}
    return arguments


def _separate(wiring: Wiring, algorithm: Algorithm) -> dict[str, Any]:
    if not isinstance(algorithm, OffPolicyConfig):
        return {"wiring": wiring, "ortho_init": True, "synergy_noise": getattr(algorithm, "synergy_noise", 0.0)}
    activation = ACTIVATIONS[wiring.critic_activation]
    return {"wiring": wiring, "net_arch": {"pi": [], "qf": list(wiring.critic_layers)}, "activation_fn": activation}


def separate_policy(algorithm: Algorithm) -> type:
    """Policy class of a separate network under an algorithm."""
    if isinstance(algorithm, CrossQConfig | RecurrentPPOConfig):
        raise ConfigError(f"network: type=separate does not fit algorithm={algorithm.type}")
    return SEPARATE_POLICIES.get(type(algorithm), SeparatePolicy)


def start_deviations(network: Network, walk: WalkEnv) -> list[float]:
    """Standard deviation of the action noise at the start, for each action."""
    if isinstance(network, SeparateNetwork):
        return resolve_wiring(network, walk).start_std
    return [network.start_std] * len(walk.action_map.names)


def describe_network(network: Network, walk: WalkEnv) -> str:
    """A table of actors with their layers, signals and outputs, for the log."""
    signals, actions = [signal.name for signal in walk.observer.signals], list(walk.action_map.names)
    if isinstance(network, SeparateNetwork):
        rows = _wiring_rows(resolve_wiring(network, walk), signals, actions)
        known = {row[0] for row in rows}
        rows += [(name, "left out", "", "nothing to drive") for name in network.actors if name not in known]
    else:
        rows = [
            ("actor", _layers(network.actor, network.activation), _listed(signals, signals), _listed(actions, actions)),
            ("critic", _layers(network.critic, network.activation), _listed(signals, signals), "value"),
        ]
    held = walk.action_map.constants
    rows += [("constant", "", "", ", ".join(f"{name} = {share:g}" for name, share in held.items()))] if held else []
    table = [("network", "layers", "signals", "outputs"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    return "\n".join("  ".join([*(row[c].ljust(widths[c]) for c in range(3)), row[3]]).rstrip() for row in table)


def _wiring_rows(wiring: Wiring, signals: list[str], actions: list[str]) -> list[tuple[str, str, str, str]]:
    rows = []
    for actor in wiring.actors:
        for number, branch in enumerate(actor.branches):
            layers = _layers(actor.layers, actor.activation) if number == 0 else "the same, mirrored"
            seen = [signals[column] for column in branch.inputs]
            driven = [actions[column] for column in branch.outputs]
            rows.append((actor.name, layers, _listed(seen, signals), _listed(driven, actions)))
    seen = [signals[column] for column in wiring.critic_inputs]
    critic = _layers(wiring.critic_layers, wiring.critic_activation)
    return [*rows, ("critic", critic, _listed(seen, signals), "value")]


def _layers(sizes: Sequence[int], activation: str) -> str:
    return f"{' '.join(map(str, sizes))} {activation}" if sizes else "linear"


def _listed(names: Sequence[str], known: Sequence[str], most: int = 4) -> str:
    if len(names) == len(known) and len(names) > most:
        return f"all {len(names)}"
    if len(names) <= most:
        return f"{len(names)}: {', '.join(names)}"
    return f"{len(names)}: {', '.join(names[:2])} … {names[-1]}"
