"""The bar that a policy of the package has to reach, and how far one is from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Demand:
    """One line of the bar: ``about`` in words, the ``bar``, and ``of``: the number of a trial to hold against it."""

    about: str
    bar: float
    of: Callable[[Mapping[str, Any]], float | None]
    at_least: bool = False


def _metric(name: str) -> Callable[[Mapping[str, Any]], float | None]:
    return lambda trial: trial.get(name)


def _speed_off(trial: Mapping[str, Any]) -> float | None:
    target = trial.get("target_speed")
    return None if target is None else abs(trial["speed"] - target)


BAR = {
    "completed": Demand("share of episodes to the end", 0.95, lambda t: t["completed"] / t["episodes"], at_least=True),
    "speed": Demand("mean speed off the target, m/s", 0.05, _speed_off),
    "alternation": Demand("share of alternating steps", 0.95, _metric("alternation"), at_least=True),
    "hip": Demand("hip to the reference, RMSE, deg", 6.0, _metric("hip_flexion.rmse")),
    "knee": Demand("knee to the reference, RMSE, deg", 6.0, _metric("knee_angle.rmse")),
    "ankle": Demand("ankle to the reference, RMSE, deg", 8.0, _metric("ankle_angle.rmse")),
    "impact": Demand("first peak of vertical ground force, BW", 1.5, _metric("ground_force.first_peak")),
}


def judged(trials: Mapping[str, Mapping[str, Any]], changed: Mapping[str, float | None]) -> list[dict[str, Any]]:
    """Each line of the bar with the worst trial; what was not measured is not met."""
    lines = []
    for name, demand in BAR.items():
        bar = changed.get(name, demand.bar)
        if bar is None:
            continue
        found = [demand.of(trial) for trial in trials.values()]
        known = [value for value in found if value is not None]
        worst = None if len(known) < len(found) or not known else (min if demand.at_least else max)(known)
        met = worst is not None and (worst >= bar if demand.at_least else worst <= bar)
        line = {"about": demand.about, "bar": bar, "at_least": demand.at_least, "found": worst, "met": met}
        lines.append({"name": name, **line})
    return lines
