"""The first program of a newcomer: random actions on a screen or in a film; and the environment's ``render``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import gymnasium
import imageio_ffmpeg
import numpy as np
import pytest

import myoassist.env  # noqa: F401
from myoassist.env import rendering
from myoassist.errors import ConfigError
from myoassist.experiment import compose, make_experiment
from myoassist.view.live import Controls, Frame
from myoassist.view.offscreen import NoGraphicsError

ROOT = Path(__file__).resolve().parent.parent
SMALL = (
    "evaluation.video.width=64",
    "evaluation.video.height=65",
    "reset=standing",
    "termination=fall",
    "reset.bank_size=2",
)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``scripts/sim_minimal.py``, in a folder of its own, with 8 steps and no display."""
    spec = importlib.util.spec_from_file_location("sim_minimal", ROOT / "scripts" / "sim_minimal.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "STEPS", 8)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rendering, "window_opens", lambda: False)
    return module


@pytest.fixture
def sticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without an OpenGL library."""

    def missing(*_: Any, **__: Any) -> None:
        raise NoGraphicsError("video: no OpenGL library draws here; apt install libegl1")

    monkeypatch.setattr(rendering, "Canvas", missing)


class Screen:
    """Stands in for a window: remembers what it was shown."""

    def __init__(self) -> None:
        self.controls, self.frames, self.open = Controls(), list[Frame](), True

    def show(self, frame: Frame) -> None:
        self.frames.append(frame)

    def close(self) -> None:
        self.open = False


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    screen = Screen()
    monkeypatch.setattr(rendering, "make_screen", lambda scene, view: screen)
    monkeypatch.setattr(rendering.time, "sleep", lambda seconds: None)
    return screen


# --- the program ------------------------------------------------------------------------------------------------------


def test_without_a_display_it_makes_a_film(
    program: ModuleType, sticks: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And without a graphics library, of a stick figure."""
    assert program.main([*SMALL[:2], "seed=2"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["sim_minimal.mp4"]
    frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "sim_minimal.mp4"))
    assert (frames, seconds) == (8, pytest.approx(8 / 30, abs=0.02))
    said = capsys.readouterr().out.splitlines()
    assert said[-2].startswith("8 steps, 46 observations, (24,) actions, reward ")
    assert said[-1] == f"film: {tmp_path / 'sim_minimal.mp4'}"


def test_with_a_display_it_shows_every_step(
    program: ModuleType, screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "window_opens", lambda: True)
    assert program.main([]) == 0
    assert len(screen.frames) >= 9 and not screen.open  # each reset and each step
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model=22muscl"], "error: model: no choice named '22muscl'; did you mean '22muscle'"),
        (["view=windw"], "error: view: no choice named 'windw'; did you mean 'window'"),
        (["num_envs=0"], "error: num_envs: got 0"),
    ],
)
def test_a_bad_request_is_one_line(
    program: ModuleType, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith(said) and told.err.count("\n") == 1 and not told.out


def test_a_folder_that_may_not_be_written_is_one_line_before_the_walk(
    program: ModuleType, sticks: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refused)
    assert program.main(SMALL[:2]) == 2
    told = capsys.readouterr()
    assert "sim_minimal.mp4: cannot be written (Permission denied)" in told.err
    assert told.err.count("\n") == 1 and not told.out


@pytest.mark.slow
def test_as_a_user_runs_it(tmp_path: Path) -> None:
    small = ("evaluation.video.width=160", "evaluation.video.height=120")
    command = [sys.executable, str(ROOT / "scripts" / "sim_minimal.py"), "view=none", *small]
    for more in ([], ["model=80muscle", "terrain=rough", "device=osl_ankle", "seed=2"]):
        done = subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        frames, seconds = imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "sim_minimal.mp4"))
        assert (frames, round(seconds or 0.0, 1)) == (150, 5.0)


# --- the experiment from Python ---------------------------------------------------------------------------------------


def test_experiment_is_that_of_the_command_line() -> None:
    config = make_experiment("model=26muscle", "terrain=rough", "terrain.amplitude=0.01", "name=걷기")
    assert (config.model.body, config.terrain.type, config.name) == ("myolegs26", "rough", "걷기")
    assert "hydra" not in compose("seed=3") and compose("seed=3")["seed"] == 3
    with pytest.raises(ConfigError, match="did you mean 'terrain'"):
        make_experiment("terain=flat")
    with pytest.raises(ConfigError, match="num_envs: got 0"):
        make_experiment("num_envs=0")


# --- render -----------------------------------------------------------------------------------------------------------


def test_pictures_of_the_environment(sticks: None, capsys: pytest.CaptureFixture[str]) -> None:
    env = gymnasium.make("MyoAssist/Walk-v0", config=make_experiment(*SMALL), render_mode="rgb_array")
    env.reset(seed=1)
    env.action_space.seed(1)
    first: Any = env.render()
    assert capsys.readouterr().err == "video: no OpenGL library draws here; apt install libegl1\n"
    assert first.shape == (64, 64, 3) and first.dtype == np.uint8  # 65 is odd, which films cannot be
    for _ in range(5):
        env.step(env.action_space.sample())
    moved: Any = env.render()
    assert (moved != first).any()
    env.close()


def test_a_screen_shows_each_step_and_new_episodes(screen: Screen) -> None:
    env = gymnasium.make("MyoAssist/Walk-v0", config=make_experiment(*SMALL), render_mode="human")
    env.reset(seed=1)
    env.step(env.action_space.sample())
    assert env.render() is None
    env.step(env.action_space.sample())
    env.reset()
    assert [(frame.episode, round(frame.time * 30)) for frame in screen.frames] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    env.close()
    assert not screen.open


def test_nothing_is_drawn_where_nothing_is_asked_for() -> None:
    env = gymnasium.make("MyoAssist/Walk-v0", config=make_experiment(*SMALL))
    assert env.unwrapped.render() is None  # type: ignore[attr-defined]
    env.close()
    from myoassist.env.gym_env import WalkGymEnv

    with pytest.raises(ConfigError, match="render mode named 'humn'; did you mean 'human'"):
        WalkGymEnv(make_experiment(*SMALL), render_mode="humn")
