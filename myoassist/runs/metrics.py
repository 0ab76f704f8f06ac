"""What runs are compared by: title, unit, number of digits, and which direction is better.

A metric is named as the columns of ``metrics.csv``, whose last value it is (``eval/distance`` is that of the last
evaluation); under ``best/`` stands the evaluation of the best checkpoint, under ``gait/`` the gait metrics of the last
evaluation that was analysed (``gait/<trial>/<metric>``, without the trial where there is one).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from myoassist.config_search import Direction

OBJECTIVE, FALLBACK = "eval/distance", "episode/distance"  # the latter where nothing was evaluated
_MOST_FIGURES = 4  # significant, of a number whose rank is to be seen
_TIMES = (("s", 1.0, 120.0), ("min", 60.0, 7200.0), ("h", 3600.0, math.inf))  # unit, its seconds, used below
SHARE_COMPLETED, SECONDS, RATE = "eval/completed_share", "time/seconds", "time/steps_per_second"


@dataclass(frozen=True)
class Measure:
    """How a metric is shown: its values times ``factor`` have the unit ``unit``.

    ``lower``: less is better, as :func:`measure_of` sets it. ``guessed``: nobody says so, nor the opposite.
    """

    key: str
    title: str
    unit: str = ""
    factor: float = 1.0
    digits: int = 2
    lower: bool = False
    guessed: bool = False

    @property
    def label(self) -> str:
        """Title with the unit, as on an axis."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


# Columns of the table, in this order, where any run has them.
SHOWN = (
    Measure(SHARE_COMPLETED, "Completed", "%", 100.0, 0),
    Measure("eval/distance", "Distance", "m", digits=1),
    Measure("eval/speed", "Speed", "m/s"),
    Measure("eval/speed_error", "Speed error (RMS)", "m/s"),
    Measure("eval/activation", "Activation", "%", 100.0, 1),
    Measure("eval/peak_load", "Peak load", "BW"),
    Measure("eval/total_reward", "Return", digits=1),
    Measure("best/distance", "Distance of the best checkpoint", "m", digits=1),
    Measure("gait/hip_flexion.rmse", "Hip RMS error", "deg", digits=1),
    Measure("gait/knee_angle.rmse", "Knee RMS error", "deg", digits=1),
    Measure("gait/ankle_angle.rmse", "Ankle RMS error", "deg", digits=1),
    Measure("gait/ground_force.first_peak", "First force peak", "BW"),
    Measure("gait/cost_of_transport", "Cost of transport", "J/kg/m"),
    Measure("gait/stance_share", "Stance", "%", 100.0, 1),
    Measure(SECONDS, "Training time", "min", 1 / 60.0, 1),
    Measure(RATE, "Speed of training", "steps/s", digits=0),
)
_OTHERS = (
    Measure("eval/time", "Time", "s", digits=1),
    Measure("eval/shortest_distance", "Shortest distance", "m", digits=1),
    Measure("eval/alternation", "Steps that alternate", "%", 100.0, 0),
    Measure("episode/distance", "Distance of a training episode", "m", digits=1),
    Measure("episode/seconds", "Duration of a training episode", "s", digits=1),
    Measure("episode/return", "Return of a training episode", digits=1),
)
_BY_KEY = {measure.key: measure for measure in (*SHOWN, *_OTHERS)}
# Which way is better, of metrics that nobody wants otherwise. Of a force peak, a speed or a cadence, none is.
_DIRECTIONS: dict[str, Direction] = {
    **{
        f"eval/{name}": "maximize" for name in ("completed", "completed_share", "distance", "shortest_distance", "time")
    },
    **{f"eval/{name}": "maximize" for name in ("alternation", "total_reward")},
    **{f"eval/{name}": "minimize" for name in ("speed_error", "peak_load", "activation")},
    **{f"episode/{name}": "maximize" for name in ("distance", "seconds", "return")},
    **{f"gait/{name}.rmse": "minimize" for name in ("hip_flexion", "knee_angle", "ankle_angle")},
    "gait/cost_of_transport": "minimize",
    SECONDS: "minimize",
    RATE: "maximize",
}


def share_completed(completed: float, episodes: float) -> float:
    """Share of an evaluation's episodes that came to their end, 0 to 1."""
    return completed / max(episodes, 1.0)


def direction_of(key: str) -> Direction | None:
    """Which way a metric is better, also of one trial (``gait/<trial>/…``) or the best checkpoint; None: unknown."""
    return _DIRECTIONS.get(f"eval/{key[5:]}" if key.startswith("best/") else _without_trial(key))


def measure_of(key: str, *, minimize: bool | None = None) -> Measure:
    """How a metric is shown, also one that is not in the tables; ``minimize`` overrules which direction is better.

    More is taken to be better where neither says; ``guessed`` is set then.
    """
    known = _BY_KEY.get(key) or _BY_KEY.get(_without_trial(key))
    if known is None and key.startswith("best/"):
        known = _BY_KEY.get(f"eval/{key[5:]}")
    direction = direction_of(key)
    lower = direction == "minimize" if minimize is None else minimize
    guessed = direction is None and minimize is None
    if known is None:
        return Measure(key, key, digits=3, lower=lower, guessed=guessed)
    title = known.title
    if known.key != key:
        title += " of the best checkpoint" if key.startswith("best/") else f", {key.split('/')[1]}"
    return Measure(key, title, known.unit, known.factor, known.digits, lower, guessed)


def fitted(measure: Measure, values: Sequence[float], *, apart: bool = False) -> Measure:
    """``measure`` with the unit and the digits that ``values`` need: two significant figures of the largest.

    Args:
        values: in the unit of the metric's column, s for a time; what is not finite does not count.
        apart: as many digits as it takes to tell the values from each other, at most four significant figures.
    """
    finite = [abs(value) for value in values if math.isfinite(value)]
    largest = max(finite, default=0.0)
    if largest == 0.0:
        return measure
    if measure.key == SECONDS:
        unit, seconds = next((unit, seconds) for unit, seconds, below in _TIMES if largest < below)
        measure = replace(measure, unit=unit, factor=1.0 / seconds)
    leading = math.floor(math.log10(largest * measure.factor))  # power of ten of the first significant figure
    digits, most = max(measure.digits, 1 - leading), _MOST_FIGURES - 1 - leading
    shown = [value * measure.factor for value in values if math.isfinite(value)]
    while apart and digits < most and _distinct(shown, digits) < _distinct(shown, most):
        digits += 1
    return replace(measure, digits=digits)


def _distinct(values: Sequence[float], digits: int) -> int:
    return len({round(value, digits) for value in values})


def _without_trial(key: str) -> str:
    parts = key.split("/")
    return f"gait/{parts[2]}" if len(parts) == 3 and parts[0] == "gait" else key
