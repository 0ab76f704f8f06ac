"""Force of the ground on the feet over the gait cycle."""

from __future__ import annotations

from matplotlib.figure import Figure

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.cycle import (
    band_handle,
    cycle_axis,
    draw_mean,
    draw_strides,
    draw_toe_off,
    side_handles,
    stride_handle,
    toe_off_handle,
)
from myoassist.analysis.plots.drawing import plot, signals, strides
from myoassist.analysis.plots.style import SIDE_COLOURS, SIDES, grid, legend, level_line, panel_title

# Direction of the recording: title, and sign by side.
_DIRECTIONS: dict[str, tuple[str, dict[str, float]]] = {
    "up": ("Vertical", {"r": 1.0, "l": 1.0}),
    "forward": ("Fore-aft, forward up", {"r": 1.0, "l": 1.0}),
    "left": ("Mediolateral, medial up", {"r": 1.0, "l": -1.0}),
}


@plot(
    "Ground reaction force",
    "Force of the ground on each foot over its gait cycle, in weights of the body without the device: single strides, "
    "mean and one standard deviation. Fore-aft: below zero it brakes, above it pushes forward. Dotted: mean toe-off.",
    strides,
    signals("ground_force", "ground force"),
)
def ground_force(analysis: Analysis) -> Figure:
    """Vertical and fore-aft force, in 3D mediolateral force too, right and left side by side."""
    recording = analysis.recording
    weight = float(recording.meta["body_mass"]) * float(recording.meta["gravity"])
    directions = [name for name in _DIRECTIONS if name != "left" or not recording.meta.get("planar")]
    made, axes = grid(len(directions), 2, row_height=2.4, sharex="col", sharey="row")
    for row, name in zip(axes, directions, strict=True):
        title, signs = _DIRECTIONS[name]
        for axis, side in zip(row, SIDES, strict=True):
            values = signs[side] * analysis.cycles("ground_force", f"{name}_{side}", side) / weight
            level_line(axis, 0.0)
            draw_strides(axis, values, SIDE_COLOURS[side])
            draw_mean(axis, values, SIDE_COLOURS[side])
            draw_toe_off(axis, analysis, side)
            panel_title(axis, f"{title} ({SIDES[side]})")
        row[0].set_ylabel("Force (body weights)")
    for axis in axes[-1]:
        cycle_axis(axis)
    legend(made, [*side_handles(), stride_handle(), band_handle(), toe_off_handle()], most=5)
    return made
