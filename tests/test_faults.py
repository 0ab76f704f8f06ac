"""Faults of the machine: a full disk, two at once, a clock that goes back, files cut off.

What was finished stays readable, and the next command goes on or says how. (Kills: ``test_faults_kills.py`` and
``test_resume.py``; W&B: ``test_wandb_faults.py``.)
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import walker
from running import command, mounted, names, resumed, rows, small, works

from myoassist.analysis.recording import FILE, load_recording
from myoassist.analysis.results import analyse_again
from myoassist.errors import RunError
from myoassist.finishing import finish_evaluation
from myoassist.learn import checkpoint, run_folder, training
from myoassist.learn.checkpoint import find_checkpoint, load_checkpoint
from myoassist.learn.saving import disk_faults
from myoassist.learn.training import train
from myoassist.places import CONFIG, REPORT, STATUS
from myoassist.runs.listing import Filters, as_table, list_runs
from myoassist.runs.status import FAILED, RUNNING, read_status, recorded, status_of

FULL = OSError(errno.ENOSPC, "No space left on device")


def full() -> None:
    raise FULL


# --- a full disk ------------------------------------------------------------------------------------------------------


def test_what_a_disk_raises_is_one_line_however_it_is_wrapped(tmp_path: Path) -> None:
    def wrapped() -> None:
        try:
            raise FULL
        except OSError as error:
            raise RuntimeError("PytorchStreamWriter failed writing file") from error

    said = r"run: cannot be written \(No space left on device\); .* resume="
    for fails in (wrapped, full):
        with pytest.raises(RunError, match=said), disk_faults(tmp_path / "run"):
            fails()
    with pytest.raises(ZeroDivisionError), disk_faults(tmp_path):
        raise ZeroDivisionError


def test_a_writing_thread_on_a_full_disk_says_nothing_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(error: Exception) -> None:
        raise error

    for error, said in ((FULL, False), (ZeroDivisionError(), True)):
        told: list[Any] = []
        before, threading.excepthook = threading.excepthook, told.append
        try:
            with disk_faults(tmp_path):
                thread = threading.Thread(target=fails, args=(error,))
                thread.start()
                thread.join()
        finally:
            threading.excepthook = before
        assert bool(told) == said


def test_a_run_folder_that_cannot_be_begun_is_free_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = small(tmp_path / "run")
    with monkeypatch.context() as patch, pytest.raises(RunError, match="No space left"):
        patch.setattr(run_folder, "flush", lambda path: full())
        run_folder.make_run_folder(tmp_path / "run", config)
    assert run_folder.choose_run_folder(config) == tmp_path / "run"
    assert (run_folder.make_run_folder(tmp_path / "run", config) / CONFIG).is_file()


def test_runs_that_begin_in_the_same_second_get_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config, noon = replace(small(tmp_path), run_dir=None, name="walk"), datetime(2026, 1, 1, 12, 0, 0)
    chosen = [run_folder.choose_run_folder(config, now=noon) for _ in range(3)]  # each before another one is made
    made = [run_folder.make_run_folder(folder, config, named=False) for folder in chosen]
    names = ["12-00-00_walk", "12-00-00_walk_2", "12-00-00_walk_3"]
    assert made == [Path("outputs", "2026-01-01", name) for name in names]
    with pytest.raises(RunError, match="already exists; choose another folder, nothing was overwritten"):
        run_folder.make_run_folder(made[0], config)


@pytest.mark.slow
def test_a_training_whose_folder_was_taken_meanwhile_takes_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "walk").mkdir()
    monkeypatch.setattr(training, "choose_run_folder", lambda config: tmp_path / "walk")
    result = training.train(replace(small(tmp_path), run_dir=None))
    assert result.folder == tmp_path / "walk_2" and (tmp_path / "walk_2" / CONFIG).is_file()
    assert not list((tmp_path / "walk").iterdir())


def test_a_run_folder_in_which_ctrl_c_came_first_is_free_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = small(tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "write_config", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_folder.make_run_folder(tmp_path / "run", config)
    assert not list((tmp_path / "run").iterdir())
    assert (run_folder.make_run_folder(tmp_path / "run", config) / CONFIG).is_file()


@pytest.mark.slow
def test_a_checkpoint_that_does_not_fit_costs_one_line_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = [0]

    def flush(path: Path) -> None:
        count[0] += path.name == "policy.zip"
        if count[0] >= 2:
            raise FULL

    overrides = ("evaluation.every_steps=0", "checkpoint.every_steps=128", "algorithm.transitions_per_update=128")
    with monkeypatch.context() as patch, pytest.raises(RunError, match=r"No space left on device.* resume="):
        patch.setattr(checkpoint, "flush", flush)
        train(small(tmp_path / "run", *overrides))
    run = tmp_path / "run"
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step_0000000128"]
    told = status_of(run)
    assert told is not None and told.status == FAILED and "No space left" in str(told.reason)
    assert resumed(run).steps == 256


@pytest.mark.slow
def test_a_real_disk_that_is_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "size=1700k"):
        line = command("experiment=smoke", "run_dir=disk/run")
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("error: disk/run: cannot be written (No space left on device)")
        assert load_checkpoint(disk / "run").steps >= 128
        assert not list((disk / "run" / "checkpoints").glob(".*"))
        told = read_status(disk / "run")
        assert told is not None and told.status == FAILED and "No space left on device" in str(told.reason)
        subprocess.run(["mount", "-o", "remount,size=30m", str(disk)], check=True)
        works("train.py", "resume=disk/run", folder=tmp_path)
        assert load_checkpoint(disk / "run").steps == 512


def test_a_disk_without_any_room_still_takes_how_the_run_ended(tmp_path: Path) -> None:
    with mounted(tmp_path, "size=64k"):
        with pytest.raises(OSError, match="No space left"), recorded(tmp_path, total_steps=5, steps=lambda: 3):  # noqa: SIM117
            with (tmp_path / "rest").open("wb", buffering=0) as rest:
                while True:
                    rest.write(bytes(4096))
        told = read_status(tmp_path)
        assert told is not None and (told.status, told.steps) == (FAILED, 3)
        assert "No space left on device" in str(told.reason) and names(tmp_path) == ["rest", STATUS]


# --- two at once ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_of_two_trainings_begun_in_one_folder_one_goes_on(tmp_path: Path) -> None:
    line = command("experiment=smoke", "run_dir=run", "logging.tensorboard=false")
    both = [
        subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [(process.communicate(timeout=300), process.returncode) for process in both]
    codes = sorted(code for _, code in ended)
    said = [stderr for (_, stderr), code in ended if code]
    assert codes == [0, 2], ended
    assert said[0].startswith("error: ") and "nothing was" in said[0] and said[0].count("\n") == 1
    assert load_checkpoint(tmp_path / "run").steps == 512 and len(rows(tmp_path / "run")) == 4


# --- the clock --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_clock_that_goes_back_in_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, back = time.time_ns, [0]

    def going_back() -> int:
        back[0] += 60_000_000_000  # a minute at each look
        return real() - back[0]

    monkeypatch.setattr(time, "time_ns", going_back)
    result = train(small(tmp_path / "run", "total_steps=256"))
    monkeypatch.undo()
    assert result.steps == 256 and result.evaluation is not None
    assert [int(row["time/total_timesteps"]) for row in rows(tmp_path / "run")] == [128, 256]
    assert resumed(tmp_path / "run", total_steps=384).steps == 384


def test_runs_from_the_future_are_listed(tmp_path: Path) -> None:
    run, ahead = tmp_path / "run", "2099-01-01T00:00:00+00:00"
    run.mkdir()
    run_folder.write_config(run, small(run))
    status = {"status": RUNNING, "steps": 5, "total_steps": 10, "started": ahead, "ended": None, "reason": None}
    (run / STATUS).write_text(json.dumps({**status, "pid": 1, "host": "elsewhere"}))
    (run / "environment.json").write_text(json.dumps({"started": ahead}))
    os.utime(run / STATUS, (4e9, 4e9))
    (entry,) = list_runs([tmp_path], Filters())
    assert entry.status == FAILED
    assert "run" in as_table([entry], width=200) and "-" not in as_table([entry], width=200).splitlines()[-1].split()[0]


# --- recordings cut off -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / FILE
    walker(seconds=2.0).save(path)
    return path.read_bytes()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.9999])
def test_a_recording_cut_off_anywhere_is_one_line(tmp_path: Path, recording: bytes, share: float) -> None:
    (tmp_path / FILE).write_bytes(recording[: int(share * len(recording))])
    with pytest.raises(RunError) as refused:
        load_recording(tmp_path)
    assert "\n" not in str(refused.value) and "cut off" in str(refused.value)
    with pytest.raises(RunError, match="cut off"):
        analyse_again(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_recording_with_other_bytes_never_passes_unseen(tmp_path: Path, recording: bytes) -> None:
    rng, whole = np.random.default_rng(1), load_recording_of(tmp_path, recording)
    for place in rng.integers(len(recording), size=60):
        damaged = bytearray(recording)
        damaged[place] ^= 0xFF
        try:
            read = load_recording_of(tmp_path, bytes(damaged))
        except RunError as error:
            assert "\n" not in str(error)
        else:  # a byte that says nothing, such as the date of a part of the archive
            assert read.meta == whole.meta
            assert all(np.array_equal(read[name], whole[name], equal_nan=True) for name in whole.arrays)


def load_recording_of(folder: Path, content: bytes):
    (folder / FILE).write_bytes(content)
    return load_recording(folder)


def test_one_recording_cut_off_costs_a_line_and_not_the_others(tmp_path: Path, recording: bytes) -> None:
    for name, content in (("whole", recording), ("cut", recording[:-2000])):
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE).write_bytes(content)
    said: list[str] = []
    analyse_again(tmp_path, plots=["reward"], say=said.append)
    assert sum("cut off" in line for line in said) == 1 and (tmp_path / REPORT).is_file()
    assert (tmp_path / "whole" / "metrics.json").is_file() and not (tmp_path / "cut" / "metrics.json").exists()
    shutil.rmtree(tmp_path / "whole")
    said.clear()
    finish_evaluation(tmp_path, say=said.append)  # what eval.py and trainings call: it never ends the rest
    assert len(said) == 2 and "cut off" in said[1]


def test_a_checkpoint_is_found_where_newer_ones_are_half_written(tmp_path: Path) -> None:
    whole, half = tmp_path / "checkpoints" / "step_0000000128", tmp_path / "checkpoints" / "step_0000000256"
    for folder in (whole, half):
        folder.mkdir(parents=True)
    (whole / "layout.json").write_text("{}")
    (half / "policy.zip").write_bytes(b"PK")
    assert find_checkpoint(tmp_path) == whole
