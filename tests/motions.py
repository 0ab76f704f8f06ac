"""Walking motions made from a gait of harmonics, as other programs would write them; and what is read from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from myoassist.config import ReferenceConfig
from myoassist.errors import ReferenceError
from myoassist.reference.importing import Imported, import_motion
from myoassist.reference.motion import FORWARD, SHIPPED, Gait, Harmonics, load_gait

LEGS = ("hip_flexion", "hip_adduction", "hip_rotation", "knee_angle", "ankle_angle")
PELVIS = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
FIGURES = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))["coordinates"]
PHASES = np.arange(200) / 200
EXACT = 0.1  # deg: without filter and noise


def limping() -> Gait:
    """The shipped gait with a stiff left knee that strikes at 0.44 of the stride."""
    gait = load_gait()
    left = {name: gait.coordinates[name].shifted(-0.44) for name in LEGS}
    left["knee_angle"] = left["knee_angle"].scaled(0.5)
    return Gait(gait.coordinates, gait.cycle_seconds, gait.speed, left, 0.44)


def columns(
    gait: Gait, *, strides: float = 6.0, rate: float = 100.0, start: float = 0.3, noise: float = 0.0, seed: int = 0
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Time ``(n,)`` in s and coordinates ``(n,)`` in rad and m from phase ``start``, with ``noise`` rad."""
    time = np.arange(round(strides * gait.cycle_seconds * rate)) / rate
    phase = start + time / gait.cycle_seconds
    values = {name: gait.coordinates[name](phase) for name in PELVIS}
    values |= {f"{name}_{side}": gait.curve(name, side)(phase) for name in LEGS for side in "rl"}
    rng = np.random.default_rng(seed)
    values = {name: v + noise * rng.standard_normal(len(time)) for name, v in values.items()}
    forward = gait.coordinates[FORWARD].scaled(gait.speed / gait.coordinates[FORWARD].mean)
    order = 2 * np.pi * np.arange(1, len(forward.cos) + 1) / gait.cycle_seconds
    path = Harmonics(0.0, -forward.sin / order, forward.cos / order)
    values["pelvis_tx"] = gait.speed * time + path(phase) - path(phase[:1])
    values["pelvis_ty"] = 0.95 + gait.coordinates["pelvis_ty"](phase)
    values["pelvis_tz"] = np.zeros(len(time))
    return time, values


def in_degrees(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    slides = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
    return {name: v if name in slides else np.rad2deg(v) for name, v in values.items()}


def write_mot(
    path: Path, time: np.ndarray, values: dict[str, np.ndarray], *, degrees: str = "no", mark: str = "\t"
) -> Path:
    rows = np.column_stack([time, *values.values()])
    head = f"Coordinates\nversion=1\nnRows={len(rows)}\nnColumns={rows.shape[1]}\ninDegrees={degrees}\nendheader\n"
    lines = [mark.join(["time", *values]), *(mark.join(f"{x:.8f}" for x in row) for row in rows)]
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_csv(path: Path, time: np.ndarray, values: dict[str, np.ndarray], *, unit: str = "") -> Path:
    rows = np.column_stack([time, *values.values()])
    lines = [",".join(["time", *(f"{name}{unit}" for name in values)]), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_npz(path: Path, values: dict[str, np.ndarray], *, rate: float = 100.0, lists: bool = False) -> Path:
    """As MyoAssist 0.1 does: two dictionaries, which NumPy pickles."""
    series = {f"q_{name}": v.tolist() if lists else v for name, v in values.items()}
    series |= {f"dq_{name}": np.gradient(v) * rate for name, v in values.items()}
    metadata = {"sample_rate": rate, "model": "any", "data_length": len(next(iter(values.values())))}
    np.savez(path, series_data=np.array(series, dtype=object), metadata=np.array(metadata, dtype=object))
    return path


def imported(path: Path, **settings: Any) -> Imported:
    return import_motion(ReferenceConfig(name="file", path=str(path), **settings))


def problem(path: Path, **settings: Any) -> str:
    """The one line that says why a motion is refused."""
    with pytest.raises(ReferenceError) as caught:
        imported(path, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def worst(gait: Gait, source: Gait) -> float:
    """Largest difference between two gaits over coordinates, sides and phases, deg."""
    apart = [gait.curve(n, s)(PHASES) - source.curve(n, s)(PHASES) for n in LEGS for s in "rl"]
    apart += [gait.coordinates[n](PHASES) - source.coordinates[n](PHASES) for n in PELVIS]
    return float(np.rad2deg(np.abs(apart).max()))
