"""Whether a way to draw without a window works: ``python -m myoassist.view.probe egl`` draws one picture and says so.

In a process of its own, as a library that does not work may end the process, and PyOpenGL keeps the first it met.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from typing import Any

from myoassist.processes import run_child

DRAWS = "draws"
_SECONDS = 120.0  # a machine that is busy, with its libraries on a network, may take long
_BALL = '<mujoco><worldbody><light pos="0 0 3"/><geom size="0.3" rgba="1 0 0 1"/></worldbody></mujoco>'


def draws(library: str, *, seconds: float = _SECONDS) -> str | None:
    """None where ``library`` (``egl``, ``osmesa``, ``glfw``, ``cgl``) draws here, else why not, in one line."""
    try:
        tried = run_child("myoassist.view.probe", library, seconds=seconds, MUJOCO_GL=library)
    except subprocess.TimeoutExpired:
        return f"nothing was drawn in {seconds:g} s"
    except OSError as error:
        return str(error)
    if tried.returncode == 0 and DRAWS in tried.stdout.split():
        return None
    lines = [line.strip() for line in tried.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"its process ended with exit code {tried.returncode}"


def draw(library: str) -> bool:
    """Draw a red ball of 64 by 64 pixels in this process; whether it is in the picture."""
    import mujoco
    import numpy as np

    module: Any = importlib.import_module(f"mujoco.{library}")
    context = module.GLContext(64, 64)
    context.make_current()
    model = mujoco.MjModel.from_xml_string(_BALL)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    drawing = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
    mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, drawing)
    scene, camera = mujoco.MjvScene(model, maxgeom=10), mujoco.MjvCamera()
    mujoco.mjv_defaultFreeCamera(model, camera)
    mujoco.mjv_updateScene(model, data, mujoco.MjvOption(), None, camera, mujoco.mjtCatBit.mjCAT_ALL, scene)
    area, pixels = mujoco.MjrRect(0, 0, 64, 64), np.zeros((64, 64, 3), dtype=np.uint8)
    mujoco.mjr_render(area, scene, drawing)
    mujoco.mjr_readPixels(pixels, None, area, drawing)
    red, green, blue = pixels[32, 32].tolist()
    return red > green + 20 and red > blue + 20


def main() -> int:
    """Draw with the library that the command line names; returns the exit code."""
    try:
        drawn = draw(sys.argv[1])
    except Exception as error:  # libraries raise what they like; one line is enough
        sys.stderr.write(f"{next(iter(str(error).splitlines()), '') or type(error).__name__}\n")
        return 1
    sys.stdout.write(f"{DRAWS}\n" if drawn else "")
    sys.stdout.flush()
    if not drawn:
        sys.stderr.write("the picture is empty\n")
    os._exit(0 if drawn else 1)  # some libraries fail when they are taken down


if __name__ == "__main__":
    sys.exit(main())
