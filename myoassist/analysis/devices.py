"""What a device does over the gait cycle: torque at the joints it drives, its timing, and its power."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from myoassist.analysis.gait import Gait
from myoassist.analysis.gait_metric import PerStride
from myoassist.analysis.strides import Stride, over_cycle

ONSET = 0.1  # share of the peak from which the torque counts as on
IDLE = 1e-3  # N m/kg below which a device does nothing
_DIRECTIONS = {  # of positive and negative torque, OpenSim's signs
    "hip_flexion": ("flexion", "extension"),
    "hip_adduction": ("adduction", "abduction"),
    "knee_angle": ("extension", "flexion"),
    "ankle_angle": ("dorsiflexion", "plantarflexion"),
    "subtalar_angle": ("inversion", "eversion"),
    "mtp_angle": ("extension", "flexion"),
}


def device_measures(gait: Gait) -> list[PerStride]:
    """Torque and power of the device per kg of the walker's own mass; nothing without motors."""
    if not gait.recording.meta.get("motors"):
        gait.note("There is no motor: nothing was computed of a device.")
        return []
    found = []
    if gait.group("device_torque") is not None:
        names = gait.recording.columns("device_torque")
        for joint in dict.fromkeys(re.sub("_[rl]$", "", name) for name in names):
            found += _torque(gait, joint)
    return found + _power(gait)


def _torque(gait: Gait, joint: str) -> list[PerStride]:
    curves = _curves(gait, joint)
    high, low = np.nanmax(curves, initial=0.0), np.nanmin(curves, initial=0.0)
    sign = -1.0 if -low > high else 1.0
    along = sign * curves
    words = next((words for name, words in _DIRECTIONS.items() if name in joint), ("positive", "negative"))
    way = words[0] if sign > 0.0 else words[1]
    usable = np.all(np.isfinite(along), axis=1)
    filled = np.where(usable[:, None], along, 0.0)
    at = np.argmax(filled, axis=1)
    peak = np.where(usable, filled.max(axis=1), np.nan)
    working = usable & (peak > IDLE)
    onset = _onset(filled, at, peak)
    columns = gait.recording.columns("device_torque")
    sides = tuple(side for side in ("r", "l") if f"{joint}_{side}" in columns or joint in columns)
    rise = f"where it last rose over {ONSET:.0%} of that peak, of stride; none where it was on since heel strike"
    measured = (
        ("device_peak_torque", peak, "N m/kg", f"largest device torque in {way}"),
        ("device_peak_phase", np.where(working, at, np.nan), "%", f"when it peaks in {way}, of stride"),
        ("device_onset", np.where(working, onset, np.nan), "%", rise),
    )
    return [PerStride(f"{joint}.{name}", own, unit, about, "feet", sides) for name, own, unit, about in measured]


def _curves(gait: Gait, joint: str) -> np.ndarray:
    """Torque over each stride of the own foot ``(n_strides, 101)``, N m/kg; a joint without side over every stride."""
    curves = np.full((len(gait.strides), 101), np.nan)
    for side in ("r", "l"):
        places = np.flatnonzero(gait.sides == side)
        own = gait.signal("device_torque", f"{joint}_{side}")
        values = gait.signal("device_torque", joint) if own is None else own
        if values is not None:
            curves[places] = over_cycle(values / gait.body_mass, [gait.strides[place] for place in places])
    return curves


def _onset(curves: np.ndarray, at: np.ndarray, peak: np.ndarray) -> np.ndarray:
    """Per cent of the stride before the peak where a curve was last below ``ONSET`` of it; nan where it never was."""
    phase = np.arange(curves.shape[1])
    below = (curves < ONSET * peak[:, None]) & (phase <= at[:, None])
    last = np.where(below, phase, -1).max(axis=1) if len(curves) else np.zeros(0, dtype=int)
    return np.where(last >= 0, last + 1.0, np.nan)


def _power(gait: Gait) -> list[PerStride]:
    power = gait.group("device_power")
    if power is None:
        return []
    motors, names = gait.recording.meta["motors"], gait.recording.columns("device_power")

    def own(side: str) -> np.ndarray | None:
        columns = [i for i, name in enumerate(names) if motors.get(name, {}).get("side") in (side, "")]
        return power[:, columns].sum(axis=1) / gait.body_mass if columns else None

    def positive(side: str, strides: Sequence[Stride]) -> np.ndarray | None:
        values = own(side)
        return None if values is None else gait.means(np.maximum(values, 0.0), strides)

    def negative(side: str, strides: Sequence[Stride]) -> np.ndarray | None:
        values = own(side)
        return None if values is None else gait.means(np.minimum(values, 0.0), strides)

    about = "mean over the stride of the power that the device {}"
    return [
        PerStride("device_power_positive", gait.of_foot(positive), "W/kg", about.format("gives to a leg")),
        PerStride("device_power_negative", gait.of_foot(negative), "W/kg", about.format("takes from a leg")),
    ]
