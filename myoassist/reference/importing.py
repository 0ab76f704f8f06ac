"""Any motion as a gait of the project: read, cut into strides, averaged, closed, filtered, both sides compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from myoassist.config import ReferenceConfig
from myoassist.errors import ReferenceError
from myoassist.model.naming import LEG_COORDINATES, LEG_SIDEWAYS
from myoassist.reference.cycles import PHASES, SAGITTAL, Strides, cut_strides, reach
from myoassist.reference.motion import FORWARD, Gait, Harmonics, fit_harmonics, holds_harmonics, load_gait
from myoassist.reference.report import Report
from myoassist.reference.series import LEG_NEEDED, SPEED, make_series
from myoassist.reference.tables import read_table

# The foot is furthest ahead of the pelvis some 6 to 9 % of the stride before it strikes: it swings back to meet the
# ground. This is the figure of the shipped gait, whose phase 0 is a heel strike; its lower harmonics carry the swing.
STRIKE_AFTER_REACH, REACH_ORDER = 0.0664, 8
ORDER = 20  # harmonics of an imported gait; of a stride of 1.1 s the last is 18 Hz
TWO_PASSES = (np.sqrt(2) - 1) ** 0.25  # a second-order filter run there and back cuts off lower by this (Winter 2009)
LEAST_ADVANCE = 0.25  # m of pelvis_tx in a stride; less is a treadmill
EVEN_ANGLES = np.deg2rad(5.0)  # rms between the legs up to which a gait counts as symmetric
SIDEWAYS = np.deg2rad(45.0)  # mean pelvis rotation from which a body does not face where it goes
OFFSET = np.deg2rad(3.0)  # mean list or rotation that is worth a warning when a symmetric gait loses it
EVEN_STEPS = 0.03  # of the stride, from half a cycle
_MIRRORED = ("pelvis_list", "pelvis_rotation")  # change sign half a cycle later
Curves = dict[str, Harmonics]


@dataclass(frozen=True)
class Imported:
    """A gait, what was done to get it, and the strides that it comes from.

    ``strides`` ``(n, 257)`` by coordinate with its side, over phase 0 to 1 of each stride as it was cut;
    ``phase_shift``: phase of the right heel strike in them. Empty for a file of harmonics.
    """

    gait: Gait
    report: Report
    strides: dict[str, np.ndarray]
    phase_shift: float = 0.0


def import_motion(config: ReferenceConfig) -> Imported:
    """Read the configured motion: harmonics as they are, anything else through all the steps of this module.

    Raises:
        ReferenceError: it cannot be read, or is no walking; one line that says what and where.
    """
    report = Report(f"Motion {config.path or 'of the project'}")
    if holds_harmonics(config) or config.path is None:
        gait = load_gait(config.path)
        report.say(f"harmonics of a stride of {gait.cycle_seconds:.3f} s at {gait.speed:.3f} m/s, taken as they are")
        return Imported(gait, report, {})
    series = make_series(read_table(Path(config.path).expanduser()), config, report)
    _check_hip_sign(series.values, config)
    strides = cut_strides(series, config, report)
    curves = _closed(strides, report)
    forward = _forward(strides, curves, config, report)
    strike = 0.0 if strides.struck else _furthest(curves, strides.side) + STRIKE_AFTER_REACH
    strike += 0.5 if strides.side == "l" else 0.0
    how = "from the ground force" if strides.struck else "from the reach of the foot"
    report.say(f"phase 0 at right heel strike, {how}")
    curves = {name: curve.shifted(strike) for name, curve in curves.items()}
    gait = _gait(curves, forward.shifted(strike), strides.seconds, config, report)
    return Imported(_filtered(gait, config, series.rate, report), report, strides.curves, strike)


def _furthest(curves: Curves, side: str) -> float:
    """Phase at which the foot of a side is furthest ahead of the pelvis."""
    phase = np.arange(8 * PHASES) / (8 * PHASES)
    names = ("pelvis_tilt", f"hip_flexion_{side}", f"knee_angle_{side}")
    low = {n: Harmonics(c.mean, c.cos[:REACH_ORDER], c.sin[:REACH_ORDER]) for n, c in curves.items() if n in names}
    return float(phase[np.argmax(reach({name: curve(phase) for name, curve in low.items()}, side))])


def _check_hip_sign(values: dict[str, np.ndarray], config: ReferenceConfig) -> None:
    """The knee bends most in early swing, while the hip flexes. Raises ReferenceError where it extends instead."""
    for side in "rl":
        hip, knee = values.get(f"hip_flexion_{side}"), values.get(f"knee_angle_{side}")
        if hip is None or knee is None or np.ptp(knee) < np.deg2rad(20):
            continue
        bent = knee < knee.min() + 0.1 * np.ptp(knee)
        rates = np.gradient(hip)
        if np.mean(rates[bent]) < -0.3 * np.abs(rates).max():
            raise ReferenceError(
                f"reference.path: {config.path}: hip_flexion_{side} falls while the knee bends most, so its sign looks "
                f"turned (OpenSim: flexion positive); turn it with reference.flip=[hip_flexion_r,hip_flexion_l]"
            )


def _closed(strides: Strides, report: Report) -> Curves:
    """Mean strides whose ends meet, as harmonics; the gap is shared out evenly over the stride."""
    phase = np.arange(PHASES + 1) / PHASES
    curves, gaps = {}, {}
    for name, values in strides.curves.items():
        mean = values.mean(axis=0)
        gaps[name] = float(mean[-1] - mean[0])
        even = (mean - gaps[name] * (phase - 0.5))[:-1]
        curves[name] = fit_harmonics(even, ORDER)
    angles = {name: abs(gap) for name, gap in gaps.items() if not name.startswith("pelvis_t") or name == "pelvis_tilt"}
    worst = max(angles, key=lambda name: angles[name])
    report.say(f"ends of the stride made to meet: at most {np.rad2deg(angles[worst]):.2f} deg, in {worst}")
    report.numbers["closing"] = gaps
    return curves


def _forward(strides: Strides, curves: Curves, config: ReferenceConfig, report: Report) -> Harmonics:
    """Forward velocity of the pelvis over the stride; takes ``pelvis_tx``, its velocity and ``pelvis_tz`` away."""
    path, given = curves.pop("pelvis_tx", None), curves.pop(SPEED, None)
    if curves.pop("pelvis_tz", None) is not None:
        report.say("pelvis_tz not used: the way sideways is the walker's own")
    measured = given.mean if given is not None and path is None else None
    if strides.advance is not None and abs(strides.advance) > LEAST_ADVANCE:
        measured = strides.advance / strides.seconds
    if measured is not None and measured <= 0:
        raise ReferenceError(
            f"reference.path: {config.path} goes backward, {measured:.2f} m/s; check the sign of pelvis_tx"
        )
    if measured is None and config.speed is None:
        raise ReferenceError(
            f"reference.path: {config.path} does not move forward (no pelvis_tx, or a treadmill); "
            f"give the walking speed as reference.speed=<m/s>"
        )
    if measured is not None and config.speed is not None and abs(measured - config.speed) > 0.1 * config.speed:
        raise ReferenceError(
            f"reference.speed: {config.speed:g} is for a treadmill, but {config.path} walks at {measured:.2f} m/s"
        )
    speed = float(measured if measured is not None else config.speed or 0.0)
    report.say(f"{speed:.3f} m/s, {speed * strides.seconds:.3f} m per stride" + ("" if measured else " (given)"))
    report.numbers |= {"speed": speed, "stride_m": speed * strides.seconds}
    if path is None:
        return given or Harmonics(speed, np.zeros(ORDER), np.zeros(ORDER))
    rate = 2 * np.pi * np.arange(1, ORDER + 1) / strides.seconds
    return Harmonics(speed, rate * path.sin, -rate * path.cos)


def _gait(curves: Curves, forward: Harmonics, seconds: float, config: ReferenceConfig, report: Report) -> Gait:
    """Sort the curves by side and decide whether both legs share their mean."""
    names = [c for c in LEG_COORDINATES if f"{c}_r" in curves or f"{c}_l" in curves]
    right = {name: curves[f"{name}_r"] for name in names if f"{name}_r" in curves}
    left = {name: curves[f"{name}_l"] for name in names if f"{name}_l" in curves}
    midline = {name: curve for name, curve in curves.items() if name.startswith("pelvis_")}
    if "pelvis_tilt" not in midline:
        midline["pelvis_tilt"] = Harmonics(0.0, np.zeros(ORDER), np.zeros(ORDER))
        report.warn("no pelvis_tilt: taken as 0, so that hip angles are those to the vertical")
    if "pelvis_rotation" in midline:
        midline["pelvis_rotation"] = _facing_forward(midline["pelvis_rotation"], config)
    if "pelvis_ty" in midline:  # heights come from the model's own legs
        midline["pelvis_ty"] = Harmonics(0.0, midline["pelvis_ty"].cos, midline["pelvis_ty"].sin)
    if "ankle_angle" not in names:
        report.warn("no ankle_angle: ankles are not in the reference")
    midline[FORWARD] = forward
    if set(right) != set(left):
        _check_one_leg(right, left, config, report)
        own = _fuller_leg(right, left, midline["pelvis_tilt"], report)
        return Gait({**own, **midline}, seconds, forward.mean)
    strike = _left_strike(right, left, midline["pelvis_tilt"], report)
    _match_signs(right, left, strike, report)
    if _is_even(right, left, strike, config, report):
        right = {name: _mean(right[name], left[name].shifted(strike)) for name in right}
        midline = {name: _balanced(name, curve, report) for name, curve in midline.items()}
        return Gait({**right, **midline}, seconds, forward.mean)
    return Gait({**right, **midline}, seconds, forward.mean, left, strike)


def _check_one_leg(right: Curves, left: Curves, config: ReferenceConfig, report: Report) -> None:
    odd = sorted({*(f"{n}_l" for n in right if n not in left), *(f"{n}_r" for n in left if n not in right)})
    if config.symmetric == "false":
        raise ReferenceError(f"reference.symmetric: false needs both legs, but {config.path} has no {', '.join(odd)}")
    report.warn(f"no {', '.join(odd)}: the other leg's motion half a stride later stands for both")


def _fuller_leg(right: Curves, left: Curves, tilt: Harmonics, report: Report) -> Curves:
    """Curves of the leg that has hip and knee and the most besides, from its own heel strike; of equals the right."""
    fullness = [(set(LEG_NEEDED) <= set(leg), len(leg)) for leg in (right, left)]
    if fullness[0] >= fullness[1]:
        return right
    if not fullness[0][0]:  # the strides were cut by the left leg
        return {name: curve.shifted_half() for name, curve in left.items()}
    strike = _left_strike(right, left, tilt, report)
    return {name: curve.shifted(strike) for name, curve in left.items()}


def _left_strike(right: Curves, left: Curves, tilt: Harmonics, report: Report) -> float:
    """Phase of the left heel strike: both feet strike alike after they reach furthest."""
    sides = {f"{name}_{side}": curves[name] for side, curves in (("r", right), ("l", left)) for name in curves}
    strike = (_furthest({**sides, "pelvis_tilt": tilt}, "l") - _furthest({**sides, "pelvis_tilt": tilt}, "r")) % 1.0
    report.numbers |= {"left_strike": strike}
    if not 0.2 < strike < 0.8:
        raise ReferenceError(
            f"the left heel strikes at {strike:.0%} of the right stride; are left and right exchanged?"
        )
    return strike


def _match_signs(right: Curves, left: Curves, strike: float, report: Report) -> None:
    """Turn left coordinates that some files count to the same side of the room as the right ones, in place."""
    phase = np.arange(PHASES) / PHASES
    for name in (n for n in LEG_SIDEWAYS if n in right):
        own, other = right[name](phase), left[name].shifted(strike)(phase)
        same, turned = np.sqrt(np.mean((own - other) ** 2)), np.sqrt(np.mean((own + other) ** 2))
        if turned < 0.5 * same and same > np.deg2rad(2):
            left[name] = left[name].scaled(-1.0)
            apart = f"{np.rad2deg(turned):.1f} deg apart instead of {np.rad2deg(same):.1f}"
            report.say(f"{name}_l: sign turned; the legs are {apart}")


def _is_even(right: Curves, left: Curves, strike: float, config: ReferenceConfig, report: Report) -> bool:
    phase = np.arange(PHASES) / PHASES
    apart = {
        name: float(np.sqrt(np.mean((right[name](phase) - left[name].shifted(strike)(phase)) ** 2)))
        for name in SAGITTAL
        if name in right
    }
    worst = max(apart, key=lambda name: apart[name])
    even = bool(apart[worst] <= EVEN_ANGLES and abs(strike - 0.5) <= EVEN_STEPS)
    chosen = even if config.symmetric == "auto" else config.symmetric == "true"
    difference = f"{np.rad2deg(apart[worst]):.1f} deg rms in {worst}, left heel strike at {100 * strike:.1f} %"
    report.say(
        f"legs differ by {difference}: " + ("their mean stands for both" if chosen else "each keeps its own motion")
    )
    report.numbers |= {"between_legs": apart, "symmetric": chosen}
    return chosen


def _mean(first: Harmonics, second: Harmonics) -> Harmonics:
    return Harmonics((first.mean + second.mean) / 2, (first.cos + second.cos) / 2, (first.sin + second.sin) / 2)


def _facing_forward(rotation: Harmonics, config: ReferenceConfig) -> Harmonics:
    """Pelvis rotation with its mean within half a turn. Raises ReferenceError where it does not face forward."""
    mean = float(np.angle(np.exp(1j * rotation.mean)))
    if abs(mean) > SIDEWAYS:
        raise ReferenceError(
            f"reference.path: {config.path}: the pelvis faces {abs(np.rad2deg(mean)):.0f} deg away from where it goes; "
            f"forward walking is needed, so check pelvis_rotation and the signs of pelvis_tx and pelvis_tz"
        )
    return Harmonics(mean, rotation.cos, rotation.sin)


def _balanced(name: str, curve: Harmonics, report: Report) -> Harmonics:
    """A midline curve that is itself half a cycle later; list and rotation change sign, so they lose their mean."""
    if name in _MIRRORED and abs(curve.mean) > OFFSET:
        report.warn(
            f"mean {name} of {np.rad2deg(curve.mean):.1f} deg taken out: a symmetric gait has none; look at the "
            f"alignment of the axes, or keep it with reference.symmetric=false"
        )
    return _mean(curve, curve.shifted_half().scaled(-1.0 if name in _MIRRORED else 1.0))


def _filtered(gait: Gait, config: ReferenceConfig, rate: float, report: Report) -> Gait:
    """Low-pass: the gain of a second-order Butterworth filter run forward and backward, at each harmonic.

    On a periodic signal this is what the filter does, without its transients at the ends.
    """
    frequency = np.arange(1, ORDER + 1) / gait.cycle_seconds
    gain = np.where(frequency < 0.45 * rate, 1.0, 0.0)
    if config.cutoff_hz:
        gain = gain / (1 + (frequency * TWO_PASSES / config.cutoff_hz) ** 4)
        report.say(f"low-pass: Butterworth, second order, both ways, {config.cutoff_hz:g} Hz")

    def passed(curves: Curves) -> Curves:
        return {name: Harmonics(curve.mean, curve.cos * gain, curve.sin * gain) for name, curve in curves.items()}

    return Gait(passed(gait.coordinates), gait.cycle_seconds, gait.speed, passed(gait.left), gait.left_strike)
