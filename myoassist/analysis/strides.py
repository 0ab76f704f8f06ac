"""Strides: from one heel strike of a foot to its next, the signals over them as cycles of 0 to 100 %."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from myoassist.analysis.events import SIDES, FootEvents
from myoassist.analysis.recording import TERMINATED, Recording

POINTS = 101  # of a time-normalised cycle: every per cent from heel strike to heel strike
SHORTEST, LONGEST = 0.4, 2.5  # s, a stride of walking
SPREAD, LEAST_SPREAD = 4.0, 0.25  # standard deviations (robust), share of the median: as far as a stride may be off it
SAME_SPEED = 0.1  # m/s between target speeds of strides that are compared

NO_FORCE = "ground force without numbers at a heel strike or toe-off"


@dataclass(frozen=True)
class Stride:
    """One stride, in frames of the recording: two heel strikes of a foot and its toe-off in between.

    ``other_strike``, ``other_toe_off``: heel strike and toe-off of the other foot in between; -1 without.
    """

    episode: int
    side: str
    start: int
    end: int
    toe_off: int
    other_strike: int = -1
    other_toe_off: int = -1


def find_strides(
    recording: Recording, events: dict[str, FootEvents], *, skip: int = 1
) -> tuple[tuple[Stride, ...], dict[str, int]]:
    """Strides that can be used, by episode and time, and the number of those left out by reason.

    ``skip``: so many first strides of each foot in each episode are left out, while walking starts.
    """
    found: list[Stride] = []
    left_out: Counter[str] = Counter()
    for frames in recording.episodes:
        for side, other in zip(SIDES, reversed(SIDES), strict=True):
            strikes = events[side].strikes
            strikes = strikes[(strikes >= frames.start) & (strikes < frames.stop)]
            for number, (start, end) in enumerate(itertools.pairwise(strikes.tolist())):
                stride = _stride(recording, events, side, other, start, end)
                reason = "first of a foot in its episode" if number < skip else _fault(stride, recording, events)
                left_out.update([reason] if reason else [])
                found += [] if reason else [stride]
            if len(strikes):
                fell = recording["done"][frames.stop - 1] == TERMINATED
                left_out["cut short by " + ("a fall" if fell else "the end of the episode")] += 1
    usual = _usual(found, recording)
    for stride in [stride for stride in found if stride not in usual]:
        left_out["of unusual duration"] += 1
        found.remove(stride)
    return tuple(sorted(found, key=lambda stride: (stride.episode, stride.start))), dict(left_out)


def _stride(recording: Recording, events: dict[str, FootEvents], side: str, other: str, start: int, end: int) -> Stride:
    def first(frames: np.ndarray) -> int:
        later = frames[np.searchsorted(frames, start, side="right") :]
        return int(later[0]) if len(later) and later[0] < end else -1

    episode = int(recording["episode"][start])
    toe_off = first(events[side].toe_offs)
    return Stride(episode, side, start, end, toe_off, first(events[other].strikes), first(events[other].toe_offs))


def _fault(stride: Stride, recording: Recording, events: dict[str, FootEvents]) -> str:
    """Why a stride cannot be used, or nothing."""
    own, other = events[stride.side], events["l" if stride.side == "r" else "r"]
    if {stride.start, stride.toe_off, stride.end} & own.unsure:
        return NO_FORCE
    if {stride.other_strike, stride.other_toe_off} & other.unsure:
        return NO_FORCE
    seconds = (stride.end - stride.start) * recording.dt
    if seconds < SHORTEST:
        return f"shorter than {SHORTEST:g} s"
    if seconds > LONGEST:
        return f"longer than {LONGEST:g} s"
    if stride.toe_off < 0:
        return "without toe-off"
    if stride.other_strike < 0 and len(other.strikes):
        return "interrupted: the other foot did not step"
    return ""


def _usual(strides: Sequence[Stride], recording: Recording) -> set[Stride]:
    """Strides whose duration is near the median of their foot at about the same target speed."""
    kept: set[Stride] = set()
    for side in SIDES:
        own = [stride for stride in strides if stride.side == side]
        starts, ends = frame_span(own)
        seconds, asked = (ends - starts) * recording.dt, _target_speeds(recording, starts, ends)
        for place, stride in enumerate(own):
            alike = seconds[np.abs(asked - asked[place]) <= SAME_SPEED]
            median = np.median(alike)
            deviation = 1.4826 * np.median(np.abs(alike - median))
            if np.abs(seconds[place] - median) <= max(SPREAD * deviation, LEAST_SPREAD * median):
                kept.add(stride)
    return kept


def _target_speeds(recording: Recording, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Mean target speed of each stride, m/s; 0 where it is not recorded or not a finite number."""
    if "target_speed" not in recording.arrays:
        return np.zeros(len(starts))
    asked = np.nan_to_num(recording["target_speed"].astype(float), posinf=0.0, neginf=0.0)
    total = np.concatenate([[0.0], np.cumsum(asked)])
    return (total[ends] - total[starts]) / np.maximum(ends - starts, 1)


def frame_span(strides: Sequence[Stride]) -> tuple[np.ndarray, np.ndarray]:
    """First and last frames of strides, ``(n,)`` each."""
    return np.array([s.start for s in strides], dtype=int), np.array([s.end for s in strides], dtype=int)


def over_cycle(signal: np.ndarray, strides: Sequence[Stride]) -> np.ndarray:
    """A signal ``(frames,)`` over each stride ``(n, 101)``, heel strike to heel strike, linear between frames."""
    if not len(strides):
        return np.zeros((0, POINTS))
    starts, ends = frame_span(strides)
    places = starts[:, None] + np.linspace(0.0, 1.0, POINTS) * (ends - starts)[:, None]
    below = places.astype(int)
    share = places - below
    return (1.0 - share) * signal[below] + share * signal[np.minimum(below + 1, ends[:, None])]


def cycles(recording: Recording, strides: Sequence[Stride], group: str, column: str = "") -> np.ndarray:
    """A signal over each stride ``(n, 101)``, heel strike to heel strike, linear between frames.

    Raises RunError for a group or column that the recording does not hold.
    """
    return over_cycle(recording.column(group, column) if column else recording[group], strides)
