"""Run folders below a place, and what lies in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from myoassist.errors import RunError
from myoassist.places import CONFIG, JOBS, STATUS
from myoassist.runs.checkpoints import LAYOUT

OUTPUTS = Path("outputs")
_DEEPEST = 5  # folders below a place that are searched for runs


def find_runs(places: Iterable[Path]) -> list[Path]:
    """Run folders at or below ``places``, each once, sorted by path; other folders are passed over.

    Raises:
        RunError: a place does not exist.
    """
    return find_runs_and_sweeps(places)[0]


def find_runs_and_sweeps(places: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Run folders as :func:`find_runs` gives them, and the folders of sweeps at or below ``places``.

    Raises:
        RunError: a place does not exist.
    """
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    for place in places:
        if not place.is_dir():
            raise RunError(f"{place}: {'is not a folder' if place.exists() else 'does not exist'}")
        found += _below(place, _DEEPEST, seen)
    runs = sorted(folder for folder in found if is_run(folder))
    return runs, sorted(set(found) - set(runs))


def is_run(folder: Path) -> bool:
    """Whether ``folder`` is that of a run, perhaps one broken off; checkpoints are not."""
    return ((folder / CONFIG).is_file() or (folder / STATUS).is_file()) and not (folder / LAYOUT).exists()


def is_sweep(folder: Path) -> bool:
    """Whether ``folder`` is that of a sweep: it holds numbered runs, or the list of its jobs."""
    return (folder / JOBS).is_file() or (folder / "multirun.yaml").is_file()


def identity(folder: Path) -> tuple[int, int]:
    """What a folder is on this machine, whichever way leads to it."""
    held = folder.stat()
    return held.st_dev, held.st_ino


def _below(folder: Path, depth: int, seen: set[tuple[int, int]]) -> Iterator[Path]:
    """Runs and sweeps at or below ``folder`` that no other way has led to; links may lead round in circles."""
    if identity(folder) in seen:
        return
    seen.add(identity(folder))
    if is_run(folder):
        yield folder
        return
    if is_sweep(folder):
        yield folder
    if depth == 0:
        return
    try:
        with os.scandir(folder) as entries:
            below = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    except OSError:  # not ours to read
        return
    for name in below:
        yield from _below(folder / name, depth - 1, seen)


def folder_size(folder: Path) -> int:
    """Bytes of all files in ``folder``; what vanishes meanwhile or cannot be read is left out."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += folder_size(Path(entry.path))
                else:
                    total += _size(entry)
    except OSError:
        return total
    return total


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size
    except OSError:
        return 0
