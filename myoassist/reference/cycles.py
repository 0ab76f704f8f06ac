"""Strides in a walking motion: how long they are, where they begin, and which of them to use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, find_peaks, sosfiltfilt

from myoassist.config import ReferenceConfig
from myoassist.errors import ReferenceError
from myoassist.reference.report import Report
from myoassist.reference.series import SLIDES, Series

PHASES = 256  # samples of a stride
SHORTEST, LONGEST = 0.5, 2.8  # s of a stride
CONTACT_SHARE = 0.05  # of the largest ground force: more is stance
REPEATS = 0.6  # least correlation of a motion with itself one stride later
SAGITTAL = ("hip_flexion", "knee_angle", "ankle_angle")


@dataclass(frozen=True)
class Strides:
    """``curves`` ``(strides, PHASES + 1)`` by coordinate, from the begin to the end of each; ``seconds`` of a stride.

    ``advance``: how far ``pelvis_tx`` goes in a stride on average, m, or None without it. ``side``: of the leg that the
    strides are cut by. ``struck``: they begin with its heel strike, seen in the ground force.
    """

    curves: dict[str, np.ndarray]
    seconds: float
    advance: float | None
    side: str
    struck: bool


def reach(values: dict[str, np.ndarray], side: str) -> np.ndarray:
    """How far the ankle is ahead of the hip, in lengths of a thigh as long as the shank; any shape."""
    thigh = values[f"hip_flexion_{side}"] + values.get("pelvis_tilt", 0.0)
    return np.sin(thigh) + np.sin(thigh + values[f"knee_angle_{side}"])


def cut_strides(series: Series, config: ReferenceConfig, report: Report) -> Strides:
    """Find the strides of a motion and sample each at even phases.

    Raises:
        ReferenceError: nothing in it repeats.
    """
    where = f"reference.path: {config.path}"
    side = "r" if {"hip_flexion_r", "knee_angle_r"} <= set(series.values) else "l"
    length = len(series) / series.rate
    found = _period(series, side)
    period = config.cycle_seconds or found
    if config.cycle_seconds and found:
        _compare(config.cycle_seconds, found, report)
    if period is None:
        starts, struck = _whole(series, length, where), False
        period = float(starts[1])
        report.say(f"one stride of {period:.3f} s: the end of the file meets its beginning")
    else:
        starts, struck = _starts(series, side, period, where)
    spans = np.diff(starts)
    good = [i for i, span in enumerate(spans) if abs(span - period) < 0.25 * period]
    if not good:
        hint = f"; it repeats every {found:.2f} s" if found else ""
        raise ReferenceError(f"{where}: no stride of about {period:.2f} s lies whole in its {length:.3g} s{hint}")
    curves = _sampled(series, [(starts[i], starts[i + 1]) for i in good])
    kept = _alike(curves)
    if len(kept) < len(good):
        report.say(f"{len(good) - len(kept)} of {len(good)} strides left out: they differ from the others")
    seconds = float(np.mean(spans[[good[i] for i in kept]]))
    report.numbers |= {"strides_found": len(good), "strides_used": len(kept), "cycle_seconds": seconds}
    report.say(f"{len(kept)} stride(s) of {seconds:.3f} s on average ({120 / seconds:.1f} steps per min)")
    curves = {name: values[kept] for name, values in curves.items()}
    return Strides(_without_drift(curves), seconds, _advance(curves), side, struck)


def _period(series: Series, side: str) -> float | None:
    """Duration of a stride in s by the correlation of hip, knee and ankle with themselves later; None without one."""
    signals = [series.values[name] for c in SAGITTAL if (name := f"{c}_{side}") in series.values]
    count, rate = len(series), series.rate
    lags = np.arange(int(SHORTEST * rate), min(int(LONGEST * rate), int(0.67 * count)))
    if len(lags) < 5:
        return None
    alike = np.array([np.mean([np.corrcoef(s[: count - lag], s[lag:])[0, 1] for s in signals]) for lag in lags])
    peaks, _ = find_peaks(alike)
    peaks = peaks[alike[peaks] > REPEATS]
    if not len(peaks):
        return None
    first = peaks[alike[peaks] >= alike[peaks].max() - 0.05][0]  # two strides are as alike as one
    return float((lags[first] + _vertex(alike, first)) / rate)


def _compare(given: float, found: float, report: Report) -> None:
    """Warn where the duration that is given is several strides, or a part of one."""
    more, times = given > found, max(given, found) / min(given, found)
    if round(times) > 1 and abs(times - round(times)) < 0.1 * round(times):
        share = f"{round(times)} times" if more else f"1/{round(times)} of"
        report.warn(
            f"reference.cycle_seconds={given:g} is about {share} the {found:.2f} s in which the motion repeats: "
            f"{'several strides would be one' if more else 'it would be a part of a stride'}"
        )


def _vertex(values: np.ndarray, peak: int) -> float:
    """Place of the top of the parabola through a peak and its neighbours, from the peak, in samples."""
    before, top, after = values[peak - 1 : peak + 2]
    bend = before - 2 * top + after
    return float(0.5 * (before - after) / bend) if bend < 0 else 0.0


def _smooth(values: np.ndarray, rate: float, cutoff: float = 6.0) -> np.ndarray:
    if cutoff >= 0.45 * rate:
        return values
    return sosfiltfilt(butter(2, cutoff, fs=rate, output="sos"), values, padlen=min(len(values) - 1, int(rate / 4)))


def _starts(series: Series, side: str, period: float, where: str) -> tuple[np.ndarray, bool]:
    """Times in s at which strides begin, and whether those are heel strikes seen in the ground force."""
    if side in series.contact:
        force = series.contact[side]
        loaded = force > CONTACT_SHARE * force.max()
        strikes = np.flatnonzero(loaded[1:] & ~loaded[:-1]) + 1
        kept = [s for i, s in enumerate(strikes) if i == 0 or s - strikes[i - 1] > 0.6 * period * series.rate]
        if len(kept) > 1:
            return np.array(kept) / series.rate, True
    ahead = _smooth(reach(series.values, side), series.rate)
    distance = max(1, int(0.6 * period * series.rate))
    peaks, _ = find_peaks(ahead, distance=distance, prominence=0.3 * np.ptp(ahead))
    times = np.array([peak + _vertex(ahead, peak) for peak in peaks]) / series.rate
    if len(times) > 1:
        return times, False
    last = (len(series) - 1) / series.rate
    if period > last + 0.5 / series.rate:
        raise ReferenceError(f"{where}: {last:.3g} s are less than a stride of {period:.3g} s")
    start = max(0.0, (last - period) / 2)
    return np.array([start, start + period]), False


def _whole(series: Series, length: float, where: str) -> np.ndarray:
    """Begin and end in s of the file as one stride, if its end meets its beginning."""
    signals = [v for name, v in series.values.items() if name.startswith(SAGITTAL)]
    spans = np.array([np.ptp(signal) for signal in signals])
    repeated = np.sqrt(np.mean([((s[-1] - s[0]) / span) ** 2 for s, span in zip(signals, spans, strict=True)]))
    onward = [(2 * s[-1] - s[-2] - s[0]) / span for s, span in zip(signals, spans, strict=True)]
    following = np.sqrt(np.mean(np.square(onward)))
    if min(repeated, following) > 0.15 or not SHORTEST <= length <= LONGEST:
        raise ReferenceError(
            f"{where}: no stride repeats in its {length:.3g} s; give a longer motion, or one stride whose end meets "
            f"its beginning (reference.begin, reference.end), or its duration as reference.cycle_seconds"
        )
    last = (len(series) - 1) / series.rate
    return np.array([0.0, last if repeated <= following else last + 1 / series.rate])


def _sampled(series: Series, spans: list[tuple[float, float]]) -> dict[str, np.ndarray]:
    time = np.arange(len(series)) / series.rate
    phases = np.arange(PHASES + 1) / PHASES  # with the end: how far the stride is from closing
    places = np.array([begin + phases * (end - begin) for begin, end in spans])
    return {name: CubicSpline(time, values)(places) for name, values in series.values.items()}


def _alike(curves: dict[str, np.ndarray]) -> list[int]:
    """Strides that do not stand out: of five or more, those at most three times as far from the median as half are."""
    count = len(next(iter(curves.values())))
    if count < 5:
        return list(range(count))
    angles = np.stack([values for name, values in curves.items() if name.startswith(SAGITTAL)])
    far = np.sqrt(((angles - np.median(angles, axis=1, keepdims=True)) ** 2).mean(axis=(0, 2)))
    return [i for i in range(count) if far[i] <= max(3 * float(np.median(far)), np.deg2rad(2))]


def _advance(curves: dict[str, np.ndarray]) -> float | None:
    if "pelvis_tx" not in curves:
        return None
    return float(np.mean(curves["pelvis_tx"][:, -1] - curves["pelvis_tx"][:, 0]))


def _without_drift(curves: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Positions from the start of each stride, so that strides lie on top of each other."""
    return {name: v - v[:, :1] if name in SLIDES and name != "pelvis_ty" else v for name, v in curves.items()}
