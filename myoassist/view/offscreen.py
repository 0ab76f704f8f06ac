"""Drawing without a window: by EGL (graphics card or software), else by OSMesa; a line of help where neither is."""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from typing import Any

import mujoco
import numpy as np
from PIL import Image

from myoassist.errors import RunError
from myoassist.view.camera import FOV, View
from myoassist.view.probe import draws
from myoassist.view.scene import Figure, picture_options
from myoassist.view.shade import add_spots

HEADLESS = ("egl", "osmesa")
FINER = 1.5  # drawn this many times larger, then reduced: smooth edges at half the time of multisampling in software


class NoGraphicsError(RunError):
    """This machine has no OpenGL library that draws without a window."""


@cache
def graphics_library() -> str:
    """Name of the way to draw without a window that works here: ``egl``, ``osmesa``, ``cgl`` (macOS) or ``glfw``.

    Each candidate draws a picture in a process of its own. ``MUJOCO_GL`` narrows the choice to what it names.

    Raises:
        NoGraphicsError: none works.
    """
    if sys.platform == "darwin":
        return "cgl"
    if sys.platform == "win32":
        return "glfw"
    wanted = os.environ.get("MUJOCO_GL", "").lower().strip()
    for name in (wanted,) if wanted in HEADLESS else HEADLESS:
        if draws(name) is None:
            return name
    asked = f" (MUJOCO_GL={wanted})" if wanted in HEADLESS else ""
    raise NoGraphicsError(
        f"video: no OpenGL library draws without a window here{asked}; install one (Debian, Ubuntu: "
        "apt install libegl1 libgl1), or libosmesa6 for MUJOCO_GL=osmesa"
    )


class Canvas:
    """Draws pictures of one figure, ``width`` by ``height`` pixels; a context manager that frees the graphics memory.

    Raises:
        NoGraphicsError: there is no OpenGL library to draw with.
    """

    def __init__(self, figure: Figure, *, width: int, height: int, shadows: bool = False) -> None:
        library: Any = importlib.import_module(f"mujoco.{graphics_library()}")
        self._figure, self._options = figure, picture_options()
        self._out, model = (width, height), figure.model
        width, height = round(FINER * width), round(FINER * height)
        model.vis.global_.offwidth, model.vis.global_.offheight, model.vis.global_.fovy = width, height, FOV
        model.vis.quality.offsamples, model.vis.quality.shadowsize = 0, 4096
        self._gl = library.GLContext(width, height)
        self._gl.make_current()
        self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(model, maxgeom=5000)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = shadows
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._scene.flags[mujoco.mjtRndFlag.mjRND_HAZE] = True
        self._area = mujoco.MjrRect(0, 0, width, height)
        self._pixels = np.empty((height, width, 3), dtype=np.uint8)

    def draw(self, view: View) -> np.ndarray:
        """The figure as it stands, seen so: ``(height, width, 3)`` uint8, rows from the top."""
        self._gl.make_current()
        category = mujoco.mjtCatBit.mjCAT_ALL
        camera, model, data = view.mujoco_camera(), self._figure.model, self._figure.data
        mujoco.mjv_updateScene(model, data, self._options, None, camera, category, self._scene)
        if not self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW]:
            add_spots(self._scene, self._figure)
        mujoco.mjr_render(self._area, self._scene, self._context)
        mujoco.mjr_readPixels(self._pixels, None, self._area, self._context)
        return np.asarray(Image.fromarray(self._pixels[::-1]).resize(self._out, Image.Resampling.HAMMING))

    def close(self) -> None:
        """Free the graphics memory."""
        self._context.free()
        self._gl.free()

    def __enter__(self) -> Canvas:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
