"""Put a gait's feet on the ground: pelvis height from the stance foot, toes that bend, a swing foot that clears."""

from __future__ import annotations

import mujoco
import numpy as np

from myoassist.model.geometry import Surfaces
from myoassist.model.index import Joint, ModelIndex, coordinate_of

DOUBLE_SUPPORT = 0.1  # share of the stride between a heel strike and the other foot's toe-off
CLEARANCE = 0.015  # m: height of the swing foot's lowest point in mid-swing
MOST_LIFT = np.deg2rad(14.0)  # change of a joint beyond which lifting phase by phase is given up; 5 deg is common
MOST_LIFT_RATE = 13.0  # rad of that change per stride; 2 is common
SMOOTHING = 0.2  # of the stride: window over which such changes are averaged
_STEP = 1e-4  # rad, for finite differences


class Grounding:
    """Corrects poses of one model in place.

    The stance leg (right from its heel strike to the left one) decides the pelvis height. The other leg is lifted
    by the least change of hip, knee and ankle that brings its sole to the wanted clearance, phase by phase. Where that
    is a large or abrupt change, as for a stiff knee, it is bounded and averaged over neighbouring phases, and the foot
    stays in the ground for a while. Toes extend to lie flat while the heel is up.
    """

    def __init__(self, model: mujoco.MjModel, index: ModelIndex, *, left_strike: float = 0.5) -> None:
        self._left_strike = left_strike
        self._model, self._data, self._index = model, mujoco.MjData(model), index
        self._soles = {side: Surfaces(model, [model.geom(n).id for n in names]) for side, names in index.soles.items()}
        self._height = index.joints["pelvis_ty"].qpos
        legs = [joint for joint in index.joints.values() if joint.role != "root"]
        self._toes = {joint.side: joint for joint in legs if coordinate_of(joint.name) == "mtp_angle"}
        self._bend = {side: _lifting(legs, side) for side in self._soles}
        toe_bodies = {side: model.jnt_bodyid[model.joint(joint.name).id] for side, joint in self._toes.items()}
        self._hindfoot = {side: model.body_parentid[body] for side, body in toe_bodies.items()}

    def correct(self, poses: np.ndarray) -> None:
        """Correct ``qpos`` ``(n, nq)`` at even phases of one stride in place; coupled joints follow."""
        wanted = poses.copy()
        for step, pose in enumerate(poses):
            self._correct(pose, step / len(poses))
        lifted = poses - wanted
        abrupt = [bend for bend in self._bend.values() if any(_is_abrupt(lifted[:, joint.qpos]) for joint in bend)]
        for joint in (joint for bend in abrupt for joint in bend):
            smooth = wanted[:, joint.qpos] + _smooth(lifted[:, joint.qpos])
            poses[:, joint.qpos] = np.clip(smooth, joint.low, joint.high)
        for step, pose in enumerate(poses if abrupt else ()):
            self._stand(pose, step / len(poses))

    def _stand(self, qpos: np.ndarray, phase: float) -> None:
        """Toes and pelvis height of a pose whose legs are settled, in place."""
        self._data.qpos[:] = qpos
        for side in self._soles:
            self._flatten_toes(side)
        self._data.qpos[self._height] -= self._lowest("r" if phase < self._left_strike else "l")
        qpos[:] = self._data.qpos

    def _correct(self, qpos: np.ndarray, phase: float) -> None:
        strike = self._left_strike
        stance, swing = ("r", "l") if phase % 1.0 < strike else ("l", "r")
        self._data.qpos[:] = qpos
        for side in (stance, swing):
            self._flatten_toes(side)
        self._data.qpos[self._height] -= self._lowest(stance)
        since, other = (phase, strike) if swing == "r" else (phase - strike, 1.0 - strike)
        self._lift(swing, _clearance(since % 1.0, toe_off=other + DOUBLE_SUPPORT))
        qpos[:] = self._data.qpos

    def _follow(self) -> None:
        self._index.coupling.apply(self._data.qpos, self._data.qvel)
        mujoco.mj_kinematics(self._model, self._data)

    def _lowest(self, side: str) -> float:
        self._follow()
        return float(self._soles[side].lowest(self._data).min())

    def _flatten_toes(self, side: str) -> None:
        toe = self._toes.get(side)
        if toe is None:
            return
        self._follow()
        forward = self._data.xmat[self._hindfoot[side]].reshape(3, 3)[:, 0]
        pitch_down = float(np.arctan2(-forward[2], np.hypot(forward[0], forward[1])))
        low, high = sorted((toe.sign * toe.low, toe.sign * toe.high))
        self._data.qpos[toe.qpos] = toe.sign * np.clip(pitch_down, max(0.0, low), 0.95 * high)

    def _lift(self, side: str, clearance: float) -> None:
        joints = self._bend[side]
        for _ in range(8):
            lack = clearance - self._lowest(side)
            if lack <= 1e-4 or not joints:
                return
            slopes = np.array([self._slope(side, joint) for joint in joints])
            change = slopes * min(lack, 0.02) / max(float(slopes @ slopes), 1e-3)
            for joint, amount in zip(joints, change, strict=True):
                self._data.qpos[joint.qpos] = np.clip(self._data.qpos[joint.qpos] + amount, joint.low, joint.high)
            self._flatten_toes(side)

    def _slope(self, side: str, joint: Joint) -> float:
        """Rise of the sole per change of a joint, m/rad; none where the joint's limit stops it from rising further."""
        before = self._lowest(side)
        self._data.qpos[joint.qpos] += _STEP
        after = self._lowest(side)
        self._data.qpos[joint.qpos] -= _STEP
        slope, angle = (after - before) / _STEP, self._data.qpos[joint.qpos]
        return 0.0 if (slope > 0 and angle >= joint.high) or (slope < 0 and angle <= joint.low) else slope


def _lifting(legs: list[Joint], side: str) -> list[Joint]:
    """Hip, knee and ankle of a side; none where a passive foot leaves fewer than three."""
    wanted = ("hip_flexion", "knee_angle", "ankle_angle")
    found = [joint for joint in legs if joint.side == side and coordinate_of(joint.name) in wanted]
    return found if len(found) == len(wanted) else []


def _clearance(leg_phase: float, *, toe_off: float) -> float:
    """Wanted height of the swing foot in m at a phase since its own heel strike."""
    if leg_phase < toe_off:
        return 0.0
    return CLEARANCE * float(np.sin(np.pi * (leg_phase - toe_off) / (1 - toe_off)) ** 2)


def _is_abrupt(change: np.ndarray) -> bool:
    """Whether a change ``(n,)`` of a joint over a stride is larger or faster than a small correction, rad."""
    steps = np.diff(change, append=change[0]) * len(change)
    return bool(np.abs(change).max() > MOST_LIFT or np.abs(steps).max() > MOST_LIFT_RATE)


def _smooth(change: np.ndarray) -> np.ndarray:
    """Periodic ``change`` ``(n,)`` within ``MOST_LIFT``, averaged by a Hann window."""
    half = round(SMOOTHING * len(change) / 2)
    window = np.hanning(2 * half + 1)
    around = np.pad(np.clip(change, -MOST_LIFT, MOST_LIFT), half, mode="wrap")
    return np.convolve(around, window / window.sum(), mode="valid")
