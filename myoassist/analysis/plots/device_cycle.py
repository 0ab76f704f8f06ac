"""The device over the gait cycle: torque about each joint it drives, angle of that joint, power it gives."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
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
from myoassist.analysis.plots.names import Angle, angles
from myoassist.analysis.plots.style import SIDE_COLOURS, SIDES, grid, legend, level_line, panel_title
from myoassist.analysis.recording import Recording


@plot(
    "Device over the gait cycle",
    "Torque of the device about each joint it drives, the angle of that joint, and the mechanical power that its "
    "motors give to the body (negative: they take). Torque and power are per kg of body mass without the device; "
    "torque has the sign of the angle beside it: a negative ankle torque pushes the toes down. Thin: single strides; "
    "band: one standard deviation; dotted: mean toe-off.",
    strides,
    signals("device_torque", "torque of a device"),
)
def device(analysis: Analysis) -> Figure:
    """Torque, angle and power; a row per driven joint, both legs in it."""
    driven = driven_angles(analysis.recording)
    made, axes = grid(len(driven), 3, row_height=2.5, sharex="col")
    mass = float(analysis.recording.meta["body_mass"])
    for row, angle in zip(axes, driven, strict=True):
        for side in SIDES:
            if side in angle.columns:
                _draw(row[0], analysis, side, _torque(analysis, angle, side) / mass)
                _draw(row[1], analysis, side, angle.cycles(analysis, side))
                _draw(row[2], analysis, side, _power(analysis, angle, side) / mass)
        name = angle.label
        panel_title(row[0], f"{name} torque", width=30)
        panel_title(row[1], name, width=30)
        panel_title(row[2], f"Power, {name.split()[0].lower()}", width=30)
        row[0].set_ylabel("Torque (N·m/kg)")
        row[1].set_ylabel("Angle (°)")
        row[2].set_ylabel("Power (W/kg)")
        for axis in row[[0, 2]]:
            level_line(axis)
    for axis in axes[-1]:
        cycle_axis(axis)
    sides = [side for side in SIDES if any(side in angle.columns for angle in driven)]
    legend(made, [*side_handles(sides), stride_handle(), band_handle(), toe_off_handle()], most=5)
    return made


def driven_angles(recording: Recording) -> list[Angle]:
    """Joints about which the device gives torque, right and left together; others under their own names."""
    driven = recording.columns("device_torque")
    known = []
    for angle in angles(recording):
        if columns := {side: name for side, name in angle.columns.items() if name in driven}:
            known.append(Angle(angle.coordinate, columns, angle.device))
    named = {column for angle in known for column in angle.columns.values()}
    return known + [_other(recording, name) for name in driven if name not in named]


def _other(recording: Recording, name: str) -> Angle:
    """A joint of the device that is none of the body's coordinates, under its own name and sign."""
    facts = recording.meta.get("joints", {}).get(name, {})
    return Angle("", {facts.get("side") or "r": name}, name)


def _torque(analysis: Analysis, angle: Angle, side: str) -> np.ndarray:
    """N m over the strides of a side, positive in the direction in which the angle is drawn."""
    return angle.sign(side) * analysis.cycles("device_torque", angle.columns[side], side)


def _power(analysis: Analysis, angle: Angle, side: str) -> np.ndarray:
    """W over the strides of a side: sum of the motors for which this is the joint they move most."""
    recording = analysis.recording
    motors = recording.meta.get("motors", {})
    column = angle.columns[side]
    own = []
    for name in recording.columns("device_power"):
        drives = motors.get(name, {}).get("drives") or {}
        if drives and max(drives, key=lambda joint: abs(drives[joint])) == column:
            own.append(analysis.cycles("device_power", name, side))
    return np.sum(own, axis=0) if own else np.zeros((0, 101))


def _draw(axis: Axes, analysis: Analysis, side: str, values: np.ndarray) -> None:
    if not np.isfinite(values).any():
        return
    draw_strides(axis, values, SIDE_COLOURS[side])
    draw_mean(axis, values, SIDE_COLOURS[side])
    draw_toe_off(axis, analysis, side, SIDE_COLOURS[side])
