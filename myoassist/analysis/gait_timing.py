"""Space and time of the strides: lengths, durations, shares of the cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from myoassist.analysis.gait import Gait
from myoassist.analysis.gait_metric import PerStride
from myoassist.analysis.strides import Stride, frame_span

Strides = Sequence[Stride]

# What hangs on the moment of heel strike, by the last part of its name, and what on those of both feet.
_OF_THE_MOMENT = {"stance_share", "swing_share", "rmse", "correlation", "device_peak_phase", "device_onset"}
_OF_BOTH_FEET = {"double_support_share", "flight_share", "step_time", "step_length", "step_width"}
NOT_ON_THE_SPOT = 0.1  # m: a foot that moves on by less has no direction to measure a width across


def timing(gait: Gait) -> list[PerStride]:
    """Durations, cadence, and shares of the gait cycle."""
    dt = gait.recording.dt
    starts, ends = frame_span(gait.strides)
    seconds = (ends - starts) * dt
    toe_off = np.array([stride.toe_off for stride in gait.strides], dtype=int)
    other = np.array([stride.other_strike for stride in gait.strides], dtype=int)
    stance = (toe_off - starts) / np.maximum(ends - starts, 1)
    both = (gait.stance["r"] & gait.stance["l"]).astype(float)
    none = (~gait.stance["r"] & ~gait.stance["l"]).astype(float)
    return [
        PerStride("stride_time", seconds, "s", "heel strike to the next of the same foot"),
        PerStride(
            "step_time", _where(other, (ends - other) * dt), "s", "heel strike of the other foot to that of this"
        ),
        PerStride("cadence", 120.0 / np.maximum(seconds, dt), "steps/min", "two steps in each stride", "body"),
        PerStride("stance_share", stance, "1", "heel strike to toe-off, share of the stride"),
        PerStride("swing_share", 1.0 - stance, "1", "toe-off to heel strike, share of the stride"),
        PerStride("double_support_share", gait.means(both), "1", "both feet loaded, share of the stride", "body"),
        PerStride("flight_share", gait.means(none), "1", "no foot loaded, share of the stride", "body"),
    ]


def distances(gait: Gait) -> list[PerStride]:
    """Lengths of strides and steps, and step width where the body moves sideways."""
    starts, ends = frame_span(gait.strides)
    seconds = np.maximum(ends - starts, 1) * gait.recording.dt
    if gait.signal("foot_position") is None:
        return []
    length = gait.of_foot(lambda side, strides: _moved(_heel(gait, side, "x"), strides))
    step = gait.of_foot(lambda side, strides: _step(gait, side, strides))
    found = [
        PerStride("stride_length", length, "m", "forward distance between heel strikes of the same foot"),
        PerStride("step_length", step, "m", "forward distance from the other foot's heel strike to that of this"),
        PerStride("stride_speed", length / seconds, "m/s", "stride length / stride time"),
    ]
    if not gait.recording.meta["planar"]:
        width = gait.of_foot(lambda side, strides: _width(gait, side, strides))
        found.append(PerStride("step_width", width, "m", "distance sideways between successive heel strikes"))
    return found


def without_guesses(gait: Gait, measure: PerStride) -> PerStride:
    """The measure, without a value where it would tell no more than a guess of heel strike."""
    signal, _, quantity = measure.name.rpartition(".")
    if gait.estimated and quantity in _OF_BOTH_FEET:
        guessed = np.full(len(gait.sides), True)
    elif signal == "ground_force" or quantity in _OF_THE_MOMENT:
        guessed = np.isin(gait.sides, gait.estimated)
    else:
        return measure
    return replace(measure, values=np.where(guessed, np.nan, measure.values))


def _where(frames: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``values``, nan where there is no frame."""
    return np.where(frames >= 0, values, np.nan)


def _heel(gait: Gait, side: str, axis: str) -> np.ndarray | None:
    return gait.signal("foot_position", f"heel_{side}_{axis}")


def _moved(place: np.ndarray | None, strides: Strides) -> np.ndarray | None:
    starts, ends = frame_span(strides)
    return None if place is None else place[ends] - place[starts]


def _step(gait: Gait, side: str, strides: Strides) -> np.ndarray | None:
    """Heel at the end of each stride, less the other heel at its strike before."""
    own, other = _heel(gait, side, "x"), _heel(gait, "l" if side == "r" else "r", "x")
    if own is None or other is None:
        return None
    before = np.array([stride.other_strike for stride in strides], dtype=int)
    return _where(before, own[frame_span(strides)[1]] - other[before])


def _width(gait: Gait, side: str, strides: Strides) -> np.ndarray | None:
    """How far the left heel strikes to the left of the right one, across the line of the own foot's two strikes.

    Negative where the feet cross. Across that line, not across the world's, so that a walker who veers is as wide as
    one who goes straight (Huxham, Gong, Baker, Morris, Iansek 2006, Gait Posture 23:159-163). nan for strides shorter
    than ``NOT_ON_THE_SPOT``, which lead nowhere.
    """
    places = [_heel(gait, foot, axis) for foot in (side, "l" if side == "r" else "r") for axis in "xy"]
    if any(place is None for place in places):
        return None
    own, other = (np.stack(pair, axis=1) for pair in (places[:2], places[2:]))  # type: ignore[arg-type]
    starts, ends = frame_span(strides)
    before = np.array([stride.other_strike for stride in strides], dtype=int)
    along, aside = own[ends] - own[starts], other[before] - own[starts]
    length = np.hypot(along[:, 0], along[:, 1])
    across = along[:, 0] * aside[:, 1] - along[:, 1] * aside[:, 0]  # to the left of the line is positive
    width = np.divide(across, length, out=np.full(len(strides), np.nan), where=length >= NOT_ON_THE_SPOT)
    return _where(before, width if side == "r" else -width)
