"""Sweeps on a real SLURM of one node: ``make test-slurm``. Every job really runs; nothing is played by a stand-in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from one_node_slurm import one_node_slurm
from running import command, rows
from searching import SEARCH, assert_searched

TRAINING = (
    "experiment=smoke", "num_envs=2", "reset.bank_size=16", "threads=1", "algorithm.update_threads=1",
    "logging.progress=none", "logging.tensorboard=false", "checkpoint.every_steps=0",
)  # fmt: skip
LONG = ("total_steps=8192",)  # about half a minute
SLURM = ("launch=slurm", "launch.cpus=1", "launch.memory_gb=0.9", "launch.hours=1")


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    with one_node_slurm(grace=20) as variables:
        yield {**os.environ, "OMP_NUM_THREADS": "1", **variables}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    subprocess.run(command(*TRAINING, *LONG, "seed=1", f"run_dir={folder}"), check=True, capture_output=True)
    return folder


class Sweep:
    """``train.py -m launch=slurm`` in the background."""

    def __init__(self, folder: Path, environment: dict[str, str], *overrides: str) -> None:
        self.folder, self.environment = folder, environment
        self.log = folder.with_suffix(".txt")
        arguments = command("-m", *SLURM, *TRAINING, *overrides, f"hydra.sweep.dir={folder}")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(arguments, cwd=folder.parent, env=environment, stdout=log, stderr=log)

    def until_learning(self, number: int = 0, *, rows_written: int = 3) -> None:
        self.until(lambda: self.rows(number) >= rows_written, f"run {number} learns")

    def rows(self, number: int = 0) -> int:
        path = self.folder / str(number) / "metrics.csv"
        return len(path.read_text().splitlines()) - 1 if path.exists() else 0

    def until(self, happened: Callable[[], bool], what: str, *, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        while not happened():
            assert time.monotonic() < end, f"waited {seconds} s until {what}\n{self.everything_said()}"
            time.sleep(0.2)

    def job(self, number: int = 0) -> str:
        found = re.search(rf"^#{number}\b.*: job (\S+),", self.log.read_text(), re.MULTILINE)
        assert found
        return found[1]

    def slurm(self, *arguments: str) -> str:
        return subprocess.run(
            arguments, env=self.environment, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def wait(self, *, seconds: float = 300) -> int:
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            start_requeued(self.environment)
            if time.monotonic() > end:
                self.process.kill()
                pytest.fail(f"not at its end after {seconds} s\n{self.slurm('squeue')}\n{self.everything_said()}")
            time.sleep(1)
        return self.process.returncode

    def everything_said(self) -> str:
        logs = sorted((self.folder / "logs").glob("*.out")) + sorted(
            Path(self.environment["SLURM_CONF"]).parent.glob("*.log")
        )
        return "\n".join([self.log.read_text(), *(f"--- {log.name}\n{log.read_text()[-6000:]}" for log in logs)])


def start_requeued(environment: dict[str, str], *, waited: dict[str, float] = {}) -> None:  # noqa: B006
    """SLURM lets a requeued job wait two minutes; the tests only until its former processes are surely gone."""
    told = subprocess.run(["squeue", "-h", "-r", "-o", "%i %r"], env=environment, capture_output=True, text=True).stdout
    waiting = {line.split()[0] for line in told.splitlines() if line.endswith("BeginTime")}
    for job in set(waited) - waiting:
        del waited[job]
    for job in waiting:
        if time.monotonic() > waited.setdefault(job, time.monotonic()) + 20:
            subprocess.run(
                ["scontrol", "update", f"JobId={job}", "StartTime=now"], env=environment, capture_output=True
            )


def resumptions(run: Path) -> list[int]:
    """The steps at which a run went on."""
    path = run / "resumed.jsonl"
    return [json.loads(line)["steps"] for line in path.read_text().splitlines()] if path.exists() else []


def assert_resumed_and_same(sweep: Sweep, undisturbed: Path) -> None:
    (steps,) = resumptions(sweep.folder / "0")
    assert 0 < steps < 8192
    assert rows(sweep.folder / "0") == rows(undisturbed)


def test_each_run_is_whole_and_has_the_cores_of_its_job(tmp_path: Path, slurm: dict[str, str]) -> None:
    sweep = Sweep(tmp_path / "sweep", slurm, "total_steps=256", "seed=1,2", "threads=0")
    assert sweep.wait() == 0, sweep.everything_said()
    for number in range(2):
        assert json.loads((sweep.folder / str(number) / "status.json").read_text())["status"] == "finished"
        assert rows(sweep.folder / str(number))[-1]["time/total_timesteps"] == "256"
        assert list((sweep.folder / str(number) / "checkpoints").glob("step_*256"))
    script = next((sweep.folder / "logs").glob("*_submission.sh")).read_text()
    assert all(line in script for line in ("--cpus-per-task=1", "--time=60", "--requeue", "--signal=USR2@120"))


def test_preempted_by_signal_saves_and_goes_on(tmp_path: Path, slurm: dict[str, str], undisturbed: Path) -> None:
    sweep = Sweep(tmp_path / "sweep", slurm, *LONG, "seed=1")
    sweep.until_learning()
    sweep.slurm("scancel", "--signal=TERM", sweep.job())  # what submitit's own test of preemption sends
    sweep.slurm("scancel", "--signal=USR2", sweep.job())
    assert sweep.wait() == 0, sweep.everything_said()
    assert_resumed_and_same(sweep, undisturbed)


def test_preempted_by_an_urgent_job_goes_on(tmp_path: Path, slurm: dict[str, str], undisturbed: Path) -> None:
    sweep = Sweep(tmp_path / "sweep", slurm, *LONG, "seed=1")
    sweep.until_learning()
    sweep.slurm("sbatch", "-p", "urgent", "--exclusive", "-o", "/dev/null", "--wrap", "sleep 5")
    assert sweep.wait() == 0, sweep.everything_said()
    assert_resumed_and_same(sweep, undisturbed)


def test_requeued_by_an_administrator_goes_on(tmp_path: Path, slurm: dict[str, str], undisturbed: Path) -> None:
    sweep = Sweep(tmp_path / "sweep", slurm, *LONG, "seed=1")
    sweep.until_learning()
    sweep.slurm("scontrol", "requeue", sweep.job())
    assert sweep.wait() == 0, sweep.everything_said()
    assert_resumed_and_same(sweep, undisturbed)


def test_out_of_time_saves_and_goes_on(tmp_path: Path, slurm: dict[str, str]) -> None:
    limits = ("launch.hours=0.0333", "launch.warn_seconds=30", "launch.requeues=9")  # 2 minutes
    sweep = Sweep(tmp_path / "sweep", slurm, "total_steps=1_000_000", "seed=1", *limits)

    def went_on() -> bool:
        start_requeued(slurm)
        return bool(resumptions(sweep.folder / "0"))

    sweep.until(went_on, "it goes on", seconds=400)
    sweep.until_learning(rows_written=sweep.rows() + 3)
    sweep.slurm("scancel", sweep.job())
    assert sweep.wait() == 1
    assert resumptions(sweep.folder / "0")[0] > 0
    steps = [int(row["time/total_timesteps"]) for row in rows(sweep.folder / "0")]
    assert steps == list(range(128, steps[-1] + 128, 128))  # none is lost, none is there twice


def test_a_search_runs_its_trials_as_jobs(tmp_path: Path, slurm: dict[str, str]) -> None:
    sweep = Sweep(tmp_path / "sweep", slurm, "total_steps=256", *SEARCH)
    assert sweep.wait(seconds=600) == 0, sweep.everything_said()
    assert_searched(sweep.folder)


def test_cancelled_run_is_named_and_the_other_is_whole(tmp_path: Path, slurm: dict[str, str]) -> None:
    sweep = Sweep(tmp_path / "sweep", slurm, "total_steps=16384,512", "seed=1")
    sweep.until_learning()
    sweep.slurm("scancel", sweep.job())
    assert sweep.wait() == 1, sweep.everything_said()
    assert "error: #0 total_steps=16384: SLURM says CANCELLED" in sweep.log.read_text()
    assert json.loads((sweep.folder / "1" / "status.json").read_text())["status"] == "finished"


def test_refused_jobs_end_in_one_line(tmp_path: Path, slurm: dict[str, str]) -> None:
    sweep = Sweep(tmp_path / "sweep", slurm, "launch.partition=nowhere", "seed=1,2")
    assert sweep.wait() == 2, sweep.everything_said()
    assert sweep.log.read_text().startswith("error: launch=slurm: SLURM does not take such jobs: ")
    assert "invalid partition" in sweep.log.read_text().lower()
    assert not sweep.folder.exists()


def test_job_script_of_ones_own_is_queued_again(tmp_path: Path, slurm: dict[str, str], undisturbed: Path) -> None:
    folder, script = tmp_path / "run", tmp_path / "job.sh"
    line = " ".join(command(*TRAINING, *LONG, "seed=1", f"run_dir={folder}"))
    options = f"--requeue --open-mode=append --signal=USR1@60 -o {tmp_path}/log"
    script.write_text(f"#!/bin/sh\n#SBATCH {options}\nsrun --open-mode=append {line}\n")
    told = subprocess.run(["sbatch", "--parsable", str(script)], env=slurm, capture_output=True, text=True, check=True)
    job = told.stdout.strip()
    _until(
        lambda: (folder / "metrics.csv").exists() and len((folder / "metrics.csv").read_text().splitlines()) > 4, slurm
    )
    subprocess.run(["scancel", "--signal=USR1", job], env=slurm, check=True)
    state = ["squeue", "-h", "--states=all", "-j", job, "-o", "%T"]
    _until(
        lambda: subprocess.run(state, env=slurm, capture_output=True, text=True).stdout.strip() == "COMPLETED", slurm
    )
    (steps,) = resumptions(folder)
    assert 0 < steps < 8192
    assert rows(folder) == rows(undisturbed)


def _until(happened: Callable[[], bool], slurm: dict[str, str], *, seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.3)
        start_requeued(slurm)
