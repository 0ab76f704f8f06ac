"""What the walker was rewarded for: over time, and by episode."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.drawing import plot, signals
from myoassist.analysis.plots.style import PALETTE, calm_ticks, figure, level_line, panel_title
from myoassist.analysis.recording import Recording

BIN_SECONDS = 0.5
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)))  # one each time the colours are through


@plot(
    "Reward",
    "Weighted reward terms per control step. Above: over time, mean of the episodes that still go on, in steps of half "
    "a second. Below: mean of each episode, gains stacked up and costs down; the dot is their sum. Terms that are "
    "always zero are left out.",
    signals("reward", "reward terms"),
)
def reward(analysis: Analysis) -> Figure:
    """Reward terms over time and by episode."""
    recording = analysis.recording
    values = np.nan_to_num(recording["reward"].astype(float), posinf=0.0, neginf=0.0)
    terms = [t for t, name in enumerate(recording.columns("reward")) if (values[:, t] != 0.0).any()]
    order = sorted(terms, key=lambda t: -abs(values[:, t].mean()))
    made = figure(7.2)
    over_time, by_episode = made.subplots(2, 1)
    _over_time(over_time, recording, values, order)
    _by_episode(by_episode, recording, values, order)
    handles = [
        Line2D(
            [], [], color=_colour(n), linestyle=_DASHES[n // len(PALETTE) % 3], linewidth=3, label=_short(recording, t)
        )
        for n, t in enumerate(order)
    ]
    total = Line2D([], [], color="black", marker="o", linestyle="-", markersize=5, linewidth=1.0, label="Sum")
    made.legend(handles=[*handles, total], loc="outside upper center", ncols=3)
    return made


def _colour(number: int) -> str:
    return PALETTE[number % len(PALETTE)]


def _short(recording: Recording, term: int) -> str:
    name = recording.columns("reward")[term].replace("_", " ")
    return name if len(name) <= 30 else name[:29] + "…"


def _over_time(axis: Axes, recording: Recording, values: np.ndarray, order: list[int]) -> None:
    number = (recording["time"] / BIN_SECONDS - 1e-6).astype(int)
    counts = np.bincount(number).astype(float)
    middle = (np.arange(len(counts)) + 0.5) * BIN_SECONDS
    counts[counts == 0] = np.nan
    level_line(axis)
    for place, term in enumerate(order):
        style = {"color": _colour(place), "linestyle": _DASHES[place // len(PALETTE) % 3]}
        axis.plot(middle, np.bincount(number, values[:, term]) / counts, label="_term", linewidth=1.5, **style)
    axis.plot(middle, np.bincount(number, values.sum(axis=1)) / counts, color="black", linewidth=1.0, label="_sum")
    axis.set_xlim(0.0, max(len(counts), 1) * BIN_SECONDS)
    axis.set_xlabel("Time (s)")
    axis.set_ylabel("Reward per step (no unit)")
    panel_title(axis, f"Over time, mean of {len(recording.episodes)} episodes", width=70)
    calm_ticks(axis)


def _by_episode(axis: Axes, recording: Recording, values: np.ndarray, order: list[int]) -> None:
    means = np.array([values[frames].mean(axis=0) for frames in recording.episodes])
    x = np.array([recording["episode"][frames.start] for frames in recording.episodes], dtype=float)
    axis.use_sticky_edges = False
    up, down = np.zeros(len(x)), np.zeros(len(x))
    for place, term in enumerate(order):
        height = means[:, term]
        base = np.where(height >= 0, up, down)
        axis.bar(x, height, bottom=base, color=_colour(place), width=0.85, label="_term")
        up, down = up + np.maximum(height, 0), down + np.minimum(height, 0)
    axis.plot(x, means.sum(axis=1), "o", color="black", markersize=5, label="_sum")
    level_line(axis)
    axis.set_xlim(x.min() - 0.6, x.max() + 0.6)
    axis.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    axis.set_xlabel("Episode (number)")
    axis.set_ylabel("Reward per step (no unit)")
    panel_title(axis, "Mean of each episode", width=70)
    calm_ticks(axis)
