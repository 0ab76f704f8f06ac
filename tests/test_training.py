"""Training and evaluation as a user runs them: what they leave, how they stop, what they refuse."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from myoassist.learn.checkpoint import load_checkpoint
from myoassist.main import eval_main, train_main
from myoassist.parsing import load_config

ROOT = Path(__file__).resolve().parent.parent


def run(script: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / script), *arguments], cwd=folder, capture_output=True, text=True, timeout=300
    )


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """``refused(main, *arguments, folder=...)``: the one line with which a program ends, run in this process."""

    def ask(main: Callable[[], None], *arguments: str, folder: Path) -> str:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["program.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr().err
        assert ended.value.code == 2 and said.startswith("error: ") and said.count("\n") == 1, said
        return said

    return ask


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which ``python train.py experiment=smoke`` was run."""
    folder = tmp_path_factory.mktemp("first run")
    done = run("train.py", "experiment=smoke", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "finished: 512 steps" in done.stdout
    assert "look at it: python eval.py checkpoint=" in done.stdout
    return folder


def run_folder(folder: Path) -> Path:
    (found,) = (folder / "outputs").glob("*/*_smoke")
    return found


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_its_record(finished: Path) -> None:
    folder = run_folder(finished)
    config = load_config(folder / "config.yaml")
    assert (config.name, config.num_envs, config.total_steps) == ("smoke", 1, 512)
    assert "experiment=smoke" in (folder / "command.txt").read_text(encoding="utf-8")
    assert json.loads((folder / "environment.json").read_text(encoding="utf-8"))["packages"]["mujoco"]
    metrics = rows(folder / "metrics.csv")
    assert [int(row["time/total_timesteps"]) for row in metrics] == [128, 256, 384, 512]
    assert next(iter(metrics[0])) == "time/total_timesteps"
    assert {f"reward/{term}" for term in config.reward.terms} <= set(metrics[-1])
    assert list((folder / "tensorboard").glob("events*"))


def test_a_checkpoint_is_whole_after_every_update(finished: Path) -> None:
    folder = run_folder(finished)
    steps = [load_checkpoint(path).steps for path in sorted((folder / "checkpoints").glob("step_*"))]
    assert steps == [128, 256, 384, 512]
    checkpoint = load_checkpoint(folder)
    assert checkpoint.steps == 512
    assert (checkpoint.normalizer.count > 500).all()
    assert checkpoint.layout.actions[-2:] == ("Exo_R", "Exo_L")
    assert "joint_pos.knee_angle_r" in [name for name, _ in checkpoint.layout.signals]
    assert not list((folder / "checkpoints").glob("*.partial"))


@pytest.mark.slow
def test_eval_reads_the_run_from_another_folder_and_replaces_what_is_named(finished: Path, tmp_path: Path) -> None:
    place = run_folder(finished)
    short = ("evaluation.episodes=3", "evaluation.seconds=1")
    first = run("eval.py", f"checkpoint={place}", *short, folder=tmp_path)
    assert first.returncode == 0, first.stderr
    again = run("eval.py", f"checkpoint={place}", *short, folder=tmp_path)
    other = run("eval.py", f"checkpoint={place}", "terrain=rough", "command.speed=0.8", *short, folder=tmp_path)
    assert other.returncode == 0, other.stderr
    found = sorted((place / "evaluations").iterdir())
    results = [json.loads((folder / "evaluation.json").read_text(encoding="utf-8")) for folder in found]
    assert len(results) == 3 and results[0]["episodes"] == 3
    assert results[0] == results[1], f"same checkpoint, same seed, other numbers: {again.stdout}"
    assert results[2]["replaced"][:2] == ["terrain=rough", "command.speed=0.8"]
    assert results[2]["speed_error"] != results[0]["speed_error"]
    assert len(rows(found[0] / "walk" / "episodes.csv")) == 3
    assert "</html>" in (found[0] / "report.html").read_text(encoding="utf-8")


def test_eval_refuses_an_environment_that_the_policy_does_not_fit(
    finished: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    said = refused(eval_main, f"checkpoint={run_folder(finished)}", "device=none", folder=tmp_path)
    assert "the policy's actions do not fit" in said and "Exo_R" in said


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "missing", "foreign"])
def test_eval_refuses_a_damaged_checkpoint_in_one_line(finished: Path, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(load_checkpoint(run_folder(finished)).path, copy)
    policy = copy / "policy.zip"
    content = policy.read_bytes()
    policy.unlink()
    if damage != "missing":
        policy.write_bytes(content[: len(content) // 2] if damage == "cut" else b"not a zip")
    done = run("eval.py", f"checkpoint={copy}", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: checkpoint=") and done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_folder_that_holds_a_run_is_not_touched(finished: Path, refused: Callable[..., str]) -> None:
    folder = run_folder(finished)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    place = f"run_dir={folder.relative_to(finished).as_posix()}"
    assert "already holds a run" in refused(train_main, "experiment=smoke", place, folder=finished)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.physics_hz=500", "480 or 510"),
        ("num_envs=0", "num_envs: got 0"),
        ("device=tutrial", "did you mean 'tutorial'"),
        ("device.assist_sim=Tutorial_L2", "Tutorial_L1"),
        ("reference.path=no/such/file.yaml", "reference.path"),
        ("reward.terms.forward.func=forwrd", "did you mean 'forward'"),
        ("+reward.terms.joint_position.params.joints={knee_angel_r: 1.0}", "knee_angle_r"),
        ("+condition.strength={soleu_r: 0.5}", "soleus_r"),
        ("run_dir=blocked/run", "cannot write"),
    ],
)
def test_a_bad_request_makes_nothing(tmp_path: Path, refused: Callable[..., str], override: str, message: str) -> None:
    (tmp_path / "blocked").write_text("a file where a folder is wanted", encoding="utf-8")
    assert message in refused(train_main, "experiment=smoke", override, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["blocked"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_training_saves_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), "experiment=smoke", "total_steps=10_000_000", f"run_dir={folder}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not list((folder / "checkpoints").glob("step_*")) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert f"stopped by {number.name}" in output and "go on with: python train.py resume=" in output
    steps = [int(row["time/total_timesteps"]) for row in rows(folder / "metrics.csv")]
    checkpoint = load_checkpoint(folder)
    assert checkpoint.steps >= steps[-1] > 0
    assert all(np.isfinite(values.numpy()).all() for values in checkpoint.policy.values())
