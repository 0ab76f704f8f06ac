"""The standing pose: both soles flat on level ground."""

from __future__ import annotations

import mujoco
import numpy as np

from myoassist.errors import ModelError
from myoassist.model.coupling import close_loops, find_coupling
from myoassist.model.geometry import Surfaces
from myoassist.model.index import Joint, coordinate_of, list_joints, loop_dofs

SINK = 0.001  # m: a standing sole is pressed this deep into the ground, so that it carries weight from the first step
MOST_BEND = 0.4  # rad of hip flexion, with twice as much at the knee: the most by which a long leg is bent
HEEL_FIRST = 0.001  # rad: a flat mesh meets a plane around its lowest corner only, and a heel carries more than toes
EVEN = 1e-4  # m: legs whose soles differ by less than this stay straight


class _Stance:
    """The body hung from its pelvis, with joints that follow others set, and both soles turned level."""

    def __init__(self, model: mujoco.MjModel, soles: dict[str, list[int]]) -> None:
        self.model = model
        self.data = mujoco.MjData(model)
        self.coupling = find_coupling(model)
        self.joints = list_joints(model, self.coupling, soles)
        self.loops = loop_dofs(model)
        self.surfaces = {side: Surfaces(model, geoms) for side, geoms in soles.items()}
        keys = [model.key(k).name for k in range(model.nkey)]
        use_key = "stand" in keys and not len(self.loops)  # closed loops are sure to fit in the reference pose only
        self.start = (model.key_qpos[keys.index("stand")] if use_key else model.qpos0).copy()

    def settle(self) -> None:
        self.coupling.apply(self.data.qpos, self.data.qvel)
        close_loops(self.model, self.data, self.loops)
        mujoco.mj_kinematics(self.model, self.data)

    def heights(self) -> dict[str, float]:
        """Height of each sole's lowest point, m."""
        return {side: float(surfaces.lowest(self.data).min()) for side, surfaces in self.surfaces.items()}

    def bend(self, angle: float) -> float:
        """Bend the right knee (``angle`` > 0) or the left one (< 0) and level the soles.

        Returns the height of the right sole over the left one, in m; it grows with ``angle``.
        """
        self.data.qpos[:] = self.start
        for side, flexion in (("r", max(0.0, angle)), ("l", max(0.0, -angle))):
            for coordinate, factor in (("hip_flexion", 1.0), ("knee_angle", -2.0)):
                for joint in self._leg(coordinate, side):
                    self.data.qpos[joint.qpos] += factor * joint.sign * flexion
        self.settle()
        for _ in range(0 if len(self.loops) else 10):  # a device's closed loops hold the ankle where they fit
            if max(self._level(side) for side in self.surfaces) < 1e-5:
                break
            self.settle()
        heights = self.heights()
        return heights["r"] - heights["l"]

    def _level(self, side: str) -> float:
        """Turn the ankle, within its limits, by the slope of the sole; return how far it turned, rad."""
        rest, turned = _slope(self.surfaces[side], self.data) - HEEL_FIRST, 0.0
        for ankle in self._leg("ankle_angle", side):  # a prosthetic foot may have two in a row
            before = self.data.qpos[ankle.qpos]
            self.data.qpos[ankle.qpos] = np.clip(before - ankle.sign * rest, ankle.low, ankle.high)
            change = ankle.sign * (self.data.qpos[ankle.qpos] - before)
            rest, turned = rest + change, turned + abs(change)
        return turned

    def _leg(self, coordinate: str, side: str) -> list[Joint]:
        joints = self.joints.values()
        return [joint for joint in joints if joint.side == side and coordinate_of(joint.name) == coordinate]


def _slope(surfaces: Surfaces, data: mujoco.MjData) -> float:
    """Slope (rad, toes up positive) of the plane that a sole rests on when it stands on its heel and rolls forward."""
    points = np.concatenate([surfaces.points(data, which) for which in range(len(surfaces.geoms))])
    x, z = points[:, 0], points[:, 2]
    third = (x.max() - x.min()) / 3
    heel = np.where(x <= x.min() + third, z, np.inf).argmin()
    ahead = x >= x[heel] + third
    return float(np.arctan2(z[ahead] - z[heel], x[ahead] - x[heel]).min())


def standing_pose(model: mujoco.MjModel, soles: dict[str, list[int]]) -> np.ndarray:
    """The ``stand`` keyframe (else the reference pose) with coupled joints set and both soles flat on the ground.

    Ankles turn until the soles are level; where a device or prosthesis makes one leg longer, that knee is bent.

    Returns ``qpos`` ``(nq,)``; both soles reach 1 mm into level ground at height zero.

    Raises:
        ModelError: one leg is so much longer that bending its knee does not make up for it.
    """
    stance = _Stance(model, soles)
    uneven = stance.bend(0.0)
    if abs(uneven) > EVEN:
        if stance.bend(MOST_BEND) < 0 or stance.bend(-MOST_BEND) > 0:
            raise ModelError(
                f"one leg of the model is {abs(uneven):.3f} m longer than the other: it cannot stand on both"
            )
        from scipy.optimize import root_scalar  # slow to import, and most bodies have even legs

        stance.bend(root_scalar(stance.bend, bracket=(-MOST_BEND, MOST_BEND), xtol=1e-6).root)
    stance.data.qpos[stance.joints["pelvis_ty"].qpos] -= max(stance.heights().values()) + SINK
    stance.settle()
    return stance.data.qpos.copy()
