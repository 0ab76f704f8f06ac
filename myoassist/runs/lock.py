"""One training at a time in a run folder, and whether one is there now."""

from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

from filelock import FileLock, Timeout

from myoassist.errors import RunError
from myoassist.places import TRAINING_NUMBERS

LOCK, OWNER = ".lock", "owner.json"
_PATIENCE = 0.2  # s; somebody who only looks whether the lock is free holds it for less
_RECENT = 900.0  # s without a sign of life before a run on another machine counts as gone


class RunLock:
    """One process at a time in a run folder. The system lets go of the lock when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, FileLock(folder / LOCK)

    def acquire(self) -> None:
        """Take it.

        Raises:
            RunError: another process trains in this folder.
        """
        try:
            self._lock.acquire(timeout=_PATIENCE, poll_interval=_PATIENCE / 4)
        except Timeout as error:
            raise RunError(f"{self._folder}: {self._owner()} trains in this run folder; nothing was changed") from error
        except OSError as error:
            raise RunError(f"{self._folder}: cannot be written: {error.strerror or error}") from error
        owner = {"pid": os.getpid(), "host": socket.gethostname()}
        (self._folder / OWNER).write_text(json.dumps(owner), encoding="utf-8")

    def _owner(self) -> str:
        try:
            owner = json.loads((self._folder / OWNER).read_text(encoding="utf-8"))
            return f"process {owner['pid']} on {owner['host']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

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
    path, told = folder / LOCK, host is None or host == socket.gethostname()
    if path.is_file():
        try:
            with FileLock(path, timeout=0):
                pass
        except Timeout:
            return True
        except OSError:  # not ours to write
            told = False
    return not told and _last_change(folder) > time.time() - _RECENT


def _last_change(folder: Path) -> float:
    try:
        return (folder / TRAINING_NUMBERS).stat().st_mtime
    except OSError:
        return 0.0
