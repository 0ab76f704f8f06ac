"""Numbers that change in the course of a training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from myoassist.config import Schedule


@dataclass(frozen=True)
class Course:
    """A schedule as SB3 calls it: with the share of the training that is left, from 1 to 0. Saved with the policy."""

    shape: str
    start: float
    end: float
    until: float = 1.0  # share of the training after which it stays at ``end``

    def __call__(self, remaining: float) -> float:
        done = min(1.0, max(0.0, 1.0 - remaining) / self.until)
        share = done if self.shape == "linear" else 0.5 - 0.5 * math.cos(math.pi * done)
        return self.start + share * (self.end - self.start)


def scheduled(value: float | Schedule) -> float | Callable[[float], float]:
    """A number as it is, and a schedule as a function of the share of the training that is left."""
    if not isinstance(value, Schedule):
        return value
    return value.start if value.end is None else Course(value.schedule, value.start, value.end, value.until)


def at_start(value: float | Schedule) -> float:
    """The number, or where its schedule begins."""
    return value.start if isinstance(value, Schedule) else value


def value_at(value: float | Callable[[float], float], remaining: float) -> float:
    """What :func:`scheduled` returned, with the share ``remaining`` of the training left."""
    return float(value(remaining) if callable(value) else value)
