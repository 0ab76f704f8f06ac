"""Writes down what happens in the first episode of each environment, several frames per control step."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from myoassist.analysis.recording import RUNNING, TERMINATED, TIME_UP, Recording
from myoassist.env.recorded import Moment, StepFacts, describe, device_torque, driven_joints, recorded_signals, units

if TYPE_CHECKING:
    from myoassist.env.episodes import Episode
    from myoassist.env.walk import WalkEnv

_SINGLE = (
    "speed",
    "ground_height",
    "target_speed",
    "phase",
)  # one signal each; other groups have columns, none on some walkers


def frames_per_step(record_hz: int, *, control_hz: int, physics_hz: int) -> int:
    """Most frames per control step that divide its physics steps and are no more than ``record_hz`` a second."""
    substeps = physics_hz // control_hz
    return max(n for n in range(1, substeps + 1) if substeps % n == 0 and (n * control_hz <= record_hz or n == 1))


class Recorder:
    """Watches a :class:`WalkEnv` (``walk.watchers``) and gives a :class:`Recording` of its first ``envs`` environments.

    Args:
        record_hz: frames per second, at most; a whole number of physics steps each.
    """

    def __init__(self, walk: WalkEnv, *, record_hz: int, envs: int) -> None:
        model = walk.config.model
        self._frames = frames_per_step(record_hz, control_hz=model.control_hz, physics_hz=model.physics_hz)
        self.rate_hz = self._frames * model.control_hz
        self._walk = walk
        self._signals = recorded_signals(walk)
        self._running = np.arange(walk.num_envs) < envs
        self._kept: list[dict[str, np.ndarray]] = []

    def __call__(self, facts: StepFacts) -> None:
        """Take in one control step."""
        rows = np.flatnonzero(self._running)
        if not len(rows):
            return
        moment = self._moment(facts, rows)
        kept: dict[str, np.ndarray] = {
            name: take(moment).astype(np.float32) for name, (take, _) in self._signals.items()
        }
        ended = facts.terminated[rows] | facts.truncated[rows]
        done = np.full(moment.state.shape[:2], RUNNING, dtype=np.uint8)
        done[ended, -1] = np.where(facts.terminated[rows], TERMINATED, TIME_UP)[ended]
        step = self._walk.state.step[rows]
        frame = (step[:, None] - 1) * self._frames + np.arange(1, self._frames + 1)
        kept |= {"done": done, "time": frame / self.rate_hz}
        kept["episode"] = np.broadcast_to(rows[:, None], done.shape).astype(np.int32)
        self._kept.append(kept)
        self._running[rows[ended]] = False

    def _moment(self, facts: StepFacts, rows: np.ndarray) -> Moment:
        sim = self._walk.sim
        state, sensors = (part[rows] for part in sim.substeps_taken)
        if (failed := facts.failed[rows]).any():  # the batch keeps the state before a failure; so do the frames
            state[failed], sensors[failed] = sim.state[rows][failed, None], sim.sensordata[rows][failed, None]
        width = state.shape[1] // self._frames
        grouped = sensors.reshape(len(rows), self._frames, width, -1)
        return Moment(self._walk, facts, rows, state[:, width - 1 :: width], grouped[:, :, -1], grouped.mean(axis=2))

    def recording(self, episodes: list[Episode], **meta: Any) -> Recording:
        """What was recorded, with ``meta`` of the trial; ``episodes`` are those of all environments by number."""
        stacked = {name: np.concatenate([_rows(part[name]) for part in self._kept]) for name in self._kept[0]}
        order = np.lexsort((stacked["time"], stacked["episode"]))
        arrays = {name: values[order] for name, values in stacked.items()}
        arrays["device_torque"] = device_torque(self._walk, arrays, self._frames)
        for single in _SINGLE:
            arrays[single] = arrays[single][:, 0]
        columns = {name: list(names) for name, (_, names) in self._signals.items() if name not in _SINGLE}
        columns["device_torque"] = list(driven_joints(self._walk.index))
        recorded = np.unique(arrays["episode"])
        facts = [asdict(episode) for episode in episodes if episode.env in recorded]
        described = describe(self._walk) | {"rate_hz": self.rate_hz, "columns": columns, "episodes": facts}
        return Recording(described | {"units": units(self._walk, columns)} | meta, arrays)


def _rows(values: np.ndarray) -> np.ndarray:
    """``(rows, frames, columns)`` or ``(rows, frames)`` with rows and frames in one axis."""
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])  # -1 is ambiguous without columns
