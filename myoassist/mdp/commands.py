"""Target speed, drawn from the environment's own generator at the start of an episode.

To add a kind: a dataclass in ``config.py``, a function here, an entry in ``COMMANDS`` and a YAML in ``conf/command``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from myoassist.config import Command, FixedCommand, UniformCommand


def fixed(config: FixedCommand, rng: np.random.Generator) -> float:
    """The configured speed, m/s."""
    return config.speed


def uniform(config: UniformCommand, rng: np.random.Generator) -> float:
    """A speed between ``low`` and ``high``, m/s."""
    return float(rng.uniform(config.low, config.high))


COMMANDS: dict[type, Callable[[Any, np.random.Generator], float]] = {FixedCommand: fixed, UniformCommand: uniform}


def draw_speed(config: Command, rng: np.random.Generator) -> float:
    """Target speed of a new episode, m/s."""
    return COMMANDS[type(config)](config, rng)
