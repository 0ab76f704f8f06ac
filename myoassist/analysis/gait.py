"""The strides of a recording with its signals: what every measure of the gait starts from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from myoassist.analysis.events import SIDES, find_events
from myoassist.analysis.recording import Recording
from myoassist.analysis.strides import NO_FORCE, Stride, find_strides, frame_span

FEW_COLUMNS = 3  # of a group without numbers, to be named each
OfFoot = Callable[[str, Sequence[Stride]], np.ndarray | None]


class Gait:
    """Strides, stance and signals of a recording. ``notes`` gathers what is missing or not a number.

    ``stance``: by side, bool ``(frames,)``. ``sides``: side of each stride. ``body_weight`` of the walker alone, N.
    ``estimated``: sides whose heel strikes are a guess, in whose strides nothing is timed.
    """

    def __init__(self, recording: Recording, *, skip: int) -> None:
        self.recording = recording
        self._notes: dict[str, None] = {}
        events, notes = find_events(recording)
        self.note(*notes)
        self.estimated = tuple(side for side in SIDES if events[side].estimated)
        self.stance = {side: events[side].stance for side in SIDES}
        self.strides, self.left_out = find_strides(recording, events, skip=skip)
        if lost := self.left_out.get(NO_FORCE):
            self.note(
                f"The ground force has no numbers where feet strike or leave the ground: {lost} strides left out."
            )
        self.sides = np.array([stride.side for stride in self.strides], dtype=str)
        self.body_mass = float(recording.meta["body_mass"])
        self.body_weight = self.body_mass * float(recording.meta["gravity"])

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be computed, and why, each sentence once."""
        return tuple(self._notes)

    def note(self, *sentences: str) -> None:
        self._notes.update(dict.fromkeys(sentences))

    def group(self, name: str) -> np.ndarray | None:
        """A group as float ``(frames, columns)`` or ``(frames,)``; None, and a note, where the recording has none."""
        if name not in self.recording.arrays:
            self.note(f"The recording has no {name}: nothing was computed from it.")
            return None
        values = self.recording[name].astype(float)
        single = values.ndim == 1
        bad = ~np.isfinite(values)
        if not bad.any():
            return values
        self.note(*_without_numbers(name, [""] if single else self.recording.columns(name), bad))
        return np.where(bad, np.nan, values)

    def signal(self, group: str, column: str = "") -> np.ndarray | None:
        """One signal as float ``(frames,)``; None where the recording does not have it."""
        values = self.group(group)
        names = self.recording.columns(group)
        if values is None or not column:
            return values
        return values[:, names.index(column)] if column in names else None

    def of_foot(self, measure: OfFoot) -> np.ndarray:
        """``measure(side, strides of that side)`` for both sides, put together in order ``(n_strides,)``."""
        values = np.full(len(self.strides), np.nan)
        for side in SIDES:
            places = np.flatnonzero(self.sides == side)
            found = measure(side, [self.strides[place] for place in places])
            if found is not None:
                values[places] = found
        return values

    def means(self, values: np.ndarray, strides: Sequence[Stride] | None = None) -> np.ndarray:
        """Mean over each stride ``(n, …)`` of ``values`` ``(frames, …)``; nan where a frame of it is no number."""
        starts, ends = frame_span(self.strides if strides is None else strides)
        bad = ~np.isfinite(values)
        total = _sums(np.where(bad, 0.0, values), starts, ends)
        lengths = np.maximum(ends - starts, 1).reshape(-1, *[1] * (values.ndim - 1))
        means = total / lengths
        return np.where(_sums(bad, starts, ends) > 0, np.nan, means) if bad.any() else means


def _without_numbers(group: str, columns: Sequence[str], bad: np.ndarray) -> list[str]:
    """What to say of frames that are no number: of each column, or of the group where it is many."""
    total, lost = len(bad), bad.reshape(len(bad), -1).sum(axis=0)
    end = "strides with them have no value."
    named = [(" ".join(filter(None, (group, name))), int(n)) for name, n in zip(columns, lost, strict=True) if n]
    if len(named) <= FEW_COLUMNS:
        return [f"{what} is no number in {n} of {total} frames: {end}" for what, n in named]
    least, most = min(n for _, n in named), max(n for _, n in named)
    count = f"{most}" if least == most else f"{least} to {most}"
    return [f"{group}: {len(named)} columns have no number in {count} of {total} frames: {end}"]


def _sums(values: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    running = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=float)])
    return running[ends] - running[starts]
