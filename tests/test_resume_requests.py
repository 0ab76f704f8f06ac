"""Which requests to go on with a run are refused: in one line, with nothing changed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from running import command, resumed, small, train_config

from myoassist.errors import ConfigError, RunError
from myoassist.learn.checkpoint import find_checkpoint
from myoassist.learn.training import train
from myoassist.runs.checkpoints import list_checkpoints
from myoassist.runs.lock import LOCK, OWNER, RunLock


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "run"
    train(small(folder))
    return folder


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != LOCK
    }


def refused(folder: Path, *, error: type[Exception] = RunError, **changes: Any) -> str:
    before = contents(folder) if folder.is_dir() else {}
    with pytest.raises(error) as caught:
        resumed(folder, **changes) if (folder / "config.yaml").exists() else train(
            replace(small(folder), run_dir=None, resume=str(folder))
        )
    assert "\n" not in str(caught.value)
    assert (contents(folder) if folder.is_dir() else {}) == before
    return str(caught.value)


def test_finished_run_says_how_to_go_on(finished: Path) -> None:
    assert "is finished: 256 of 256 steps are done; to go on, give more: total_steps=512" in refused(finished)


def test_another_experiment_is_refused(finished: Path) -> None:
    message = refused(finished, error=ConfigError, total_steps=512, seed=9)
    assert message.startswith(
        "seed: 9 was asked for, but a resumed run keeps its own 1; allowed beside resume: total_ste"
    )


def test_what_is_no_run_is_refused(finished: Path, tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert "holds no run" in refused(tmp_path / "empty")
    assert "is a checkpoint; give the run's own folder" in refused(find_checkpoint(finished))


@pytest.mark.slow
def test_damaged_checkpoint_is_refused(finished: Path, tmp_path: Path) -> None:
    for file in ("policy.zip", "training_state.npz", "training_state.json", "normalizer.npz"):
        folder = tmp_path / file
        shutil.copytree(finished, folder)
        path = find_checkpoint(folder) / file
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        if file != "normalizer.npz":  # the state holds it as well
            assert f"{find_checkpoint(folder)}: cannot be read" in refused(folder, total_steps=512)


@pytest.mark.slow
def test_state_of_another_experiment_is_refused(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    train(replace(small(tmp_path / "other"), num_envs=8))
    for file in ("training_state.npz", "training_state.json"):
        shutil.copy(find_checkpoint(tmp_path / "other") / file, find_checkpoint(tmp_path / "run") / file)
    assert "saved state" in refused(tmp_path / "run", total_steps=512)


def test_one_process_at_a_time(finished: Path) -> None:
    lock = RunLock(finished)
    lock.acquire()
    try:
        message = refused(finished, total_steps=512)
        assert f"process {os.getpid()} on " in message
        assert "trains in this run folder; nothing was changed" in message
    finally:
        lock.release()
    (finished / OWNER).write_text(json.dumps({"pid": 1, "host": socket.gethostname()}))  # of a process that was killed
    lock.acquire()
    lock.release()


# --- as a process -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_command_line_keeps_the_saved_settings(finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    done = [
        subprocess.run(command(*line), cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        for line in (
            ["resume=run"],
            ["resume=run", "total_steps=320", "terrain=rough"],
            ["resume=run", "init_from=run"],
            ["resume=run", "total_steps=320", "logging.tensorboard=true"],
        )
    ]
    assert [process.returncode for process in done] == [2, 2, 2, 0], [process.stderr for process in done]
    assert "is finished" in done[0].stderr
    assert done[1].stderr.startswith("error: terrain.")
    assert done[2].stderr.startswith("error: init_from: starts a new run")
    assert all(len(process.stderr.splitlines()) == 1 for process in done[:3])
    assert train_config(tmp_path / "run").total_steps == 320
    assert (
        (tmp_path / "run" / "command.txt")
        .read_text()
        .endswith("train.py resume=run total_steps=320 logging.tensorboard=true\n")
    )
    assert list_checkpoints(tmp_path / "run" / "checkpoints")[-1].name == "step_0000000384"
