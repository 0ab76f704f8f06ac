"""A new training from a trained policy: weights and statistics move by the names of signals and actions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize
from torch import nn

from myoassist.config import SeparateNetwork
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.errors import RunError
from myoassist.learn.axes import Axes, parameter_axes
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.freezing import seen_by
from myoassist.learn.layout import Layout
from myoassist.learn.line_up import Pair, line_up, origin_of, turned_between
from myoassist.learn.normalizer import CONSTANT, Normalizer
from myoassist.learn.transfer_checks import (
    OWN_LAYERS,
    group_of,
    is_reset,
    require_outputs,
    require_same_activations,
    require_same_normalization,
)

Tensors = Mapping[str, torch.Tensor]
_BEHIND_SELECT = re.compile(r"(?<=value_net)\.1\.(?=\d)")  # of a critic that first selects its signals
MOTOR_SIGNALS = ("previous_action", "motor_force")  # observation functions whose columns are motors


@dataclass
class Moved:
    """What was moved, by the names of parameters, and what started afresh."""

    copied: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)


def transfer(
    checkpoint: Checkpoint,
    model: BaseAlgorithm,
    env: VecNormalize,
    layout: Layout,
    *,
    reset: Sequence[str],
    freeze: Sequence[str] = (),
) -> list[str]:
    """Let ``model`` and ``env`` start from ``checkpoint`` as far as names line up; lines that tell what was moved.

    Args:
        layout: signals and actions of ``env``.
        reset: parts that start afresh all the same: actor, critic, log_std, normalizer.
        freeze: actors that stay as they are, so that the statistics of what they know and see must stay, too.

    Raises:
        RunError: nothing lines up, a layer has another size, or what has the same would act as another policy.
    """
    where = f"init_from={checkpoint.path}"
    if not set(layout.signal_names) & set(checkpoint.layout.signal_names):
        raise RunError(f"{where}: none of its signals are seen here; it saw {_some(checkpoint.layout.signal_names)}")
    require_same_normalization(checkpoint, env, reset=reset, where=where)
    checkpoint = replace(checkpoint, **_without_motors(checkpoint, _other_motors(checkpoint, env)))
    moved = move_weights(checkpoint, model.policy, layout, reset=reset, where=where)
    if "normalizer" not in reset:
        held = seen_by(model, freeze)
        normalizer = move_statistics(checkpoint.normalizer, checkpoint.layout, Normalizer.of(env), layout, held)
        if "critic" in reset:  # the scale of the reward is the critic's
            here = Normalizer.of(env).__dict__
            normalizer = replace(normalizer, **{key: here[key] for key in here if key.startswith("return_")})
        normalizer.put_into(env)
    return report(checkpoint, layout, moved, reset)


def _other_motors(checkpoint: Checkpoint, env: VecNormalize) -> set[str]:
    """Motors whose names mean others to ``checkpoint``: those of another device, where they do something else."""
    assert isinstance(env.venv, WalkVecEnv)
    walk = env.venv.walk
    same = checkpoint.config.device.assist_sim == walk.config.device.assist_sim
    return set() if same else set(walk.index.motors)


def _without_motors(checkpoint: Checkpoint, motors: set[str]) -> dict[str, Any]:
    """Layout and axes of ``checkpoint`` in which these motors, and what is seen of them, match nothing."""
    if not motors:
        return {}
    layout, apart = checkpoint.layout, {}
    for motor in motors:
        other = f"{checkpoint.config.device.name} {motor}"
        apart |= {motor: other, f"action {motor}": f"action {other}"}
    for name, source in layout.signals:
        term, _, column = name.partition(".")
        if source in MOTOR_SIGNALS and column in motors:
            apart[name] = f"{term}.{apart[column]}"
    signals = tuple((apart.get(name, name), source) for name, source in layout.signals)
    actions = tuple(apart.get(name, name) for name in layout.actions)
    axes = {
        key: [names and [apart.get(name, name) for name in names] for names in sides]
        for key, sides in checkpoint.axes.items()
    }
    return {"layout": replace(layout, signals=signals, actions=actions), "axes": axes}


def move_weights(
    checkpoint: Checkpoint, policy: nn.Module, layout: Layout, *, reset: Sequence[str], where: str
) -> Moved:
    """Copy the checkpoint's weights into ``policy`` by name; see :func:`transfer`."""
    moved, here = Moved(), parameter_axes(policy, layout)
    there = {**(here if checkpoint.layout == layout else {}), **checkpoint.axes}
    origins = _origins(policy.state_dict(), checkpoint.policy, here, there)
    said, turned = f"{where} ({_kind(checkpoint)})", turned_between(checkpoint.layout, layout)
    require_outputs(checkpoint, origins, here, there, reset=reset, where=said)
    with torch.no_grad():
        for key, target in policy.state_dict().items():
            origin = origins.get(key)
            if is_reset(key, reset) or origin is None:
                moved.fresh.add(key)
            elif _copy(key, origin, checkpoint.policy[origin], target, there, here, turned, where=said):
                moved.copied.add(key)
            else:
                moved.fresh.add(key)
    require_same_activations(checkpoint, policy, moved.copied, where=said)
    for group in ("actor", "critic"):
        keys = [key for key in (*moved.copied, *moved.fresh) if group_of(key) == group]
        if group not in reset and keys and not moved.copied.intersection(keys):
            raise RunError(
                f"{where}: none of the {group}'s weights fit: it was trained with {_kind(checkpoint)};"
                f" take the same here, or init_from.reset=[{group}]"
            )
    return moved


def _origins(here: Tensors, there: Tensors, here_axes: Axes, there_axes: Axes) -> dict[str, str]:
    """Where each weight comes from: its namesake, or, for actors of their own, the one network that drove everything.

    An actor with other layers than that network starts afresh, with the layer that gives the spread of its actions.
    """
    origins = {key: key if key in there else OWN_LAYERS.sub("", _BEHIND_SELECT.sub(".", key)) for key in here}
    origins = {key: origin for key, origin in origins.items() if origin in there}
    whole = {key for key in there if group_of(key) == "actor"}
    for actor in {found[0] for key in here if key not in there and (found := OWN_LAYERS.search(key))}:
        own = {key: origin for key, origin in origins.items() if f"{actor}." in key and group_of(key) == "actor"}
        sizes = [
            (_hidden(here[key], here_axes.get(key)), _hidden(there[o], there_axes.get(o))) for key, o in own.items()
        ]
        if set(own.values()) != whole or any(mine != theirs for mine, theirs in sizes):
            origins = {key: origin for key, origin in origins.items() if f"{actor}." not in key}
    return origins


def _hidden(tensor: torch.Tensor, names: list[list[str] | None] | None) -> list[int]:
    """Sizes of a weight along the dimensions that are units of a hidden layer, and not signals or actions."""
    axes = names or [None] * tensor.dim()
    return [size for size, axis in zip(tensor.shape, axes, strict=True) if axis is None]


def _copy(
    key: str,
    origin: str,
    source: torch.Tensor,
    target: torch.Tensor,
    there: Axes,
    here: Axes,
    turned: set[str],
    *,
    where: str,
) -> bool:
    """Copy what the names along both tensors share; False where nothing is."""
    if source.dim() != target.dim():
        raise RunError(f"{where}: {key} has {source.dim()} dimensions there and {target.dim()} here")
    from_axes, to_axes = there.get(origin) or [None] * source.dim(), here.get(key) or [None] * target.dim()
    pairs = []
    for axis, (old, new) in enumerate(zip(from_axes, to_axes, strict=True)):
        if old is None or new is None:
            if source.shape[axis] != target.shape[axis]:
                raise RunError(
                    f"{where}: {key} has size {tuple(source.shape)} there and {tuple(target.shape)} here:"
                    f" the network has other layers; take the same, or init_from.reset=[{group_of(key)}]"
                )
            old = new = [str(number) for number in range(source.shape[axis])]
        pairs.append(line_up(old, new, turned))
    if not all(pairs):
        return False
    if pairs:
        take, put = ([np.array([pair[side] for pair in axis]) for axis in pairs] for side in (0, 1))
        if _is_weight(key) and target.dim() > 1:  # what the source never saw says nothing at first
            target[..., np.setdiff1d(np.arange(target.shape[-1]), put[-1])] = 0.0
        target[np.ix_(*put)] = (source[np.ix_(*take)] * _factors(key, pairs[-1])).to(target)
    else:
        target.copy_(source)
    return True


def _factors(key: str, pairs: Sequence[Pair]) -> torch.Tensor:
    """What each number along the last axis of a weight is multiplied with, where that axis is the network's inputs."""
    if _is_weight(key):
        return torch.tensor([pair.share for pair in pairs])
    centres = key.endswith(("mean", "bias"))  # of a layer that normalises the inputs
    return torch.tensor([pair.sign if centres else 1.0 for pair in pairs])


def _is_weight(key: str) -> bool:
    return group_of(key) != "log_std" and "weight" in key


def move_statistics(
    source: Normalizer, there: Layout, target: Normalizer, here: Layout, held: Collection[int] = ()
) -> Normalizer:
    """Statistics of ``source`` for the signals that ``target`` shares with it; the others stay fresh.

    Of a signal that never changed there, as the target speed of a fixed command, only the mean is taken. Columns that
    are ``held`` are divided as they were there, and stay so.
    """
    target = replace(
        target,
        return_mean=source.return_mean,
        return_variance=source.return_variance,
        return_count=source.return_count,
    )
    if not source.enabled:
        return target
    common = _common(there, here)
    mean, variance = target.mean.copy(), target.variance.copy()
    count, counted = (np.broadcast_to(side.count, side.mean.shape) for side in (target, source))
    least, floor = (np.broadcast_to(side.least, side.mean.shape) for side in (target, source))
    count, least, stays = count.copy(), least.copy(), np.zeros(len(mean), dtype=bool)
    for pair in common:
        mean[pair.here] = pair.sign * source.mean[pair.there]
        if source.variance[pair.there] >= CONSTANT:  # what never changed there may change here, and finds its own scale
            variance[pair.here], count[pair.here] = source.variance[pair.there], counted[pair.there]
        if pair.here in held:
            least[pair.here], stays[pair.here] = floor[pair.there], True
    return replace(target, mean=mean, variance=variance, count=count, least=least, held=stays)


def _common(there: Layout, here: Layout) -> list[Pair]:
    return line_up(there.signal_names, here.signal_names, turned_between(there, here))


def report(checkpoint: Checkpoint, layout: Layout, moved: Moved, reset: Sequence[str]) -> list[str]:
    """What lines up and what does not, for the start of the log."""
    lines = [f"starts from {checkpoint.path} ({checkpoint.steps:,} steps)"]
    for kind, there, here in (
        ("signals", checkpoint.layout.signal_names, layout.signal_names),
        ("actions", checkpoint.layout.actions, layout.actions),
    ):
        origins = {name: origin_of(name, there) for name in here}
        fresh = [name for name, origin in origins.items() if origin is None]
        parts = [f"{name} of {origin}" for name, origin in origins.items() if origin not in (name, None)]
        unused = sorted(set(there) - set(origins.values()), key=there.index)
        line = f"  {len(here) - len(fresh) - len(parts)} of {len(here)} {kind} by name"
        line += f"; {len(parts)} as parts: {_some(parts, 3)}" if parts else ""
        line += f"; fresh: {_some(fresh)}" if fresh else ""
        lines.append(line + (f"; not used any more: {_some(unused)}" if unused else ""))
    parts = sorted(key for key in moved.fresh if not is_reset(key, reset))
    lines += [f"  fresh weights: {_some(parts)}"] if parts else []
    return lines + ([f"  reset: {', '.join(reset)}"] if reset else [])


def _kind(checkpoint: Checkpoint) -> str:
    """Algorithm and network as they are chosen on the command line, with the layers of actors of their own."""
    network = checkpoint.config.network
    said = f"algorithm={checkpoint.config.algorithm.type}, network="
    if not isinstance(network, SeparateNetwork):
        return said + network.type
    parts = [f"{name} {actor.layers}" for name, actor in network.actors.items()]
    per_side = [actor.per_side for actor in network.actors.values()]
    choice = "mirrored" if all(per_side) else "per_side" if any(per_side) else network.type
    return f"{said}{choice} ({', '.join(parts)})"


def _some(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)} in all)" if len(names) > most else "")
