"""The preview of an imported motion: every coordinate as it came and as it will be imitated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from myoassist.analysis.plots.style import DPI, NEUTRAL, SIDE_COLOURS, SIDES, grid, legend, level_line, look
from myoassist.errors import ReferenceError
from myoassist.model.naming import LEG_COORDINATES
from myoassist.reference.importing import Imported
from myoassist.reference.motion import FORWARD, Gait
from myoassist.reference.retarget import Reference

PHASES = np.linspace(0.0, 1.0, 201)
COLUMNS = 3
MODEL_COLOUR = "#111111"
_MOST_STRIDES = 20  # drawn of each coordinate
_TITLES = {
    "pelvis_tilt": "pelvis tilt, backward +",
    "pelvis_list": "pelvis list, right down +",
    "pelvis_rotation": "pelvis rotation, left +",
    "pelvis_ty": "pelvis height",
    FORWARD: "forward speed of pelvis",
    "hip_flexion": "hip flexion +",
    "hip_adduction": "hip adduction +",
    "hip_rotation": "hip internal rotation +",
    "knee_angle": "knee, flexion −",
    "ankle_angle": "ankle dorsiflexion +",
    "subtalar_angle": "subtalar inversion +",
    "mtp_angle": "toe extension +",
}


def motion_figure(
    imported: Imported, reference: Reference | None = None, signs: dict[str, float] | None = None
) -> Figure:
    """Raw strides, the gait made of them, and how a model will do it, over the stride from right heel strike.

    Args:
        reference: the gait on a model.
        signs: sign of each joint of that model against OpenSim's.
    """
    gait = imported.gait
    names = [name for name in _TITLES if name in gait.coordinates or (name == "pelvis_ty" and reference is not None)]
    with look():
        rows = -(-len(names) // COLUMNS)
        made, axes = grid(rows, COLUMNS, row_height=2.0, extra=1.0, sharex=True)
        for axis in axes.flat[len(names) :]:
            axis.set_visible(False)
        for axis, name in zip(axes.flat, names, strict=False):
            _draw(axis, name, imported, reference, signs or {})
        for column in range(COLUMNS):
            shown = [axis for axis in axes[:, column] if axis.get_visible()]
            if shown:
                shown[-1].set_xlabel("% of stride from right strike")
                shown[-1].tick_params(labelbottom=True)
        legend(made, _handles(imported, reference), most=5)
    return made


def save_motion_figure(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG. Raises ReferenceError where the file cannot be written."""
    try:
        with look():
            figure.savefig(path, dpi=1.5 * DPI)
    except OSError as error:
        raise ReferenceError(f"{path}: cannot be written ({error.strerror or error})") from error
    return path


def _draw(axis: Axes, name: str, imported: Imported, reference: Reference | None, signs: dict[str, float]) -> None:
    angle = name not in ("pelvis_ty", FORWARD)
    scale = np.rad2deg(1.0) if angle else 1.0
    sides = ("r", "l") if name in LEG_COORDINATES else ("",)
    if angle and name in imported.gait.coordinates:
        level_line(axis)
    for side in sides:
        column = f"{name}_{side}" if side else name
        colour = SIDE_COLOURS[side or "r"]
        for stride in imported.strides.get(column, [])[:_MOST_STRIDES] if name != "pelvis_ty" else []:
            phase, values = _wrapped(stride, imported.phase_shift)
            axis.plot(100 * phase, scale * values, color=colour, alpha=0.35, linewidth=0.6)
        if name != "pelvis_ty":
            axis.plot(100 * PHASES, scale * _curve(imported.gait, name, side), color=colour)
        if reference is not None and column in reference.joints:
            values = reference.sample(PHASES)[0][:, reference.joints.index(column)] * signs.get(column, 1.0)
            axis.plot(100 * PHASES, scale * values, color=MODEL_COLOUR, linewidth=1.0, linestyle=(0, (3, 2)))
    if name in LEG_COORDINATES and imported.gait.left:
        axis.axvline(100 * imported.gait.left_strike, color=NEUTRAL, linewidth=0.8, linestyle=":")
    axis.set_title(_TITLES[name])
    axis.set_ylabel("deg" if angle else "m/s" if name == FORWARD else "m")
    axis.set_xlim(0, 100)
    axis.set_xticks([0, 25, 50, 75, 100])


def _curve(gait: Gait, name: str, side: str) -> np.ndarray:
    return gait.curve(name, side)(PHASES)


def _wrapped(stride: np.ndarray, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """A stride over the phase since right heel strike, broken where it goes over the end of the cycle."""
    phase = (np.arange(len(stride)) / (len(stride) - 1) - shift) % 1.0
    jump = np.flatnonzero(np.diff(phase) < 0) + 1
    return np.insert(phase, jump, np.nan), np.insert(stride.astype(float), jump, np.nan)


def _handles(imported: Imported, reference: Reference | None) -> list[Line2D]:
    handles = [Line2D([], [], color=SIDE_COLOURS[side], label=f"{SIDES[side]} leg") for side in "rl"]
    if imported.strides:
        handles.append(Line2D([], [], color=SIDE_COLOURS["r"], alpha=0.5, linewidth=0.8, label="strides of the file"))
    if reference is not None:
        handles.append(Line2D([], [], color=MODEL_COLOUR, linestyle=(0, (3, 2)), linewidth=1.0, label="on the model"))
    if imported.gait.left:
        handles.append(Line2D([], [], color=NEUTRAL, linestyle=":", label="left heel strike"))
    return handles
