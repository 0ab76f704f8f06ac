"""Sweeps that are stopped: runs under way save themselves, and the same command goes on with them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from running import command, rows, until

from myoassist.learn.callbacks import Stopper
from myoassist.runs.entry import job_status
from myoassist.runs.jobs import read_jobs


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("signals", "asked"),
    [(["SIGUSR2"], "SIGUSR2"), (["SIGTERM", "SIGUSR2"], "SIGUSR2"), (["SIGUSR1", "SIGTERM", "SIGTERM"], "SIGUSR1")],
)
def test_a_clusters_warning_outweighs_what_comes_with_it(signals: list[str], asked: str) -> None:
    stopper = Stopper()
    stopper.listen()
    try:
        for name in signals:
            signal.raise_signal(signal.Signals[name])
    finally:
        stopper.restore()
    assert stopper.asked == asked


TRAINING = (
    "experiment=smoke", "num_envs=2", "reset.bank_size=16", "threads=1", "algorithm.update_threads=1",
    "logging.progress=none", "checkpoint.every_steps=0", "hydra.sweep.dir=sweep",
)  # fmt: skip


def train_sweep(folder: Path, *overrides: str) -> subprocess.Popen[str]:
    arguments = command("-m", *TRAINING, *overrides)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(arguments, cwd=folder, text=True, **pipes)  # type: ignore[call-overload]


def until_learning(run: Path, process: subprocess.Popen[str]) -> None:
    numbers, end = run / "metrics.csv", time.monotonic() + 120
    while not (numbers.exists() and len(numbers.read_text().splitlines()) > 3):
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)


def status(run: Path) -> str:
    return json.loads((run / "status.json").read_text(encoding="utf-8"))["status"]


@pytest.mark.slow
@pytest.mark.parametrize("launch", ["basic", "joblib", "local"])
def test_ctrl_c_saves_the_runs_under_way_and_the_same_command_goes_on(tmp_path: Path, launch: str) -> None:
    sweep = train_sweep(tmp_path, f"launch={launch}", "total_steps=3072", "seed=1,2")
    until_learning(tmp_path / "sweep" / "0", sweep)
    sweep.send_signal(signal.SIGINT)
    said = sweep.communicate(timeout=120)[0]
    assert sweep.returncode == 130, said
    assert status(tmp_path / "sweep" / "0") == "stopped"
    assert list((tmp_path / "sweep" / "0" / "checkpoints").glob("step_*"))

    again = train_sweep(tmp_path, f"launch={launch}", "total_steps=3072", "seed=1,2")
    said = again.communicate(timeout=240)[0]
    assert again.returncode == 0, said
    assert [status(tmp_path / "sweep" / str(number)) for number in range(2)] == ["finished"] * 2
    assert len((tmp_path / "sweep" / "0" / "resumed.jsonl").read_text().splitlines()) == 1

    before = (tmp_path / "sweep" / "0" / "metrics.csv").stat().st_mtime_ns
    assert train_sweep(tmp_path, f"launch={launch}", "total_steps=3072", "seed=1,2").wait(240) == 0
    assert (tmp_path / "sweep" / "0" / "metrics.csv").stat().st_mtime_ns == before  # it had finished

    other = train_sweep(tmp_path, f"launch={launch}", "total_steps=3072", "seed=1,2", "num_envs=4")
    said = other.communicate(timeout=240)[0]
    assert other.returncode == 2 and "holds another sweep" in said, said


@pytest.mark.slow
@pytest.mark.parametrize("launch", ["joblib", "local"])
def test_ctrl_c_while_runs_are_built_is_one_line_in_each(tmp_path: Path, launch: str) -> None:
    sweep = train_sweep(tmp_path, f"launch={launch}", "launch.jobs=1", "total_steps=100000", "seed=1,2")
    until((tmp_path / "sweep" / "jobs" / "0.json").exists)
    sweep.send_signal(signal.SIGINT)
    said = sweep.communicate(timeout=120)[0]
    assert sweep.returncode == 130, said
    assert "Traceback" not in said
    logs = [path.read_text() for pattern in ("*.log", "*/*.out") for path in (tmp_path / "sweep/logs").glob(pattern)]
    lines = [line for line in "".join(logs).splitlines() if not line.startswith("submitit")]
    assert lines == [f"stopped by {'SIGINT' if launch == 'joblib' else 'SIGTERM'} before its training began"]
    assert [job_status(job)[0] for job in read_jobs(tmp_path / "sweep").values()] == ["stopped", "not started"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_preempted_run_is_started_again_and_takes_the_same_course(tmp_path: Path) -> None:
    sweep = train_sweep(tmp_path, "launch=local", "total_steps=3072", "seed=1")
    until_learning(tmp_path / "sweep" / "0", sweep)
    os.kill(json.loads((tmp_path / "sweep" / "0" / "status.json").read_text())["pid"], signal.SIGUSR2)
    said = sweep.communicate(timeout=240)[0]
    assert sweep.returncode == 0, said
    (line,) = (tmp_path / "sweep" / "0" / "resumed.jsonl").read_text().splitlines()
    assert 0 < json.loads(line)["steps"] < 3072
    assert "#0: finished" in said
    plain = [part for part in TRAINING if not part.startswith("hydra")]
    subprocess.run(command(*plain, "total_steps=3072", "seed=1", f"run_dir={tmp_path / 'alone'}"), check=True)
    assert rows(tmp_path / "sweep" / "0") == rows(tmp_path / "alone")


@pytest.mark.slow
def test_a_sweep_that_is_killed_leaves_runs_that_save_themselves(tmp_path: Path) -> None:
    sweep = train_sweep(tmp_path, "launch=joblib", "total_steps=100000", "seed=1")
    run = tmp_path / "sweep" / "0"
    until_learning(run, sweep)
    sweep.kill()
    sweep.communicate()
    end = time.monotonic() + 60
    while status(run) == "running":
        assert time.monotonic() < end
        time.sleep(0.2)
    assert status(run) == "stopped"
    assert list((run / "checkpoints").glob("step_*"))
