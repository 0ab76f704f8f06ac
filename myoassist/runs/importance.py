"""How much each setting matters: the share of the objective's variance over runs that it explains alone.

The share is the correlation ratio (Pearson 1905), which is the first-order sensitivity index Var(E[Y|X]) / Var(Y) of
variance-based sensitivity analysis (Saltelli et al. 2008, "Global Sensitivity Analysis", ch. 4), estimated from the
runs at hand. The plain estimate grows with the number of levels by chance alone, so that it is adjusted as epsilon
squared (Kelley 1935, PNAS 21:554), where 0 is what chance would give:

    epsilon² = 1 − (n − 1) / (n − k) · SS_within / SS_total        n runs, k levels; not below 0

A number with many values, as of a random search, is cut into levels of equally many runs. Shares are those of one
setting at a time: what is missing to 1 is interaction, seeds and chance. It works for any sweep, grid or search,
without a fitted model; below eight runs nothing is said, and below thirty it is a rough guide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from myoassist.runs.groups import UNKNOWN, Parameter

LEAST, FEW = 8, 30  # runs below which nothing is said, and below which it is a rough guide
_MOST_LEVELS = 5  # of a number that is cut into levels


@dataclass(frozen=True)
class Importance:
    """What a setting matters.

    ``share``: of the variance it explains, 0 to 1; nan where the runs do not tell, and ``note`` says why. ``levels``:
    how many were compared. ``trend``: Spearman's rank correlation of a number with the objective, else nan.
    """

    key: str
    share: float
    levels: int
    trend: float = math.nan
    note: str = ""


def importances(differing: Sequence[Parameter], objective: np.ndarray) -> list[Importance]:
    """Each setting, the one that matters most first. ``objective``: one value per run ``(runs,)``, nan for none."""
    found = [importance(parameter, objective) for parameter in differing]
    return sorted(found, key=lambda one: -one.share if math.isfinite(one.share) else math.inf)


def importance(parameter: Parameter, objective: np.ndarray) -> Importance:
    """How much one setting matters; see the head of this file."""
    held = np.isfinite(objective) & np.array([value != UNKNOWN for value in parameter.values])
    y = objective[held]
    numbers = parameter.numbers()
    x = None if numbers is None else numbers[held]
    levels = _levels([value for value, h in zip(parameter.values, held, strict=True) if h], x)
    n, k = len(y), len(set(levels))
    trend = _spearman(x, y) if x is not None and n >= LEAST else math.nan
    if n < LEAST:
        return Importance(parameter.key, math.nan, k, trend, f"{n} runs with a value; at least {LEAST} are needed")
    if k < 2:
        return Importance(parameter.key, math.nan, k, trend, "only one of its values has runs with a value")
    if k == n:
        return Importance(
            parameter.key, math.nan, k, trend, "each value was tried once; repeat them with several seeds"
        )
    total = float(np.sum((y - y.mean()) ** 2))
    if total <= 1e-12 * max(1.0, float(np.sum(y**2))):
        return Importance(parameter.key, math.nan, k, math.nan, "all runs have the same value")
    within = sum(float(np.sum((y[levels == level] - y[levels == level].mean()) ** 2)) for level in set(levels))
    return Importance(parameter.key, max(0.0, 1.0 - (n - 1) / (n - k) * within / total), k, trend)


def _levels(values: Sequence[str], numbers: np.ndarray | None) -> np.ndarray:
    """Number of the level of each run ``(runs,)``: the value, or of a number with many values the part of its range."""
    known = sorted(set(values))
    if numbers is None or 2 * len(known) <= len(values):
        return np.array([known.index(value) for value in values], dtype=int)
    parts = min(_MOST_LEVELS, max(2, len(values) // 4))
    order = np.searchsorted(np.sort(numbers), numbers)  # equal numbers stay together
    return (order * parts) // max(len(values), 1)


def _spearman(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation, ties at their mean rank; nan where one of them does not change."""
    a, b = _ranks(x), _ranks(y)
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > 0.0 else math.nan


def _ranks(values: np.ndarray) -> np.ndarray:
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right") - 1) / 2.0
