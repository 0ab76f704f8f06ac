"""What fails on the way to W&B costs one line: no login, no network, a server that refuses, a disk that is full.

Each test starts processes of its own with an empty home, so that no login of this machine takes part.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from running import command, mounted
from tracked_runs import (
    KEY,
    NOWHERE,
    assert_nothing_elsewhere,
    clean_environment,
    follow,
    make_run,
    numbers,
    read_back,
    rows_of,
    start,
    warnings_in,
    write_rows,
)

from myoassist.track.state import WARNING

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, "No API key"),
        ({"WANDB_API_KEY": KEY, "WANDB_BASE_URL": NOWHERE}, "cannot be reached"),
        ({"WANDB_API_KEY": "too short"}, "API key"),
    ],
)
def test_without_key_or_network_it_goes_on_offline(tmp_path: Path, environment: dict[str, str], why: str) -> None:
    run = make_run(tmp_path / "run", rows=3, mode="online")
    code, said = follow(run, tmp_path, "--timeout", "3", **environment)
    assert code == 0 and len(warnings_in(said)) == 1
    assert why in said[0] and said[0].endswith("it goes on offline") and ".;" not in said[0]
    assert said[-1] == f"W&B: send it with: python scripts/sync.py {run}" and "sync.py" not in "".join(said[:-1])
    assert numbers(read_back(run)) == rows_of(run)


def test_without_a_login_auto_is_offline_without_a_warning(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=1)
    assert not warnings_in(follow(run, tmp_path)[1])
    run = make_run(tmp_path / "off", rows=1)
    assert follow(run, tmp_path, WANDB_MODE="disabled") == (0, []) and not (run / "wandb").exists()


@contextlib.contextmanager
def refusing_server(status: int) -> Iterator[str]:
    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [401, 500])
def test_a_server_that_refuses_sends_it_offline(tmp_path: Path, status: int) -> None:
    run = make_run(tmp_path / "run", rows=3, mode="online")
    with refusing_server(status) as url:
        code, said = follow(run, tmp_path, "--timeout", "3", WANDB_API_KEY=KEY, WANDB_BASE_URL=url)
    assert code == 0 and len(warnings_in(said)) == 1 and "it goes on offline" in said[0]
    assert numbers(read_back(run)) == rows_of(run)


def test_the_service_of_wandb_is_killed(tmp_path: Path) -> None:
    """What it had not written yet is written again, once, and the broken session is cleared away."""
    run = make_run(tmp_path / "run", rows=3)
    process = start(run, tmp_path)
    assert process.stdout and process.stdin and process.stdout.readline().startswith("W&B: offline")
    time.sleep(1)  # rows are sent by now, most of them not on the disk
    os.kill(core_of(process.pid), signal.SIGKILL)
    write_rows(run, 4, 3)
    said = process.communicate(timeout=600)[0].splitlines()
    assert process.returncode == 0 and len(warnings_in(said)) <= 1
    sessions = read_back(run)
    assert numbers(sessions) == rows_of(run) and len(sessions) == 1
    assert len(warnings_in(said)) == 1 and "it goes on offline" in warnings_in(said)[0], said


def core_of(pid: int) -> int:
    """Process id of wandb-core below a process."""
    listed = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,comm="], capture_output=True, text=True, check=True)
    [core] = [line.split() for line in listed.stdout.splitlines() if line.split()[1:] == [str(pid), "wandb-core"]]
    return int(core[0])


def test_a_folder_that_cannot_be_written_costs_one_line(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=3)
    (run / "wandb").write_text("in the way")
    code, said = follow(run, tmp_path)
    assert code == 3 and len(said) == 1
    assert said[0].startswith(WARNING) and "metrics.csv has all numbers" in said[0]
    assert_nothing_elsewhere(tmp_path)


def test_a_full_disk_costs_one_line(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=3)
    (run / "wandb").mkdir()
    with mounted(run / "wandb", "size=64k"):
        code, said = follow(run, tmp_path)
    assert code == 3 and len(warnings_in(said)) == 1 and "No space left" in said[0]
    assert_nothing_elsewhere(tmp_path)


def test_sync_says_what_was_not_sent(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "outputs" / name, rows=2, wandb=True) for name in ("one", "two")]
    program = [*command()[:1], str(Path(command()[1]).parent / "scripts" / "sync.py"), "outputs"]
    environment = clean_environment(tmp_path)
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2 and "there is no login" in done.stderr and done.stderr.count("\n") == 1
    with refusing_server(401) as url:
        environment |= {"WANDB_API_KEY": KEY, "WANDB_BASE_URL": url}
        done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert done.returncode == 1 and lines[0].startswith("outputs/one: not sent: ")
    assert "1 more run was not tried" in lines[1]
    assert all(not (run / "wandb" / "state.json").exists() for run in runs)


@pytest.mark.parametrize("key", ["", KEY])
def test_without_login_or_network_it_is_told_where_a_checkpoint_was_looked_for(tmp_path: Path, key: str) -> None:
    program = [*command()[:1], str(Path(command()[1]).parent / "eval.py"), "checkpoint=wandb:a/b/c:latest"]
    more = {"WANDB_API_KEY": key} if key else {}
    environment = clean_environment(tmp_path, MYOASSIST_CACHE=str(tmp_path / "cache"), WANDB_BASE_URL=NOWHERE, **more)
    done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2 and last.startswith("error: checkpoint=wandb:a/b/c:latest: W&B did not give it")
    assert f"local copy in {tmp_path}/cache/artifacts/a/b/c/latest, which is not there" in last
