"""One leg against the other, and the walker against the reference."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.cycle import (
    CYCLE,
    band_handle,
    cycle_axis,
    draw_mean,
    draw_toe_off,
    mean_sd,
    reference_handle,
    side_handles,
    toe_off_handle,
)
from myoassist.analysis.plots.drawing import plot, reference, strides
from myoassist.analysis.plots.names import Angle, angles, joint_angles, sagittal
from myoassist.analysis.plots.style import (
    REFERENCE_COLOUR,
    SIDE_COLOURS,
    SIDES,
    grid,
    legend,
    level_line,
    panel_title,
)

_PAIRS = (("hip_flexion", "knee_angle"), ("knee_angle", "ankle_angle"))  # x and y of the loops


@plot(
    "Left against right",
    "Mean of all strides of each leg over its own gait cycle, with a band of one standard deviation; dotted: mean "
    "toe-off of each leg. The curves of a symmetric walker lie on each other.",
    strides,
    joint_angles,
)
def left_right(analysis: Analysis) -> Figure:
    """Joint angles of both legs in one panel per joint."""
    known = angles(analysis.recording)
    made, axes = _panels(len(known))
    for axis, angle in zip(axes, known, strict=True):
        for side in SIDES:
            if np.isfinite(values := angle.cycles(analysis, side)).any():
                draw_mean(axis, values, SIDE_COLOURS[side])
                draw_toe_off(axis, analysis, side, SIDE_COLOURS[side])
        panel_title(axis, angle.label, width=32)
        axis.set_ylabel("Angle (°)")
    legend(made, [*side_handles(), band_handle(), toe_off_handle()])
    return made


def _compared(analysis: Analysis) -> list[Angle]:
    recording = analysis.recording
    return [a for a in angles(recording) if any(a.reference(recording, side) is not None for side in SIDES)]


def _tracked(analysis: Analysis) -> str | None:
    """A recorded angle that the reference has too."""
    return None if _compared(analysis) else "no recorded joint angle is in the reference motion"


@plot(
    "Deviation from the reference",
    "Angle of the walker minus that of the reference motion over the gait cycle, mean and one standard deviation of "
    "all strides; zero is a perfect match. RMSE: root mean square error of a stride, mean of all, right / left.",
    strides,
    reference,
    _tracked,
)
def reference_deviation(analysis: Analysis) -> Figure:
    """Difference of each leg to the reference, one panel per joint of the reference."""
    recording = analysis.recording
    known = _compared(analysis)
    made, axes = _panels(len(known))
    for axis, angle in zip(axes, known, strict=True):
        level_line(axis)
        errors = []
        for side in SIDES:
            curve = angle.reference(recording, side)
            values = angle.cycles(analysis, side)
            if curve is None or not np.isfinite(values).any():
                errors.append("–")
                continue
            draw_mean(axis, values - curve, SIDE_COLOURS[side])
            whole = (values - curve)[np.isfinite(values).all(axis=1)]
            errors.append(f"{np.sqrt(np.mean(whole**2, axis=1)).mean():.1f}°" if len(whole) else "–")
        panel_title(axis, angle.label, width=32, below="RMSE " + " / ".join(errors) if set(errors) != {"–"} else "")
        axis.set_ylabel("Deviation (°)")
    legend(made, [*side_handles(), band_handle()])
    return made


def _panels(n: int) -> tuple[Figure, list[Axes]]:
    """``n`` panels in rows of three, over the gait cycle."""
    rows = max(1, -(-n // 3))
    made, axes = grid(rows, min(3, max(n, 1)), row_height=2.1)
    cells = list(axes.flat)
    for place, axis in enumerate(cells):
        if place >= n:
            axis.remove()
            continue
        cycle_axis(axis, label=False)
    made.supxlabel(CYCLE, fontsize=11)
    return made, cells[:n]


def _pairs(analysis: Analysis) -> list[tuple[str, str]]:
    known = sagittal(analysis.recording)
    return [pair for pair in _PAIRS if all(name in known for name in pair)]


def _two_joints(analysis: Analysis) -> str | None:
    """Two neighbours of hip, knee and ankle."""
    return None if _pairs(analysis) else "the recording holds no two neighbouring joints of a leg"


@plot(
    "Coordination of two joints",
    "Mean angle of one joint against that of the next over the gait cycle (cyclogram); the dot is heel strike. Dashed: "
    "the reference. Form and size of the loop show how the joints work together.",
    strides,
    _two_joints,
)
def cyclogram(analysis: Analysis) -> Figure:
    """Hip against knee and knee against ankle."""
    known, pairs = sagittal(analysis.recording), _pairs(analysis)
    made, axes = grid(1, len(pairs), row_height=3.6)
    for axis, (x, y) in zip(axes[0], pairs, strict=True):
        for side in SIDES:
            _loop(axis, analysis, known[x], known[y], side)
        axis.set_xlabel(f"{known[x].label} (°)")
        axis.set_ylabel(f"{known[y].label} (°)")
        axis.margins(0.05)
    legend(made, [*side_handles(), *([reference_handle()] if reference(analysis) is None else [])])
    return made


def _loop(axis: Axes, analysis: Analysis, x: Angle, y: Angle, side: str) -> None:
    mean_x, mean_y = (mean_sd(angle.cycles(analysis, side))[0] for angle in (x, y))
    axis.plot(mean_x, mean_y, color=SIDE_COLOURS[side], label="_loop")
    axis.plot(mean_x[:1], mean_y[:1], "o", color=SIDE_COLOURS[side], markersize=6, label="_heel_strike")
    expected = [curve for angle in (x, y) if (curve := angle.reference(analysis.recording, side)) is not None]
    if side == "r" and len(expected) == 2:
        axis.plot(*expected, color=REFERENCE_COLOUR, linestyle=(0, (4, 2)), linewidth=1.3, label="_reference")
