"""Ground force of each foot over its stance: peaks, loading rate, impulses, in body weights of the walker alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from myoassist.analysis.gait import Gait
from myoassist.analysis.gait_metric import PerStride
from myoassist.analysis.strides import Stride

# name, unit, what it is; the figures come in this order from _of_stance
_FIGURES = (
    ("first_peak", "BW", "largest vertical force in the first half of stance"),
    ("first_peak_phase", "%", "when it comes, of stride; before about 8 % it is the impact of the heel"),
    ("valley", "BW", "smallest vertical force between the two peaks"),
    ("second_peak", "BW", "largest vertical force in the second half of stance"),
    ("loading_rate", "BW/s", "steepest rise from a frame to the next up to the first peak, less with longer frames"),
    ("impulse", "BW s", "integral of vertical force over stance"),
    ("braking_impulse", "BW s", "integral of backward force over stance, negative"),
    ("propulsion_impulse", "BW s", "integral of forward force over stance"),
)


def ground_forces(gait: Gait) -> list[PerStride]:
    """Figures of the ground force curves of every stride."""
    if gait.signal("ground_force") is None:
        return []
    found = np.full((len(gait.strides), len(_FIGURES)), np.nan)
    for side in ("r", "l"):
        up, forward = (gait.signal("ground_force", f"{axis}_{side}") for axis in ("up", "forward"))
        if up is not None and forward is not None:
            places = np.flatnonzero(gait.sides == side)
            strides = [gait.strides[place] for place in places]
            found[places] = _figures(up / gait.body_weight, forward / gait.body_weight, strides, gait.recording.dt)
    return [
        PerStride(f"ground_force.{name}", found[:, column], unit, about)
        for column, (name, unit, about) in enumerate(_FIGURES)
    ]


def _figures(up: np.ndarray, forward: np.ndarray, strides: Sequence[Stride], dt: float) -> np.ndarray:
    rows = [_of_stance(up, forward, stride, dt=dt) for stride in strides]
    return np.array(rows).reshape(len(strides), len(_FIGURES))


def _of_stance(up: np.ndarray, forward: np.ndarray, stride: Stride, *, dt: float) -> tuple[float, ...]:
    """Figures of the stance phase of one stride; ``up``, ``forward`` ``(frames,)`` of the recording, in BW."""
    before = up[stride.start - 1]
    up, forward = up[stride.start : stride.toe_off], forward[stride.start : stride.toe_off]
    half = (len(up) + 1) // 2
    first = int(np.argmax(up[:half]))
    second = half + int(np.argmax(up[half:])) if len(up) > half else first
    return (
        float(up[first]),
        100.0 * first / (stride.end - stride.start),
        float(up[first : second + 1].min()),
        float(up[second]),
        float(np.diff(up[: first + 1], prepend=before).max() / dt),
        float(up.sum() * dt),
        float(np.minimum(forward, 0.0).sum() * dt),
        float(np.maximum(forward, 0.0).sum() * dt),
    )
