"""Curves of a training, from the table that it writes into its run folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from myoassist.analysis.plots.drawing import plot
from myoassist.analysis.plots.style import PALETTE, SEQUENTIAL, calm_ticks, figure, panel_title
from myoassist.analysis.training_numbers import read_metrics
from myoassist.errors import RunError
from myoassist.places import STEPS

SECONDS = "time/time_elapsed"
_LEVELS = {  # title and unit of the panel by the columns in it
    "Level of the environments": ("Level (0: easiest)", re.compile(r"(curriculum|terrain)/(mean_)?level$")),
    "Environments on each level": ("Share (0 to 1)", re.compile(r"(curriculum|terrain)/(envs_on_)?level_\d+$")),
    "Episodes good enough for the next level": (
        "Share (0 to 1)",
        re.compile(r"(curriculum|terrain)/success_on_level_\d+$"),
    ),
    "Evaluation: episodes without a fall": ("Share (0 to 1)", re.compile(r"eval/level_\d+$")),
    "Environments that mastered all levels": ("Share (0 to 1)", re.compile(r"(curriculum|terrain)/graduated$")),
}
FEW_ROWS = 40  # up to which each is shown as it is


@dataclass(frozen=True)
class Panel:
    """Some columns of the table in one pair of axes: by name of the column, the words in the legend.

    ``colours``: one per column, a few that repeat by default.
    """

    title: str
    unit: str
    columns: dict[str, str]
    colours: Sequence[Any] = PALETTE


_EPISODES = (
    Panel("Duration of an episode", "Time (s)", {"episode/seconds": "training", "eval/time": "evaluation"}),
    Panel("Distance", "Distance (m)", {"episode/distance": "training", "eval/distance": "evaluation"}),
    Panel("Return", "Return (no unit)", {"episode/return": "training", "eval/total_reward": "evaluation"}),
    Panel("Walking speed", "Speed (m/s)", {"episode/mean_speed": "training", "eval/speed": "evaluation"}),
    Panel(
        "Muscle activation", "Mean (0 to 1)", {"episode/mean_activation": "training", "eval/activation": "evaluation"}
    ),
    Panel("Episodes without a fall", "Share (0 to 1)", {"end/time_up": "training", "eval/completed": "evaluation"}),
)
_LEARNING = (
    Panel("Value loss", "Loss (no unit)", {"train/value_loss": "", "train/critic_loss": ""}),
    Panel("Policy loss", "Loss (no unit)", {"train/policy_gradient_loss": "", "train/actor_loss": ""}),
    Panel("Explained variance", "Share (at most 1)", {"train/explained_variance": ""}),
    Panel("Policy change", "KL divergence (nats)", {"train/approx_kl": ""}),
    Panel("Exploration", "SD of the action (1)", {"train/std": ""}),
    Panel(
        "What fades",
        "Share that is left (0 to 1)",
        {"curriculum/limits_share": "tracking limits", "curriculum/aid_share": "aid"},
    ),
    Panel("Entropy coefficient", "Coefficient (no unit)", {"train/ent_coef": ""}),
)


def _begun(run_folder: str | Path) -> str | None:
    """At least one row of the table."""
    try:
        return None if STEPS in read_metrics(run_folder) else "the training has not written a row yet"
    except RunError as error:
        return str(error)


def _has_levels(run_folder: str | Path) -> str | None:
    """Columns of a terrain curriculum."""
    return None if _level_panels(read_metrics(run_folder)) else "the training had no terrain levels"


@plot(
    "Training",
    "Progress of the training over environment steps; the scale on top is hours. Pale: each update, line: their "
    "running mean; points: evaluations of the policy without exploration noise. Reward terms are sums over an episode.",
    _begun,
)
def training_curves(run_folder: str | Path) -> Figure:
    """Episodes, evaluations, reward terms, ends and losses of a run against environment steps and hours."""
    columns = read_metrics(run_folder)
    if {"eval/completed", "eval/episodes"} <= set(columns):
        columns["eval/completed"] = columns["eval/completed"] / columns["eval/episodes"]
    for name in [name for name in columns if name.startswith("end/")]:  # a reason nobody ended for is left empty
        columns[name] = np.where(
            np.isfinite(columns.get("episode/count", columns[name])), _filled(columns[name]), np.nan
        )
    terms = {
        name: _words(name) for name in sorted(columns) if name.startswith("reward/") and _filled(columns[name]).any()
    }
    ends = {name: _words(name) for name in sorted(columns) if name.startswith("end/")}
    wide = [Panel("Reward terms", "Reward (no unit)", terms), Panel("Why episodes end", "Share (0 to 1)", ends)]
    return _draw(columns, [*_EPISODES, *_LEARNING], wide)


@plot(
    "Terrain levels",
    "Curriculum of the terrain: an environment whose walker gets far enough moves to the next level. Dark lines are "
    "easy levels, bright ones hard.",
    _begun,
    _has_levels,
)
def terrain_levels(run_folder: str | Path) -> Figure:
    """Levels of the terrain curriculum against environment steps and hours."""
    columns = read_metrics(run_folder)
    return _draw(columns, [], _level_panels(columns))


def _level_panels(columns: Iterable[str]) -> list[Panel]:
    panels = []
    for title, (unit, pattern) in _LEVELS.items():
        names = sorted((name for name in columns if pattern.match(name)), key=_level)
        labels = {name: f"level {_level(name)}" if len(names) > 1 else "" for name in names}
        panels.append(
            Panel(title, unit, labels, matplotlib.colormaps[SEQUENTIAL](np.linspace(0.0, 0.92, len(names))).tolist())
        )
    return [panel for panel in panels if panel.columns]


def _level(name: str) -> int:
    number = name.rsplit("_", 1)[-1]
    return int(number) if number.isdigit() else 0


def _filled(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values, posinf=0.0, neginf=0.0)


def _words(name: str) -> str:
    words = name.split("/", 1)[-1].replace("_", " ")
    return words if len(words) <= 24 else words[:23] + "…"


def _draw(columns: dict[str, np.ndarray], small: list[Panel], wide: list[Panel]) -> Figure:
    """Small panels in three columns, then those with many lines over the whole width, with the legend at the right."""
    small = [panel for panel in small if set(panel.columns) & set(columns)]
    wide = [panel for panel in wide if set(panel.columns) & set(columns)]
    rows = -(-len(small) // 3)
    heights = [0.9 + 1.85 * rows if rows else 0.0, 0.5 + 2.1 * len(wide) if wide else 0.0]
    made = figure(sum(heights))
    parts = made.subfigures(
        sum(height > 0 for height in heights), 1, height_ratios=[h for h in heights if h], squeeze=False
    )
    for part, panels, across in zip(
        parts[:, 0], [p for p in (small, wide) if p], [3, 1] if small else [1], strict=False
    ):
        for number, panel in enumerate(panels):
            axis = part.add_subplot(-(-len(panels) // across), across, number + 1)
            _curves(axis, columns, panel)
            if number < across and part is parts[0, 0]:
                _duration(axis, columns)
        part.supxlabel(f"Environment steps ({_scale(columns)[1]})", fontsize=11)
    if small:
        handles = [
            Line2D([], [], color=PALETTE[0], label="Training"),
            Line2D([], [], color=PALETTE[1], marker="o", linestyle="none", label="Evaluation"),
        ]
        parts[0, 0].legend(handles=handles, loc="outside upper center", ncols=2)
    return made


def _scale(columns: dict[str, np.ndarray]) -> tuple[float, str]:
    last = np.nanmax(columns[STEPS])
    return (1e6, "million") if last >= 2e5 else (1e3, "thousand")


def _curves(axis: Axes, columns: dict[str, np.ndarray], panel: Panel) -> None:
    unit = _scale(columns)[0]
    known = {name: label for name, label in panel.columns.items() if name in columns}
    for number, (name, label) in enumerate(known.items()):
        held = np.isfinite(columns[name]) & np.isfinite(columns[STEPS])
        x, y, colour = columns[STEPS][held] / unit, columns[name][held], panel.colours[number % len(panel.colours)]
        dashes = ("-", (0, (4, 1.5)), (0, (1, 1.2)))[number // len(panel.colours) % 3]
        if name.startswith("eval/"):
            axis.plot(x, y, "o", color=colour, markersize=5, label=label)
            continue
        if len(y) > FEW_ROWS and len(known) <= 2:
            axis.plot(x, y, color=colour, linewidth=0.7, alpha=0.35, label="_update")
        axis.plot(x, running_mean(y), color=colour, linestyle=dashes, linewidth=1.6, label=label or "_line")
    axis.ticklabel_format(axis="y", useOffset=False)  # no "1e-5+2.2e-1"
    panel_title(axis, panel.title, width=70)
    axis.set_ylabel(panel.unit)
    axis.set_xlim(0.0, 1.02 * max(np.nanmax(columns[STEPS]), 1.0) / unit)  # whole points at the end
    calm_ticks(axis)
    if not set(known.values()) <= {"", "training", "evaluation"}:
        axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), labelspacing=0.25, ncols=1 + len(known) // 12)


def running_mean(values: np.ndarray) -> np.ndarray:
    """Mean over a window of a twentieth of the values, shorter at the ends ``(n,)``."""
    half = len(values) // FEW_ROWS if len(values) > FEW_ROWS else 0
    sums = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    first, last = np.maximum(places - half, 0), np.minimum(places + half + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)


def _duration(axis: Axes, columns: dict[str, np.ndarray]) -> None:
    """A second scale on top: time since the start, in hours, of less than two hours in minutes."""
    if SECONDS not in columns:
        return
    held = np.isfinite(columns[STEPS]) & np.isfinite(columns[SECONDS])
    steps = columns[STEPS][held] / _scale(columns)[0]
    seconds = np.maximum.accumulate(columns[SECONDS][held])
    length, unit = (3600.0, "h") if seconds.max(initial=0.0) >= 7200.0 else (60.0, "min")
    time = seconds / length
    if len(steps) < 2 or np.any(np.diff(steps) <= 0) or np.any(np.diff(time) < 0) or time[-1] <= time[0]:
        return
    time = time + np.arange(len(time)) * 1e-9  # strictly rising, so that it can be turned round
    if steps[0] > 0.0:
        steps, time = np.insert(steps, 0, 0.0), np.insert(time, 0, min(0.0, time[0] - 1e-9))
    top = axis.secondary_xaxis("top", functions=(_between(steps, time), _between(time, steps)))
    top.set_xlabel(f"Time ({unit})")
    top.xaxis.set_major_locator(MaxNLocator(4))


def _between(x: np.ndarray, y: np.ndarray) -> Callable[[ArrayLike], ArrayLike]:
    """Straight lines through points that rise, and beyond them at the mean rate."""
    rate = (y[-1] - y[0]) / (x[-1] - x[0])

    def values(at: ArrayLike) -> ArrayLike:
        place = np.asarray(at, dtype=float)
        outside = np.minimum(place - x[0], 0.0) + np.maximum(place - x[-1], 0.0)
        return np.interp(place, x, y) + rate * outside

    return values
