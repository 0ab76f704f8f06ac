"""Heel strike and toe-off of each foot, from ground force, or from the feet's path where force cannot be trusted.

Force: a foot is loaded from ``LOADED`` of body weight until it falls below ``UNLOADED``. Light touches of the swinging
foot and scuffs are no contact, unloaded gaps shorter than ``DROPOUT`` no swing. Path: toe-off where the toe is
hindmost to the pelvis (Zeni, Richards, Higginson 2008, Gait Posture 27:710-714); heel strike where the sole's fall is
stopped hardest (Hreljac, Marshall 2000, J Biomech 33:783-786) soon after the heel was foremost, for a walker may pull
its foot back before it lands. Without feet, the peaks of hip flexion, which lead heel strike by about 7 % of
a stride, by 0 to 22 % on one walker or another: good for the duration of strides, not for when in them things happen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import find_peaks

from myoassist.analysis.recording import Recording
from myoassist.errors import RunError

SIDES = ("r", "l")
SIDE_NAMES = {"r": "right", "l": "left"}
LOADED, UNLOADED = 0.05, 0.02  # shares of body weight
DROPOUT = 0.15  # s, a shorter unloading within stance is a fault of the contact
TOUCH_SECONDS, TOUCH_LOAD = 0.05, 0.3  # a contact shorter and lighter (share of body weight) is a touch in swing, one
# that is shorter and belongs to no stance a scuff, however hard
SWING = 0.15  # of pelvis height: the least that a foot moves to and fro under the pelvis when it steps
STEP_SECONDS = 0.4  # least time between heel strikes of a foot
AGREEMENT = 0.8  # share of strikes of one method that the other must have
NEAR = 0.2  # s between strikes that both methods found, at most; nearer than that the force knows better
LANDING = 0.25  # s from where the heel is foremost to heel strike, at most
HIP_LEAD, HIP_STANCE = 0.07, 0.62  # shares of a stride: peak hip flexion before heel strike; stance of walking
BY_HIP = "peak hip flexion"


@dataclass(frozen=True)
class FootEvents:
    """Events of one foot in frames of the recording, rising; ``method`` says how they were found.

    ``strikes``: first loaded frames; ``toe_offs``: first unloaded frames. ``stance``: bool ``(frames,)``. ``unsure``:
    those of them that force without numbers hides: they lie at the end of the gap, wherever they were.
    """

    strikes: np.ndarray
    toe_offs: np.ndarray
    stance: np.ndarray
    method: str
    unsure: frozenset[int] = frozenset()

    @property
    def estimated(self) -> bool:
        """Whether they are too far off to say when in a stride something happens."""
        return self.method == BY_HIP


def find_events(recording: Recording) -> tuple[dict[str, FootEvents], list[str]]:
    """Events of both feet, and notes on how they were found."""
    found, notes = {}, []
    for side in SIDES:
        force = _signal(recording, "ground_force", f"up_{side}")
        loaded = _loaded(recording, force) if force is not None else None
        path = _by_path(recording, side)
        chosen, why = _choose(loaded, path, recording.dt)
        by_force = chosen is loaded and loaded is not None
        events = _events(recording, chosen, "ground force" if by_force else path[1])
        found[side] = replace(events, unsure=_in_gaps(events, force)) if by_force and force is not None else events
        if why and len(recording):
            notes.append(_note(SIDE_NAMES[side], found[side], why))
    return found, notes


def _in_gaps(events: FootEvents, force: np.ndarray) -> frozenset[int]:
    """Events with no force known in their frame or the one before."""
    moments = np.concatenate([events.strikes, events.toe_offs])
    return frozenset(moments[~np.isfinite(force[moments] + force[moments - 1])].tolist())


def _note(foot: str, events: FootEvents, why: str) -> str:
    if not events.estimated:
        return f"Heel strikes of the {foot} foot were found by {events.method}: {why}."
    return (
        f"Heel strikes of the {foot} foot are a guess from {events.method}, up to 0.2 s off: {why}, and there is no "
        f"path of heel and toe. What hangs on their moment is withheld: stance, swing, double support, steps, "
        f"difference and correlation to the reference, ground force, and timing of the device."
    )


def _signal(recording: Recording, group: str, column: str) -> np.ndarray | None:
    """A column as float ``(frames,)``; None where the recording has none, or not a single number in it."""
    try:
        values = recording.column(group, column).astype(float)
    except RunError:
        return None
    return values if np.isfinite(values).any() else None


def _loaded(recording: Recording, force: np.ndarray) -> np.ndarray:
    """Whether a foot stands on the ground in each frame, from its vertical force in N."""
    load = force / (float(recording.meta["mass"]) * float(recording.meta["gravity"]))
    stance = np.zeros(len(load), dtype=bool)
    for frames in recording.episodes:
        part = _hysteresis(load[frames])
        for start, end in _runs(part):
            short = end < len(part) and (end - start) * recording.dt < TOUCH_SECONDS
            if short and load[frames][start:end].max() < TOUCH_LOAD:
                part[start:end] = False
        for start, end in _runs(~part):
            if start > 0 and end < len(part) and (end - start) * recording.dt < DROPOUT:
                part[start:end] = True
        for start, end in _runs(part):
            if end < len(part) and (end - start) * recording.dt < TOUCH_SECONDS:
                part[start:end] = False
        stance[frames] = part
    return stance


def _hysteresis(load: np.ndarray) -> np.ndarray:
    """True from above ``LOADED`` to below ``UNLOADED``; what is in between, or no number, stays as it was."""
    known = np.where(load > LOADED, 1, np.where(load < UNLOADED, 0, -1))
    decided = known >= 0
    last = np.maximum.accumulate(np.where(decided, np.arange(len(load)), -1))
    return (last >= 0) & (known[last] == 1)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Start and end (not included) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _by_path(recording: Recording, side: str) -> tuple[np.ndarray | None, str]:
    """Stance of a foot from its path under the pelvis, else from hip flexion; None without either."""
    pelvis = _signal(recording, "joint_position", "pelvis_tx")
    heel, toe = (_signal(recording, "foot_position", f"{part}_{side}_x") for part in ("heel", "toe"))
    least = SWING * float(recording.meta["standing_height"])
    if pelvis is not None and heel is not None and toe is not None:
        starts, ends = _landings(recording, side, heel - pelvis, least), _maxima(recording, pelvis - toe, least)
        return _between(recording, starts, ends), "the path of heel and toe"
    hip = _signal(recording, "joint_position", f"hip_flexion_{side}")
    return (None, "") if hip is None else (_stance_by_hip(recording, hip), BY_HIP)


def _maxima(recording: Recording, signal: np.ndarray, prominence: float) -> np.ndarray:
    """Frames of the peaks of a signal that repeats with every stride."""
    distance = max(1, round(STEP_SECONDS / recording.dt))
    found = [
        frames.start + find_peaks(np.nan_to_num(signal[frames]), prominence=prominence, distance=distance)[0]
        for frames in recording.episodes
    ]
    return np.concatenate([np.zeros(0, dtype=int), *found])


def _landings(recording: Recording, side: str, ahead: np.ndarray, least: float) -> np.ndarray:
    """Frames of heel strike: after each peak of ``ahead``, where the lower end of the sole is stopped hardest."""
    peaks = _maxima(recording, ahead, least)
    heights = [_signal(recording, "foot_position", f"{part}_{side}_z") for part in ("heel", "toe")]
    height = np.min([np.zeros(len(ahead)) if h is None else np.nan_to_num(h) for h in heights], axis=0)
    window, found = round(LANDING / recording.dt), []
    for frames in recording.episodes:
        for peak in peaks[(peaks > frames.start) & (peaks + window <= frames.stop)]:  # it lands before the end
            path = height[peak - 1 : peak + window]
            found.append(peak + int(np.argmax(np.diff(path, n=2))) if np.ptp(path) > 0.0 else peak)
    return np.array(found, dtype=int)


def _between(recording: Recording, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """True from each start to the next end of its episode."""
    stance = np.zeros(len(recording), dtype=bool)
    for frames in recording.episodes:
        for start in starts[(starts >= frames.start) & (starts < frames.stop)]:
            later = ends[(ends > start) & (ends < frames.stop)]
            stance[start : later[0] if len(later) else frames.stop] = True
    return stance


def _stance_by_hip(recording: Recording, hip: np.ndarray) -> np.ndarray:
    all_peaks = _maxima(recording, hip, 0.2)  # rad
    stance = np.zeros(len(recording), dtype=bool)
    for frames in recording.episodes:
        peaks = all_peaks[(all_peaks >= frames.start) & (all_peaks < frames.stop)]
        stride = float(np.median(np.diff(peaks))) if len(peaks) > 1 else 1.1 / recording.dt
        for peak in peaks:
            start = peak + round(HIP_LEAD * stride)
            stance[start : min(start + round(HIP_STANCE * stride), frames.stop)] = True
    return stance


def _choose(loaded: np.ndarray | None, path: tuple[np.ndarray | None, str], dt: float) -> tuple[np.ndarray | None, str]:
    """Stance by force unless the foot's path says otherwise, and the reason why not."""
    other, _ = path
    if loaded is None:
        return other, "the recording has no vertical ground force"
    if other is None:
        return loaded, ""
    ours, theirs = (np.array([start for start, _ in _runs(stance)]) for stance in (loaded, other))
    if len(theirs) < 3:
        return loaded, ""
    if not len(ours):
        return other, "the ground force shows no heel strike"
    apart = np.abs(ours[:, None] - theirs[None, :]) * dt
    missed, extra = (apart.min(axis=0) > NEAR).mean(), (apart.min(axis=1) > NEAR).mean()
    if missed <= 1.0 - AGREEMENT and len(ours) <= len(theirs) / AGREEMENT + 1:
        return loaded, ""
    return other, f"the ground force missed {missed:.0%} of them, and {extra:.0%} of its own were elsewhere"


def _events(recording: Recording, stance: np.ndarray | None, method: str) -> FootEvents:
    if stance is None:
        nothing = np.zeros(0, dtype=int)
        return FootEvents(nothing, nothing, np.zeros(len(recording), dtype=bool), "nothing")
    strikes, toe_offs = [], []
    for frames in recording.episodes:
        for start, end in _runs(stance[frames]):
            strikes += [frames.start + start] if start > 0 else []
            toe_offs += [frames.start + end] if frames.start + end < frames.stop else []
    return FootEvents(np.array(strikes, dtype=int), np.array(toe_offs, dtype=int), stance, method)
