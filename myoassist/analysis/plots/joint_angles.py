"""Joint angles: over time, and over the gait cycle with the reference."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.cycle import (
    band_handle,
    cycle_axis,
    draw_mean,
    draw_reference,
    draw_strides,
    draw_toe_off,
    reference_handle,
    side_handles,
    stride_handle,
    toe_off_handle,
)
from myoassist.analysis.plots.drawing import plot, strides
from myoassist.analysis.plots.names import Angle, angles, joint_angles
from myoassist.analysis.plots.style import (
    NEUTRAL,
    REFERENCE_COLOUR,
    SIDE_COLOURS,
    SIDES,
    calm_ticks,
    figure,
    grid,
    legend,
    note,
    panel_title,
)
from myoassist.analysis.recording import TERMINATED
from myoassist.errors import ConfigError


@plot(
    "Joint angles over time",
    "The end of one episode, after its speed from start to end (shaded: the part shown below). Vertical lines mark the "
    "heel strikes of that leg; the dashed line is the reference at the phase the walker was given. Flexion is up.",
    joint_angles,
)
def kinematics(analysis: Analysis, episode: int = 0, seconds: float = 5.0) -> Figure:
    """Speed of one episode and the joint angles of its last ``seconds``.

    Raises ConfigError for an episode that was not recorded.
    """
    recording = analysis.recording
    if not 0 <= episode < len(recording.episodes):
        raise ConfigError(f"episode={episode}: the recording holds 0 to {len(recording.episodes) - 1}")
    whole = recording.episodes[episode]
    shown = slice(max(whole.start, whole.stop - max(2, round(seconds / recording.dt))), whole.stop)
    known = angles(recording)
    made = figure(0.9 + 1.25 * (1 + len(known)))
    rows = made.add_gridspec(1 + len(known), 2)
    _speed(made.add_subplot(rows[0, :]), analysis, whole, shown)
    columns: dict[str, list[Axes]] = {"": [], "r": [], "l": []}
    for row, angle in enumerate(known, start=1):
        for side in [""] if "" in angle.columns else SIDES:
            cell = {"": rows[row, :], "r": rows[row, 0], "l": rows[row, 1]}[side]
            first = columns[side][0] if columns[side] else None
            axis = made.add_subplot(cell, sharex=first, sharey=columns["r"][-1] if side == "l" else None)
            columns[side].append(axis)
            _angle(axis, analysis, angle, side, shown)
    for axes in columns.values():
        for axis in axes:
            axis.tick_params(labelbottom=axis is axes[-1])
        if axes:
            axes[-1].set_xlabel("Time (s)")
    target = Line2D([], [], color=NEUTRAL, linestyle=(0, (5, 1.5)), label="Target speed")
    legend(made, [*side_handles(), *([reference_handle()] if recording.columns("reference_position") else []), target])
    return made


def _speed(axis: Axes, analysis: Analysis, whole: slice, shown: slice) -> None:
    recording = analysis.recording
    time = recording["time"]
    if shown.start > whole.start:
        axis.axvspan(time[shown][0], time[shown][-1], color="#efefef", zorder=0)
    axis.plot(time[whole], recording["target_speed"][whole], color=NEUTRAL, linestyle=(0, (5, 1.5)), label="_target")
    axis.plot(time[whole], recording["speed"][whole], color="black", linewidth=1.0, label="_speed")
    axis.set_xlim(time[whole][0], max(time[whole][-1], time[whole][0] + recording.dt))
    axis.set_ylabel("Speed (m/s)")
    axis.set_xlabel("Time (s)")
    fell = ", ends early" if recording["done"][whole][-1] == TERMINATED else ""
    panel_title(axis, f"Forward speed, episode {recording['episode'][whole][0]}{fell}", width=70)
    calm_ticks(axis)


def _angle(axis: Axes, analysis: Analysis, angle: Angle, side: str, shown: slice) -> None:
    recording = analysis.recording
    panel_title(axis, angle.label_over_time + (f" ({SIDES[side]})" if side else ""), width=45 if side else 80)
    if side != "l":
        axis.set_ylabel("Angle (°)")
    calm_ticks(axis)
    column, time = angle.columns.get(side), recording["time"][shown]
    axis.set_xlim(time[0], max(time[-1], time[0] + recording.dt))
    if column is None:
        note(axis, "no such joint")
        return
    factor = np.degrees(angle.sign())
    for stride in analysis.strides if side else ():
        for frame in (stride.start, stride.end):
            if stride.side == side and shown.start <= frame < shown.stop:
                axis.axvline(recording["time"][frame], color="#bdbdbd", linewidth=1.0, zorder=1, label="_heel_strike")
    values = factor * recording.column("joint_position", column)[shown]
    axis.plot(time, values, color=SIDE_COLOURS.get(side, "black"), linewidth=1.5, label="_angle")
    if column in recording.columns("reference_position"):
        expected = factor * recording.column("reference_position", column)[shown]
        axis.plot(time, expected, color=REFERENCE_COLOUR, linestyle=(0, (4, 2)), linewidth=1.1, label="_reference")


@plot(
    "Joint angles over the gait cycle",
    "Every stride of each leg from heel strike (0 %) to its next heel strike (100 %): thin lines are single strides, "
    "the thick line is their mean, the band one standard deviation either way. Dashed: the reference motion; dotted: "
    "mean toe-off. Flexion is up.",
    strides,
    joint_angles,
)
def gait_cycle(analysis: Analysis) -> Figure:
    """Joint angles of every stride, a row per joint, right and left side by side."""
    known = angles(analysis.recording)
    made, axes = grid(len(known), 2, row_height=1.65, sharex="col", sharey="row")
    for row, angle in zip(axes, known, strict=True):
        for axis, side in zip(row, SIDES, strict=True):
            panel_title(axis, f"{angle.label} ({SIDES[side]})", width=45)
            cycle_axis(axis, label=row is axes[-1])
            if angle.column(side) is None:
                note(axis, "no such joint")
                continue
            values = angle.cycles(analysis, side)
            draw_strides(axis, values, SIDE_COLOURS[side])
            draw_mean(axis, values, SIDE_COLOURS[side])
            draw_reference(axis, angle.reference(analysis.recording, side))
            draw_toe_off(axis, analysis, side)
        row[0].set_ylabel("Angle (°)")
    for axis in axes[-1]:
        cycle_axis(axis)
    handles = [stride_handle(), band_handle(), toe_off_handle()]
    legend(
        made,
        [*side_handles(), *handles, *([reference_handle()] if analysis.recording.meta.get("reference") else [])],
        most=6,
    )
    return made
