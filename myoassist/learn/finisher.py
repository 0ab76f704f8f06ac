"""Metrics, plots, videos and report of evaluations, made by a process of its own while training goes on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import IO

from myoassist.finishing import LOG
from myoassist.processes import child_environment, python_command


class Finisher:
    """Finishes evaluation folders one after the other, in the background and at low priority.

    What it cannot do costs one line and never the training.
    """

    def __init__(self) -> None:
        self._waiting: list[Path] = []
        self._running: tuple[Path, subprocess.Popen[bytes]] | None = None
        self.failed: list[Path] = []
        self.used = False  # whether there was anything to finish

    def add(self, folder: Path) -> None:
        """Finish ``folder`` as soon as those before it are done."""
        self._waiting.append(folder)
        self.used = True
        self.go_on()

    def go_on(self) -> None:
        """Start the next one if none is running; call it now and then."""
        if self._running is not None:
            folder, process = self._running
            if process.poll() is None:
                return
            if process.returncode:
                self.failed.append(folder)
            self._running = None
        if self._waiting:
            self._running = (self._waiting[0], _start([self._waiting.pop(0)]))

    def wait(self) -> None:
        """Return when all are finished."""
        while self._running is not None:
            self._running[1].wait()
            self.go_on()

    def leave(self) -> None:
        """Hand what is not begun to one process that outlives this one."""
        if self._waiting:
            _start(self._waiting)
            self._waiting = []


def _start(folders: list[Path]) -> subprocess.Popen[bytes]:
    """A session of its own, so that Ctrl-C stops the training and lets this come to its end."""
    with _log(folders[0]) as log:
        return subprocess.Popen(
            python_command("myoassist.finishing", *map(str, folders)),
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _log(folder: Path) -> IO[bytes]:
    try:
        return (folder / LOG).open("wb")
    except OSError:  # a full disk: what it makes cannot be written either, and the training goes on
        return open(os.devnull, "wb")
