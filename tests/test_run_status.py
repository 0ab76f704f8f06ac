"""How a run stands, seen from outside: running, finished, stopped or failed, and why."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from run_folders import make_run
from running import command

from myoassist import processes
from myoassist.errors import RunError
from myoassist.places import STATUS
from myoassist.processes import child_environment
from myoassist.runs.entry import last_steps, read_entry
from myoassist.runs.lock import OWNER, RunLock, is_held
from myoassist.runs.status import GONE, describe_error, read_status, recorded, status_of


def test_a_training_is_running_then_finished(tmp_path: Path) -> None:
    lock = RunLock(tmp_path)
    lock.acquire()
    done = 0
    with recorded(tmp_path, total_steps=100, steps=lambda: done):
        during = status_of(tmp_path)
        assert during and (during.status, during.steps, during.ended) == ("running", 0, None)
        assert (during.pid, during.host) == (os.getpid(), socket.gethostname())
        done = 100
    lock.release()
    after = status_of(tmp_path)
    assert after and (after.status, after.steps, after.reason) == ("finished", 100, None)
    assert after.ended is not None and after.started == during.started


def test_a_stop_an_interrupt_and_a_fault_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_stopped_by", "SIGINT")  # whatever signal stopped a test before this one

    def ended_by(work: Any) -> tuple[str, str | None]:
        expected = pytest.raises(type(work)) if isinstance(work, BaseException) else nullcontext()
        with expected, recorded(tmp_path, total_steps=9, steps=lambda: 5) as ending:
            if isinstance(work, BaseException):
                raise work
            ending.stopped(work)
        told = read_status(tmp_path)
        assert told is not None
        return told.status, told.reason

    assert ended_by("SIGTERM") == ("stopped", "SIGTERM")
    assert ended_by(KeyboardInterrupt()) == ("stopped", "SIGINT")
    assert ended_by(RunError("disk:\n full")) == ("failed", "disk: full")
    assert ended_by(ValueError("not a number")) == ("failed", "ValueError: not a number")
    assert ended_by(MemoryError()) == ("failed", "MemoryError")
    assert ended_by(None) == ("finished", None)
    assert len(describe_error(ValueError("x" * 1000))) == 300


def test_a_resumed_run_keeps_its_first_start(tmp_path: Path) -> None:
    make_run(tmp_path / "run", status="stopped")
    with recorded(tmp_path / "run", total_steps=200, steps=lambda: 100):
        told = read_status(tmp_path / "run")
        assert told and (told.started, told.total_steps) == ("2026-01-31T12:00:00+00:00", 200)


def test_a_status_that_cannot_be_written_ends_no_training(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("no folder")
    with recorded(place, total_steps=1, steps=lambda: 1):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"status": "walking"}', '{"status": "running"}', "\xff"])
def test_a_broken_status_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / STATUS).write_bytes(content.encode("latin-1"))
    assert read_status(tmp_path) is None
    assert status_of(tmp_path) is None


def test_a_run_whose_process_is_gone_has_failed(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", status="running", ended=None)
    told = status_of(run)
    assert told and (told.status, told.reason) == ("failed", GONE)
    lock = RunLock(run)
    lock.acquire()
    assert is_held(run)
    told = status_of(run)
    assert told and told.status == "running"
    lock.release()
    assert not is_held(run)


def test_a_run_of_another_machine_counts_as_running_while_it_writes(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", status="running", host="node17")
    told = status_of(run)
    assert told and told.status == "running"
    old = time.time() - 3600
    os.utime(run / "metrics.csv", (old, old))
    told = status_of(run)
    assert told and told.status == "failed"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_the_status_of_real_trainings_that_are_killed_and_stopped(tmp_path: Path) -> None:
    small = ("experiment=smoke", "num_envs=4", "threads=1", "total_steps=10_000_000", "logging.tensorboard=false")
    for number, expected in ((signal.SIGKILL, ("failed", GONE)), (signal.SIGTERM, ("stopped", "SIGTERM"))):
        run = tmp_path / number.name
        process = subprocess.Popen(
            command(*small, f"run_dir={run}"), env=child_environment(), stdout=subprocess.DEVNULL
        )
        try:
            until = time.monotonic() + 60
            while last_steps(run) == 0 and process.poll() is None and time.monotonic() < until:
                time.sleep(0.1)
            told = status_of(run)
            assert told and told.status == "running" and (run / OWNER).exists()
            process.send_signal(number)
            process.wait(60)
        finally:
            process.kill()
            process.wait()
        told = status_of(run)
        assert told and (told.status, told.reason) == expected
        assert read_entry(run).steps > 0
