"""Muscles over the gait cycle: curves of each, and all at a glance."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.cycle import (
    CYCLE,
    PERCENT,
    band_handle,
    cycle_axis,
    draw_mean,
    draw_toe_off,
    mean_sd,
    side_handles,
    toe_off_handle,
)
from myoassist.analysis.plots.drawing import plot, signals, strides
from myoassist.analysis.plots.names import muscle_pairs, muscle_title
from myoassist.analysis.plots.style import NEUTRAL, SEQUENTIAL, SIDE_COLOURS, SIDES, figure, grid, legend, panel_title

_MANY = 16  # muscles a side from which panels are smaller


@plot(
    "Muscles over the gait cycle",
    "Activation of each muscle, mean and one standard deviation of all strides of its leg; thin dashed: the excitation "
    "that reaches it. Both lie between 0 and 1. Dotted: mean toe-off.",
    strides,
    signals("activation", "muscle activation"),
)
def muscles(analysis: Analysis) -> Figure:
    """Activation and excitation, a panel per muscle, both legs in it."""
    pairs = muscle_pairs(analysis.recording)
    many = len(pairs) > _MANY
    columns = 5 if many else 3
    made, axes = grid(-(-len(pairs) // columns), columns, row_height=1.25 if many else 1.55, sharey=True)
    cells = list(axes.flat)
    for place, (base, names) in enumerate(pairs.items()):
        axis = cells[place]
        for side, name in names.items():
            _curves(analysis, axis, side, name)
        panel_title(axis, muscle_title(base), width=18 if many else 30, fontsize=9.5 if many else 11)
        cycle_axis(axis, label=False)
        if many:
            axis.set_xticks([0, 50, 100])
        axis.tick_params(labelbottom=place + columns >= len(pairs))
    for axis in cells[len(pairs) :]:
        axis.remove()
    made.supxlabel(CYCLE, fontsize=11)
    for row in axes:
        row[0].set_ylabel("Activation\n(0 to 1)")
    cells[0].set_ylim(0.0, 1.0)
    cells[0].set_yticks([0.0, 0.5, 1.0])
    excitation = Line2D([], [], color=NEUTRAL, linestyle=(0, (3, 1.5)), linewidth=1.0, label="Excitation")
    legend(made, [*side_handles(), band_handle(), excitation, toe_off_handle()], most=5)
    return made


def _curves(analysis: Analysis, axis: Axes, side: str, name: str) -> None:
    """One muscle; one in the middle of the body is shown over right strides, in grey."""
    colour, cycle_side = SIDE_COLOURS.get(side, NEUTRAL), side or "r"
    values = analysis.cycles("activation", name, cycle_side)
    if np.isfinite(values).any():
        draw_mean(axis, values, colour, linewidth=1.5)
    draw_toe_off(axis, analysis, cycle_side, colour)
    if name in analysis.recording.columns("excitation"):
        excitation = analysis.cycles("excitation", name, cycle_side)
        if np.isfinite(excitation).any():
            axis.plot(
                PERCENT,
                mean_sd(excitation)[0],
                color=colour,
                linestyle=(0, (3, 1.5)),
                linewidth=0.9,
                label="_excitation",
            )


@plot(
    "Muscles at a glance",
    "Mean activation over the gait cycle, a row per muscle: dark is silent, bright is strong; dotted: mean toe-off. "
    "The scale ends at the strongest value; a white row is a muscle that this leg does not have.",
    strides,
    signals("activation", "muscle activation"),
)
def muscle_map(analysis: Analysis) -> Figure:
    """Heat map of mean activation, right and left side by side."""
    pairs = muscle_pairs(analysis.recording)
    rows = {
        side: np.array([_mean_activation(analysis, names.get(side, names.get("")), side) for names in pairs.values()])
        for side in SIDES
    }
    peak = max([0.1, *(float(values[np.isfinite(values)].max(initial=0.0)) for values in rows.values())])
    made = figure(1.2 + 0.23 * len(pairs))
    axes = made.subplots(1, 2, sharey=True)
    norm, extent = Normalize(0.0, peak), (0.0, 100.0, len(pairs) - 0.5, -0.5)
    for axis, (side, values) in zip(axes, rows.items(), strict=True):
        axis.grid(False)
        axis.imshow(values, aspect="auto", norm=norm, extent=extent, interpolation="nearest")
        draw_toe_off(axis, analysis, side, "white")
        cycle_axis(axis)
        axis.set_title(f"{SIDES[side].capitalize()} leg", color=SIDE_COLOURS[side])
    titles = [muscle_title(base) for base in pairs]
    axes[0].set_yticks(range(len(pairs)), [title if len(title) <= 34 else title[:33] + "…" for title in titles])
    axes[0].set_ylabel("Muscle")
    made.colorbar(ScalarMappable(norm, SEQUENTIAL), ax=list(axes), label="Activation (0 to 1)", fraction=0.04)
    return made


def _mean_activation(analysis: Analysis, name: str | None, side: str) -> np.ndarray:
    return np.full(101, np.nan) if name is None else mean_sd(analysis.cycles("activation", name, side))[0]
