"""Soft spots on the ground below a walker: where it stands is seen without the cost of real shadows."""

from __future__ import annotations

import mujoco
import numpy as np

from myoassist.view.scene import Figure

RINGS = tuple(
    (size, 0.04) for size in (1.0, 0.88, 0.76, 0.64, 0.52, 0.40)
)  # size and darkness of the ellipses that make a soft edge
_LIFT = 0.002  # m above the ground
_FADE = 0.25  # m: height of a foot at which its spot has half the darkness


def ground_spots(figure: Figure) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Place ``(3,)`` m, half axes ``(2,)`` m and darkness (0 to 1) of the spot under the body and under each foot."""
    marks = [(figure.pelvis, np.array([0.32, 0.22]), 0.6)]
    for geoms in figure.index.soles.values():
        points = np.array([figure.data.geom(name).xpos for name in geoms])
        reach = 0.5 * np.ptp(points[:, 0]) + 0.10
        marks.append((points.mean(axis=0), np.array([reach, 0.07]), 1.0))
    spots = []
    for place, axes, dark in marks:
        ground = float(figure.ground_height(place[:1], place[1:2])[0])
        height = max(0.0, place[2] - ground) if dark == 1.0 else 0.0
        spots.append((np.array([place[0], place[1], ground + _LIFT]), axes, dark / (1.0 + height / _FADE)))
    return spots


def add_spots(scene: mujoco.MjvScene, figure: Figure) -> None:
    """Add the spots to a scene that is about to be drawn."""
    for place, axes, dark in ground_spots(figure):
        for layer, (size, alpha) in enumerate(RINGS):
            geom = scene.geoms[scene.ngeom]
            lifted = place + np.array([0.0, 0.0, 0.0003 * layer])
            mujoco.mjv_initGeom(
                geom,
                mujoco.mjtGeom.mjGEOM_ELLIPSOID,
                np.array([*(size * axes), 0.0005]),
                lifted,
                np.eye(3).ravel(),
                np.array([0.05, 0.06, 0.08, alpha * dark], dtype=np.float32),
            )
            geom.category = mujoco.mjtCatBit.mjCAT_DECOR
            geom.specular, geom.reflectance, geom.shininess = 0.0, 0.0, 0.0
            scene.ngeom += 1
