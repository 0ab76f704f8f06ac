"""Learning curves of several seeds: what the deterministic policy does over steps and wall time, with quartiles.

Read from ``metrics.csv`` of run folders, so that any training can be compared, whoever started it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.lines import Line2D

from myoassist.analysis.plots.style import NEUTRAL, PALETTE, grid, legend, look
from myoassist.analysis.report_run import ELAPSED, read_rows, value
from myoassist.errors import RunError, unknown
from myoassist.places import STEPS, TRAINING_NUMBERS

AXES = {"steps": ("Environment steps (millions)", 1e-6), "minutes": ("Wall time (min)", 1.0)}
UNITS = {
    "distance": "m",
    "shortest_distance": "m",
    "time": "s",
    "speed": "m/s",
    "speed_error": "m/s",
    "peak_load": "BW",
}


@dataclass(frozen=True)
class Curve:
    """Evaluations of one training, in order: environment steps, wall time in min, and numbers by name ``(n,)``."""

    run: str
    steps: np.ndarray
    minutes: np.ndarray
    numbers: dict[str, np.ndarray]


@dataclass(frozen=True)
class Quartiles:
    """Over seeds, at every ``x`` ``(n,)`` that all of them reached."""

    x: np.ndarray
    low: np.ndarray
    median: np.ndarray
    high: np.ndarray
    seeds: int


def read_curve(run: Path) -> Curve:
    """The evaluations of the training in a run folder. Wall time holds evaluations, and no pauses before a resumption.

    Raises:
        RunError: there is no table of a training, or it holds no evaluation.
    """
    rows = read_rows(run / TRAINING_NUMBERS)
    found = [row for row in rows if math.isfinite(value(row, "eval/distance"))]
    if not found:
        what = f"its {TRAINING_NUMBERS} holds no evaluation" if rows else f"holds no {TRAINING_NUMBERS}"
        raise RunError(f"{run}: {what}; give the folder of a training that evaluates (evaluation.every_steps > 0)")
    names = [name.removeprefix("eval/") for name in found[0] if name.startswith("eval/") and name.count("/") == 1]
    numbers = {name: np.array([value(row, f"eval/{name}") for row in found]) for name in names}
    steps = np.array([value(row, STEPS) for row in found])
    return Curve(run.name, steps, np.array([value(row, ELAPSED) for row in found]) / 60.0, numbers)


def quartiles(curves: Sequence[Curve], metric: str, axis: str) -> Quartiles:
    """First quartile, median and third quartile of ``metric`` over ``axis`` (``steps`` or ``minutes``).

    Between two evaluations of a seed its numbers are interpolated; nothing is said beyond the end of the shortest.

    Raises:
        RunError: no evaluation holds ``metric``.
    """
    for curve in curves:
        if metric not in curve.numbers:
            raise RunError(unknown("number", metric, curve.numbers, where="--metric"))
    places = [getattr(curve, axis) for curve in curves]
    begin, end = max(x[0] for x in places), min(x[-1] for x in places)
    every = np.unique(np.concatenate(places))
    x = every[(every >= begin) & (every <= end)]
    values = np.array([np.interp(x, place, curve.numbers[metric]) for place, curve in zip(places, curves, strict=True)])
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0) if len(x) else np.empty((3, 0))
    return Quartiles(x, low, median, high, len(curves))


def first_at(curve: Curve, distance: float) -> tuple[float, float]:
    """Steps and minutes at the first evaluation whose mean distance is at least ``distance`` m; inf for none."""
    reached = np.flatnonzero(curve.numbers["distance"] >= distance)
    return (float(curve.steps[reached[0]]), float(curve.minutes[reached[0]])) if len(reached) else (math.inf, math.inf)


def reaching(label: str, curves: Sequence[Curve], distance: float) -> str:
    """How many seeds reached ``distance`` m, and the median steps and time; a seed that did not counts as never."""
    found = np.array([first_at(curve, distance) for curve in curves])
    reached = int(np.isfinite(found[:, 0]).sum())
    said = f"{label}: {reached} of {len(curves)} seeds reached {distance:g} m"
    ordered = np.sort(found, axis=0)
    middle = ordered[[(len(curves) - 1) // 2, len(curves) // 2]]
    if not np.isfinite(middle).all():
        return f"{said}; fewer than it takes for a median"
    steps, minutes = middle.mean(axis=0)
    return f"{said}; median {steps / 1e6:.2f} M steps, {minutes:.1f} min"


def write_tables(folder: Path, groups: Mapping[str, Sequence[Curve]], metric: str) -> None:
    """``learning.csv``: every evaluation of every seed; ``quartiles.csv``: the curves of the figure."""
    bands = {(label, axis): quartiles(curves, metric, axis) for label, curves in groups.items() for axis in AXES}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "learning.csv").open("w", newline="", encoding="utf-8") as file:
        names = list(dict.fromkeys(name for curves in groups.values() for curve in curves for name in curve.numbers))
        writer = csv.writer(file)
        writer.writerow(["curve", "run", "steps", "minutes", *names])
        for label, curves in groups.items():
            for curve in curves:
                columns = [curve.numbers.get(name, np.full(len(curve.steps), np.nan)) for name in names]
                for row in zip(curve.steps.astype(int), curve.minutes.round(3), *columns, strict=True):
                    writer.writerow([label, curve.run, *("" if np.isnan(cell) else cell for cell in row)])
    with (folder / "quartiles.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["curve", "metric", "axis", "x", "first_quartile", "median", "third_quartile", "seeds"])
        for (label, axis), band in bands.items():
            for row in zip(band.x, band.low, band.median, band.high, strict=True):
                writer.writerow([label, metric, axis, *row, band.seeds])


def draw(groups: Mapping[str, Sequence[Curve]], metric: str, distance: float | None, path: Path) -> None:
    """Median over seeds and its interquartile range, thin lines the seeds, over steps and over wall time."""
    unit = f" ({UNITS[metric]})" if metric in UNITS else ""
    words = metric.replace("_", " ").capitalize()
    with look():
        made, panels = grid(1, 2, row_height=3.6, extra=0.2 + 0.3 * len(groups), sharey=True)
        for panel, (axis, (title, factor)) in zip(panels[0], AXES.items(), strict=True):
            for number, curves in enumerate(groups.values()):
                band, colour = quartiles(curves, metric, axis), PALETTE[number % len(PALETTE)]
                for curve in curves:
                    panel.plot(factor * getattr(curve, axis), curve.numbers[metric], color=colour, lw=0.7, alpha=0.5)
                panel.fill_between(factor * band.x, band.low, band.high, color=colour, alpha=0.2, lw=0)
                panel.plot(factor * band.x, band.median, color=colour)
            if distance is not None and metric == "distance":
                panel.axhline(distance, color=NEUTRAL, lw=1.0, ls=":")
            panel.set_xlabel(title)
            panel.set_xlim(left=0)
            panel.set_ylim(bottom=min(0.0, panel.get_ylim()[0]))
        panels[0][0].set_ylabel(f"{words}{unit}")
        lines = [
            Line2D([], [], color=PALETTE[number % len(PALETTE)], label=f"{label}: {_spread(curves)}")
            for number, (label, curves) in enumerate(groups.items())
        ]
        legend(made, lines, most=1)
        made.savefig(path, dpi=200)


def _spread(curves: Sequence[Curve]) -> str:
    return f"median and quartiles of {_seeds(curves)}" if len(curves) > 1 else _seeds(curves)


def _seeds(curves: Sequence[Curve]) -> str:
    return f"{len(curves)} seed{'s' * (len(curves) > 1)}"
