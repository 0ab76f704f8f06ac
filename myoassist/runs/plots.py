"""Figures of a comparison: learning curves, parallel coordinates, what matters."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from myoassist.analysis.plots.style import NEUTRAL, PALETTE, SEQUENTIAL, calm_ticks, figure, panel_title
from myoassist.analysis.plots.training import FEW_ROWS, running_mean
from myoassist.places import STEPS
from myoassist.runs.groups import UNKNOWN, Group, Parameter, compact, short_names, title
from myoassist.runs.importance import Importance
from myoassist.runs.metrics import Measure
from myoassist.runs.outcome import Outcome

POINTS = 200  # of a mean curve
_NAMED = len(PALETTE)  # settings with a colour of their own
_LABELS = 6  # values that an axis can name
_LETTERS = 46  # of a word that has a whole axis before the next one begins
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)))

Curve = tuple[np.ndarray, np.ndarray]  # steps and values (rows,)


def mean_curve(curves: Sequence[Curve]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, mean and sample SD ``(points,)`` of curves ``(steps, values)``, over the steps that all of them have.

    Between its rows a curve is a straight line. The SD of one curve is nan.
    """
    first, last = max(steps[0] for steps, _ in curves), min(steps[-1] for steps, _ in curves)
    if last < first:
        return np.empty(0), np.empty(0), np.empty(0)
    shared = curves[0][0]
    if not all(np.array_equal(steps, shared) for steps, _ in curves):
        shared = np.linspace(first, last, POINTS)
    values = np.stack([np.interp(shared, steps, column) for steps, column in curves])
    sd = values.std(axis=0, ddof=1) if len(curves) > 1 else np.full(len(shared), np.nan)
    return shared, values.mean(axis=0), sd


def curve_of(outcome: Outcome, key: str) -> Curve | None:
    """Steps and values ``(rows,)`` of a column of a run; None where it has none."""
    if key not in outcome.curves or STEPS not in outcome.curves:
        return None
    steps, values = outcome.curves[STEPS], outcome.curves[key]
    held = np.isfinite(steps) & np.isfinite(values)
    if not held.any():
        return None
    order = np.argsort(steps[held], kind="stable")
    return steps[held][order], values[held][order]


def curves_of(outcomes: Sequence[Outcome], key: str) -> list[Curve]:
    """:func:`curve_of` of each run that has one."""
    return [curve for outcome in outcomes if (curve := curve_of(outcome, key)) is not None]


def is_smoothed(curves: Sequence[Curve], key: str) -> bool:
    """Whether the ``curves`` of a column are drawn smoothed: those of many rows, except evaluations, which are few."""
    return not key.startswith("eval/") and any(len(steps) > FEW_ROWS for steps, _ in curves)


def learning_curves(
    outcomes: Sequence[Outcome], groups: Sequence[Group], differing: Sequence[Parameter], measures: Sequence[Measure]
) -> Figure:
    """One panel per metric: the mean over seeds of each setting with a band of ± 1 SD; ``groups`` best first."""
    named = [group for group in groups if group.counted][:_NAMED]
    rest = {place for group in groups for place in group.members} - {p for group in named for p in group.counted}
    labels = [_legend(group, differing) for group in named]
    made = figure(0.5 + 2.3 * len(measures) + 0.2 * sum(label.count("\n") + 1 for label in labels))
    unit, name = _scale(outcomes)
    axes = made.subplots(len(measures), 1, sharex=True, squeeze=False)[:, 0]
    for axis, measure in zip(axes, measures, strict=True):
        for place in sorted(rest):
            _line(axis, outcomes[place], measure, unit)
        for number, group in enumerate(named):
            _band(axis, [outcomes[place] for place in group.counted], measure, unit, number)
        panel_title(axis, measure.title, width=80)
        name_of_axis = measure.title.split(" of a ")[0]
        axis.set_ylabel(f"{name_of_axis} ({measure.unit})" if measure.unit else name_of_axis)
        calm_ticks(axis)
        axis.set_xlim(left=0.0)
        if measure.unit == "%":
            axis.set_ylim(-4.0, 104.0)
    axes[-1].set_xlabel(f"Environment steps ({name})")
    handles = [Line2D([], [], color=PALETTE[n], label=label) for n, label in enumerate(labels)]
    if rest:
        handles.append(
            Line2D([], [], color="#b0b0b0", linewidth=1.0, label="other runs, also those that did not finish")
        )
    made.legend(handles=handles, loc="outside lower left", ncols=1)
    return made


def _line(axis: Axes, outcome: Outcome, measure: Measure, unit: float) -> None:
    if (curve := curve_of(outcome, measure.key)) is not None:
        y = running_mean(curve[1]) if is_smoothed([curve], measure.key) else curve[1]
        axis.plot(curve[0] / unit, y * measure.factor, color="#b0b0b0", linewidth=0.9, zorder=1.5)


def _band(axis: Axes, runs: Sequence[Outcome], measure: Measure, unit: float, number: int) -> None:
    curves = curves_of(runs, measure.key)
    if not curves:
        return
    steps, mean, sd = mean_curve(curves)
    if is_smoothed(curves, measure.key):  # not before the SD is taken: smoothed curves differ less
        mean, sd = running_mean(mean), running_mean(sd)
    few = "o" if len(steps) <= FEW_ROWS and measure.key.startswith("eval/") else ""
    x, y, half = steps / unit, mean * measure.factor, sd * measure.factor
    axis.plot(x, y, color=PALETTE[number], marker=few, markersize=4, zorder=3.0 - 0.01 * number)
    if len(x) == 1 and len(curves) > 1:
        axis.errorbar(x, y, half, color=PALETTE[number], capsize=4, linewidth=1.2, zorder=2)
    elif np.isfinite(half).all() and len(curves) > 1:
        axis.fill_between(x, y - half, y + half, color=PALETTE[number], alpha=0.18, linewidth=0.0, zorder=2)


def _legend(group: Group, differing: Sequence[Parameter]) -> str:
    count = f" ({len(group.counted)} runs)" if len(group.counted) > 1 else ""
    text = title([compact(value) for value in group.setting], differing)
    return "\n".join(textwrap.wrap(text + count, 92, max_lines=2, placeholder=" …"))


def _scale(outcomes: Sequence[Outcome]) -> tuple[float, str]:
    last = max((float(np.nanmax(o.curves[STEPS])) for o in outcomes if STEPS in o.curves), default=1.0)
    return (1e6, "million") if last >= 2e5 else (1e3, "thousand")


def parallel_coordinates(outcomes: Sequence[Outcome], differing: Sequence[Parameter], objective: Measure) -> Figure:
    """One axis per setting, from top to bottom, and the objective's at the end; each run is a line through all of them.

    Lines are bright where the objective is better. The axes lie, so that names and values of any number have room.
    """
    goal = np.array([outcome.values.get(objective.key, math.nan) for outcome in outcomes]) * objective.factor
    shown = np.flatnonzero(np.isfinite(goal))
    scales = [_parameter_scale(parameter, shown) for parameter in differing]
    scales.append(_number_scale(goal[shown], log=False))
    made = figure(0.5 + 0.75 * len(scales))
    axis = made.subplots()
    axis.set_xlim(-0.3, 1.02)
    axis.set_ylim(0.55 - len(scales), 0.25)
    axis.axis("off")
    worth = -goal[shown] if objective.lower else goal[shown]
    colours, palette = Normalize(float(worth.min()), float(worth.max())), matplotlib.colormaps[SEQUENTIAL]
    for row in np.argsort(worth):  # the best on top
        places = [scale.places[row] for scale in scales]
        colour = palette(0.88 * colours(worth[row]))
        axis.plot(places, -np.arange(len(scales)), color=colour, linewidth=1.4, alpha=0.85)
    names = [*short_names([parameter.key for parameter in differing]), objective.label]
    for number, (scale, name) in enumerate(zip(scales, names, strict=True)):
        _lying(axis, -number, scale, name, bold=number == len(differing))
    return made


@dataclass(frozen=True)
class _Scale:
    """Place of each shown run on an axis ``(shown,)``, 0 to 1, its marks as (place, text), and whether it is a log."""

    places: np.ndarray
    marks: list[tuple[float, str]]
    log: bool = False


def _lying(axis: Axes, height: float, scale: _Scale, name: str, *, bold: bool) -> None:
    axis.plot([0.0, 1.0], [height, height], color="#333333", linewidth=0.9, zorder=4)
    back = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
    for place, text in scale.marks:
        axis.plot([place, place], [height - 0.05, height + 0.05], color="#333333", linewidth=0.9, zorder=4)
        side = "left" if place < 0.04 else "right" if place > 0.96 else "center"
        axis.text(place, height - 0.1, text, fontsize=9, va="top", ha=side, bbox=back, zorder=5)
    whole = textwrap.wrap(f"{name} (log)" if scale.log else name, 24, max_lines=2, placeholder=" …")
    weight = "bold" if bold else "normal"
    axis.text(-0.03, height, "\n".join(whole), fontsize=10, va="center", ha="right", fontweight=weight)


def _parameter_scale(parameter: Parameter, shown: np.ndarray) -> _Scale:
    values = [parameter.values[place] for place in shown]
    numbers = parameter.numbers()
    if numbers is not None and np.isfinite(numbers[shown]).all():
        known = np.unique(numbers[shown])
        return _number_scale(numbers[shown], log=bool(known[0] > 0 and known[-1] / known[0] >= 8.0))
    names = list(dict.fromkeys(sorted(values)))
    places = {name: 0.5 if len(names) == 1 else n / (len(names) - 1) for n, name in enumerate(names)}
    named = names[:: -(-len(names) // _LABELS)]
    most = int(_LETTERS * (places[named[1]] - places[named[0]])) if len(named) > 1 else _LETTERS
    marks = [(places[name], "not known" if name == UNKNOWN else _cut(name, most)) for name in named]
    return _Scale(np.array([places[value] for value in values]), marks)


def _cut(name: str, most: int) -> str:
    """A word of ``most`` letters with its middle left out: choices of a group often begin alike."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[len(name) - most // 2 :]}"


def _number_scale(numbers: np.ndarray, *, log: bool) -> _Scale:
    known = np.unique(numbers)
    low, high = float(known[0]), float(known[-1])

    def place(values: np.ndarray) -> np.ndarray:
        if high <= low:
            return np.full(len(values), 0.5)
        return np.log(values / low) / np.log(high / low) if log else (values - low) / (high - low)

    if len(known) > _LABELS or (np.diff(place(known)) < 0.12).any():  # labels would lie on each other
        known = np.geomspace(low, high, 5) if log else np.linspace(low, high, 5)
    marks = zip(place(known).tolist(), known.tolist(), strict=True)
    return _Scale(place(numbers), [(where, compact(repr(value))) for where, value in marks], log)


def importance_bars(found: Sequence[Importance], objective: Measure) -> Figure:
    """A bar per setting: the share of the variance of the objective over runs that it explains alone."""
    known = [one for one in found if math.isfinite(one.share)][:15]
    made = figure(1.0 + 0.34 * len(known))
    axis = made.subplots()
    places = np.arange(len(known))[::-1]
    axis.barh(places, [100.0 * one.share for one in known], color=PALETTE[0], height=0.62)
    for place, one in zip(places, known, strict=True):
        trend = f"   rank correlation {one.trend:+.2f}".replace("-", "−") if math.isfinite(one.trend) else ""
        axis.text(100.0 * one.share + 1.0, place, f"{100.0 * one.share:.0f} %{trend}", va="center", fontsize=10)
    axis.set_yticks(places, [compact(one.key, 40) for one in known])
    axis.set_xlim(0.0, 140.0)
    axis.set_xticks([0, 25, 50, 75, 100])
    axis.set_xlabel(f"Share of the variance of {objective.title.lower()} explained alone (%)", color=NEUTRAL)
    axis.grid(axis="y", visible=False)
    return made
