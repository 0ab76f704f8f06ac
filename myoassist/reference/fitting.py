"""What happened to a gait on a model: limits, ground, toes, joints that one has and the other has not."""

from __future__ import annotations

import mujoco
import numpy as np

from myoassist.model.geometry import Surfaces
from myoassist.model.index import ModelIndex
from myoassist.model.naming import coordinate_of
from myoassist.reference.motion import FORWARD, Gait
from myoassist.reference.report import Report
from myoassist.reference.retarget import Reference, reference_state, wanted_curves

PHASES = np.arange(100) / 100
DEEP = 0.01  # m of a sole in the ground that is worth a warning
MUCH = np.deg2rad(10.0)  # a joint moved by more is worth a warning
FASTER, MUCH_FASTER = 2.0, np.deg2rad(100.0)  # as is one that moves by this factor, and at least so many rad/s, faster
NOTED = np.deg2rad(0.5)  # smaller changes are not worth a line


def report_fit(gait: Gait, reference: Reference, model: mujoco.MjModel, index: ModelIndex, report: Report) -> None:
    """Add to ``report`` how ``reference`` on a model differs from the ``gait`` that it was made from."""
    tilt, fitted = gait.coordinates["pelvis_tilt"].mean, reference.sample(PHASES)[0]
    if abs(tilt) > NOTED:
        report.say(
            f"mean pelvis tilt of {np.rad2deg(tilt):.1f} deg moved to hip flexion: the trunk of the body is rigid"
        )
    moved = _changes(gait, reference, fitted, index, report)
    changed = [f"{name} {np.rad2deg(size):.1f}" for name, size in moved.items() if size > NOTED]
    report.say("largest change for limits and foot clearance, deg: " + (", ".join(changed) or "none above 0.5"))
    height = fitted[:, reference.joints.index("pelvis_ty")]
    report.say(
        f"pelvis height from the model's legs: {height.mean():.3f} m, {1000 * np.ptp(height):.0f} mm up and down"
    )
    lowest = _lowest_soles(reference, model, index)
    spread = f"{1000 * lowest.min():+.0f} to {1000 * lowest.max():+.0f} mm"
    report.say(f"lowest sole over the ground: {spread} (a foot stands on it throughout)")
    if lowest.min() < -DEEP:
        report.warn(f"the swing foot reaches {-1000 * lowest.min():.0f} mm into the ground: it does not clear it")
    report.numbers["model"] = {
        "change": moved,
        "pelvis_height": float(height.mean()),
        "lowest_sole": [float(lowest.min()), float(lowest.max())],
        **_unmatched(gait, reference, index, report),
    }


def _changes(
    gait: Gait, reference: Reference, fitted: np.ndarray, index: ModelIndex, report: Report
) -> dict[str, float]:
    """Largest change of each joint, rad; warns of those that a limit of the model cuts."""
    wanted = wanted_curves(gait, index)
    moved: dict[str, float] = {}
    for column, name in enumerate(reference.joints):
        if name not in wanted or name == "pelvis_ty":
            continue
        curve, joint = wanted[name](PHASES), index.joints[name]
        moved[name] = float(np.abs(fitted[:, column] - curve).max())
        beyond = np.maximum(curve - joint.high, joint.low - curve)
        if beyond.max() > NOTED and coordinate_of(name) != "mtp_angle":
            place = f"up to {np.rad2deg(beyond.max()):.1f} deg at {int(beyond.argmax())} % of the stride"
            report.warn(f"{name} is beyond the model's limit, {place}: cut off")
        elif moved[name] > MUCH:
            place = f"up to {np.rad2deg(moved[name]):.1f} deg at {int(np.abs(fitted[:, column] - curve).argmax())} %"
            report.warn(f"{name} is moved by {place} of the stride, for foot clearance")
        _warn_of_speed(name, curve, fitted[:, column], reference.cycle_seconds, report)
    return moved


def _warn_of_speed(name: str, wanted: np.ndarray, fitted: np.ndarray, seconds: float, report: Report) -> None:
    """Warn of a joint that moves much faster on the model than in the motion; values at ``PHASES``, rad."""
    before, after = (
        np.abs(np.diff(curve, append=curve[0])).max() * len(PHASES) / seconds for curve in (wanted, fitted)
    )
    if after > FASTER * before and after - before > MUCH_FASTER:
        speeds = f"{np.rad2deg(after):.0f} deg/s on the model, {np.rad2deg(before):.0f} in the motion"
        report.warn(f"{name} reaches {speeds}: look for a jump")


def _unmatched(gait: Gait, reference: Reference, index: ModelIndex, report: Report) -> dict[str, list[str]]:
    """What only the motion or only the model has."""
    names = {coordinate_of(joint) or joint for joint in reference.joints}
    left = sorted(set(gait.coordinates) - names - {FORWARD})
    free = [joint.name for joint in index.joints.values() if joint.role == "leg" and joint.name not in reference.joints]
    if left:
        report.say(f"the model has no {', '.join(left)}")
    if free:
        report.warn(f"the motion says nothing of {', '.join(free)}: they stand as they are")
    return {"not_in_model": left, "not_in_motion": free}


def _lowest_soles(reference: Reference, model: mujoco.MjModel, index: ModelIndex) -> np.ndarray:
    """Height of the lower foot's sole over level ground at each phase ``(phases,)``, m."""
    data = mujoco.MjData(model)
    soles = Surfaces(model, [model.geom(name).id for side in index.soles.values() for name in side])
    heights = np.empty(len(PHASES))
    for row, phase in enumerate(PHASES):
        data.qpos[:] = reference_state(reference, model, index, float(phase))[0]
        mujoco.mj_kinematics(model, data)
        heights[row] = soles.lowest(data).min()
    return heights
