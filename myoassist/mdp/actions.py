"""From actions in [-1, 1] to controls: one vectorised map over muscles and motors."""

from __future__ import annotations

import numpy as np

from myoassist.config import ActionConfig, MotorActionConfig, MuscleActionConfig
from myoassist.model.index import ModelIndex


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


class ActionMap:
    """Maps actions ``(n, num_actions)`` to controls ``(n, nu)``; ``names`` lists the actions, muscles first, then motors.

    A muscle's share is its excitation. A motor that pushes one way takes its share from zero effort outward; a motor that
    pushes both ways is linear whatever the map, with no effort at action 0. ``scale`` shrinks a motor's range about zero.
    """

    def __init__(self, config: ActionConfig, index: ModelIndex) -> None:
        self._config = config
        self.names = (*index.muscles, *index.motors)
        self._muscles = np.array([muscle.id for muscle in index.muscles.values()], dtype=int)
        self._motors = np.array([motor.id for motor in index.motors.values()], dtype=int)
        low = config.motors.scale * np.array([motor.low for motor in index.motors.values()])
        high = config.motors.scale * np.array([motor.high for motor in index.motors.values()])
        self._low, self._high = low, high
        self._both_ways = (low < 0) & (high > 0)
        self._start = np.where(np.abs(low) < np.abs(high), low, high)
        self._range = low + high - 2 * self._start
        self._nu = index.nu

    def __len__(self) -> int:
        return len(self.names)

    def __call__(self, action: np.ndarray) -> np.ndarray:
        """Controls for ``action``; actions outside [-1, 1] are clipped.

        Raises:
            ValueError: there are more or fewer actions than the model has muscles and motors.
            FloatingPointError: an action is not a finite number.
        """
        if action.ndim != 2 or action.shape[1] != len(self):
            raise ValueError(f"actions of shape {action.shape}; expected (num_envs, {len(self)}): muscles, then motors")
        if not np.isfinite(action).all():
            raise FloatingPointError("the policy gave an action that is not a finite number")
        action = np.clip(action, -1.0, 1.0)
        count = len(self._muscles)
        ctrl = np.zeros((len(action), self._nu))
        ctrl[:, self._muscles] = share(self._config.muscles, action[:, :count])
        motors = action[:, count:]
        one_way = self._start + self._range * share(self._config.motors, motors)
        both_ways = np.where(motors < 0, -motors * self._low, motors * self._high)
        ctrl[:, self._motors] = np.where(self._both_ways, both_ways, one_way)
        return ctrl
