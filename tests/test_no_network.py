"""After the installation nothing asks the network for anything: training, evaluating and the doctor run without one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.slow

# In every process that is started: what leaves this machine fails, and is written down.
CLOSED = """
import os, socket

LOCAL = ("127.0.0.1", "::1", "localhost", "", "0.0.0.0", "::", socket.gethostname())

def closed(function, where):
    def call(*arguments, **more):
        address = where(arguments)
        host = address[0] if isinstance(address, tuple) else address
        if host is None or isinstance(host, bytes) or str(host) in LOCAL or str(host).startswith("/"):
            return function(*arguments, **more)
        with open(os.environ["ASKED"], "a") as file:
            file.write(f"{host}\\n")
        raise OSError(101, "Network is unreachable")
    return call

socket.socket.connect = closed(socket.socket.connect, lambda arguments: arguments[1])
socket.socket.connect_ex = closed(socket.socket.connect_ex, lambda arguments: arguments[1])
socket.getaddrinfo = closed(socket.getaddrinfo, lambda arguments: arguments[0])
"""


@pytest.fixture
def closed(tmp_path: Path) -> dict[str, str]:
    """The environment of processes that have no network, an empty home and an empty cache of models."""
    for name in ("site", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(CLOSED)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("WANDB", "NETRC"))}
    home = str(tmp_path / "home")
    own: dict[str, str] = {
        "HOME": home,
        "USERPROFILE": home,
        "MYOASSIST_CACHE": str(tmp_path / "cache"),
        "ASKED": str(tmp_path / "asked"),
    }
    return {**kept, **own, "PYTHONPATH": str(tmp_path / "site")}


COMMANDS = {
    "train": ("train.py", "experiment=smoke", "run_dir=run"),
    "train with W&B": ("train.py", "experiment=smoke", "run_dir=run", "logging=wandb", "logging.wait_seconds=120"),
    "evaluate": ("eval.py", "evaluation.episodes=1", "evaluation.seconds=1", "evaluation.video.seconds=0.2"),
    "doctor": ("scripts/doctor.py",),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_asks_the_network(tmp_path: Path, closed: dict[str, str], name: str) -> None:
    program, *arguments = COMMANDS[name]
    command = [sys.executable, str(ROOT / program), *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=closed, capture_output=True, text=True, timeout=500)
    asked = Path(closed["ASKED"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert not asked.exists(), f"asked for {asked.read_text().split()}"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="network namespaces are Linux's")
def test_without_any_network_device(tmp_path: Path, closed: dict[str, str]) -> None:
    """For real, with the loopback alone: what is not Python has no network either."""
    alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" "$@"']
    try:
        if subprocess.run([*alone, "true"], capture_output=True).returncode:
            pytest.skip("closing the network needs the right to")
    except OSError:
        pytest.skip("there is no unshare here")
    for name in ("train with W&B", "evaluate"):
        program, *arguments = COMMANDS[name]
        command = [*alone, sys.executable, str(ROOT / program), *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=closed, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stdout + done.stderr
