"""One training at a time in a run folder, and whether one is there now."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

from filelock import FileLock, Timeout

from myoassist.errors import RunError
from myoassist.files import read_json
from myoassist.places import TRAINING_NUMBERS

LOCK, OWNER = ".lock", "owner.json"
_PATIENCE = 0.2  # s; somebody who only looks whether the lock is free holds it for less
_JOB = "SLURM_JOB_ID"
_RECENT = 900.0  # s without a sign of life before a run on another machine counts as gone


class RunLock:
    """One process at a time in a run folder. The system lets go of the lock when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, FileLock(folder / LOCK)

    def acquire(self) -> None:
        """Take it.

        Raises:
            RunError: another process trains in this folder, here or on another machine.
        """
        try:
            self._lock.acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 4)
        except Timeout as error:
            raise RunError(f"{self._folder}: {self._owner()} trains in this run folder; nothing was changed") from error
        except OSError as error:
            raise RunError(f"{self._folder}: cannot be written: {error.strerror or error}") from error
        owner = read_json(self._folder / OWNER)
        same_job = _JOB in os.environ and owner.get("job") == os.environ[_JOB]  # queued again: a job never runs twice
        if owner.get("host") and not same_job and _writes_elsewhere(self._folder, str(owner["host"])):
            self._lock.release()
            raise RunError(
                f"{self._folder}: {self._owner()} trains in this run folder, or did less than {_RECENT / 60:.0f} min "
                f"ago; nothing was changed"
            )
        mine = {"pid": os.getpid(), "host": socket.gethostname(), "job": os.environ.get(_JOB)}
        (self._folder / OWNER).write_text(json.dumps(mine), encoding="utf-8")

    def _owner(self) -> str:
        owner = read_json(self._folder / OWNER)
        return f"process {owner['pid']} on {owner['host']}" if {"pid", "host"} <= set(owner) else "another process"

    def release(self) -> None:
        """Let go of it."""
        if self._lock.is_locked:
            (self._folder / OWNER).unlink(missing_ok=True)
            self._lock.release()


def is_held(folder: Path, *, host: str | None = None) -> bool:
    """Whether a process trains in ``folder`` now.

    Some cluster file systems keep locks from other machines: a run on another ``host`` whose numbers are fresh counts
    as held although its lock seems free.
    """
    path = folder / LOCK
    if path.is_file():
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            return True
        except OSError:  # not ours to write
            return _is_fresh(folder)
    return host is not None and _writes_elsewhere(folder, host)


def _writes_elsewhere(folder: Path, host: str) -> bool:
    return host != socket.gethostname() and _is_fresh(folder)


def _is_fresh(folder: Path) -> bool:
    return _last_change(folder) > time.time() - _RECENT


def _last_change(folder: Path) -> float:
    try:
        return (folder / TRAINING_NUMBERS).stat().st_mtime
    except OSError:
        return 0.0
