"""Runs brought to W&B by the real process with the real library: offline, cut off, resumed.

Each test starts processes of its own with an empty home, so that no login of this machine takes part.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from running import command, small
from tracked_runs import (
    assert_nothing_elsewhere,
    clean_environment,
    follow,
    logged_rows,
    make_checkpoint,
    make_evaluation,
    make_run,
    numbers,
    of_kind,
    read_back,
    rows_of,
    start,
    warnings_in,
    write_rows,
)

from myoassist.learn.training import train
from myoassist.places import STEPS
from myoassist.track.start import Tracking
from myoassist.track.state import WARNING, read_state

pytestmark = pytest.mark.slow

LATE = """
import sys
from pathlib import Path
from myoassist.places import STEPS
from myoassist.track.found import finished_evaluations
from myoassist.track.rows import Rows
from myoassist.track.session import Session, keep_files_in
from myoassist.track.state import State

run = Path(sys.argv[1])
keep_files_in(run / "wandb")
session = Session(run, State("abcd1234"), mode="offline", timeout=30, live=False)
session.rows(Rows(run).new())
print("after the rows", session._run.summary.get(STEPS))
session.outcome(finished_evaluations(run, [], all_there=True)[0], plots=False, videos=False)
print("after the evaluation", session._run.summary.get(STEPS))
session.close(steps=900, failed=False)
"""


def test_everything_in_the_run_folder_is_written(tmp_path: Path) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "jobs.json").write_text("{}")
    run = make_run(tmp_path / "sweep" / "0", rows=9, tags=["a", "b"], project="gait", job_type="search", notes="why")
    make_evaluation(run, 300)
    make_checkpoint(run, 300, best=True)
    make_checkpoint(run, 900)
    (run / "report.html").write_text("<html>")
    code, said = follow(run, tmp_path)
    assert code == 0 and said == [f"W&B: offline, in {run}/wandb", f"W&B: send it with: python scripts/sync.py {run}"]
    [records] = read_back(run)
    assert numbers([records]) == rows_of(run)
    [evaluation] = [row for row in logged_rows(records) if "gait/cadence" in row]
    assert (evaluation[STEPS], evaluation["gait/cadence"]) == (300, 110.5)
    assert {"plots/kinematics.path", "video/episode_0.path"} <= set(evaluation)
    artifacts = {record["name"]: record for record in of_kind(records, "artifact")}
    state = read_state(run)
    assert state and set(artifacts) == {f"policy-{state.id}", f"report-{state.id}"}
    [first, last] = [record for record in of_kind(records, "artifact") if record["name"] == state.policy]
    assert set(first["aliases"]) >= {"step-300", "best"} and set(last["aliases"]) == {"step-900", "latest"}
    assert {entry["path"] for entry in first["manifest"]["contents"]} == {"policy.zip", "layout.json", "normalizer.npz"}
    facts = json.loads(first["metadata"])
    assert facts["steps"] == 300 and facts["evaluation"] == {"eval/distance": 0.003}
    assert facts["layout"] == {"signals": ["joint_pos.hip_r"], "actions": ["soleus_r"]}
    [described] = of_kind(records, "run")
    told = {name: described.get(name) for name in ("project", "run_group", "job_type", "notes", "tags", "display_name")}
    assert told == {
        "project": "gait",
        "run_group": "sweep",
        "job_type": "search",
        "notes": "why",
        "tags": ["a", "b"],
        "display_name": "walk_0",
    }
    config: dict[str, Any] = {k: v for part in of_kind(records, "config") for k, v in part["update"].items()}
    assert config["reward"]["terms"]["forward"]["weight"] == 2 and config["environment"]["git"] == {"commit": "abc"}
    assert_nothing_elsewhere(tmp_path)


def test_a_resumed_run_goes_on_with_its_id_and_sends_no_row_twice(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=5)
    make_checkpoint(run, 500)
    assert follow(run, tmp_path)[0] == 0
    first = read_state(run)
    write_rows(run, 4, 5)  # resumed at 300: 400 and 500 are made again
    assert follow(run, tmp_path)[0] == 0
    second = read_state(run)
    assert first and second and first.id == second.id and second.offline.steps == 800
    sessions = read_back(run)
    assert len(sessions) == 2 and numbers(sessions) == rows_of(run)
    assert len([a for session in sessions for a in of_kind(session, "artifact")]) == 1


def test_an_evaluation_that_comes_late_does_not_turn_the_steps_back(tmp_path: Path) -> None:
    """A session that is killed then is followed by one that asks the server for the last row."""
    run = make_run(tmp_path / "run", rows=9)
    make_evaluation(run, 300)
    program = [sys.executable, "-c", LATE, str(run)]
    done = subprocess.run(program, env=clean_environment(tmp_path), capture_output=True, text=True)
    assert done.stdout.splitlines() == ["after the rows 900", "after the evaluation 900"], done.stderr


@pytest.mark.parametrize(
    ("folder", "arguments", "taken"), [("run", (), True), ("sweep/0", (), False), ("run", ("--mode=offline",), False)]
)
def test_an_id_from_the_environment_is_that_of_one_run(
    tmp_path: Path, folder: str, arguments: tuple[str, ...], taken: bool
) -> None:
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "jobs.json").write_text("{}")
    run = make_run(tmp_path / folder, rows=1)
    assert follow(run, tmp_path, *arguments, WANDB_RUN_ID="agent123")[0] == 0
    state = read_state(run)
    assert state and (state.id == "agent123") == taken


def test_a_checkpoint_that_is_removed_meanwhile_hurts_nothing(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=2)
    (make_checkpoint(run, 100) / "policy.zip").unlink()
    make_checkpoint(run, 200)
    code, said = follow(run, tmp_path)
    assert code == 0 and not warnings_in(said)
    [records] = read_back(run)
    assert ["step-200" in record["aliases"] for record in of_kind(records, "artifact")] == [True]


def test_one_process_at_a_time_brings_a_run_to_wandb(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=1)
    process = start(run, tmp_path)
    assert process.stdout and process.stdout.readline().startswith("W&B: offline")
    assert follow(run, tmp_path, "--mode", "online") == (1, [f"{WARNING}another process brings this run to W&B now"])
    process.communicate(timeout=600)
    assert process.returncode == 0


# --- as the training sees it ------------------------------------------------------------------------------------------


def test_a_follower_that_is_killed_costs_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean(tmp_path, monkeypatch)
    said: list[str] = []
    tracking = Tracking(make_run(tmp_path / "run", rows=1), say=said.append)
    while not said:
        time.sleep(0.1)
    assert tracking._process is not None
    tracking._process.kill()
    tracking.wait(600)
    assert len(warnings_in(said)) == 1 and "exit code -9" in said[-1] and "metrics.csv has all numbers" in said[-1]


def test_it_goes_on_alone_when_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean(tmp_path, monkeypatch)
    run = make_run(tmp_path / "run", rows=3)
    said: list[str] = []
    Tracking(run, say=said.append).wait(0.0)
    assert " the rest (" in said[-1] and "sync.py" in said[-1]
    deadline = time.monotonic() + 600
    while not ((state := read_state(run)) and state.offline.steps == 300) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert numbers(read_back(run)) == rows_of(run)


def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("WANDB")]:
        monkeypatch.delenv(name)
    for name, value in clean_environment(tmp_path).items():
        monkeypatch.setenv(name, value)


def test_a_training_its_resumption_and_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean(tmp_path, monkeypatch)
    run = tmp_path / "outputs" / "day" / "run"
    config = small(run, "logging=wandb", "logging.progress=none", "evaluation.recorded_in_training=0")
    train(config)
    train(replace(config, resume=str(run), total_steps=384))
    sessions = read_back(run)
    assert len(sessions) == 2 and [len(of_kind(session, "artifact")) > 0 for session in sessions] == [True, True]
    logged = numbers(sessions)
    assert logged == rows_of(run) and "reward/forward" in logged[0] and "eval/distance" in logged[-1]
    state = read_state(run)
    assert state is not None
    started = [*command(), "experiment=smoke", "logging=csv", "logging.progress=none", "total_steps=64", "num_envs=4"]
    started += ["algorithm.transitions_per_update=64", f"init_from=wandb:lab/gait/{state.policy}:best"]
    done = subprocess.run([*started, "run_dir=next"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(run)
    done = subprocess.run([*started, "run_dir=last"], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 2 and done.stderr.startswith("error: init_from=wandb:lab/gait/")
    assert "no login" in done.stderr and done.stderr.count("\n") == 1
