"""``status.json`` of a run folder: running, finished, stopped or failed. Written by the training, read by others."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from myoassist.errors import MyoAssistError, RunError
from myoassist.files import write_beside
from myoassist.places import STATUS
from myoassist.processes import stop_signal
from myoassist.runs.lock import is_held

RUNNING, FINISHED, FAILED, STOPPED = STATES = ("running", "finished", "failed", "stopped")
GONE = "the process is gone"
_LONGEST_REASON = 300


@dataclass(frozen=True)
class RunStatus:
    """How a run stands.

    ``steps`` are those at the last change of ``status``: newer ones are in ``metrics.csv``. ``started`` and ``ended``
    are ISO times with zone; ``started`` stays that of the first process when a run is resumed. ``reason`` is one line:
    why it failed or stopped.
    """

    status: str
    steps: int
    total_steps: int
    started: str
    ended: str | None = None
    reason: str | None = None
    pid: int = 0
    host: str = ""


class Ending:
    """What a training says of its end while :func:`recorded` watches it."""

    def __init__(self) -> None:
        self.stopped_by: str | None = None

    def stopped(self, reason: str | None) -> None:
        """It ends before its last step because of ``reason``, such as ``SIGINT`` or ``pruned``; None: it does not."""
        self.stopped_by = reason


@contextmanager
def recorded(folder: Path, *, total_steps: int, steps: Callable[[], int]) -> Iterator[Ending]:
    """Keep ``status.json`` of ``folder`` right while a training runs inside; ``steps`` tells how far it is.

    Exceptions pass through. A status that cannot be written is left as it is: it never ends a training.
    """
    before = read_status(folder)
    begun = before.started if before else _now()
    status = RunStatus(RUNNING, steps(), total_steps, begun, pid=os.getpid(), host=socket.gethostname())
    _write(folder, status)
    ending = Ending()
    how, reason = FINISHED, None
    try:
        yield ending
        how, reason = (STOPPED, ending.stopped_by) if ending.stopped_by else (FINISHED, None)
    except KeyboardInterrupt:
        how, reason = STOPPED, ending.stopped_by or stop_signal()
        raise
    except (SystemExit, GeneratorExit) as error:
        how, reason = STOPPED, ending.stopped_by or type(error).__name__
        raise
    except BaseException as error:
        how, reason = FAILED, describe_error(error)
        raise
    finally:
        _write(folder, replace(status, status=how, steps=steps(), ended=_now(), reason=reason))


def describe_error(error: BaseException) -> str:
    """One line on an exception: its message, after its kind where it is a fault of the program."""
    text = " ".join(str(error).split())
    line = text if isinstance(error, MyoAssistError) and text else ": ".join(filter(None, (type(error).__name__, text)))
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"


def read_status(folder: Path) -> RunStatus | None:
    """What ``status.json`` says; None where there is none or it cannot be read."""
    try:
        content = json.loads((folder / STATUS).read_text(encoding="utf-8"))
        return _checked(content)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def status_of(folder: Path) -> RunStatus | None:
    """How the run in ``folder`` really stands: one said to run whose process is gone has failed.

    None where there is no ``status.json``.
    """
    status = read_status(folder)
    if status is not None and status.status == RUNNING and not is_held(folder, host=status.host or None):
        again = read_status(folder)  # it may have ended between the two looks
        return replace(status, status=FAILED, reason=GONE) if again is None or again.status == RUNNING else again
    return status


def _checked(content: dict[str, Any]) -> RunStatus:
    if content["status"] not in STATES:
        raise ValueError(f"no status {content['status']!r}")
    known = {field.name: content[field.name] for field in fields(RunStatus) if field.name in content}
    known["steps"], known["total_steps"] = int(content["steps"]), int(content["total_steps"])
    for name in ("started", "host"):
        known[name] = str(content.get(name) or "")
    for name in ("ended", "reason"):
        known[name] = None if content.get(name) is None else str(content[name])
    return RunStatus(**known)


def _write(folder: Path, status: RunStatus) -> None:
    content = (json.dumps(asdict(status), indent=2) + "\n").encode()
    try:
        write_beside(folder / STATUS, content)
    except RunError:  # a full disk: the training itself says so when it needs the space
        with suppress(OSError), (folder / STATUS).open("r+b") as file:  # in its block there is room for any status
            file.write(content)
            file.truncate()


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
