"""Sweeps on a local Ray: ``make test-ray``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from running import command, rows
from searching import SEARCH, assert_searched

TRAINING = (
    "experiment=smoke", "num_envs=2", "reset.bank_size=16", "threads=1", "algorithm.update_threads=1",
    "logging.progress=none", "total_steps=256",
)  # fmt: skip


def train(folder: Path, *overrides: str) -> subprocess.CompletedProcess[str]:
    arguments = command(*overrides, *TRAINING)
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=300)


def test_each_run_is_whole_and_takes_the_same_course(tmp_path: Path) -> None:
    done = train(tmp_path, "-m", "launch=ray", "launch.cpus=1", "seed=1,2", "hydra.sweep.dir=sweep")
    assert done.returncode == 0, done.stdout + done.stderr
    for number in range(2):
        assert json.loads((tmp_path / "sweep" / str(number) / "status.json").read_text())["status"] == "finished"
        assert "finished: 256 steps" in (tmp_path / "sweep" / "logs" / f"{number}.log").read_text()
    assert train(tmp_path, "seed=1", f"run_dir={tmp_path / 'alone'}").returncode == 0
    assert rows(tmp_path / "sweep" / "0") == rows(tmp_path / "alone")


def test_a_failure_is_named_and_the_others_are_whole(tmp_path: Path) -> None:
    taken = tmp_path / "sweep" / "0"
    taken.mkdir(parents=True)
    (taken / "notes.txt").write_text("something of the user's")
    done = train(tmp_path, "-m", "launch=ray", "launch.cpus=1", "seed=1,2", "hydra.sweep.dir=sweep")
    assert done.returncode == 1
    assert "error: #0 seed=1: run_dir:" in done.stderr
    assert [path.name for path in taken.iterdir()] == ["notes.txt"]
    assert json.loads((tmp_path / "sweep" / "1" / "status.json").read_text())["status"] == "finished"


def test_a_search_runs_its_trials_on_ray(tmp_path: Path) -> None:
    done = train(tmp_path, "-m", "launch=ray", "launch.cpus=1", *SEARCH, "hydra.sweep.dir=sweep")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_searched(tmp_path / "sweep")


def test_no_cluster_at_the_address_ends_in_one_line(tmp_path: Path) -> None:
    done = train(tmp_path, "-m", "launch=ray", "launch.address=127.0.0.1:1", "seed=1,2", "hydra.sweep.dir=sweep")
    assert done.returncode == 2, done.stderr
    assert "error: launch.address: no Ray on 127.0.0.1:1" in done.stderr
