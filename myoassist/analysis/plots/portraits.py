"""Joint angles coloured by walking speed: against their velocity, and over the gait cycle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.cycle import PERCENT, cycle_axis, evenly
from myoassist.analysis.plots.drawing import plot, signals, strides
from myoassist.analysis.plots.names import Angle, sagittal
from myoassist.analysis.plots.style import SEQUENTIAL, SIDES, grid, note, panel_title

Curves = Callable[[Angle, str], "tuple[np.ndarray, np.ndarray]"]  # x and y of the strides of a side, (n, 101) each

_MOST = 80  # strides in a panel, evenly spread over the range of speeds


def _has_sagittal(analysis: Analysis) -> str | None:
    """At least one of hip, knee and ankle."""
    return None if sagittal(analysis.recording) else "the recording holds no angle of hip, knee or ankle"


@plot(
    "Joint angle against joint velocity",
    "A closed loop per stride; its colour is the mean walking speed of that stride. Loops on one another mean a steady "
    "gait, a wide bundle an irregular one. Flexion is right, flexing is up.",
    strides,
    _has_sagittal,
    signals("joint_velocity", "joint velocities"),
)
def phase_portrait(analysis: Analysis) -> Figure:
    """Angle against angular velocity of hip, knee and ankle, right and left."""

    def curves(angle: Angle, side: str) -> tuple[np.ndarray, np.ndarray]:
        return angle.cycles(analysis, side), angle.cycles(analysis, side, "joint_velocity")

    made, axes, known = _panels(analysis, curves)
    for row, angle in zip(axes, known, strict=True):
        for axis in row:
            axis.set_xlabel(f"{angle.label} (°)")
        row[0].set_ylabel("Velocity (°/s)")
    return made


@plot(
    "Joint angle by walking speed",
    "Every stride over the gait cycle, coloured by its mean walking speed: how the angle changes with speed.",
    strides,
    _has_sagittal,
)
def angle_by_speed(analysis: Analysis) -> Figure:
    """Hip, knee and ankle angle over the cycle, right and left, coloured by speed."""

    def curves(angle: Angle, side: str) -> tuple[np.ndarray, np.ndarray]:
        values = angle.cycles(analysis, side)
        return np.broadcast_to(PERCENT, values.shape), values

    made, axes, _ = _panels(analysis, curves)
    for row in axes:
        row[0].set_ylabel("Angle (°)")
        for axis in row:
            cycle_axis(axis)
    return made


def stride_speeds(analysis: Analysis, side: str) -> np.ndarray:
    """Mean forward speed of each stride of a side ``(n,)``, m/s."""
    return analysis.cycles("speed", "", side).mean(axis=1)


def _panels(analysis: Analysis, curves: Curves) -> tuple[Figure, np.ndarray, list[Angle]]:
    known = list(sagittal(analysis.recording).values())
    made, axes = grid(len(known), 2, row_height=2.4, sharex="row", sharey="row")
    speeds = {side: stride_speeds(analysis, side) for side in SIDES}
    pooled = np.concatenate(list(speeds.values()))
    pooled = pooled[np.isfinite(pooled)] if np.isfinite(pooled).any() else np.zeros(1)
    low, high = np.percentile(pooled, [2, 98])
    norm = Normalize(low, high if high > low else low + 0.1)
    for row, angle in zip(axes, known, strict=True):
        for axis, side in zip(row, SIDES, strict=True):
            panel_title(axis, f"{angle.label} ({SIDES[side]})")
            _bundle(axis, *curves(angle, side), speeds[side], norm)
    bar = made.colorbar(ScalarMappable(norm, SEQUENTIAL), ax=axes, fraction=0.03, aspect=45, extend="both")
    bar.set_label("Walking speed of the stride (m/s)")
    return made, axes, known


def _bundle(axis: Axes, x: np.ndarray, y: np.ndarray, speeds: np.ndarray, norm: Normalize) -> None:
    """Strides ``(n, 101)`` as lines in the colour of their speed ``(n,)``."""
    whole = np.flatnonzero(np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1) & np.isfinite(speeds[: len(x)]))
    if not len(whole):
        note(axis, "no complete stride")
        return
    ordered = whole[np.argsort(speeds[whole], kind="stable")]
    shown = np.random.default_rng(0).permutation(ordered[evenly(len(ordered), _MOST)])  # no speed on top of the others
    lines = LineCollection(
        list(np.stack([x[shown], y[shown]], axis=-1)), array=speeds[shown], norm=norm, cmap=SEQUENTIAL
    )
    lines.set(linewidth=0.7, alpha=0.8, rasterized=True)
    axis.add_collection(lines)
    axis.autoscale_view()
