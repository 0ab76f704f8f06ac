"""The process that follows a run to Weights & Biases, as the training sees it: started, listened to, let go."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from myoassist.config import LoggingConfig
from myoassist.processes import child_environment, python_command
from myoassist.track.state import OFFLINE, WARNING

LOG = "wandb.log"  # in the run folder
_SHORT = 2.0  # s that are waited without a word


class Tracking:
    """Starts ``python -m myoassist.track.follow`` and passes its lines on; nothing that happens to it is raised here.

    Args:
        run: the run folder.
        say: gets the lines for the user, from another thread.
    """

    def __init__(self, run: Path, *, say: Callable[[str], object]) -> None:
        self._run, self._say, self._warned, self._offline = run, say, False, False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        try:
            self._process = start_following(run)
        except OSError as error:
            self._process = None
            say(f"{WARNING}its process cannot be started ({error.strerror or error}); metrics.csv has all numbers")
        else:
            self._listener.start()

    def over(self) -> None:
        """Tell it that nothing more is written. It goes on by itself, also after this process."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):  # it is gone already
                self._process.stdin.close()

    def wait(self, seconds: float) -> None:
        """Wait until all is sent, at most ``seconds``; Ctrl-C ends the waiting and not the sending."""
        self.over()
        if self._process is None:
            return
        try:
            self._listener.join(min(_SHORT, seconds))
            if self._listener.is_alive() and seconds > _SHORT:
                doing = "writing the rest for W&B" if self._offline else "sending the rest to W&B"
                self._say(f"{doing}, for {seconds:g} s at most (Ctrl-C leaves that to the background) ...")
                self._listener.join(seconds - _SHORT)
        except KeyboardInterrupt:
            self._say("interrupted")
        if self._listener.is_alive():
            does, log = "writes" if self._offline else "sends", self._run / LOG
            self._say(f"W&B: process {self._process.pid} {does} the rest ({log}); later: {self._again()}")

    def _listen(self) -> None:
        """Pass lines on until the process has ended, and warn if it ended without a word."""
        assert self._process is not None and self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                text = line.decode("utf-8", "replace").strip()
                self._warned = self._warned or text.startswith(WARNING)
                self._offline = self._offline or any(sign in text for sign in OFFLINE)
                self._say(text)
        code = self._process.wait()
        if code and not self._warned:
            why = f"its process ended with exit code {code} ({self._run / LOG})"
            self._say(f"{WARNING}{why}; metrics.csv has all numbers; later: {self._again()}")

    def _again(self) -> str:
        return f"python scripts/sync.py {self._run}"


@contextmanager
def tracked(run: Path, config: LoggingConfig, *, say: Callable[[str], object]) -> Iterator[Callable[[bool], None]]:
    """Have the run in the folder ``run`` followed, if ``config`` wants W&B, while the training runs inside.

    Gives a function to be called when the run folder is complete; it waits for W&B unless its argument is False.
    """
    if not config.wandb or config.mode == "disabled":
        yield lambda wait: None
        return
    tracking = Tracking(run, say=say)
    try:
        yield lambda wait: tracking.wait(config.wait_seconds if wait else 0.0)
    finally:
        tracking.over()


def start_following(run: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the process: its standard input says, by its end, that the training is over; it talks on its output.

    It has a session of its own, so that Ctrl-C stops the training and lets it send the rest.
    """
    log = _open_log(run)
    try:
        return subprocess.Popen(
            python_command("myoassist.track.follow", str(run), *arguments),
            env=child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    finally:
        log.close()


def _open_log(run: Path) -> IO[bytes]:
    try:
        return (run / LOG).open("ab")
    except OSError:
        return open(os.devnull, "ab")
