"""Checkpoints that may go: all but the best and the last of runs that are not training."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from myoassist.errors import RunError
from myoassist.runs.checkpoints import list_checkpoints, read_best
from myoassist.runs.finding import folder_size
from myoassist.runs.lock import RunLock, is_held


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
        checkpoints = () if is_held(run) else tuple(_surplus(run))
        if checkpoints:
            found.append(Surplus(run, checkpoints, sum(map(folder_size, checkpoints))))
    return found


def _surplus(run: Path) -> list[Path]:
    """Checkpoints beside the best and the last, and what an interrupted write or removal left behind."""
    folder = run / "checkpoints"
    whole, best = list_checkpoints(folder), read_best(folder)
    if (folder / "best.json").exists() and best is None:
        return []  # it cannot be read: any of them might be the best
    kept = {whole[-1].name if whole else "", best["checkpoint"] if best else ""}
    left = sorted(path for path in folder.glob(".*.partial") if path.is_dir())
    return [*(path for path in whole if path.name not in kept), *left]


def remove(surplus: Sequence[Surplus]) -> tuple[int, list[str]]:
    """Remove it; bytes that are free now, and what could not be removed and why."""
    freed, problems = 0, []
    for part in surplus:
        lock = RunLock(part.run)
        try:
            lock.acquire()
        except RunError as error:  # it was resumed in the meantime
            problems.append(str(error))
            continue
        try:
            allowed = _surplus(part.run)  # it may have trained on since it was looked at
            for checkpoint in (path for path in part.checkpoints if path in allowed):
                size = folder_size(checkpoint)
                _remove_whole(checkpoint)
                freed += size
        except OSError as error:
            problems.append(f"{part.run}: {error.strerror or error}")
        finally:
            lock.release()
    return freed, problems


def _remove_whole(checkpoint: Path) -> None:
    """Take its name away first: a removal cut short leaves no checkpoint that looks whole."""
    doomed = checkpoint
    if not checkpoint.name.startswith("."):
        doomed = checkpoint.with_name(f".{checkpoint.name}.partial")
        shutil.rmtree(doomed, ignore_errors=True)
        checkpoint.replace(doomed)
    shutil.rmtree(doomed)
