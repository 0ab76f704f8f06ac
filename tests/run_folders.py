"""Run folders written by hand, one and a sweep of them; and the programs of ``scripts/`` that read them."""

from __future__ import annotations

import importlib.util
import json
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from myoassist.places import STATUS
from myoassist.runs.jobs import Job, note_job, plan_jobs

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
RATES, SEEDS = ("1e-4", "3e-4"), ("0", "1", "2")


def script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"script_{name}", SCRIPTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_run(folder: Path, *, name: str = "walk", steps: int = 100, total: int = 100, **changes: Any) -> Path:
    """A run folder written by hand: two rows of numbers, three checkpoints of 1000 bytes, the second one the best."""
    folder.mkdir(parents=True)
    model = changes.pop("model", "22muscle")
    (folder / "config.yaml").write_text(
        f"name: {name}\nseed: 1\ntotal_steps: {total}\nmodel:\n  name: {model}\nalgorithm:\n  learning_rate: 0.0001\n"
    )
    (folder / "metrics.csv").write_text(f"time/total_timesteps,episode/distance\n{steps // 2},1.5\n{steps},2.5\n")
    for number in (1, 2, 3):
        checkpoint = folder / "checkpoints" / f"step_{number:010d}"
        checkpoint.mkdir(parents=True)
        (checkpoint / "layout.json").write_text("{}")
        (checkpoint / "policy.zip").write_bytes(b"x" * 998)
    best = {"checkpoint": "step_0000000002", "evaluation": {"distance": 12.34, "completed": 3, "episodes": 4}}
    (folder / "checkpoints" / "best.json").write_text(json.dumps(best))
    status = {
        "status": "finished", "steps": steps, "total_steps": total, "started": "2026-01-31T12:00:00+00:00",
        "ended": "2026-01-31T13:00:00+00:00", "reason": None, "pid": 1, "host": socket.gethostname(), **changes,
    }  # fmt: skip
    (folder / STATUS).write_text(json.dumps(status))
    return folder


def overrides(rate: str, seed: str) -> list[str]:
    return ["experiment=smoke", "name=two words", f"algorithm.learning_rate={rate}", f"seed={seed}"]


def fill(folder: Path, rate: str, seed: str, distance: float, **status: Any) -> None:
    make_run(folder, **status)
    (folder / "config.yaml").write_text(
        f"name: two words\nseed: {seed}\ntotal_steps: 100\nalgorithm:\n  learning_rate: {float(rate)}\n"
    )
    rows = [
        "time/total_timesteps,episode/distance,eval/completed,eval/distance,eval/episodes,time/time_elapsed",
        "50,1.0,,,,10", f"100,2.0,3,{distance},4,20",
    ]  # fmt: skip
    (folder / "metrics.csv").write_text("\n".join(rows) + "\n100,999.0,4,99")  # the last row was cut short


def write_run(folder: Path, typed: str, distance: float, *, day: int = 1, **settings: Any) -> Path:
    """A finished run with one evaluation, as ``python train.py <typed>`` would make it on a ``day`` of January."""
    tree = {"name": "walk", "seed": 1, "total_steps": 100, **settings}
    steps, started = tree["total_steps"], f"2026-01-{day:02d}T12:00:00+00:00"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(tree))
    (folder / "command.txt").write_text(f"python train.py {typed}\n")
    (folder / "metrics.csv").write_text(f"time/total_timesteps,eval/distance\n{steps},{distance}\n")
    status = {"status": "finished", "steps": steps, "total_steps": steps, "started": started}
    (folder / STATUS).write_text(json.dumps(status))
    return folder


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Two learning rates with three seeds each: 10, 11, 12 m and 20, 22, – m. Job 5 failed before it had a folder."""
    folder = tmp_path / "my sweep"
    jobs = [overrides(rate, seed) for rate in RATES for seed in SEEDS]
    folder.mkdir()
    plan_jobs(folder, jobs)
    distances = (10.0, 11.0, 12.0, 20.0, 22.0)
    for number, distance in enumerate(distances):
        fill(folder / str(number), RATES[number // 3], SEEDS[number % 3], distance)
        note_job(folder, Job(number, tuple(jobs[number]), True, "finished", folder=str(number)))
    note_job(folder, Job(5, tuple(jobs[5]), True, "failed", "its <process> was killed by SIGKILL"))
    return folder
