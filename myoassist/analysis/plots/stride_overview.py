"""Space and time of the steps: every stride of each leg beside the other's."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.gait_metric import PerStride
from myoassist.analysis.plots.drawing import plot, strides
from myoassist.analysis.plots.style import NEUTRAL, SIDE_COLOURS, SIDES, grid, legend, note, panel_title

# What is measured on each stride: title, axis label, factor to its unit.
_SHOWN: dict[str, tuple[str, str, float]] = {
    "stride_speed": ("Walking speed", "Speed (m/s)", 1.0),
    "stride_time": ("Stride time", "Time (s)", 1.0),
    "step_time": ("Step time", "Time (s)", 1.0),
    "stride_length": ("Stride length", "Length (m)", 1.0),
    "step_length": ("Step length", "Length (m)", 1.0),
    "step_width": ("Step width", "Width (m)", 1.0),
    "stance_share": ("Stance", "Share of the cycle (%)", 100.0),
    "double_support_share": ("Double support", "Share of the cycle (%)", 100.0),
}
_HALF_WIDTH = 0.32  # of the cloud of points of a side


@plot(
    "Steps",
    "A point per stride, from the first (left edge of each cloud) to the last; black: mean and one standard deviation. "
    "A step belongs to the foot that lands. Clouds at different heights are an asymmetry.",
    strides,
)
def steps(analysis: Analysis) -> Figure:
    """Lengths, times, shares and speed of every stride by side."""
    known = {measure.name: measure for measure in analysis.per_stride}
    shown = [name for name in _SHOWN if name in known]
    columns = min(4, max(1, len(shown)))
    made, axes = grid(max(1, -(-len(shown) // columns)), columns, row_height=2.6)
    for axis, name in zip(axes.flat, shown, strict=False):
        title, label, factor = _SHOWN[name]
        _clouds(axis, analysis, known[name], factor)
        panel_title(axis, title, width=22)
        axis.set_ylabel(label)
    for axis in list(axes.flat)[len(shown) :]:
        axis.remove()
    summary = Line2D([], [], color="black", marker="o", markersize=5, linestyle="none", label="Mean ± SD")
    points = [
        Line2D(
            [], [], color=SIDE_COLOURS[side], marker="o", markersize=4, linestyle="none", label=SIDES[side].capitalize()
        )
        for side in SIDES
    ]
    legend(made, [*points, summary])
    return made


def _clouds(axis: Axes, analysis: Analysis, measure: PerStride, factor: float) -> None:
    sides = np.array([stride.side for stride in analysis.strides], dtype=str)
    for place, side in enumerate(SIDES):
        values = factor * measure.values[sides == side]
        x = (
            place + np.linspace(-_HALF_WIDTH, _HALF_WIDTH, len(values))
            if len(values) > 1
            else np.full(len(values), place)
        )
        axis.plot(
            x,
            values,
            "o",
            color=SIDE_COLOURS[side],
            markersize=2.5,
            alpha=0.5,
            markeredgewidth=0,
            rasterized=True,
            label=side,
        )
        finite = values[np.isfinite(values)]
        if len(finite):
            spread = finite.std(ddof=1) if len(finite) > 1 else 0.0
            axis.errorbar(
                place, finite.mean(), spread, color="black", marker="o", markersize=5, capsize=4, linewidth=1.4
            )
    if not np.isfinite(measure.values).any():
        note(axis, "no number")
    axis.set_xlim(-0.5, 1.5)
    axis.set_xticks(range(len(SIDES)), [word.capitalize() for word in SIDES.values()])
    axis.grid(False, axis="x")
    axis.tick_params(axis="x", color=NEUTRAL)
