"""MuJoCo's own viewer as a screen: the walker in a window of this machine, in real time."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import mujoco

from myoassist.errors import RunError
from myoassist.view.camera import FOV, Follower
from myoassist.view.live import Controls, Frame, Scene
from myoassist.view.scene import picture_options
from myoassist.view.shade import add_spots

_PROBE = "import sys, glfw; sys.exit(0 if glfw.init() else 1)"
KEYS = {  # by GLFW's key code
    ord(" "): "paused",
    ord("R"): "restart",
    ord("D"): "device",
    ord("F"): "follow",
    265: "faster",
    264: "slower",
}
HELP = "view: space pauses, R restarts, D switches the device, F follows, S casts shadows, arrows change the speed"


def check_window() -> None:
    """Raise RunError, which says what to do, where no window can be opened here; opens none."""
    if sys.platform == "darwin":
        import mujoco.viewer

        if getattr(mujoco.viewer, "_MJPYTHON", None) is None:
            raise RunError("view=window: on macOS start it with mjpython instead of python; or use view=browser")
        return
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise RunError("view=window: there is no display here (DISPLAY is not set); use view=browser")
    if subprocess.run([sys.executable, "-c", _PROBE], capture_output=True).returncode != 0:
        shown = os.environ.get("DISPLAY", "")
        raise RunError(f"view=window: the display {shown} cannot be opened; use view=browser".replace("  ", " "))


class Window:
    """Shows frames in MuJoCo's viewer; the mouse turns and zooms.

    Raises:
        RunError: there is no display, or on macOS no mjpython.
    """

    def __init__(self, scene: Scene) -> None:
        check_window()
        import mujoco.viewer

        self.controls, self._scene, self._figure = Controls(), scene, scene.figure
        self._following, self._last_time, self._episode = True, 0.0, -1
        figure = self._figure
        figure.model.vis.global_.fovy = FOV
        self._follower = Follower(figure.pelvis)
        self._viewer: Any = mujoco.viewer.launch_passive(
            figure.model, figure.data, key_callback=self._press, show_left_ui=False, show_right_ui=False
        )
        with self._viewer.lock():
            options = picture_options()
            self._viewer.opt.sitegroup[:], self._viewer.opt.geomgroup[:] = options.sitegroup, options.geomgroup
            self._viewer.user_scn.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False  # S switches them on
            self._viewer.user_scn.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
            camera = self._viewer.cam
            camera.type = mujoco.mjtCamera.mjCAMERA_FREE
            camera.distance, camera.azimuth, camera.elevation = 3.0, 110.0, -10.0
        sys.stdout.write(HELP + "\n")
        sys.stdout.flush()

    def _press(self, key: int) -> None:
        controls, what = self.controls, KEYS.get(key)
        if what == "follow":
            self._following = not self._following
        elif what == "paused":
            controls.paused = not controls.paused
        elif what == "restart":
            controls.restart = True
        elif what == "device":
            controls.device_on = not controls.device_on
        elif what in ("faster", "slower"):
            controls.rate *= 1.25 if what == "faster" else 0.8

    def show(self, frame: Frame) -> None:
        """Show a frame; a window that was closed sets ``controls.closed``."""
        if not self._viewer.is_running():
            self.controls.closed = True
            return
        figure = self._figure
        if figure.stand_on(frame.ground):
            self._viewer.update_hfield(0)
        with self._viewer.lock():
            figure.pose(frame.qpos, frame.activation)
            target = self._follower(figure.pelvis, abs(frame.time - self._last_time))
            began = frame.episode != self._episode
            self._last_time, self._episode = frame.time, frame.episode
            if self._following or began:  # where a walker begins anew, it is in sight
                self._viewer.cam.lookat[:] = target
            self._viewer.user_scn.ngeom = 0
            add_spots(self._viewer.user_scn, figure)
        self._write(frame)
        self._viewer.sync()

    def _write(self, frame: Frame) -> None:
        device = {True: "on", False: "off"}[self.controls.device_on]
        lines = {
            self._scene.title: f"episode {frame.episode}",
            "time": f"{frame.time:.2f} s",
            "speed": f"{frame.speed:.2f} m/s",
            "target": f"{frame.target_speed:.2f} m/s",
        }
        if self._scene.steerable:
            lines |= {"real time": f"x {self.controls.rate:.2f}"} | ({"device": device} if self._scene.motors else {})
        place, size = mujoco.mjtGridPos.mjGRID_TOPLEFT, mujoco.mjtFontScale.mjFONTSCALE_150
        self._viewer.set_texts((size, place, "\n".join(lines), "\n".join(lines.values())))

    def close(self) -> None:
        """Close the window."""
        self._viewer.close()
