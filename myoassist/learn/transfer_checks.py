"""What a trained policy and a new training must share though the sizes of their weights do not tell.

Outputs that another network gave, another activation, raw observations in the place of normalised ones: weights would
fit, and act as another policy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from stable_baselines3.common.vec_env import VecNormalize
from torch import nn

from myoassist.config import ActorConfig, CriticConfig, SeparateNetwork
from myoassist.errors import RunError
from myoassist.learn.axes import Axes
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.line_up import origin_of
from myoassist.learn.policies import ACTIVATIONS

OWN_LAYERS = re.compile(r"\.actor_([^.]+)")  # of one of several actors, as policies.py names them
MOST = 4  # names of outputs in a message


def group_of(key: str) -> str:
    """The part that a parameter belongs to: actor, critic or log_std."""
    if "log_std" in key:
        return "log_std"
    return "critic" if "value_net" in key or "critic" in key else "actor"


def is_reset(key: str, reset: Collection[str]) -> bool:
    """Whether a parameter starts afresh; a layer that gives the spread of actions does with the actor it reads."""
    return group_of(key) in reset or ("actor" in reset and "log_std." in key)


def require_same_normalization(
    checkpoint: Checkpoint, env: VecNormalize, *, reset: Collection[str], where: str
) -> None:
    """Raise RunError where a network would be taken over that learned from observations or rewards of another scale."""
    observations, rewards = checkpoint.normalizer.enabled, checkpoint.config.algorithm.normalize.rewards
    if observations != env.norm_obs and not {"actor", "critic"} <= set(reset):
        raise RunError(
            f"{where}: its networks learned from {_scale(observations)} observations;"
            f" take algorithm.normalize.observations={str(observations).lower()}, or init_from.reset=[actor,critic]"
        )
    if rewards != env.norm_reward and "critic" not in reset:
        raise RunError(
            f"{where}: its critic learned from {_scale(rewards)} rewards;"
            f" take algorithm.normalize.rewards={str(rewards).lower()}, or init_from.reset=[critic]"
        )


def _scale(normalized: bool) -> str:
    return "normalised" if normalized else "raw"


def require_outputs(
    checkpoint: Checkpoint,
    origins: Mapping[str, str],
    here: Axes,
    there: Axes,
    *,
    reset: Collection[str],
    where: str,
) -> None:
    """Raise RunError where a last layer here gives outputs that another one, or a mirror image, gave there.

    They would start fresh though the checkpoint knows them: with ``per_side``, the whole left leg.

    Args:
        origins: for each weight here, the one of the checkpoint that it starts from.
    """
    for key, origin in origins.items():
        wanted, known = ((axes.get(name) or [None])[0] for axes, name in ((here, key), (there, origin)))
        if wanted is None or known is None or {"actor", group_of(key)} & set(reset):
            continue
        known = known[: len(checkpoint.policy[origin])]  # fewer rows where the names are guessed from those here
        froms = {name: origin_of(name, checkpoint.layout.actions) for name in wanted}
        lost = [name for name, old in froms.items() if old is not None and old not in known]
        if lost:
            names = ", ".join(lost[:MOST]) + (f", … ({len(lost)} in all)" if len(lost) > MOST else "")
            raise RunError(
                f"{where}: {key} drives {names}, which another network or the mirror image of this one drove there;"
                f" take the same network, or init_from.reset=[actor]"
            )


def require_same_activations(checkpoint: Checkpoint, policy: nn.Module, copied: Collection[str], *, where: str) -> None:
    """Raise RunError where a network of which weights were ``copied`` has another activation than there."""
    for key in sorted(copied):
        group, found = group_of(key), OWN_LAYERS.search(key)
        if group == "log_std":
            continue
        name = found[1] if found else group
        trained = _trained(checkpoint, name)
        place, activation = _activation_here(policy, name)
        if trained is not None and trained != activation:
            raise RunError(
                f"{where}: the {group}'s activation is {trained} there and {activation} here;"
                f" take {place}={trained}, or init_from.reset=[{group}]"
            )


def _trained(checkpoint: Checkpoint, name: str) -> str | None:
    """Activation of the checkpoint's critic, or of its actor of that name; None where it has no hidden layers."""
    network = checkpoint.config.network
    if not isinstance(network, SeparateNetwork):
        return network.activation if (network.critic if name == "critic" else network.actor) else None
    part: ActorConfig | CriticConfig | None = network.critic if name == "critic" else network.actors.get(name)
    return part.activation if part is not None and part.layers else None


def _activation_here(policy: Any, name: str) -> tuple[str, str]:
    """The setting that gives a network of ``policy`` its activation, and the activation."""
    wiring = getattr(policy, "wiring", None)
    if wiring is None:
        return "network.activation", next(key for key, kind in ACTIVATIONS.items() if kind is policy.activation_fn)
    if name == "critic":
        return "network.critic.activation", wiring.critic_activation
    actor = next(actor for actor in wiring.actors if actor.name == name)
    return f"network.actors.{name}.activation", actor.activation
