"""What Gymnasium's ``render_mode`` shows of a walker: ``rgb_array`` gives pictures, ``human`` shows it live."""

from __future__ import annotations

import sys
import time
import weakref
from dataclasses import replace

import numpy as np

from myoassist.config import ViewConfig
from myoassist.env.frames import frame_of
from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError
from myoassist.view.camera import Follower, View
from myoassist.view.live import Pace, scene_of
from myoassist.view.offscreen import Canvas, NoGraphicsError
from myoassist.view.scene import make_figure
from myoassist.view.screens import make_screen
from myoassist.view.stick import StickCanvas


class Pictures:
    """Draws environment 0 as it stands, with camera and size of ``evaluation.camera`` and ``evaluation.video``.

    Where no OpenGL library draws here a stick figure stands in, and a line on stderr says what to install.
    """

    def __init__(self, walk: WalkEnv) -> None:
        self._walk, settings = walk, walk.config.evaluation
        self._figure = make_figure(walk.config, seed=walk.config.seed)
        self._camera = settings.camera
        width, height = (pixels - pixels % 2 for pixels in (settings.video.width, settings.video.height))
        self._canvas: Canvas | StickCanvas
        try:
            self._canvas = Canvas(self._figure, width=width, height=height, shadows=settings.video.shadows)
        except NoGraphicsError as error:
            self._canvas = StickCanvas(self._figure, width=width, height=height)
            sys.stderr.write(f"{error}\n")
        self._follow = Follower(self._figure.pelvis)
        self._free = weakref.finalize(self, self._canvas.__exit__, None, None, None)  # also where nobody closes it

    def draw(self) -> np.ndarray:
        """The picture ``(height, width, 3)`` uint8, rows from the top."""
        state, camera = self._walk.state, self._camera
        self._figure.pose(state.qpos[0], state.activation[0])
        target = self._follow(self._figure.pelvis, self._walk.task.dt)
        return self._canvas.draw(View(target, camera.distance, camera.azimuth, camera.elevation))

    def close(self) -> None:
        """Free the graphics memory."""
        self._free()


class Live:
    """Shows environment 0 on the screen of ``view`` in real time; without one in a window, or the browser.

    Raises:
        RunError: the screen cannot be opened; says what to do.
    """

    def __init__(self, walk: WalkEnv) -> None:
        self._walk, self._episode, self._steps = walk, 0, 0
        figure = make_figure(walk.config, seed=walk.config.seed)
        self._force = walk.index.sensor_columns("force", list(walk.index.motors))
        scene = scene_of(walk.config, figure, title=walk.config.name, steerable=False)
        self._screen = make_screen(scene, chosen_view(walk.config.view))
        self._pace = Pace()

    @property
    def closed(self) -> bool:
        """Whether the user closed the window."""
        return self._screen.controls.closed

    def show(self) -> None:
        """Show the walker as it stands, and wait until it is time for the next step."""
        step = int(self._walk.state.step[0])
        self._episode += step < self._steps
        self._steps = step
        self._screen.show(frame_of(self._walk, row=0, episode=self._episode, force=self._force))
        time.sleep(self._pace.next(self._walk.task.dt)[0])

    def close(self) -> None:
        """Close the window or the page."""
        self._screen.close()


def chosen_view(view: ViewConfig) -> ViewConfig:
    """``view``, or where it asks for none a window, or the browser where no window can be opened."""
    return view if view.kind != "none" else replace(view, kind="window" if window_opens() else "browser")


def window_opens() -> bool:
    """Whether MuJoCo's viewer can be opened here."""
    from myoassist.view.window import check_window

    try:
        check_window()
    except RunError:
        return False
    return True
