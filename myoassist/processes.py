"""Programs of this package: how they end, how one starts another, and how many cores each may use."""

from __future__ import annotations

import argparse
import math
import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from myoassist.errors import ConfigError, MyoAssistError
from myoassist.interrupting import EXIT_CODE, INTERRUPTED, interruptible

CORES = "MYOASSIST_CORES"  # environment variable: cores of a run that shares the machine with others
READER_GONE = 141  # exit code where the reader of a pipe has enough, as in: scripts/runs.py | head
_stopped_by = "SIGINT"


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package with the same Python."""
    return [sys.executable, "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """The environment for it: it finds this package from any folder, installed or not."""
    package = Path(__file__).resolve().parent.parent
    paths = [str(package), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def run_child(module: str, *arguments: str, seconds: float, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a module of this package in a process of its own, with ``variables`` in its environment, and take its output.

    Raises:
        OSError: no process can be started.
        subprocess.TimeoutExpired: it took longer than ``seconds``.
    """
    return subprocess.run(
        python_command(module, *arguments),
        env={**child_environment(), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=seconds,
    )


def available_cores(*, cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Cores that this process may use: its share of a sweep, else what system, SLURM job and container leave it.

    ``threads=0`` and ``algorithm.update_threads=0`` take this number.
    """
    if (share := _whole(CORES)) is not None:
        return share
    has = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    job = _whole("SLURM_CPUS_PER_TASK") or _whole("SLURM_CPUS_ON_NODE")  # not every cluster binds a job to its cores
    return max(1, min(filter(None, (has, job, _container_limit(cgroup)))))


def share_of_cores(cores: int) -> dict[str, str]:
    """What the environment of a process says that has ``cores`` of them, for this package and for BLAS and OpenMP."""
    threads = {name: os.environ.get(name) or str(cores) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    return {CORES: str(cores), **threads}


def _whole(name: str) -> int | None:
    """The environment variable ``name`` where it is a whole number above 0."""
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _container_limit(root: Path) -> int | None:
    """Cores' worth of time that a container may use, rounded up (Linux control groups, both versions)."""
    try:
        if (root / "cpu.max").is_file():
            quota, period = (root / "cpu.max").read_text().split()[:2]
        else:
            quota, period = ((root / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return math.ceil(int(quota) / int(period)) if re.fullmatch(r"[1-9]\d*", quota.strip()) else None
    except (OSError, ValueError):
        return None


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt inside, as Ctrl-C does; :func:`stop_signal` tells which of the two it was."""
    global _stopped_by
    _stopped_by = "SIGINT"
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def stop_signal() -> str:
    """The signal behind the KeyboardInterrupt that ends this process: ``SIGINT``, which is Ctrl-C, or ``SIGTERM``."""
    return _stopped_by


def _as_interrupt(*signal_and_frame: object) -> None:
    global _stopped_by
    _stopped_by = "SIGTERM"
    if not callable(signal.getsignal(signal.SIGINT)):  # a process that Ctrl-C does not reach
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)  # whoever takes care of Ctrl-C takes care of this


def exit_code(work: Callable[[], Any]) -> int:
    """Do ``work``; 0, or 2 and one line on stderr for a bad request, 130 after Ctrl-C. Other faults pass through."""
    try:
        with interruptible(), piped():
            work()
    except MyoAssistError as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED}\n")
        return EXIT_CODE
    return 0


def asks_for_help(arguments: Iterable[str]) -> bool:
    """Whether a command line asks what the program does."""
    return any(argument in ("-h", "--help") for argument in arguments)


@contextmanager
def piped() -> Iterator[None]:
    """End the process without a word, by :data:`READER_GONE`, once nobody reads what is printed inside."""
    try:
        yield
        sys.stdout.flush()  # what waits there could not be told of later
    except BrokenPipeError:
        if not _reader_gone():
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest at its end
        sys.exit(READER_GONE)


def _reader_gone() -> bool:
    """Whether the standard output is a pipe that nobody reads any more, rather than one to a process of our own."""
    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


class ArgumentParser(argparse.ArgumentParser):
    """Raises ConfigError for a command line that is not valid, in the way of :func:`exit_code`."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}; --help lists all settings")


@contextmanager
def alarm(seconds: float, ring: Callable[[], object]) -> Iterator[None]:
    """Call ``ring`` from another thread if what is inside takes longer."""
    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
