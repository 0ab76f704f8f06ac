"""Watching a training: frames through a file, the process that draws them beside it, and how that ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.request
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import screens
from screens import ROOT, FakeScreen, any_port, frame, messages, until

from myoassist.config import TrainConfig, ViewConfig
from myoassist.env.walk import WalkEnv
from myoassist.learn import watching
from myoassist.learn.watching import watched
from myoassist.view.beside import Beside, draw
from myoassist.view.live import Frame
from myoassist.view.mailbox import Mailbox

config = screens.config  # a fixture


class TestMailbox:
    INDEX: Any = SimpleNamespace(nq=3, muscles={"a": 0, "b": 1}, motors={"m": 0})

    def test_round_trip(self, tmp_path: Path) -> None:
        sender = Mailbox(tmp_path / "box", self.INDEX, create=True)
        reader = Mailbox(tmp_path / "box", self.INDEX)
        assert reader.get() is None
        sender.put(frame(3, episode=2, ground=7))
        count, got = reader.get() or (0, frame())
        assert (got.time, got.episode, got.ground, got.target_speed) == (3.0, 2, 7, 1.25)
        np.testing.assert_array_equal(got.activation, frame(3).activation)
        assert reader.get(after=count) is None

    def test_half_written_frames_are_not_read(self, tmp_path: Path) -> None:
        sender = Mailbox(tmp_path / "box", self.INDEX, create=True)
        sender.put(frame(3))
        sender._values[0] += 1  # as in the middle of put
        assert Mailbox(tmp_path / "box", self.INDEX).get() is None

    def test_drawing_goes_on_smoothly_between_frames(self, tmp_path: Path) -> None:
        box = Mailbox(tmp_path / "box", self.INDEX, create=True)
        now, ended = [0.0], threading.Event()

        def sleep(seconds: float) -> None:
            now[0] += 0.02
            if round(now[0] / 0.02) in (1, 6):  # a frame at 0.02 and 0.12 s: 0.1 s apart
                box.put(frame(round(now[0] / 0.02)))
            if now[0] > 0.3:
                ended.set()

        screen = FakeScreen()
        draw(box, screen, ended, clock=lambda: now[0], sleep=sleep)
        times = [shown.time for shown in screen.shown]
        assert times[:5] == [1.0] * 5 and times[-1] == 6.0
        np.testing.assert_allclose(times[5:10], [1.0, 2.0, 3.0, 4.0, 5.0], atol=1e-6)


class TestBesideATraining:
    def test_without_a_view_nothing_is_started(self, config: TrainConfig) -> None:
        walk: Any = SimpleNamespace(watchers=[])
        with watched(config, walk):
            assert walk.watchers == []

    def test_environment_0_is_shown(self, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
        class Recorded:
            running = True

            def __init__(self, *arguments: Any, **keywords: Any) -> None:
                self.frames, self.closed = [], False
                made.append(self)

            def show(self, shown: Frame) -> None:
                self.frames.append(shown)

            def close(self) -> None:
                self.closed = True

        made: list[Recorded] = []
        monkeypatch.setattr(watching, "Beside", Recorded)
        viewed = replace(config, view=ViewConfig(kind="browser"))
        walk = WalkEnv(viewed, num_envs=2, threads=1)
        walk.reset()
        with watched(viewed, walk):
            for _ in range(60):  # at rest it falls within 2 s
                walk.step(np.full((2, len(walk.action_map)), -1.0))
        walk.step(np.full((2, len(walk.action_map)), -1.0))
        walk.close()
        frames = made[0].frames
        assert len(frames) == 60 and made[0].closed and not walk.watchers
        times, episodes = [shown.time for shown in frames], [shown.episode for shown in frames]
        assert times[0] == pytest.approx(1 / 30) and episodes[0] == 0 and episodes[-1] >= 1
        begin = episodes.index(1)
        assert times[begin] == pytest.approx(1 / 30)  # the last frame of an episode still belongs to it
        assert times[begin - 1] == pytest.approx(begin / 30)

    @pytest.mark.slow
    def test_the_process_draws_and_its_end_is_said_once(self, config: TrainConfig) -> None:
        walk = WalkEnv(replace(config, num_envs=2), threads=1)
        walk.reset()
        said: list[str] = []
        view = ViewConfig(kind="browser", port=any_port())
        beside = Beside(config, view, walk.index, grounds=2, say=said.append)
        try:
            shown = frame(1, qpos=walk.state.qpos[0], activation=walk.state.activation[0], motor_force=np.zeros(2))
            until(lambda: _answers(view.port), 60)
            received = messages(view.port)
            next(received)
            beside.show(shown)
            beside.show(replace(shown, time=1.1))
            assert len(next(received)) > 100
            received.close()
            assert beside._process is not None
            beside._process.kill()
            beside._process.wait()
            for _ in range(200):
                beside.show(shown)
            assert said == ["view: ended with exit code -9; the training goes on without it"] and not beside.running
        finally:
            beside.close()
            walk.close()
        assert not beside._box.path.exists()

    @pytest.mark.slow
    def test_the_process_ends_with_its_parent(self, config: TrainConfig, tmp_path: Path) -> None:
        """Even where the parent is killed and cannot say goodbye."""
        port = any_port()
        program = (
            "import sys, time; sys.path.insert(0, 'tests')\n"
            "from helpers import experiment\n"
            "from myoassist.config import ViewConfig\n"
            "from myoassist.env.walk import WalkEnv\n"
            "from myoassist.view.beside import Beside\n"
            "config = experiment('reset.bank_size=2'); walk = WalkEnv(config, num_envs=1, threads=1)\n"
            f"Beside(config, ViewConfig(kind='browser', port={port}), walk.index, grounds=1, say=print)\n"
            "time.sleep(300)\n"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        try:
            until(lambda: _answers(port), 90)
        finally:
            parent.kill()
            parent.wait()
        until(lambda: not _answers(port))
        until(lambda: not list(tmp_path.glob("myoassist-view-*")))  # nothing is left behind


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
