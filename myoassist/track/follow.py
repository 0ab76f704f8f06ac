"""``python -m myoassist.track.follow <run folder>``: bring a run to Weights & Biases while, or after, it is trained.

It reads the run folder and nothing else, so that nothing that happens here can reach the training. It ends when its
standard input has ended, as it does when the training is over or gone, and all there is was sent. Lines for the user
go to its standard output.

The first session is online or offline as ``logging.mode`` asks; where that breaks, an offline one takes its place, and
where that breaks too, or the disk takes no more, the run folder is all there is.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from myoassist.config import LoggingConfig
from myoassist.errors import RunError
from myoassist.places import TRAINING_NUMBERS
from myoassist.processes import alarm
from myoassist.runs.finding import is_sweep
from myoassist.runs.status import FAILED, RUNNING, describe_error, status_of
from myoassist.track.found import evaluations_in_work
from myoassist.track.sending import Sender
from myoassist.track.session import Mode, Session, has_login, keep_files_in, let_go, settings_of
from myoassist.track.state import FOLDER, WARNING, State, new_id, read_state, write_state

POLL = 2.0  # s between looks at the run folder
ONLINE_TIMEOUT = 30.0  # s until a server that does not answer counts as away
LONGEST_END = 3600.0  # s for the last files on a slow network; scripts/sync.py sends what is left then
SENT, NOT_SENT, NO_SESSION = 0, 1, 3  # exit codes; the last where no session could even be opened
LOCK = ".wandb.lock"  # in the run folder: one follower at a time
_PATIENCE = 5.0  # s that scripts/sync.py waits for one that is at work
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EEXIST, errno.ENOTDIR}
_POLITE = 10  # lower priority than the training


class Follower:
    """Follows one run.

    Args:
        mode: None takes that of ``logging.mode`` and falls back from it; a given one is all that is tried.
        say: gets lines for the user; at most one of them is a warning.
        over: set when the training is over or gone.
        timeout: s until a server that does not answer counts as away.
    """

    def __init__(
        self,
        run: Path,
        mode: Mode | None,
        *,
        say: Callable[[str], object],
        over: threading.Event,
        timeout: float = ONLINE_TIMEOUT,
    ) -> None:
        self.run, self._say, self._over, self._timeout, self._warned = run, say, over, timeout, False
        self._sessions = 0  # that were opened
        self.config, _ = settings_of(run)
        keep_files_in(run / FOLDER)
        self._modes: list[Mode] = [mode] if mode else wanted_modes(self.config)
        alone = mode is None and not is_sweep(run.absolute().parent)  # else many runs would be one
        self._own_id = os.environ.get("WANDB_RUN_ID") if alone else None

    def follow(self) -> int:
        """Follow to the end; returns the exit code."""
        left = list(self._modes)
        while left:
            mode, before = left.pop(0), self._sessions
            try:
                self._in_session(mode)
                return SENT
            except Exception as error:  # W&B's own, of its service, of the disk: none may matter to the run
                if _of_the_disk(error) or (mode == "offline" and self._sessions == before):
                    left = []  # a second session would not fare better
                self._failed(error, left)
                let_go()
                time.sleep(1.1)  # W&B names the folders of its runs by the second
        return SENT if not self._modes else NOT_SENT if self._sessions else NO_SESSION

    def _in_session(self, mode: Mode) -> None:
        state = read_state(self.run) or State(self._own_id or new_id())
        session = Session(self.run, state, mode=mode, timeout=self._timeout, live=not self._over.is_set())
        self._sessions += 1
        here = session.offline_folder.name if session.offline_folder else None
        state.url = session.url or state.url
        state.unfinished += [here] if here else []
        write_state(self.run, state)
        self._greet(session)
        ledger = getattr(state, mode)
        known = replace(ledger, steps=max(ledger.steps, session.steps_there() if mode == "online" else -1))
        sender = Sender(self.run, self.config, known, session)
        self._send_all(sender)
        with limited(LONGEST_END):
            session.close(steps=sender.sent.steps, failed=self._run_failed())
        setattr(state, mode, sender.sent)
        settle_offline_runs(self.run, state, here)
        write_state(self.run, state)
        self._say(f"W&B: all sent: {state.url}" if mode == "online" else f"W&B: {self._later()}")

    def _send_all(self, sender: Sender) -> None:
        """Send what appears until the training is over and nobody works on its evaluations any more."""
        while True:
            over = self._over.is_set()
            again = over and self._trained_again()
            all_there = over and not again and not evaluations_in_work(self.run)
            sent = sender.send(all_there=all_there)
            if again or (all_there and not sent):
                return
            if not over:
                self._over.wait(POLL)
            elif not all_there:
                time.sleep(POLL)

    def _trained_again(self) -> bool:
        """Whether another process trains in the folder by now; what it does is for its own follower, or for later."""
        for _ in range(2):  # one that ends lets go of its lock a moment after its pipe
            told = status_of(self.run)
            if told is None or told.status != RUNNING:
                return False
            time.sleep(POLL / 2)
        return True

    def _run_failed(self) -> bool:
        told = status_of(self.run)
        return told is not None and told.status == FAILED

    def _greet(self, session: Session) -> None:
        if session.url:
            self._say(f"W&B: {session.url}")
        elif not self._warned:
            self._say(f"W&B: offline, in {self.run / FOLDER}")

    def _failed(self, error: Exception, left: Sequence[Mode]) -> None:
        sys.stderr.write(f"{describe_error(error)}\n")
        then = f"it goes on {left[0]}" if left else f"{TRAINING_NUMBERS} has all numbers; {self._later()}"
        self._say(f"{'W&B: ' if self._warned else WARNING}{reason(error)}; {then}")
        self._warned = True

    def _later(self) -> str:
        return f"send it with: python scripts/sync.py {self.run}"


def wanted_modes(config: LoggingConfig) -> list[Mode]:
    """The modes to try one after the other; none where W&B is switched off."""
    mode: str = config.mode
    if mode == "auto":
        mode = os.environ.get("WANDB_MODE", "").lower() or ("online" if has_login() else "offline")
    online: list[Mode] = ["online", "offline"]
    known: dict[str, list[Mode]] = {"disabled": [], "online": online, "run": online, "shared": online}
    return known.get(mode, ["offline", "offline"])  # a session can break, as when its service is killed


def settle_offline_runs(run: Path, state: State, here: str | None) -> None:
    """Remove offline runs of broken sessions once the one named ``here`` holds the same.

    With None all is on the server: mark them as ``wandb sync`` does, so that it does not send them again.
    """
    if here is None:
        for file in (run / FOLDER).glob("offline-run-*/run-*.wandb"):
            file.with_name(f"{file.name}.synced").touch()
        return
    for name in set(state.unfinished) - {here}:
        shutil.rmtree(run / FOLDER / Path(name).name, ignore_errors=True)
    state.unfinished = []


def limited(seconds: float) -> AbstractContextManager[None]:
    """End this process if what is inside takes longer: W&B tries for hours to reach a network that is gone."""
    return alarm(seconds, lambda: os._exit(NOT_SENT))


def _of_the_disk(error: Exception) -> bool:
    """Whether the run folder takes no more: RunError is what writing the state raises."""
    return isinstance(error, RunError) or (isinstance(error, OSError) and error.errno in _DISK)


def reason(error: Exception) -> str:
    """Why W&B failed, in a few words."""
    text = describe_error(error).rstrip(" .")
    if any(sign in text for sign in ("dial tcp", "deadline exceeded", "while retrying")):
        return f"the server cannot be reached ({text.rpartition(': ')[2]})"
    return text if len(text) <= 160 else f"{text[:157]}..."


def main() -> int:
    """Follow the run folder named on the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m myoassist.track.follow")
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument("--mode", choices=["online", "offline"], help="the one mode to use")
    parser.add_argument("--timeout", type=float, default=ONLINE_TIMEOUT, help="s until a server counts as away")
    asked = parser.parse_args()
    talk = os.dup(1)
    os.dup2(2, 1)  # what W&B prints goes into the log

    def say(line: str) -> None:
        with suppress(OSError):  # the training has ended and nobody listens
            os.write(talk, f"{line}\n".encode())

    if hasattr(os, "nice") and not asked.mode:
        os.nice(_POLITE)
    over = threading.Event()
    threading.Thread(target=_wait_for_end, args=(over,), daemon=True).start()
    try:
        patience = _PATIENCE if asked.mode else -1  # after a resumption the follower before may still have to end
        with FileLock(asked.run / LOCK).acquire(timeout=patience, poll_interval=0.5):
            return Follower(asked.run, asked.mode, say=say, over=over, timeout=asked.timeout).follow()
    except Timeout:
        say(f"{WARNING}another process brings this run to W&B now")
        return NOT_SENT
    except Exception as error:
        sys.stderr.write(f"{describe_error(error)}\n")
        say(f"{WARNING}{reason(error)}; {TRAINING_NUMBERS} has all numbers")
        return NO_SESSION


def _wait_for_end(over: threading.Event) -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            continue
    over.set()


if __name__ == "__main__":
    sys.exit(main())
