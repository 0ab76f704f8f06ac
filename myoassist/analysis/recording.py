"""A recorded trial: named columns over time with their units, and all that is needed to understand them, in one file.

The file is a compressed NumPy archive (``numpy.load`` opens it): one array per group of :data:`GROUPS`, whose rows are
the frames of all episodes one after the other, and ``meta``, a JSON text. Nothing in it is pickled.
"""

from __future__ import annotations

import itertools
import json
import zipfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from myoassist.errors import RunError, unknown
from myoassist.files import DAMAGED, written_beside

FORMAT = 1
KIND = "myoassist-recording"
FILE = "recording.npz"
RUNNING, TERMINATED, TIME_UP = 0, 1, 2  # values of the column ``done``

# What a recording holds: name of the group, unit ("rad|m" where it depends on the joint), meaning of its columns.
GROUPS: dict[str, tuple[str, str]] = {
    "time": ("s", "time since the start of the episode"),
    "episode": ("", "number of the episode, from 0"),
    "done": ("", "0 while it goes on; in the last frame of an episode 1 terminated, 2 time up"),
    "qpos": ("rad|m", "generalised positions of the model, in its own order and signs: what a picture needs"),
    "joint_position": ("rad|m", "joint angles and pelvis coordinates, OpenSim's signs"),
    "joint_velocity": ("rad/s|m/s", "their rates, OpenSim's signs"),
    "excitation": ("", "muscle excitation, 0 to 1, that reaches the muscle: after noise, delay and fatigue"),
    "activation": ("", "muscle activation, 0 to 1"),
    "muscle_force": ("N", "tension of each muscle, positive when it pulls"),
    "muscle_length": ("m", "length of muscle and tendon"),
    "muscle_velocity": ("m/s", "rate of that length, positive when it lengthens"),
    "ground_force": ("N", "force of the ground on each foot: forward, left, up; mean over the frame"),
    "foot_position": ("m", "hindmost and foremost sole of each foot, centre, world axes x forward, y left, z up"),
    "motor_force": ("N|N m", "force or torque of each motor of the device"),
    "device_torque": ("N m", "torque of the device about each joint it drives, OpenSim's signs"),
    "device_power": ("W", "mechanical power that each motor gives to the body, negative when it takes"),
    "speed": ("m/s", "forward velocity of the pelvis"),
    "ground_height": (
        "m",
        "height of the ground below the pelvis, mean over a step's length; of the control step",
    ),
    "target_speed": ("m/s", "speed the walker was asked for"),
    "phase": ("", "phase of the reference gait, 0 to 1 from right heel strike; meaningless without a reference"),
    "reference_position": ("rad|m", "reference of the tracked joints at that phase, OpenSim's signs"),
    "action": ("", "output of the policy, -1 to 1"),
    "reward": ("", "weighted reward terms of the control step that the frame belongs to"),
}


@dataclass(frozen=True)
class Recording:
    """One trial.

    ``arrays``: by group, ``(frames, columns)``, or ``(frames,)`` where a group is a single signal.

    ``meta`` (plain JSON data):
        ``name`` of the trial; ``checkpoint``, ``steps`` trained; ``seed``; ``deterministic``;
        ``rate_hz`` frames per second, ``control_hz``, ``physics_hz``;
        ``mass`` of body and device, ``body_mass``, kg; ``gravity`` m/s²; ``planar``; ``standing_height`` m;
        ``columns``: names of the columns of each group;
        ``units``: unit of each column of groups whose unit depends on it;
        ``joints``: by name ``side``, ``role``, ``low``, ``high`` (rad or m, OpenSim's signs);
        ``muscles``: by name ``side``, ``peak_force`` N, ``optimal_fiber_length`` m, ``tendon_slack_length`` m,
        ``max_velocity`` in optimal lengths per s, ``shortest_active``, ``longest_active`` in optimal lengths,
        ``passive_peak`` in peak forces;
        ``motors``: by name ``side``, ``peak_force``, ``drives`` (moment arms by joint);
        ``reference``: ``speed`` m/s, ``cycle_seconds``, ``left_strike`` (phase of the left heel strike, 0.5 where an
        older recording does not say), ``joints`` (101 values over the cycle by joint), or null;
        ``episodes``: a list with ``env``, ``reason``, ``seconds``, ``distance``, ``total_reward``, ``terms`` … of each;
        ``experiment``: the whole configuration.
    """

    meta: dict[str, Any]
    arrays: dict[str, np.ndarray]
    path: Path | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Name of the trial."""
        return str(self.meta["name"])

    @property
    def dt(self) -> float:
        """Time between frames, s."""
        return 1.0 / float(self.meta["rate_hz"])

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.arrays["time"])

    def __getitem__(self, group: str) -> np.ndarray:
        """The array of a group ``(frames, columns)`` or ``(frames,)``. Raises RunError for a group it does not hold."""
        if group not in self.arrays:
            raise RunError(unknown("group", group, self.arrays, where=str(self.path or "recording")))
        return self.arrays[group]

    def columns(self, group: str) -> tuple[str, ...]:
        """Names of a group's columns; none for a single signal."""
        return tuple(self.meta["columns"].get(group, ()))

    def column(self, group: str, name: str) -> np.ndarray:
        """One named signal ``(frames,)``. Raises RunError for a name it does not hold."""
        names = self.columns(group)
        if name not in names:
            raise RunError(unknown("column", name, names, where=f"{self.path or 'recording'}: {group}"))
        return self[group][:, names.index(name)]

    def unit(self, group: str, name: str = "") -> str:
        """Unit of a group or of one of its columns."""
        return str(self.meta.get("units", {}).get(group, {}).get(name, GROUPS[group][0]))

    @cached_property
    def episodes(self) -> list[slice]:
        """Frames of each episode, in order."""
        numbers = self.arrays["episode"]
        edges = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
        return [slice(a, b) for a, b in itertools.pairwise(edges) if b > a]

    def save(self, path: Path) -> Path:
        """Write the file, whole or not at all; floats are kept to single precision. Returns ``path``."""
        packed = {name: _packed(values) for name, values in self.arrays.items()}
        text = json.dumps({"kind": KIND, "format": FORMAT, **self.meta})
        with written_beside(path) as partial:
            np.savez_compressed(partial, meta=np.array(text), **packed)  # type: ignore[arg-type]
        return path


def load_recording(place: str | Path) -> Recording:
    """Read a recording from its file, or from the folder that holds it.

    Raises:
        RunError: there is none, it is cut off, another kind of file, or its frames cannot be counted.
    """
    path = Path(place)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise RunError(f"recording={place}: no such file; give {FILE} of an evaluation, or the folder that holds it")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        meta = json.loads(str(arrays.pop("meta")))
        if meta["kind"] != KIND or not isinstance(meta["columns"], dict):
            raise ValueError("not a recording")
    except DAMAGED as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        if "pickle" in reason:  # NumPy's advice would run code from the file
            reason = "it holds Python objects" if zipfile.is_zipfile(path) else "no NumPy archive"
        raise RunError(f"recording={path}: cannot be read, it is cut off or no recording ({reason})") from error
    if meta["format"] > FORMAT:
        raise RunError(f"recording={path}: format {meta['format']} of a newer version; this one reads {FORMAT}")
    _check_shapes(arrays, meta, path)
    _check_counts(arrays, path)
    return Recording(meta, arrays, path)


def _packed(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32) if values.dtype == np.float64 else values


def _check_shapes(arrays: dict[str, np.ndarray], meta: dict[str, Any], path: Path) -> None:
    if missing := [name for name in ("time", "episode", "done") if name not in arrays]:
        raise RunError(f"recording={path}: has no {' and no '.join(missing)}")
    frames = len(arrays["time"])
    for name, values in arrays.items():
        columns = meta["columns"].get(name)
        expected = (frames,) if columns is None else (frames, len(columns))
        if values.shape != expected:
            raise RunError(f"recording={path}: {name} has shape {values.shape}, expected {expected}")


def _check_counts(arrays: dict[str, np.ndarray], path: Path) -> None:
    """What the frames are counted by has to be numbers, whole ones but for the time."""
    for name in ("time", "episode", "done"):
        values = arrays[name]
        if values.dtype.kind not in "iufb" or not np.isfinite(values).all():
            raise RunError(f"recording={path}: {name} holds what is no number; nothing can be told without it")
        if name != "time" and not (values == np.round(values)).all():
            raise RunError(
                f"recording={path}: {name} holds {values[values != np.round(values)][0]:g}; whole numbers only"
            )
