"""Made-up recordings whose gait is known, for tests of everything that reads recordings.

All are of a walker of 80 kg (82 kg with its device) at 100 frames per second. Right heel strikes come at 0.6 s and
every ``stride_time`` from there; the cycle is counted in whole frames, so that events fall on frames.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from myoassist.analysis.recording import GROUPS, RUNNING, TERMINATED, TIME_UP, Recording

RATE = 100
BODY_MASS, MASS, GRAVITY = 80.0, 82.0, 9.81
WEIGHT = BODY_MASS * GRAVITY  # N
FIRST_STRIKE = 60  # frame number (from 1) of the first right heel strike
REAL = Path(__file__).resolve().parent / "data" / "walk.npz"  # two episodes of 6 s of a trained walker, 22 muscles

_LEG = ("hip_flexion", "knee_angle", "ankle_angle")
JOINTS = ("pelvis_tx", "pelvis_ty", "pelvis_tilt", *(f"{joint}_{side}" for joint in _LEG for side in "rl"))
MUSCLES = tuple(f"{muscle}_{side}" for side in "rl" for muscle in ("soleus", "tibant", "vasti", "hamstrings"))
ACTIVATION = {"soleus": 0.4, "tibant": 0.2, "vasti": 0.3, "hamstrings": 0.3}
PEAKS = ((0.0, 0.25, 0.5, 0.75, 1.0), (0.1, 1.1, 0.7, 1.2, 0.1))  # vertical force in stance, body weights
CYCLE = np.linspace(0.0, 1.0, 101)


def _wave(phase: np.ndarray, quarter: float = 0.0) -> np.ndarray:
    return np.cos(2.0 * np.pi * (phase - quarter))


def _columns() -> dict[str, list[str]]:
    feet = [f"{part}_{side}_{axis}" for side in "rl" for part in ("heel", "toe") for axis in "xyz"]
    muscles = ("excitation", "activation", "muscle_force", "muscle_length", "muscle_velocity")
    return {
        "joint_position": list(JOINTS),
        "joint_velocity": list(JOINTS),
        **{group: list(MUSCLES) for group in muscles},
        "ground_force": [f"{axis}_{side}" for side in "rl" for axis in ("forward", "left", "up")],
        "foot_position": feet,
        "motor_force": ["Exo_R", "Exo_L"],
        "device_power": ["Exo_R", "Exo_L"],
        "device_torque": ["ankle_angle_r", "ankle_angle_l"],
        "reward": ["forward", "activation"],
    }


def _muscle(name: str) -> dict[str, Any]:
    return {
        "side": name[-1],
        "peak_force": 1000.0,
        "optimal_fiber_length": 0.1,
        "tendon_slack_length": 0.2,
        "max_velocity": 10.0,
        "shortest_active": 0.5,
        "longest_active": 1.6,
        "passive_peak": 1.3,
    }


def meta(**changes: Any) -> dict[str, Any]:
    """What the made-up recordings say of themselves: hips of the reference swing by 0.4 rad, its knees too."""
    reference = {
        "hip_flexion_r": 0.4 * _wave(CYCLE),
        "hip_flexion_l": 0.4 * _wave(CYCLE, 0.5),
        "knee_angle_r": -0.5 + 0.4 * _wave(CYCLE),
        "knee_angle_l": -0.5 + 0.4 * _wave(CYCLE, 0.5),
    }
    units = {name: "m" if name in ("pelvis_tx", "pelvis_ty", "pelvis_tz") else "rad" for name in JOINTS}
    plain = {
        "name": "made_up",
        "checkpoint": "",
        "steps": 0,
        "seed": 1,
        "deterministic": True,
        "rate_hz": RATE,
        "control_hz": 50,
        "physics_hz": 500,
        "mass": MASS,
        "body_mass": BODY_MASS,
        "gravity": GRAVITY,
        "planar": True,
        "standing_height": 0.9,
        "columns": _columns(),
        "units": {"joint_position": units, "motor_force": {"Exo_R": "N m", "Exo_L": "N m"}},
        "joints": {
            name: {"side": "" if "pelvis" in name else name[-1], "role": "root" if "pelvis" in name else "leg"}
            | {"low": None, "high": None}
            for name in JOINTS
        },
        "muscles": {name: _muscle(name) for name in MUSCLES},
        "motors": {
            f"Exo_{side.upper()}": {"side": side, "peak_force": 100.0, "drives": {f"ankle_angle_{side}": 1.0}}
            for side in "rl"
        },
        "reference": {"speed": 1.25, "cycle_seconds": 1.2, "joints": {n: c.tolist() for n, c in reference.items()}},
        "num_envs": 1,
        "episodes": [],
        "experiment": {},
    }
    return plain | changes


def _blank(frames: int) -> dict[str, np.ndarray]:
    """Arrays of zeros of every group, with clocks; the last frame is the end of time."""
    columns = _columns()
    arrays: dict[str, np.ndarray] = {name: np.zeros((frames, len(names))) for name, names in columns.items()}
    arrays |= {name: np.zeros(frames) for name in ("speed", "target_speed", "phase")}
    arrays["time"] = np.arange(1, frames + 1) / RATE
    arrays["episode"] = np.zeros(frames, dtype=np.int32)
    arrays["done"] = np.full(frames, RUNNING, dtype=np.uint8)
    arrays["done"][-1:] = TIME_UP
    assert set(arrays) <= set(GROUPS)
    return arrays


def walker(
    *,
    seconds: float = 12.0,
    stride_time: float = 1.2,
    speed: float = 1.25,
    left_at: float = 0.5,
    stance: tuple[float, float] = (0.6, 0.6),
    width: float = 0.1,
    planar: bool = True,
) -> Recording:
    """One episode of even walking.

    ``left_at``: left heel strike, share of the right stride. ``stance``: right and left, share of the stride.
    Vertical force is ``PEAKS``, fore-aft force a sine of 0.2 body weights that brakes first. Hips follow the reference
    0.05 rad too far flexed, knees a quarter of a cycle late. The device pulls 0.7 N m/kg in plantarflexion, in a
    triangle from 30 over 50 to 60 % of the stride; it gives 20 W in its first and takes 10 W in its second quarter.
    """
    arrays = _blank(round(seconds * RATE))
    number, period = np.arange(1, len(arrays["time"]) + 1), round(stride_time * RATE)
    arrays["speed"][:] = speed
    arrays["target_speed"][:] = 1.25
    arrays["joint_position"][:, 0] = speed * number / RATE
    arrays["joint_position"][:, 1] = 0.9
    arrays["phase"] = (number - FIRST_STRIKE) % period / period
    for place, side in enumerate("rl"):
        strike = FIRST_STRIKE + (round(left_at * period) if side == "l" else 0)
        _leg(arrays, place, number - strike, period, speed=speed, stance=stance[place], strike=strike)
        sideways = (0.5 if side == "l" else -0.5) * width
        arrays["foot_position"][:, [6 * place + 1, 6 * place + 4]] = sideways
    _muscles(arrays)
    facts = {"env": 0, "reason": "time_up", "seconds": seconds, "distance": speed * seconds, "length": len(number) // 2}
    return Recording(meta(planar=planar, episodes=[facts]), arrays)


def _leg(
    arrays: dict[str, np.ndarray],
    place: int,
    number: np.ndarray,
    period: int,
    *,
    speed: float,
    stance: float,
    strike: int,
) -> None:
    """Force, path and joints of one foot; ``number`` counts frames from its first strike."""
    stride, phase = number // period, number % period / period
    loaded = number % period < round(stance * period)
    along = np.where(loaded, phase / stance, 0.0)
    arrays["ground_force"][:, 3 * place] = np.where(loaded, -0.2 * np.sin(2 * np.pi * along), 0.0) * WEIGHT
    arrays["ground_force"][:, 3 * place + 2] = np.where(loaded, np.interp(along, *PEAKS), 0.0) * WEIGHT
    swing = np.where(loaded, 0.0, (phase - stance) / (1.0 - stance))
    forward = speed * (strike + period * (stride + 0.5 - 0.5 * np.cos(np.pi * swing))) / RATE
    for part, ahead in ((0, 0.0), (3, 0.2)):
        arrays["foot_position"][:, 6 * place + part] = forward + 0.3 + ahead
        arrays["foot_position"][:, 6 * place + part + 2] = 0.02 + 0.1 * np.sin(np.pi * swing)
    arrays["joint_position"][:, 3 + place] = 0.4 * _wave(phase) + 0.05
    arrays["joint_position"][:, 5 + place] = -0.5 + 0.4 * _wave(phase, 0.25)
    pull = np.interp(phase, (0.0, 0.3, 0.5, 0.6, 1.0), (0.0, 0.0, 0.7, 0.0, 0.0)) * BODY_MASS
    arrays["device_torque"][:, place] = arrays["motor_force"][:, place] = -pull
    quarter = np.floor(4.0 * phase)
    arrays["device_power"][:, place] = np.where(quarter == 0, 20.0, np.where(quarter == 1, -10.0, 0.0))


def _muscles(arrays: dict[str, np.ndarray]) -> None:
    """Constant activity at optimal fibre length, at rest: all muscles pull isometrically."""
    activity = np.array([ACTIVATION[name[:-2]] for name in MUSCLES])
    arrays["excitation"][:] = arrays["activation"][:] = activity
    arrays["muscle_force"][:] = 1000.0 * activity
    arrays["muscle_length"][:] = 0.3


def standing(*, seconds: float = 5.0) -> Recording:
    """One episode of quiet standing on both feet."""
    arrays = _blank(round(seconds * RATE))
    arrays["ground_force"][:, [2, 5]] = 0.5 * WEIGHT
    arrays["joint_position"][:, 1] = 0.9
    arrays["target_speed"][:] = 1.25
    _muscles(arrays)
    return Recording(meta(episodes=[{"env": 0, "reason": "time_up", "seconds": seconds}]), arrays)


def fall(*, seconds: float) -> Recording:
    """The even walker, whose episode ends with a fall."""
    fallen = part(walker(seconds=max(seconds, 1.0)), round(seconds * RATE))
    fallen.arrays["done"][-1:] = TERMINATED
    fallen.meta["episodes"][0] |= {"reason": "fell", "seconds": seconds}
    return fallen


def part(recording: Recording, frames: int) -> Recording:
    """The first frames of a recording of one episode; 0 gives an empty one."""
    arrays = {name: values[:frames].copy() for name, values in recording.arrays.items()}
    arrays["done"][-1:] = TIME_UP
    facts = recording.meta["episodes"] if frames else []
    return Recording(recording.meta | {"episodes": [dict(fact) for fact in facts]}, arrays)


def together(*recordings: Recording) -> Recording:
    """Recordings of one episode each as the episodes of one."""
    arrays = {name: np.concatenate([r.arrays[name] for r in recordings]) for name in recordings[0].arrays}
    arrays["episode"] = np.repeat(np.arange(len(recordings), dtype=np.int32), [len(r) for r in recordings])
    facts = [dict(r.meta["episodes"][0], env=number) for number, r in enumerate(recordings)]
    return Recording(recordings[0].meta | {"episodes": facts, "num_envs": len(facts)}, arrays)


def changed(recording: Recording, **arrays: np.ndarray | None) -> Recording:
    """A copy with other arrays; None takes a group away."""
    kept = {name: values.copy() for name, values in recording.arrays.items()}
    kept |= {name: values for name, values in arrays.items() if values is not None}
    kept = {name: values for name, values in kept.items() if name not in arrays or arrays[name] is not None}
    columns = {name: names for name, names in recording.meta["columns"].items() if name in kept}
    return replace(recording, meta=recording.meta | {"columns": columns}, arrays=kept)


def put(folder: Path, recording: Recording, **meta: Any) -> Path:
    """A trial folder with the recording, its name that of the folder."""
    folder.mkdir(parents=True)
    named = replace(recording, meta=recording.meta | {"name": folder.name} | meta)
    named.save(folder / "recording.npz")
    return folder


def with_nan(group: str, column: str, frames: slice = slice(None)) -> Recording:
    even = walker()
    values = even[group].copy()
    values[frames, even.columns(group).index(column)] = np.nan
    return changed(even, **{group: values})
