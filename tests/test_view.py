"""Watching live: what the controls do to a walker, its meshes, and the page in a browser."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import screens
from helpers import experiment
from screens import QUICK, any_port, messages, until

from myoassist.config import TrainConfig
from myoassist.env.walk import WalkEnv
from myoassist.learn.live_walker import PolicyWalker, SwitchedActions
from myoassist.view.browser import Browser
from myoassist.view.browser_plots import muscle_groups
from myoassist.view.live import Controls, watch
from myoassist.view.meshes import MuscleRods, body_parts, ground_mesh, turn_from_up
from myoassist.view.scene import WRAPPING, make_figure

config = screens.config  # a fixture


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
        until(lambda: page.controls.paused)
        tab.get_by_role("button", name="Go on").click()
        until(lambda: not page.controls.paused)
        target = tab.locator("text=Target m/s").locator("xpath=following::input[@type='text'][1]")
        target.fill("0.6")
        target.press("Enter")
        until(lambda: page.controls.target_speed == 0.6)
        tab.get_by_text("target 0.60 m/s").wait_for()  # the walker was asked for it
        tab.get_by_role("button", name="Target of the command").click()
        tab.get_by_text("target 1.25 m/s").wait_for()
        tab.locator("text=Device on").locator("xpath=following::input[@type='checkbox'][1]").click(force=True)
        until(lambda: not page.controls.device_on)
        rate = tab.locator("text=Speed").first.locator("xpath=following::input[@type='text'][1]")
        rate.fill("0.5")
        rate.press("Enter")
        until(lambda: page.controls.rate == 0.5)
        assert tab.locator(".uplot canvas").count() >= 3  # muscles, device, speed
        chrome.close()
