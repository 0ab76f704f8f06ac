"""Watching live: real time, what the controls do to a walker, the page, the window, the process beside a training."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import viser
import websockets
import websockets.sync.client
from helpers import experiment

from myoassist.config import TrainConfig, ViewConfig
from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError
from myoassist.learn import watching
from myoassist.learn.live_walker import PolicyWalker, SwitchedActions
from myoassist.learn.watching import watched
from myoassist.view import browser as browser_module
from myoassist.view import window as window_module
from myoassist.view.beside import Beside, draw
from myoassist.view.browser import Browser, free_port
from myoassist.view.browser_plots import muscle_groups
from myoassist.view.live import Controls, Frame, Pace, between, watch
from myoassist.view.mailbox import Mailbox
from myoassist.view.meshes import MuscleRods, body_parts, ground_mesh, turn_from_up
from myoassist.view.scene import WRAPPING, make_figure
from myoassist.view.window import check_window

ROOT = Path(__file__).resolve().parent.parent
QUICK = ("termination=fall", "reset.bank_size=2", "evaluation.seed=5")


def frame(number: int = 0, **changes: Any) -> Frame:
    values = {"qpos": np.full(3, float(number)), "activation": np.full(2, 0.1 * number), "motor_force": np.zeros(1)}
    return Frame(**{**values, "speed": 1.0, "target_speed": 1.25, "time": float(number), "episode": 0, **changes})


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


class FakeScreen:
    def __init__(self, on_show: Callable[[Controls, int], None] = lambda controls, shown: None) -> None:
        self.controls, self.shown, self._on_show = Controls(), [], on_show

    def show(self, frame: Frame) -> None:
        self.shown.append(frame)
        self._on_show(self.controls, len(self.shown))

    def close(self) -> None:
        """Nothing is open."""


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


@pytest.fixture(scope="module")
def config() -> TrainConfig:
    return experiment(*QUICK)


@pytest.fixture(scope="module")
def walker(config: TrainConfig) -> Iterator[PolicyWalker]:
    """A walker under a policy that asks for much of everything; ``seen`` holds the observations."""
    made = PolicyWalker(config, lambda walk: lambda seen: np.full((1, len(walk.action_map)), 0.6), seed=5)
    yield made
    made.close()


class TestWalker:
    def test_frames(self, walker: PolicyWalker) -> None:
        controls = Controls(restart=True)
        first, second = walker.step(controls), walker.step(controls)
        assert not controls.restart and first.episode == second.episode
        assert (first.time, second.time) == (pytest.approx(1 / 30), pytest.approx(2 / 30))
        index = walker.scene.figure.index
        assert first.qpos.shape == (index.nq,) and first.activation.shape == (22,) and first.motor_force.shape == (2,)
        assert walker.scene.motor_unit == "N m" and walker.scene.motors == ("Exo_R", "Exo_L")
        assert first.qpos is not second.qpos and np.abs(first.qpos - second.qpos).max() > 1e-3

    def test_target_speed(self, walker: PolicyWalker) -> None:
        controls = Controls(target_speed=0.7, restart=True)
        assert walker.step(controls).target_speed == 0.7
        controls.target_speed = None
        assert walker.step(controls).target_speed == 1.25  # the command's

    def test_device_switch(self, walker: PolicyWalker) -> None:
        controls = Controls(restart=True)
        assert (walker.step(controls).motor_force < -20).all()  # the exoskeleton pushes the toes down
        controls.device_on = False
        walker.step(controls)
        off = walker.step(controls)
        np.testing.assert_allclose(off.motor_force, 0.0, atol=1e-9)

    def test_restart_and_falls_begin_a_new_episode(self, walker: PolicyWalker) -> None:
        controls = Controls()
        before = walker.step(controls).episode
        controls.restart = True
        assert walker.step(controls).episode == before + 1
        frames = [walker.step(controls) for _ in range(90)]
        assert frames[-1].episode > before + 1 and max(f.time for f in frames) < 3.0  # it falls

    def test_muscles_do_not_notice_the_switch(self, config: TrainConfig) -> None:
        for device in ("tutorial", "osl_ankle"):  # pushes one way; pushes both ways
            walk = WalkEnv(experiment(*QUICK, f"device={device}"), num_envs=2, seed=1, threads=1)
            switch, action = SwitchedActions(walk), np.full((2, len(walk.action_map)), 0.3)
            on = switch(action)
            switch.device_on = False
            off = switch(action)
            motors = [motor.id for motor in walk.index.motors.values()]
            muscles = [muscle.id for muscle in walk.index.muscles.values()]
            assert np.abs(on[:, motors]).min() > 0 and np.abs(off[:, motors]).max() == 0.0
            np.testing.assert_array_equal(on[:, muscles], off[:, muscles])
            assert len(switch) == action.shape[1] and switch.names == walk.action_map.names
            walk.close()


class TestMeshes:
    def test_parts_are_all_that_is_seen(self, walker: PolicyWalker) -> None:
        model = walker.scene.figure.model
        parts = body_parts(model)
        seen = [
            geom
            for geom in range(model.ngeom)
            if model.geom_bodyid[geom] and model.geom_group[geom] not in WRAPPING and model.geom_type[geom] == 7
        ]
        faces = sum(int(model.mesh_facenum[model.geom_dataid[geom]]) for geom in seen)
        assert sum(len(part.faces) for part in parts) == faces
        assert all(part.faces.max() == len(part.vertices) - 1 for part in parts)
        femur = next(part for part in parts if model.body(part.body).name == "femur_r")
        assert 0.35 < np.ptp(femur.vertices, axis=0).max() < 0.55  # m

    def test_rods_follow_the_muscles(self, walker: PolicyWalker) -> None:
        figure = walker.scene.figure
        figure.pose(figure.index.standing_qpos, np.linspace(0, 1, 22))
        rods = MuscleRods(figure)
        middle, turn, size, colour = rods.place()
        used = size[:, 2] > 0
        assert size[used, 2].sum() == pytest.approx(figure.data.ten_length.sum(), abs=1e-5)
        assert 22 < used.sum() <= rods.count and middle.shape == (rods.count, 3)
        np.testing.assert_allclose(np.linalg.norm(turn, axis=1), 1.0)
        assert colour[used, 0].max() == round(0.98 * 255) and colour[used, 0].min() == round(0.15 * 255)

    def test_turn(self) -> None:
        turns = turn_from_up(np.array([[0, 0, 1.0], [1.0, 0, 0], [0, 1.0, 0], [0, 0, -1.0]]))
        half = np.sqrt(0.5)
        np.testing.assert_allclose(turns[0], [1, 0, 0, 0])
        np.testing.assert_allclose(turns[1], [half, 0, half, 0])  # 90 degrees about y
        np.testing.assert_allclose(turns[2], [half, -half, 0, 0])
        np.testing.assert_allclose(np.abs(turns[3]), [0, 1, 0, 0])

    def test_ground(self, walker: PolicyWalker) -> None:
        assert ground_mesh(walker.scene.figure) is None
        rough = make_figure(
            experiment("terrain=rough", "terrain.length=6", "model=26muscle", "observation=walk_3d"), seed=1
        )
        mesh = ground_mesh(rough)
        assert mesh is not None
        x, y, z = np.asarray(mesh.vertices)[1234]
        assert z == pytest.approx(float(rough.ground_height(np.array([x]), np.array([y]))[0]), abs=1e-9)
        assert (mesh.face_normals[:, 2] > 0.5).all()

    def test_groups_of_muscles(self) -> None:
        groups = muscle_groups(("soleus_r", "tibant_r", "soleus_l", "tibant_l"))
        assert groups == {"soleus": [0, 2], "tibant": [1, 3], "right leg": [0, 1], "left leg": [2, 3]}


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


def any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def served(walker: PolicyWalker) -> Iterator[Browser]:
    """The walker on a page, walking in a thread."""
    page = Browser(walker.scene, port=any_port())
    thread = threading.Thread(target=watch, args=(walker, page))
    thread.start()
    try:
        yield page
    finally:
        page.controls.closed = True
        thread.join()
        page.close()


def messages(port: int, seconds: float = 20.0) -> Generator[bytes, None, None]:
    """What a page is sent."""
    protocol = f"viser-v{viser.__version__}"
    place, own = f"ws://127.0.0.1:{port}", [websockets.Subprotocol(protocol)]
    with websockets.sync.client.connect(place, subprotocols=own, max_size=None) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            data = client.recv(timeout=seconds)
            yield data if isinstance(data, bytes) else data.encode()


class TestPage:
    def test_page_and_frames_are_served_on_this_machine_only(self, walker: PolicyWalker, capsys) -> None:
        with served(walker) as page:
            with urllib.request.urlopen(page.url, timeout=20) as answer:
                assert answer.status == 200 and b"<html" in answer.read().lower()
            received = messages(page.port)
            first = next(received)
            last = [next(received) for _ in range(20)][-1]  # the scene, then one after the other as it walks
            assert len(first) > 100_000 > len(last) > 100  # meshes once, then transforms only
            received.close()
            listening = subprocess.run(
                [sys.executable, "-c", "import socket; print(socket.gethostbyname(socket.gethostname()))"],
                capture_output=True,
                text=True,
            ).stdout.strip()
            if listening and not listening.startswith("127."):
                with pytest.raises(OSError):
                    socket.create_connection((listening, page.port), timeout=2)
        assert capsys.readouterr().out == f"view: http://localhost:{page.port}\n"

    def test_port_taken_is_said(self, walker: PolicyWalker, capsys) -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            taken = holder.getsockname()[1]
            page = Browser(walker.scene, port=taken)
            page.close()
        assert f"http://localhost:{page.port} (port {taken} is taken)" in capsys.readouterr().out


def chromium() -> str | None:
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


@pytest.mark.slow
@pytest.mark.skipif(chromium() is None, reason="no Chromium; TestPage checks the server without one")
def test_in_a_browser(walker: PolicyWalker, tmp_path: Path) -> None:
    """The page loads, the figure moves, and what the user does acts on the walker."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    software = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with served(walker) as page, sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=software)
        tab = chrome.new_page(viewport={"width": 1000, "height": 700})
        tab.set_default_timeout(60_000)
        tab.goto(page.url)
        tab.get_by_role("button", name="Restart").wait_for()
        tab.wait_for_timeout(4_000)
        shots = []
        for name in ("a.png", "b.png"):
            tab.screenshot(path=tmp_path / name)
            shots.append(np.asarray(Image.open(tmp_path / name).convert("RGB"), dtype=int)[:, :640])
            tab.wait_for_timeout(1_000)
        assert (np.abs(shots[0] - shots[1]).max(axis=2) > 40).sum() > 500  # it moves
        assert ((shots[0][..., 2] - shots[0][..., 0]) > 50).sum() + (
            (shots[0][..., 0] - shots[0][..., 2]) > 50
        ).sum() > 300

        tab.get_by_role("button", name="Pause").click()
        _until(lambda: page.controls.paused)
        tab.get_by_role("button", name="Go on").click()
        _until(lambda: not page.controls.paused)
        target = tab.locator("text=Target m/s").locator("xpath=following::input[@type='text'][1]")
        target.fill("0.6")
        target.press("Enter")
        _until(lambda: page.controls.target_speed == 0.6)
        tab.get_by_text("target 0.60 m/s").wait_for()  # the walker was asked for it
        tab.get_by_role("button", name="Target of the command").click()
        tab.get_by_text("target 1.25 m/s").wait_for()
        tab.locator("text=Device on").locator("xpath=following::input[@type='checkbox'][1]").click(force=True)
        _until(lambda: not page.controls.device_on)
        rate = tab.locator("text=Speed").first.locator("xpath=following::input[@type='text'][1]")
        rate.fill("0.5")
        rate.press("Enter")
        _until(lambda: page.controls.rate == 0.5)
        assert tab.locator(".uplot canvas").count() >= 3  # muscles, device, speed
        chrome.close()


def _until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


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
        _until(lambda: screen.is_file() and Path(f"/tmp/.X11-unix/X{display[1:]}").exists())
        viewer = subprocess.Popen([sys.executable, "-c", WINDOW], env=surroundings, cwd=ROOT)
        _until(lambda: viewer.poll() is not None or (_framebuffer(screen)[:200].mean() > 60), 120)
        assert viewer.poll() is None
        before = _framebuffer(screen)
        _until(lambda: (np.abs(_framebuffer(screen) - before).max(axis=2) > 40).sum() > 300, 60)
        assert viewer.poll() is None
    finally:
        for process in (viewer, server):
            if process is not None:
                process.kill()
                process.wait()


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
            _until(lambda: _answers(view.port), 60)
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
            _until(lambda: _answers(port), 90)
        finally:
            parent.kill()
            parent.wait()
        _until(lambda: not _answers(port))
        _until(lambda: not list(tmp_path.glob("myoassist-view-*")))  # nothing is left behind


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
