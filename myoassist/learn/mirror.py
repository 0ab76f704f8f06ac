"""Left and right exchanged: which signal and which action takes the place of which, and with which sign.

Built from names and :class:`ModelIndex` alone. A joint keeps its sign in its own side's convention
(``Joint.sign``); what points sideways or turns about the vertical or forward axis changes sign; the gait phase moves by
half a cycle. To mirror a new observation term, add a rule for its function to ``RULES``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from myoassist.env.observing import Signal
from myoassist.errors import ConfigError
from myoassist.model.index import Actuator, Joint, ModelIndex, coordinate_of
from myoassist.model.naming import ROOT_SIDEWAYS

_SIDES = {"r": "l", "l": "r", "R": "L", "L": "R", "right": "left", "left": "right", "dx": "sx", "sx": "dx"}
_SUFFIX = re.compile(rf"_({'|'.join(_SIDES)})$")

Image = tuple[str, float]
Rule = Callable[[str, ModelIndex], Image]


@dataclass(frozen=True)
class Mirror:
    """``mirrored[i] = sign[i] * values[source[i]]`` for observations and for actions."""

    signal_source: np.ndarray
    signal_sign: np.ndarray
    action_source: np.ndarray
    action_sign: np.ndarray

    def signals(self, observation: np.ndarray) -> np.ndarray:
        """Mirror image of raw observations ``(n, size)``."""
        return observation[:, self.signal_source] * self.signal_sign

    def actions(self, action: np.ndarray) -> np.ndarray:
        """Mirror image of actions ``(n, num_actions)``."""
        return action[:, self.action_source] * self.action_sign


def other_side(name: str) -> str:
    """Name of the counterpart on the other side, or the name itself where it belongs to no side."""
    return _SUFFIX.sub(lambda found: "_" + _SIDES[found.group(1)], name)


def side_of(column: str, index: ModelIndex) -> str:
    """Side of the joint, muscle, motor or foot that a signal's column is about: ``"r"``, ``"l"`` or ``""``."""
    for table in (index.joints, index.muscles, index.motors):
        if column in table:
            return table[column].side
    found = _SUFFIX.search(column)
    return {"R": "r", "L": "l", "dx": "r", "sx": "l", "right": "r", "left": "l"}.get(
        found.group(1) if found else "", found.group(1) if found else ""
    )


def joint_image(name: str, index: ModelIndex) -> Image:
    """A joint's counterpart, and the sign between them."""
    joint = index.joints[name]
    if joint.role == "root":
        return name, -1.0 if name in ROOT_SIDEWAYS else 1.0
    other = index.joints.get(other_side(name))
    if other is None or other.side == joint.side or not _has_known_sign(joint):
        raise ConfigError(f"joint {name!r} has no counterpart on the other side")
    return other.name, joint.sign * other.sign


def _has_known_sign(joint: Joint) -> bool:
    return bool(coordinate_of(joint.name))


def muscle_image(name: str, index: ModelIndex) -> Image:
    """A muscle's counterpart."""
    if other_side(name) == name or other_side(name) not in index.muscles:
        raise ConfigError(f"muscle {name!r} has no counterpart on the other side")
    return other_side(name), 1.0


def motor_force_image(name: str, index: ModelIndex) -> Image:
    """A motor's counterpart, and the sign between their forces."""
    motor, other = index.motors[name], index.motors.get(other_side(name))
    if other is None or other.name == name:
        raise ConfigError(f"motor {name!r} has no counterpart on the other side")
    return other.name, _direction(motor, index) * _direction(other, index)


def _direction(motor: Actuator, index: ModelIndex) -> float:
    """+1 where a positive force turns the joint it moves most in OpenSim's positive direction, else -1."""
    if not motor.drives:
        return 1.0
    name, arm = max(motor.drives.items(), key=lambda item: abs(item[1]))
    return float(np.sign(arm)) * index.joints[name].sign


def action_image(name: str, index: ModelIndex) -> Image:
    """An output's counterpart, and the sign between their actions; one way is a share of effort, whatever its sign."""
    if name in index.muscles:
        return muscle_image(name, index)
    other, sign = motor_force_image(name, index)
    motor = index.motors[name]
    return other, sign if motor.low < 0 < motor.high else 1.0


def _foot_image(name: str, index: ModelIndex) -> Image:
    return other_side(name), 1.0


def _same(name: str, index: ModelIndex) -> Image:
    return name, 1.0


def _opposite(name: str, index: ModelIndex) -> Image:
    return name, -1.0


def _ahead_image(name: str, index: ModelIndex) -> Image:
    """Half a cycle on, a joint's reference is its counterpart's."""
    time, _, joint = name.partition("_")
    other, sign = joint_image(joint, index)
    return f"{time}_{other}", sign


def _vector_image(name: str, index: ModelIndex) -> Image:
    return name, -1.0 if name == "left" else 1.0


def _turning_image(name: str, index: ModelIndex) -> Image:
    return name, 1.0 if name == "left" else -1.0


def _scan_image(name: str, index: ModelIndex) -> Image:
    swapped = {"_left_": "_right_", "_right_": "_left_"}
    return re.sub("_left_|_right_", lambda found: swapped[found.group()], name), 1.0


RULES: dict[str, Rule] = {
    "joint_position": joint_image,
    "joint_velocity": joint_image,
    "muscle_activation": muscle_image,
    "muscle_force": muscle_image,
    "muscle_length": muscle_image,
    "muscle_velocity": muscle_image,
    "fiber_length": muscle_image,
    "fiber_velocity": muscle_image,
    "reference_ahead": _ahead_image,
    "gravity_direction": _vector_image,
    "pelvis_velocity": _vector_image,
    "pelvis_angular_velocity": _turning_image,
    "height_scan": _scan_image,
    "foot_force": _foot_image,
    "target_speed": _same,
    "gait_phase": _opposite,  # half a cycle on: sin and cos change sign
    "previous_action": action_image,
    "motor_force": motor_force_image,
}


def signal_image(signal: Signal, index: ModelIndex) -> Image:
    """Name of the signal that takes a signal's place in the mirror, and the sign.

    Raises:
        ConfigError: there is none on this model, or its function has no rule.
    """
    term, _, column = signal.name.partition(".")
    if signal.source not in RULES:
        known = ", ".join(sorted(RULES))
        raise ConfigError(
            f"observation function {signal.source!r} has no mirror rule; known: {known}; or add a rule to RULES in "
            f"myoassist/learn/mirror.py"
        )
    other, sign = RULES[signal.source](column, index)
    return f"{term}.{other}" if column else term, sign


def make_mirror(signals: Sequence[Signal], actions: Sequence[str], index: ModelIndex, *, where: str) -> Mirror:
    """The mirror of a task's signals and actions.

    Raises:
        ConfigError: a signal or action has no counterpart, or the task leaves it out.
    """
    names = [signal.name for signal in signals]
    try:
        seen = [signal_image(signal, index) for signal in signals]
        driven = [action_image(name, index) for name in actions]
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    for kind, images, present in (("signal", seen, names), ("action", driven, list(actions))):
        for other, _ in images:
            if other not in present:
                raise ConfigError(f"{where}: the mirror image of a {kind}, {other!r}, is not among the {kind}s")
    return Mirror(
        signal_source=np.array([names.index(other) for other, _ in seen], dtype=int),
        signal_sign=np.array([sign for _, sign in seen]),
        action_source=np.array([list(actions).index(other) for other, _ in driven], dtype=int),
        action_sign=np.array([sign for _, sign in driven]),
    )
