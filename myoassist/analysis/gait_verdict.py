"""What a policy does, in one line."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from myoassist.analysis.recording import TERMINATED

if TYPE_CHECKING:
    from myoassist.analysis.analysis import Analysis

HUMAN_PEAK = 1.1  # BW: peaks of vertical ground force in level walking near 1.25 m/s (Nilsson, Thorstensson 1989)
NEAR, HARD = 1.25, 1.5  # BW up to which a peak is near human, and from which it is harder than human
FEEBLE = 0.15  # N m/kg: an ankle exoskeleton below does little, a tenth of what a human ankle gives at push-off
HUMAN_STANCE, STANCE_OFF = 0.61, 0.06  # share of the stride (Perry, Burnfield 2010), and how far off is not human
HUMAN_BOTH, BOTH_OFF = 0.22, 0.06  # the same of double support
SCATTERED = 5.0  # % of the stride: standard deviation from which a mean phase is none that strides have
UNLIKE = 0.5  # correlation of the ankle with the reference below which it moves in another way
MOVED = 1.0  # m, the least way of a walker


def verdict(analysis: Analysis) -> str:
    """One line for a human: walks or falls, how far, how human."""
    if not len(analysis.recording):
        return "nothing was recorded"
    parts = [_outcome(analysis)]
    if analysis.strides:
        parts += filter(None, (_nearness(analysis), _impact(analysis), _oddities(analysis), _assistance(analysis)))
    return "; ".join(parts)


def _mean(analysis: Analysis, name: str) -> float:
    found = analysis.metrics.get(name)
    return found.mean if found else math.nan


def _outcome(analysis: Analysis) -> str:
    recording = analysis.recording
    ends = [frames.stop - 1 for frames in recording.episodes]
    fell = [recording["done"][end] == TERMINATED for end in ends]
    distance, seconds = _mean(analysis, "distance"), _mean(analysis, "episode_time")
    way = f"{distance:.1f} m in {seconds:.3g} s" if math.isfinite(distance) else f"{seconds:.3g} s"
    upright = f"{len(ends) - sum(fell)} of {len(ends)} episodes to the end"
    if sum(fell) > len(ends) / 2:
        return f"falls: {upright}, {way} on average{_reasons(analysis)}"
    if not analysis.strides or abs(distance) < MOVED:
        what = "no complete stride" if not analysis.strides else "it does not get on"
        return f"does not walk: {upright}, but {what}, {way}"
    target = _mean(analysis, "target_speed")
    asked = f" (target {target:.2f})" if math.isfinite(target) else ""
    return f"walks: {upright}, {way} at {_mean(analysis, 'speed'):.2f} m/s{asked}{_reasons(analysis)}"


def _reasons(analysis: Analysis) -> str:
    """Why episodes ended before their time, most frequent first."""
    recording = analysis.recording
    fallen = {
        int(recording["episode"][f.start]) for f in recording.episodes if recording["done"][f.stop - 1] == TERMINATED
    }
    kept = recording.meta.get("episodes") or []
    reasons = Counter(str(e["reason"]) for e in kept if e.get("env") in fallen and e.get("reason"))
    return f" (ended by {', '.join(f'{reason} {n}' for reason, n in reasons.most_common())})" if reasons else ""


def _nearness(analysis: Analysis) -> str:
    joints = {"hip": "hip_flexion.rmse", "knee": "knee_angle.rmse", "ankle": "ankle_angle.rmse"}
    off = {word: _mean(analysis, name) for word, name in joints.items()}
    known = [f"{word} {value:.1f}°" for word, value in off.items() if math.isfinite(value)]
    return f"{', '.join(known)} from the reference" if known else ""


def _impact(analysis: Analysis) -> str:
    peak = _mean(analysis, "ground_force.first_peak")
    if not math.isfinite(peak):
        return ""
    human = f"human (about {HUMAN_PEAK:g})"
    if peak > NEAR:
        judged = f"is {'harder than' if peak > HARD else 'above'} {human}"
    else:
        judged = f"is near {human}" if peak >= 0.8 else f"({human})"
    return f"heel-strike force {peak:.1f} BW {judged}"


def _oddities(analysis: Analysis) -> str:
    """What is far from human, if anything is."""
    stance, both = _mean(analysis, "stance_share"), _mean(analysis, "double_support_share")
    ankle = _mean(analysis, "ankle_angle.correlation")
    odd = []
    if abs(stance - HUMAN_STANCE) > STANCE_OFF:
        odd.append(f"stance {100 * stance:.0f} % of the stride (60 to 62)")
    if abs(both - HUMAN_BOTH) > BOTH_OFF:
        odd.append(f"both feet down {100 * both:.0f} % (20 to 24)")
    if (push := _mean(analysis, "ground_force.second_peak")) > HARD:
        odd.append(f"force at push-off {push:.1f} BW (about {HUMAN_PEAK:g})")
    if ankle < UNLIKE:
        odd.append(f"ankle correlates {ankle:.2f} with the reference")
    return f"not human: {', '.join(odd)}" if odd else ""


def _assistance(analysis: Analysis) -> str:
    names = [
        n for n in analysis.metrics if n.endswith(".device_peak_torque") and n.split(".")[0][-2:] not in ("_r", "_l")
    ]
    peaks = {name: _mean(analysis, name) for name in names if math.isfinite(_mean(analysis, name))}
    if not peaks:
        return ""
    name = max(peaks, key=lambda key: peaks[key])
    phase = analysis.metrics.get(name.replace("torque", "phase"))
    if peaks[name] < FEEBLE or not phase or not math.isfinite(phase.mean):
        return f"the device does little (peak {peaks[name]:.2f} N m/kg)"
    when = "at changing times" if phase.sd > SCATTERED else f"at {phase.mean:.0f} % of the stride"
    return f"the device peaks at {peaks[name]:.2f} N m/kg {when}"
