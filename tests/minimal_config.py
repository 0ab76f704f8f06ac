"""The smallest configuration that is valid, whole and with other values."""

from __future__ import annotations

import copy
from typing import Any

from myoassist.config import TrainConfig
from myoassist.parsing import parse_config

MINIMAL: dict[str, Any] = {
    "name": "first walk",
    "model": {"name": "22muscle", "body": "myolegs22"},
    "device": {"name": "none"},
    "terrain": {"type": "flat"},
    "condition": {},
    "reference": {"name": "gait"},
    "command": {"type": "fixed"},
    "observation": {"terms": {"joints": {"func": "joint_positions"}}},
    "action": {},
    "reward": {"terms": {"effort": {"func": "effort", "weight": -1, "params": {"exponent": 2}}}},
    "termination": {},
    "reset": {"type": "standing"},
    "network": {"type": "shared"},
    "algorithm": {"type": "ppo"},
    "evaluation": {},
    "checkpoint": {},
    "logging": {},
}


def with_values(**values: Any) -> dict[str, Any]:
    """Return the minimal configuration with dotted keys (``model__control_hz``) replaced."""
    data = copy.deepcopy(MINIMAL)
    for key, value in values.items():
        *sections, name = key.split("__")
        target = data
        for section in sections:
            target = target[section]
        target[name] = value
    return data


def parsed(**values: Any) -> TrainConfig:
    return parse_config(with_values(**values))
