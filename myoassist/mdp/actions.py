"""From actions in [-1, 1] to controls: one vectorised map over muscles and motors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from myoassist.config import ActionConfig, MotorActionConfig, MuscleActionConfig
from myoassist.errors import ConfigError
from myoassist.mdp.terms import match
from myoassist.model.index import Actuator, ModelIndex


def linear(action: np.ndarray) -> np.ndarray:
    """-1 → 0, 0 → 1/2, 1 → 1."""
    return 0.5 * (action + 1.0)


def sigmoid(action: np.ndarray, *, steepness: float, offset: float) -> np.ndarray:
    """``1 / (1 + exp(-steepness (a - offset)))``; with 5 and 0.5, rest (0) is an excitation of 0.076."""
    return 1.0 / (1.0 + np.exp(-steepness * (action - offset)))


def clip(action: np.ndarray) -> np.ndarray:
    """Below 0 → 0, above 0 unchanged: rest is no excitation."""
    return np.clip(action, 0.0, 1.0)


def share(config: MuscleActionConfig | MotorActionConfig, action: np.ndarray) -> np.ndarray:
    """Share in [0, 1] of the control range that ``action`` asks for."""
    if config.map == "sigmoid":
        return sigmoid(action, steepness=config.steepness, offset=config.offset)
    return linear(action) if config.map == "linear" else clip(action)


def output_names(pattern: str, index: ModelIndex, *, where: str) -> list[str]:
    """Muscles and motors that ``muscles``, ``motors``, a name or a glob means, in the model's order.

    ``motors`` is none on a body without motors. Raises ConfigError for a pattern that matches nothing.
    """
    if pattern == "motors":
        return list(index.motors)
    if pattern == "muscles":
        return list(index.muscles)
    return match(pattern, (*index.muscles, *index.motors), kind="muscle or motor", where=where)


def constant_shares(constants: Mapping[str, float], index: ModelIndex, *, where: str) -> dict[str, float]:
    """Share of its range for each output that ``constants`` hold.

    Raises:
        ConfigError: a pattern that matches nothing, an output named twice, or a share that it cannot have.
    """
    held: dict[str, float] = {}
    for pattern, share in constants.items():
        for name in output_names(pattern, index, where=where):
            place = f"{where}.{pattern}"
            if name in held:
                raise ConfigError(f"{place}: {name} already has a constant, {held[name]}")
            motor = index.motors.get(name)
            if share < 0 and not (motor is not None and motor.low < 0 < motor.high):
                raise ConfigError(f"{place}: got {share}; {name} pushes one way: 0 (no effort) to 1 is allowed")
            held[name] = share
    return held


class ActionMap:
    """Maps actions ``(n, num_actions)`` to controls ``(n, nu)``.

    ``names`` lists the actions, muscles first, then motors. A muscle's share is its excitation. A motor that pushes one
    way takes its share from zero effort outward; a motor that pushes both ways is linear whatever the map, with no
    effort at action 0. ``scale`` shrinks a motor's range about zero.

    ``constants`` are outputs that no action drives, by name or glob, each with the share of its range that it is held
    at: 0 is no effort and 1 all of it; a motor that pushes both ways may have a negative one.
    """

    def __init__(self, config: ActionConfig, index: ModelIndex, constants: Mapping[str, float] | None = None) -> None:
        self._config = config
        self.constants = constant_shares(constants or {}, index, where="network.constants")
        muscles = [muscle for name, muscle in index.muscles.items() if name not in self.constants]
        motors = [motor for name, motor in index.motors.items() if name not in self.constants]
        self.names = (*(muscle.name for muscle in muscles), *(motor.name for motor in motors))
        self._muscles = np.array([muscle.id for muscle in muscles], dtype=int)
        self._motors = np.array([motor.id for motor in motors], dtype=int)
        self._low, self._high = self._bounds(motors)
        self._both_ways = (self._low < 0) & (self._high > 0)
        self._start = np.where(np.abs(self._low) < np.abs(self._high), self._low, self._high)
        self._range = self._low + self._high - 2 * self._start
        self._rest = np.zeros(index.nu)
        for name, held in self.constants.items():
            actuator = index.muscles.get(name) or index.motors[name]
            self._rest[actuator.id] = self._held(actuator, held) if name in index.motors else held

    def __len__(self) -> int:
        return len(self.names)

    def _bounds(self, motors: list[Actuator]) -> tuple[np.ndarray, np.ndarray]:
        scale = self._config.motors.scale
        return scale * np.array([motor.low for motor in motors]), scale * np.array([motor.high for motor in motors])

    def _held(self, motor: Actuator, held: float) -> float:
        """Control of a motor held at a share of its range."""
        low, high = (float(bound[0]) for bound in self._bounds([motor]))
        if low < 0 < high:
            return held * high if held > 0 else -held * low
        start, end = (low, high) if abs(low) < abs(high) else (high, low)
        return start + held * (end - start)

    def __call__(self, action: np.ndarray) -> np.ndarray:
        """Controls for ``action``; actions outside [-1, 1] are clipped.

        Raises:
            ValueError: there are more or fewer actions than the model has free muscles and motors.
            FloatingPointError: an action is not a finite number.
        """
        if action.ndim != 2 or action.shape[1] != len(self):
            raise ValueError(f"actions of shape {action.shape}; expected (num_envs, {len(self)}): muscles, then motors")
        if not np.isfinite(action).all():
            raise FloatingPointError("the policy gave an action that is not a finite number")
        action = np.clip(action, -1.0, 1.0)
        count = len(self._muscles)
        ctrl = np.empty((len(action), len(self._rest)))
        ctrl[:] = self._rest
        ctrl[:, self._muscles] = share(self._config.muscles, action[:, :count])
        motors = action[:, count:]
        one_way = self._start + self._range * share(self._config.motors, motors)
        both_ways = np.where(motors < 0, -motors * self._low, motors * self._high)
        ctrl[:, self._motors] = np.where(self._both_ways, both_ways, one_way)
        return ctrl
