"""Drawing over the gait cycle: every stride thin, mean and spread, toe-off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.style import NEUTRAL, REFERENCE_COLOUR, SIDE_COLOURS, SIDES, note

CYCLE = "Gait cycle (%)"  # label of x
PERCENT = np.linspace(0.0, 100.0, 101)
MOST_STRIDES = 50  # drawn one by one in a panel; mean and spread are those of all


def mean_sd(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sample SD ``(101,)`` of the finite ``values`` ``(n, 101)``; nan of none, SD of one."""
    finite = np.isfinite(values)
    n = finite.sum(axis=0)
    kept = np.where(finite, values, 0.0)
    mean = np.where(n > 0, kept.sum(axis=0) / np.maximum(n, 1), np.nan)
    squares = np.where(finite, (kept - np.where(n > 0, mean, 0.0)) ** 2, 0.0).sum(axis=0)
    return mean, np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), np.nan)


def evenly(n: int, most: int = MOST_STRIDES) -> np.ndarray:
    """At most ``most`` of the numbers below ``n``, evenly spread, first and last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)) if n else np.zeros(0, dtype=int)


def draw_strides(axis: Axes, values: np.ndarray, colour: str) -> None:
    """Single strides ``(n, 101)`` as thin lines; one artist for all, pixels even in a vector file."""
    shown = values[evenly(len(values))]
    broken = np.concatenate([shown, np.full((len(shown), 1), np.nan)], axis=1)
    x = np.tile(np.append(PERCENT, np.nan), len(shown))
    axis.plot(x, broken.ravel(), color=colour, linewidth=0.5, alpha=0.3, rasterized=True, label="_strides", zorder=2)


def draw_mean(axis: Axes, values: np.ndarray, colour: str, *, band: bool = True, **options: Any) -> None:
    """Mean of strides ``(n, 101)`` and, where there are two or more, a band of one SD either way."""
    if not np.isfinite(values).any():
        note(axis, "no complete stride" if not len(values) else "no number")
        return
    mean, sd = mean_sd(values)
    if band and np.isfinite(sd).any():
        axis.fill_between(PERCENT, mean - sd, mean + sd, color=colour, alpha=0.22, linewidth=0, zorder=2.5)
    axis.plot(PERCENT, mean, color=colour, **{"zorder": 3, "label": "_mean", **options})


def draw_reference(axis: Axes, curve: np.ndarray | None) -> None:
    """A reference curve ``(101,)``, dashed."""
    if curve is not None:
        axis.plot(
            PERCENT, curve, color=REFERENCE_COLOUR, linestyle=(0, (4, 2)), linewidth=1.5, zorder=4, label="_reference"
        )


def draw_toe_off(axis: Axes, analysis: Analysis, side: str, colour: str | None = None) -> None:
    """A dotted line at the mean toe-off of a side."""
    shares = analysis.toe_off(side)
    shares = shares[np.isfinite(shares)]
    if len(shares):
        axis.axvline(100.0 * shares.mean(), color=colour or NEUTRAL, linestyle=(0, (1, 1.5)), linewidth=1.4, zorder=2.2)


def cycle_axis(axis: Axes, *, label: bool = True) -> None:
    """0 to 100 % of the gait cycle along x."""
    axis.set_xlim(0, 100)
    axis.set_xticks([0, 25, 50, 75, 100])
    if label:
        axis.set_xlabel(CYCLE)


def side_handles(sides: Iterable[str] = SIDES) -> list[Line2D]:
    """Legend entries of the sides."""
    return [Line2D([], [], color=SIDE_COLOURS[side], label=SIDES[side].capitalize()) for side in sides]


def band_handle(label: str = "Mean ± SD") -> Patch:
    """Legend entry of the band."""
    return Patch(facecolor=NEUTRAL, alpha=0.3, label=label)


def stride_handle() -> Line2D:
    """Legend entry of the single strides."""
    return Line2D([], [], color=NEUTRAL, alpha=0.6, linewidth=0.6, label="Each stride")


def toe_off_handle() -> Line2D:
    """Legend entry of toe-off."""
    return Line2D([], [], color=NEUTRAL, linestyle=(0, (1, 1.5)), linewidth=1.4, label="Toe-off")


def reference_handle() -> Line2D:
    """Legend entry of the reference."""
    return Line2D([], [], color=REFERENCE_COLOUR, linestyle=(0, (4, 2)), linewidth=1.5, label="Reference")
