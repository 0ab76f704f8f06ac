"""Which signal or action each row and column of a policy's weights stands for, so that weights can be moved by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from myoassist.learn.layout import Layout
from myoassist.learn.policies import Bodies, Heads, actor_key
from myoassist.learn.wiring import Branch

Axes = dict[str, list[list[str] | None]]  # for each parameter, the names along each of its dimensions
Labels = Sequence[str] | None


def parameter_axes(policy: nn.Module, layout: Layout) -> Axes:
    """Names along the dimensions of the parameters of ``policy``; parameters without any are left out."""
    seen, driven = list(layout.signal_names), list(layout.actions)
    parts = _off_policy(policy, seen, driven) if hasattr(policy, "actor") else _on_policy(policy, seen, driven)
    known = policy.state_dict()
    return {key: axes for key, axes in parts if any(axes) and key in known and _fits(known[key], axes)}


def _fits(parameter: torch.Tensor, axes: list[list[str] | None]) -> bool:
    return parameter.dim() == len(axes) and all(
        names is None or len(names) == size for names, size in zip(axes, parameter.shape, strict=True)
    )


def _on_policy(policy: Any, seen: list[str], driven: list[str]) -> Iterator[tuple[str, list[list[str] | None]]]:
    recurrent = [name for name in ("lstm_actor", "lstm_critic") if getattr(policy, name, None) is not None]
    for name in recurrent:
        yield f"{name}.weight_ih_l0", [None, seen]
    extractor = policy.mlp_extractor
    yield from _labels(
        "mlp_extractor.policy_net", extractor.policy_net, None if recurrent else seen, None, seen, driven
    )
    critic = extractor.value_net
    select = critic[0] if len(critic) and hasattr(critic[0], "columns") else None
    inputs = seen if select is None else [seen[column] for column in select.columns.tolist()]
    yield from _labels("mlp_extractor.value_net", critic, None if recurrent else inputs, None, seen, driven)
    yield from _labels("action_net", policy.action_net, None, driven, seen, driven)
    yield "log_std", [driven] if policy.log_std.dim() == 1 else [None, driven]


def _off_policy(policy: Any, seen: list[str], driven: list[str]) -> Iterator[tuple[str, list[list[str] | None]]]:
    for name in ("actor", "actor_target"):
        actor = getattr(policy, name, None)
        if actor is None:
            continue
        if hasattr(actor, "latent_pi"):
            yield from _labels(f"{name}.latent_pi", actor.latent_pi, seen, None, seen, driven)
            yield from _labels(f"{name}.mu", actor.mu, None, driven, seen, driven)
            yield from _labels(f"{name}.log_std", actor.log_std, None, driven, seen, driven)
        else:
            yield from _labels(f"{name}.mu", actor.mu, seen, driven, seen, driven)
    both = [*seen, *(f"action {action}" for action in driven)]
    for name in ("critic", "critic_target"):
        for part, network in getattr(policy, name, nn.Module()).named_children():
            if part.startswith("qf"):
                yield from _labels(f"{name}.{part}", network, both, None, seen, driven)


def _labels(
    prefix: str, module: nn.Module, inputs: Labels, outputs: Labels, seen: list[str], driven: list[str]
) -> Iterator[tuple[str, list[list[str] | None]]]:
    """Names in a chain of layers: the first linear one and all before it see ``inputs``, the last gives ``outputs``."""
    routed = [(name, part) for name, part in module.named_modules() if isinstance(part, Bodies | Heads)]
    if routed:  # the networks of several actors
        for name, part in routed:
            yield from _routed(f"{prefix}.{name}" if name else prefix, part, seen, driven)
        return
    leaves = [(name, part) for name, part in module.named_modules() if not list(part.children())]
    linear = [place for place, (_, part) in enumerate(leaves) if isinstance(part, nn.Linear)]
    for place, (name, part) in enumerate(leaves):
        key = f"{prefix}.{name}" if name else prefix
        first = inputs if linear and place <= linear[0] else None
        last = outputs if linear and place == linear[-1] else None
        if isinstance(part, nn.Linear):
            yield f"{key}.weight", [_listed(last), _listed(first)]
            yield f"{key}.bias", [_listed(last)]
        elif first is not None:  # normalises the inputs, one number each
            yield from ((f"{key}.{item}", [_listed(first)]) for item in part.state_dict())


def _routed(
    prefix: str, module: Bodies | Heads, seen: list[str], driven: list[str]
) -> Iterator[tuple[str, list[list[str] | None]]]:
    for actor in module._actors:
        branch: Branch = actor.branches[0]
        key = f"{prefix}.{actor_key(actor.name)}"
        inputs, outputs = [seen[column] for column in branch.inputs], [driven[column] for column in branch.outputs]
        if isinstance(module, Bodies):
            yield f"{key}.0.weight", [None, inputs]
        else:
            yield f"{key}.weight", [outputs, None if actor.layers else inputs]
            yield f"{key}.bias", [outputs]


def _listed(names: Labels) -> list[str] | None:
    return None if names is None else list(names)
