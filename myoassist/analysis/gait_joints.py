"""Joint angles over the gait cycle: range of motion, and how near they are to the reference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from myoassist.analysis.gait import Gait
from myoassist.analysis.gait_metric import PerStride
from myoassist.analysis.recording import Recording
from myoassist.analysis.strides import POINTS, Stride, over_cycle

_TRAVEL = ("pelvis_tx", "pelvis_tz")  # grow with the way; no part of a cycle


def cycle_joints(recording: Recording) -> dict[str, bool]:
    """Joints that repeat with the cycle, without their side, in order; True for those that each leg has."""
    found = {}
    for name in recording.columns("joint_position"):
        joint = recording.meta["joints"].get(name, {})
        if joint.get("role") == "root" and name not in _TRAVEL:
            found[name] = False
        elif joint.get("side") and name.endswith(f"_{joint['side']}"):
            found[name[:-2]] = True
    return found


def reference_cycle(recording: Recording, joint: str, side: str) -> np.ndarray | None:
    """Reference of a joint ``(101,)``, rad or m, from heel strike of ``side``; None without.

    The left foot of the reference strikes at its ``left_strike``, half a cycle where a recording does not say.
    """
    reference = recording.meta.get("reference") or {}
    curve = (reference.get("joints") or {}).get(joint)
    if curve is None or len(curve) != POINTS:
        return None
    values = np.array(curve, dtype=float)
    if side == "r":
        return values
    phase = np.linspace(0.0, 1.0, POINTS)
    return np.interp(phase + reference.get("left_strike", 0.5), phase[:-1], values[:-1], period=1.0)


def joints(gait: Gait) -> list[PerStride]:
    """Range of motion, error and correlation to the reference of every joint, per stride."""
    if gait.signal("joint_position") is None:
        return []
    if not gait.recording.meta.get("reference"):
        gait.note("The recording has no reference: there is no error and no correlation to it.")
    found = []
    for joint, paired in cycle_joints(gait.recording).items():
        found += _measure(gait, joint, paired=paired)
    return found


def _measure(gait: Gait, joint: str, *, paired: bool) -> list[PerStride]:
    recording = gait.recording
    names = {side: f"{joint}_{side}" if paired else joint for side in ("r", "l")}
    hinge = any(recording.unit("joint_position", name) == "rad" for name in names.values())
    unit, scale = ("deg", 180.0 / np.pi) if hinge else ("m", 1.0)
    curves = {side: reference_cycle(recording, name, side) for side, name in names.items()}

    def cycles(side: str, strides: Sequence[Stride]) -> np.ndarray | None:
        values = _position(gait, names[side])
        return None if values is None else scale * over_cycle(values, strides)

    def rom(side: str, strides: Sequence[Stride]) -> np.ndarray | None:
        own = cycles(side, strides)
        return None if own is None else np.ptp(own, axis=1)

    def rmse(side: str, strides: Sequence[Stride]) -> np.ndarray | None:
        own, curve = cycles(side, strides), curves[side]
        return None if own is None or curve is None else np.sqrt(np.mean((own - scale * curve) ** 2, axis=1))

    def correlation(side: str, strides: Sequence[Stride]) -> np.ndarray | None:
        own, curve = cycles(side, strides), curves[side]
        return None if own is None or curve is None else _pearson(own, curve)

    over = "feet" if paired else "body"
    sides = tuple(side for side, name in names.items() if name in recording.columns("joint_position"))
    about = "largest minus smallest value of a stride"
    found = [PerStride(f"{joint}.rom", gait.of_foot(rom), unit, about, over, sides)]
    if any(curve is not None for curve in curves.values()):
        about = "root mean square difference to the reference over the cycle"
        found.append(PerStride(f"{joint}.rmse", gait.of_foot(rmse), unit, about, over, sides))
        about = "Pearson's correlation to the reference over the cycle"
        found.append(PerStride(f"{joint}.correlation", gait.of_foot(correlation), "1", about, over, sides))
    return found


def _position(gait: Gait, joint: str) -> np.ndarray | None:
    """A joint's position ``(frames,)``; the pelvis' height over the ground below it, where that was recorded."""
    values = gait.signal("joint_position", joint)
    if values is None or joint != "pelvis_ty" or "ground_height" not in gait.recording.arrays:
        return values
    ground = gait.signal("ground_height")
    return values if ground is None else values - ground


def _pearson(curves: np.ndarray, reference: np.ndarray) -> np.ndarray:
    own, other = curves - curves.mean(axis=1, keepdims=True), reference - reference.mean()
    size = np.sqrt((own**2).sum(axis=1) * (other**2).sum())
    moved = (np.ptp(curves, axis=1) > 1e-9) & (size > 0.0)
    return np.where(moved, own @ other / np.where(moved, size, 1.0), np.nan)
