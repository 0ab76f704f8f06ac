"""Run folders made by hand for the tests of W&B, a follower as a process, and offline runs read back."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from myoassist.learn.tracking import CsvWriter
from myoassist.places import STEPS
from myoassist.processes import child_environment, python_command
from myoassist.track.state import WARNING

KEY = "a" * 40  # a key as W&B makes them, of nobody
NOWHERE = "http://127.0.0.1:9"  # the discard port: refuses every connection


def make_run(folder: Path, *, rows: int = 0, **logging: Any) -> Path:
    """A run folder with a configuration, versions and ``rows`` rows of numbers."""
    folder.mkdir(parents=True)
    config = {"name": "walk", "seed": 1, "reward": {"terms": {"forward": {"weight": 2.0}}}, "logging": logging}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "command.txt").write_text("train.py name=walk seed=1\n")
    (folder / "environment.json").write_text(json.dumps({"git": {"commit": "abc"}, "packages": {"torch": "2"}}))
    write_rows(folder, 1, rows)
    return folder


def write_rows(run: Path, first: int, count: int) -> None:
    """Write rows ``first`` … as a training does: after each 100 steps, a number that joins later, some left out."""
    if not count:
        return
    writer = CsvWriter(run / "metrics.csv", resumed_at=100 * (first - 1))
    for number in range(first, first + count):
        values: dict[str, Any] = {"reward/forward": number / 7, "episode/count": number}
        if number % 3 == 0:
            values["eval/distance"] = number * 1e-3
        writer.write(values, {}, 100 * number)
    writer.close()


def make_checkpoint(run: Path, steps: int, *, best: bool = False) -> Path:
    folder = run / "checkpoints" / f"step_{steps:010d}"
    folder.mkdir(parents=True)
    (folder / "policy.zip").write_bytes(b"weights %d" % steps)
    (folder / "normalizer.npz").write_bytes(b"means %d" % steps)
    (folder / "layout.json").write_text(json.dumps({"signals": [["joint_pos.hip_r", "qpos"]], "actions": ["soleus_r"]}))
    (folder / "training_state.npz").write_bytes(b"only for resume")
    if best:
        content = {"checkpoint": folder.name, "evaluation": {"distance": 1.0}}
        (folder.parent / "best.json").write_text(json.dumps(content))
    return folder


def make_evaluation(run: Path, steps: int, *, trials: tuple[str, ...] = ("walk",), finished: bool = True) -> Path:
    from PIL import Image

    folder = run / "evaluations" / f"step_{steps:010d}"
    for trial in trials:
        (folder / trial / "plots").mkdir(parents=True)
        metrics = {"cadence": {"mean": 110.5, "sd": 1.0, "n": 3}, "time_to_fall": {"mean": None, "sd": None, "n": 0}}
        (folder / trial / "metrics.json").write_text(json.dumps({"trial": trial, "metrics": metrics}))
        Image.new("RGB", (4, 3)).save(folder / trial / "plots" / "kinematics.png")
        (folder / trial / "videos").mkdir()
        (folder / trial / "videos" / "episode_0.mp4").write_bytes(b"film")
    content = {"steps": steps, "in_training": True, "trials": {trial: {} for trial in trials}}
    (folder / "evaluation.json").write_text(json.dumps(content))
    if finished:
        (folder / "report.html").write_text("<html>")
    return folder


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Without a login of this machine, with an empty home and an empty folder for temporary files."""
    for name in ("home", "temporary"):
        (home / name).mkdir(parents=True, exist_ok=True)
    kept = {name: value for name, value in child_environment().items() if not name.startswith("WANDB")}
    return {**kept, "HOME": str(home / "home"), "TMPDIR": str(home / "temporary"), **more}


def start(run: Path, home: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """A follower as a training starts it."""
    return subprocess.Popen(
        python_command("myoassist.track.follow", str(run), *arguments),
        env=clean_environment(home, **environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def follow(run: Path, home: Path, *arguments: str, **environment: str) -> tuple[int, list[str]]:
    """Follow a run that is over; exit code and lines for the user."""
    process = start(run, home, *arguments, **environment)
    said, _ = process.communicate(timeout=600)
    return process.returncode, said.splitlines()


def read_back(run: Path) -> list[list[dict[str, Any]]]:
    """Records of every offline run in the folder, oldest first, as W&B's own reader gives them."""
    found = []
    for folder in sorted((run / "wandb").glob("offline-run-*")):
        command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
        found.append([json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")])
    return found


def of_kind(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [record[kind] for record in records if record["type"] == kind]


def logged_rows(records: list[dict[str, Any]]) -> list[dict[str, float]]:
    """What was logged together, without what W&B adds."""
    items = [item["item"] for item in of_kind(records, "history")]
    return [{name: value for name, value in item.items() if not name.startswith("_")} for item in items]


def rows_of(run: Path) -> list[dict[str, float]]:
    with (run / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]


def numbers(records: list[list[dict[str, Any]]]) -> list[dict[str, float]]:
    """Rows of metrics.csv among all that was logged: those with a count of episodes."""
    return [row for session in records for row in logged_rows(session) if "episode/count" in row or set(row) == {STEPS}]


def assert_nothing_elsewhere(home: Path) -> None:
    """W&B left no file in the home and in the folder for temporary files."""
    left = [path for name in ("home", "temporary") for path in (home / name).rglob("*") if path.is_file()]
    assert left == []


def warnings_in(said: list[str]) -> list[str]:
    return [line for line in said if line.startswith(WARNING)]
