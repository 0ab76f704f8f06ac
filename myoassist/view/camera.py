"""The camera that follows the walker: where it looks, and where a point of the world lies in its picture."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter1d

STEADY = 0.35  # s: standard deviation of the smoothing of the camera's course
AIM = -0.08  # m: it looks at a point this much above the pelvis, so that head and ground are both in sight
UP = np.array([0.0, 0.0, AIM])
FOV = 40.0  # degrees, vertical


@dataclass(frozen=True)
class View:
    """A free camera: it looks at ``target`` (m) from ``distance`` (m) under ``azimuth`` and ``elevation`` (degrees).

    Azimuth 90 looks along the world's y axis, so that the right side of a walker is in front; elevation below 0 looks
    down.
    """

    target: np.ndarray
    distance: float
    azimuth: float
    elevation: float

    def axes(self) -> np.ndarray:
        """Right, up and forward of the camera in the world ``(3, 3)``."""
        azimuth, elevation = np.radians([self.azimuth, self.elevation])
        flat = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
        forward = np.cos(elevation) * flat + np.array([0.0, 0.0, np.sin(elevation)])
        right = np.array([flat[1], -flat[0], 0.0])
        return np.stack([right, np.cross(right, forward), forward])

    def project(self, points: ArrayLike, *, width: int, height: int) -> np.ndarray:
        """Pixel column and row, and depth in m, of ``points`` ``(n, 3)`` as ``(n, 3)``; depth <= 0 is behind."""
        axes = self.axes()
        seen = (np.asarray(points) - (self.target - self.distance * axes[2])) @ axes.T
        depth = np.where(np.abs(seen[:, 2]) < 1e-9, 1e-9, seen[:, 2])
        scale = height / (2.0 * np.tan(np.radians(FOV) / 2.0)) / depth
        return np.stack([width / 2 + scale * seen[:, 0], height / 2 - scale * seen[:, 1], seen[:, 2]], axis=1)

    def mujoco_camera(self) -> mujoco.MjvCamera:
        """The same as MuJoCo's free camera; the model's ``vis.global_.fovy`` has to be ``FOV``."""
        camera = mujoco.MjvCamera()
        camera.type = mujoco.mjtCamera.mjCAMERA_FREE
        camera.lookat[:] = self.target
        camera.distance, camera.azimuth, camera.elevation = self.distance, self.azimuth, self.elevation
        return camera


def steady_course(pelvis: np.ndarray, *, dt: float) -> np.ndarray:
    """Targets of the camera ``(frames, 3)`` along a recorded course of the pelvis ``(frames, 3)``.

    It goes along smoothly without lagging behind. It keeps its height while the pelvis bobs, and sinks with a walker
    that falls.
    """
    width = STEADY / dt
    course = gaussian_filter1d(pelvis, width, axis=0, mode="nearest")
    slope = (pelvis[-1] - pelvis[0]) / max(len(pelvis) - 1, 1)  # the ends would be drawn inwards: go on past them
    line = pelvis[0] + slope * np.arange(len(pelvis))[:, None]
    course[:, :2] = (line + gaussian_filter1d(pelvis - line, width, axis=0, mode="nearest"))[:, :2]
    course[:, 2] = gaussian_filter1d(pelvis[:, 2], 2 * width, mode="nearest") + AIM
    return course


class Follower:
    """The camera's target of a live walker, which knows no future: it goes along at the walker's mean speed."""

    def __init__(self, pelvis: np.ndarray) -> None:
        self.target = pelvis + UP

    def __call__(self, pelvis: np.ndarray, dt: float) -> np.ndarray:
        """The next target ``(3,)``, ``dt`` s later; a walker that began anew is met at once."""
        wanted = pelvis + UP
        if np.linalg.norm(wanted - self.target) > 1.5:
            self.target = wanted
        share = 1.0 - np.exp(-dt / np.array([0.25, 0.25, 0.8]))
        self.target = self.target + share * (wanted - self.target)
        return self.target
