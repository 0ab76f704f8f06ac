"""Small trainings and other programs, whether two trainings took the same course, and disks to run them on."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import experiment

from myoassist.config import TrainConfig
from myoassist.learn.checkpoint import find_checkpoint, read_parameters
from myoassist.learn.training import TrainingResult, train
from myoassist.parsing import load_config

REPOSITORY = Path(__file__).resolve().parent.parent
SMALL = (
    "experiment=smoke", "num_envs=4", "threads=2", "total_steps=256", "command=uniform", "reset.bank_size=16",
    "algorithm.update_threads=1", "logging.tensorboard=false",
    "logging.progress=none", "evaluation.every_steps=128", "evaluation.episodes=2", "evaluation.seconds=0.3",
    "evaluation.recorded_in_training=0",
)  # fmt: skip
TIMING = {"time/fps", "time/time_elapsed", "time/evaluation_s"}


def small(folder: Path, *overrides: str) -> TrainConfig:
    return replace(experiment(*SMALL, *overrides), run_dir=str(folder))


def resumed(folder: Path, **changes: Any) -> TrainingResult:
    config = train_config(folder)
    return train(replace(config, resume=str(folder), **changes))


def train_config(folder: Path) -> TrainConfig:
    return load_config(folder / "config.yaml")


def rows(folder: Path) -> list[dict[str, str]]:
    """Rows of metrics.csv without empty fields and without what depends on the clock."""
    with (folder / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if v and k not in TIMING} for row in csv.DictReader(file)]


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


def assert_same_run(one: Path, other: Path) -> None:
    """Weights, optimisers and all other state bit for bit, and the same log."""
    here, there = find_checkpoint(one), find_checkpoint(other)
    assert here.name == there.name
    assert alike(read_parameters(here), read_parameters(there))
    for file in ("training_state.npz", "normalizer.npz", "replay.npz"):
        assert (here / file).exists() == (there / file).exists()
        if (here / file).exists():
            with np.load(here / file) as left, np.load(there / file) as right:
                assert left.files == right.files
                assert [key for key in left.files if not np.array_equal(left[key], right[key])] == []
    assert rows(one) == rows(other)


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(REPOSITORY / "train.py"), *arguments]


def program_of(folder: Path, code: str, settings: str) -> list[str]:
    """Command line of a program whose runs are ``code``, with the real files of conf/hydra and conf/launch."""
    (folder / "conf").mkdir()
    for name in ("hydra", "launch"):
        (folder / "conf" / name).symlink_to(REPOSITORY / "conf" / name)
    (folder / "conf" / "train.yaml").write_text(settings)
    (folder / "program.py").write_text(code)
    return [sys.executable, str(folder / "program.py"), str(folder / "conf")]


def call(program: list[str], folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
    return subprocess.run(
        [*program, *arguments], cwd=folder, env=variables, capture_output=True, text=True, timeout=240, encoding="utf-8"
    )


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def works(*program: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    line = [sys.executable, str(REPOSITORY / program[0]), *program[1:]]
    done = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def mounted(place: Path, options: str) -> Iterator[None]:
    """A disk in memory at ``place``, with mount's ``options``; the test is skipped without the right to mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if os.name != "posix" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip(f"a disk of {options} needs the right to mount one")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
