"""Watching in real time, screens that cannot be opened, and the window."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import experiment
from screens import ROOT, FakeScreen, frame, until

from myoassist.errors import RunError
from myoassist.view import browser as browser_module
from myoassist.view import window as window_module
from myoassist.view.browser import free_port
from myoassist.view.live import Controls, Frame, Pace, between, watch
from myoassist.view.window import check_window


class FakeWalker:
    dt = 0.1

    def __init__(self, closing_at: int) -> None:
        self.steps, self._closing_at = 0, closing_at
        self.scene: Any = None

    def step(self, controls: Controls) -> Frame:
        self.steps += 1
        controls.restart = False
        controls.closed = self.steps >= self._closing_at
        return frame(self.steps)

    def close(self) -> None:
        """Nothing is held."""


class TestRealTime:
    def test_sleeps_for_what_is_left_of_the_step(self) -> None:
        now = [0.0]
        pace = Pace(now=lambda: now[0])
        assert pace.next(0.1) == (pytest.approx(0.1), 1)
        now[0] = 0.13  # slept 0.1, drew for 0.03
        assert pace.next(0.1) == (pytest.approx(0.07), 1)

    def test_slow_drawing_takes_several_steps_at_once(self) -> None:
        now = [0.0]
        pace = Pace(now=lambda: now[0])
        now[0] = 0.45  # 0.1 s was due at 0.1: 3 more were missed
        wait, steps = pace.next(0.1)
        assert steps == 4 and wait == 0.0
        now[0] = 0.46
        assert pace.next(0.1) == (pytest.approx(0.04), 1)  # the fifth is due at 0.5

    def test_a_machine_that_slept_is_not_chased_after(self) -> None:
        now = [0.0]
        pace = Pace(now=lambda: now[0])
        now[0] = 100.0
        assert pace.next(0.1)[1] == 10
        assert pace.next(0.1) == (pytest.approx(0.1), 1)

    def test_between_two_frames(self) -> None:
        middle = between(frame(2), frame(4), 0.25)
        np.testing.assert_allclose(middle.qpos, 2.5)
        np.testing.assert_allclose(middle.activation, 0.25)
        assert middle.time == 2.5 and middle.episode == 0
        assert between(frame(2), frame(4), 1.0).time == 4
        assert between(frame(9), frame(1, episode=1), 0.5).time == 1  # a new episode is not slid into

    def test_slow_motion_stays_smooth(self) -> None:
        screen, slept = FakeScreen(), []
        screen.controls.rate = 0.1
        watch(FakeWalker(closing_at=3), screen, sleep=slept.append)
        assert len(screen.shown) == 2 * 30  # 1 s for each step of 0.1 s, 30 pictures a second
        np.testing.assert_allclose(np.diff([shown.time for shown in screen.shown]), 1 / 30, atol=1e-9)

    def test_pause_and_restart(self) -> None:
        def press(controls: Controls, shown: int) -> None:
            controls.paused = shown >= 3
            controls.restart = shown == 6
            controls.closed = controls.closed or shown == 20

        screen, walker = FakeScreen(press), FakeWalker(closing_at=100)
        watch(walker, screen, sleep=lambda seconds: None)
        assert screen.shown[-1].time == walker.steps
        assert len({shown.time for shown in screen.shown[10:]}) == 1  # nothing moves in a pause


class TestScreensThatCannotBeOpened:
    def test_no_display(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(window_module.sys, "platform", "linux")
        monkeypatch.delenv("DISPLAY", raising=False)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        with pytest.raises(RunError, match=r"view=window: there is no display here .* use view=browser"):
            check_window()

    def test_macos_needs_mjpython(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import mujoco.viewer  # noqa: F401  (while the platform is the real one: it loads a library of it)

        monkeypatch.setattr(window_module.sys, "platform", "darwin")
        with pytest.raises(RunError, match="on macOS start it with mjpython instead of python"):
            check_window()

    def test_a_training_ends_before_anything_is_built(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        from myoassist.learn.training import train

        monkeypatch.setattr(window_module.sys, "platform", "linux")
        monkeypatch.delenv("DISPLAY", raising=False)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        with pytest.raises(RunError, match="no display"):
            train(replace(experiment("view=window"), run_dir=str(tmp_path / "run")))
        assert not list(tmp_path.iterdir())

    def test_port_that_is_taken(self) -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            taken = holder.getsockname()[1]
            assert taken < free_port(taken) < taken + 100

    def test_no_port_is_free(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(browser_module, "TRIED", 1)
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            with pytest.raises(RunError, match=r"view\.port=\d+: no free port"):
                free_port(holder.getsockname()[1])


WINDOW = """
import numpy as np, sys
sys.path.insert(0, "tests")
from helpers import experiment
from myoassist.learn import watching
from myoassist.learn.live_walker import PolicyWalker
from myoassist.view.live import watch
from myoassist.view.window import Window
config = experiment("termination=fall", "reset.bank_size=2")
walker = PolicyWalker(config, lambda walk: lambda seen: np.full((1, 24), -0.2), seed=5)
watch(walker, Window(walker.scene))
"""


def _framebuffer(path: Path) -> np.ndarray:
    """The picture on the screen of an Xvfb, from the XWD file that it keeps: ``(height, width, 3)``."""
    data = path.read_bytes()
    header = struct.unpack(">25I", data[:100])
    size, width, height, colours, stride = header[0], header[4], header[5], header[19], header[12]
    start = size + 12 * colours
    rows = np.frombuffer(data[start : start + stride * height], dtype=np.uint8).reshape(height, stride)
    return rows[:, : 4 * width].reshape(height, width, 4)[..., 2::-1].astype(int)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="no Xvfb to open a window on")
def test_window_opens_and_the_figure_moves(tmp_path: Path) -> None:
    display = f":{os.getpid() % 20_000 + 100}"
    server = subprocess.Popen(
        ["Xvfb", display, "-screen", "0", "640x480x24", "-fbdir", str(tmp_path)], stderr=subprocess.DEVNULL
    )
    surroundings = {**os.environ, "DISPLAY": display, "PYTHONPATH": str(ROOT)}
    surroundings.pop("MUJOCO_GL", None)
    viewer = None
    try:
        screen = tmp_path / "Xvfb_screen0"
        until(lambda: screen.is_file() and Path(f"/tmp/.X11-unix/X{display[1:]}").exists())
        viewer = subprocess.Popen([sys.executable, "-c", WINDOW], env=surroundings, cwd=ROOT)
        until(lambda: viewer.poll() is not None or (_framebuffer(screen)[:200].mean() > 60), 120)
        assert viewer.poll() is None
        before = _framebuffer(screen)
        until(lambda: (np.abs(_framebuffer(screen) - before).max(axis=2) > 40).sum() > 300, 60)
        assert viewer.poll() is None
    finally:
        for process in (viewer, server):
            if process is not None:
                process.kill()
                process.wait()
