"""Which signals each actor sees and which outputs it drives, resolved by name on the compiled model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from myoassist.config import ActorConfig, SeparateNetwork
from myoassist.env.observing import Signal
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, unknown
from myoassist.learn.mirror import action_image, side_of, signal_image
from myoassist.mdp.actions import output_names
from myoassist.model.index import ModelIndex

DEVICE_JOINTS = "device_joints"


@dataclass(frozen=True)
class Branch:
    """One use of an actor's network: columns of the observation with signs, and columns of the action with signs."""

    inputs: tuple[int, ...]
    input_signs: tuple[float, ...]
    outputs: tuple[int, ...]
    output_signs: tuple[float, ...]


@dataclass(frozen=True)
class Actor:
    """A network and its uses: one, or one for each side."""

    name: str
    branches: tuple[Branch, ...]
    layers: tuple[int, ...]
    activation: str
    start_std: float

    @property
    def outputs(self) -> tuple[int, ...]:
        """Columns of the action that it drives, over all branches."""
        return tuple(column for branch in self.branches for column in branch.outputs)


@dataclass(frozen=True)
class Wiring:
    """All actors and the critic of a separate network. Plain data: it travels inside ``policy.zip``."""

    actors: tuple[Actor, ...]
    critic_inputs: tuple[int, ...]
    critic_layers: tuple[int, ...]
    critic_activation: str
    size: int
    num_actions: int

    @property
    def start_std(self) -> list[float]:
        """Standard deviation of the action noise at the start, by column of the action."""
        by_column = {column: actor.start_std for actor in self.actors for column in actor.outputs}
        return [by_column[column] for column in range(self.num_actions)]


def resolve_wiring(config: SeparateNetwork, walk: WalkEnv) -> Wiring:
    """Resolve the network on an environment's signals and actions.

    Raises:
        ConfigError: a glob that matches nothing, or an output that two drive or nobody does.
    """
    actions, index = walk.action_map.names, walk.index
    owner: dict[str, str] = dict.fromkeys(walk.action_map.constants, "network.constants")
    actors = []
    for name, actor in config.actors.items():
        where = f"network.actors.{name}"
        driven = [o for pattern in actor.outputs for o in output_names(pattern, index, where=f"{where}.outputs")]
        for output in (driven := list(dict.fromkeys(driven))):
            if output in owner:
                raise ConfigError(f"{where}.outputs: {output} is already driven by {owner[output]}")
            owner[output] = where
        if driven:  # a device without motors leaves an actor of motors alone with nothing to do
            driven = [output for output in actions if output in driven]
            actors.append(_resolve_actor(name, actor, driven, walk, where=where))
    if free := [output for output in actions if output not in owner]:
        known = ", ".join(config.actors)
        raise ConfigError(
            f"network.actors: nobody drives {', '.join(free)}; add them to the outputs of an actor ({known}) "
            f"or to network.constants"
        )
    seen = _match_signals(config.critic.signals, walk.observer.signals, (), where="network.critic.signals")
    return Wiring(
        actors=tuple(actors),
        critic_inputs=tuple(seen),
        critic_layers=tuple(config.critic.layers),
        critic_activation=config.critic.activation,
        size=len(walk.observer.signals),
        num_actions=len(actions),
    )


def _resolve_actor(name: str, config: ActorConfig, driven: list[str], walk: WalkEnv, *, where: str) -> Actor:
    index, signals, actions = walk.index, walk.observer.signals, list(walk.action_map.names)
    motors = [index.motors[output] for output in driven if output in index.motors] or list(index.motors.values())
    joints = tuple(dict.fromkeys(joint for motor in motors for joint in motor.drives))
    inputs = _match_signals(config.signals, signals, joints, where=f"{where}.signals")
    if config.per_side:
        branches = _side_branches(inputs, driven, walk, where=where)
    else:
        outputs = tuple(actions.index(output) for output in driven)
        branches = (Branch(tuple(inputs), (1.0,) * len(inputs), outputs, (1.0,) * len(outputs)),)
    return Actor(name, branches, tuple(config.layers), config.activation, config.start_std)


def _match_signals(patterns: list[str], signals: Sequence[Signal], joints: Sequence[str], *, where: str) -> list[int]:
    """Columns of the signals that names and globs mean, in the observation's order."""
    names = [signal.name for signal in signals]
    found: set[int] = set()
    for pattern in patterns:
        meant = [pattern.replace(DEVICE_JOINTS, joint) for joint in joints] if DEVICE_JOINTS in pattern else [pattern]
        columns = [i for i, name in enumerate(names) if any(fnmatchcase(name, one) for one in meant)]
        if not columns:
            if DEVICE_JOINTS in pattern:
                what = f"the device's joints ({', '.join(joints) or 'none'}) are not among the signals"
                raise ConfigError(f"{where}: {pattern!r}: {what}: {', '.join(names)}")
            raise ConfigError(unknown("signal", pattern, names, where=where, most=200))
        found.update(columns)
    if not found:
        raise ConfigError(f"{where}: sees no signal; '*' is all of them")
    return sorted(found)


def _side_branches(inputs: list[int], driven: list[str], walk: WalkEnv, *, where: str) -> tuple[Branch, ...]:
    """One branch for each side that has outputs: its own signals first, then the middle's, then the other side's.

    The left branch sees the right one's signals in the mirror, so that one network means the same for both.
    """
    index, actions = walk.index, list(walk.action_map.names)
    by_side = {side: [name for name in driven if side_of(name, index) == side] for side in ("r", "l")}
    if homeless := [name for name in driven if name not in by_side["r"] + by_side["l"]]:
        raise ConfigError(f"{where}.per_side: {', '.join(homeless)} belong to no side")
    first = "r" if by_side["r"] else "l"
    order = _own_side_first(inputs, walk.observer.signals, index, first)
    outputs = by_side[first]
    plain = Branch(
        tuple(order), (1.0,) * len(order), tuple(actions.index(name) for name in outputs), (1.0,) * len(outputs)
    )
    if not by_side["l"] or not by_side["r"]:
        return (plain,)
    return plain, _mirrored(order, outputs, by_side["l"], walk, where=f"{where}.per_side")


def _own_side_first(inputs: list[int], signals: Sequence[Signal], index: ModelIndex, side: str) -> list[int]:
    rank = {side: 0, "": 1}
    return sorted(inputs, key=lambda column: rank.get(side_of(signals[column].name.partition(".")[2], index), 2))


def _mirrored(order: list[int], outputs: list[str], others: list[str], walk: WalkEnv, *, where: str) -> Branch:
    """The branch of the left side, given the right side's."""
    signals, index, actions = walk.observer.signals, walk.index, list(walk.action_map.names)
    names = [signal.name for signal in signals]
    try:
        seen = [signal_image(signals[column], index) for column in order]
        driven = [action_image(name, index) for name in outputs]
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}; leave the signal out or give each side an actor") from None
    if missing := [name for name, _ in seen if name not in names]:
        raise ConfigError(f"{where}: the other side has no {', '.join(missing)}; leave it out of the actor's signals")
    if sorted(name for name, _ in driven) != sorted(others):
        raise ConfigError(f"{where}: right drives {', '.join(outputs)}, left {', '.join(others)}: not the same")
    return Branch(
        tuple(names.index(name) for name, _ in seen),
        tuple(sign for _, sign in seen),
        tuple(actions.index(name) for name, _ in driven),
        tuple(sign for _, sign in driven),
    )
