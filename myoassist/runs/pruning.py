"""Checkpoints that may go: all but the best and the last of runs that are not training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from myoassist.errors import RunError
from myoassist.runs.checkpoints import remove_checkpoint, surplus
from myoassist.runs.finding import folder_size
from myoassist.runs.lock import RunLock, is_held
from myoassist.runs.status import RUNNING, status_of


@dataclass(frozen=True)
class Surplus:
    """Checkpoints of a run that may go, and their bytes."""

    run: Path
    checkpoints: tuple[Path, ...]
    size: int


def find_surplus(runs: Iterable[Path]) -> list[Surplus]:
    """What may go of ``runs``; those that are training are passed over, and those with nothing to spare."""
    found = []
    for run in runs:
        checkpoints = () if _trains(run) else tuple(_surplus(run))
        if checkpoints:
            found.append(Surplus(run, checkpoints, sum(map(folder_size, checkpoints))))
    return found


def _surplus(run: Path) -> list[Path]:
    return surplus(run / "checkpoints", keep=1)


def _trains(run: Path) -> bool:
    """Whether it trains now, here or on another machine, whose lock cannot be seen everywhere."""
    told = status_of(run)
    return is_held(run) or (told is not None and told.status == RUNNING)


def remove(parts: Sequence[Surplus]) -> tuple[int, list[str]]:
    """Remove it; bytes that are free now, and what could not be removed and why."""
    freed, problems = 0, []
    for part in parts:
        if _trains(part.run):  # it was resumed in the meantime
            problems.append(f"{part.run}: it trains now; nothing was removed")
            continue
        lock = RunLock(part.run)
        try:
            lock.acquire()
        except RunError as error:
            problems.append(str(error))
            continue
        try:
            allowed = _surplus(part.run)  # it may have trained on since it was looked at
            for checkpoint in (path for path in part.checkpoints if path in allowed):
                size = folder_size(checkpoint)
                remove_checkpoint(checkpoint)
                freed += size
        except OSError as error:
            problems.append(f"{part.run}: {error.strerror or error}")
        finally:
            lock.release()
    return freed, problems
