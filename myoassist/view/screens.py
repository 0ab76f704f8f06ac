"""The screens by the ``kind`` of ``conf/view``; each is imported when it is asked for."""

from __future__ import annotations

from myoassist.config import ViewConfig
from myoassist.view.live import LiveWalker, Scene, Screen, watch


def check_screen(view: ViewConfig) -> None:
    """Raise RunError, which says what to do, where the screen of ``view`` cannot be opened here; opens none."""
    if view.kind == "window":
        from myoassist.view.window import check_window

        check_window()


def make_screen(scene: Scene, view: ViewConfig) -> Screen:
    """The screen that ``view.kind`` asks for.

    Raises:
        RunError: there is no display, no mjpython, or no free port.
    """
    if view.kind == "window":
        from myoassist.view.window import Window

        return Window(scene)
    from myoassist.view.browser import Browser

    return Browser(scene, port=view.port)


def show(walker: LiveWalker, view: ViewConfig) -> None:
    """Show ``walker`` on the screen of ``view`` until the user closes it or presses Ctrl-C.

    Raises:
        RunError: the screen cannot be opened; says what to do.
    """
    screen = make_screen(walker.scene, view)
    try:
        watch(walker, screen)
    except KeyboardInterrupt:
        return
    finally:
        screen.close()
