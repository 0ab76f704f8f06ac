"""A metric with its spread, and quantities measured once per stride."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from myoassist.analysis.events import SIDE_NAMES, SIDES
from myoassist.analysis.strides import Stride


@dataclass(frozen=True)
class Metric:
    """One number of a trial: ``mean`` and ``sd`` over ``n`` strides or episodes; nan where ``n`` is 0 (sd: below 2).

    ``unit`` in ASCII (``m/s``, ``deg``, ``BW`` for body weights, ``1`` for a share); ``about``: what it is, in words.
    """

    mean: float
    sd: float
    n: int
    unit: str
    about: str


@dataclass(frozen=True)
class PerStride:
    """A quantity measured over every stride: ``values`` ``(n_strides,)``, nan where it could not be.

    ``over``: ``feet`` when it belongs to the foot of the stride, and feet may be pooled; ``foot`` when they may not;
    ``body`` when it is of the whole body, whose strides are counted by one foot. ``sides``: those that have it.
    """

    name: str
    values: np.ndarray
    unit: str
    about: str
    over: Literal["feet", "foot", "body"] = "feet"
    sides: tuple[str, ...] = SIDES


def metric(values: np.ndarray, unit: str, about: str) -> Metric:
    """Mean and sample standard deviation of the finite ``values`` ``(n,)``."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    mean = float(finite.mean()) if len(finite) else float("nan")
    sd = float(finite.std(ddof=1)) if len(finite) > 1 else float("nan")
    return Metric(mean, sd, len(finite), unit, about)


def sided(name: str, side: str) -> str:
    """``knee_angle.rmse`` of the right side is ``knee_angle_r.rmse``, ``stride_time`` is ``stride_time_r``."""
    first, dot, rest = name.partition(".")
    return f"{first}_{side}{dot}{rest}"


def stride_metrics(measures: Sequence[PerStride], strides: Sequence[Stride]) -> dict[str, Metric]:
    """Metrics of what was measured per stride: pooled, of each foot, or of the body, as ``over`` says."""
    sides = np.array([stride.side for stride in strides], dtype=str)
    body = "r" if (sides == "r").any() or not len(sides) else "l"
    found = {}
    for measure in measures:
        if measure.over == "body":
            found[measure.name] = metric(measure.values[sides == body], measure.unit, measure.about)
            continue
        if measure.over == "feet":
            feet = SIDE_NAMES[measure.sides[0]] if len(measure.sides) == 1 else "both feet"
            found[measure.name] = metric(measure.values, measure.unit, f"{measure.about}; {feet}")
        for side in measure.sides:
            about = f"{measure.about}; {SIDE_NAMES[side]}"
            found[sided(measure.name, side)] = metric(measure.values[sides == side], measure.unit, about)
    return found
