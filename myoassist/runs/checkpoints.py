"""Which checkpoints a run holds, and which of them may go. Nothing of them is loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from myoassist.files import write_beside

LAYOUT, REPLAY, BEST = "layout.json", "replay.npz", "best.json"
PREFIX = "step_"


def checkpoint_name(steps: int) -> str:
    """Name of the checkpoint folder after that many environment steps."""
    return f"{PREFIX}{steps:010d}"


def is_checkpoint(path: Path) -> bool:
    """Whether ``path`` is a whole checkpoint: they get their name last."""
    return (path / LAYOUT).is_file()


def list_checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints in ``folder``, oldest first."""
    return sorted(path for path in folder.glob(f"{PREFIX}*") if is_checkpoint(path))


def surplus(folder: Path, keep: int) -> list[Path]:
    """What may go: checkpoints beside the best and the last ``keep``, and what was left of those cut short."""
    best = read_best(folder)
    if best is None and (folder / BEST).exists():
        return []  # it cannot be read: any of them might be the best
    old = [path for path in list_checkpoints(folder)[:-keep] if best is None or path.name != best["checkpoint"]]
    return [*old, *sorted(path for path in folder.glob(".*.partial") if path.is_dir())]


def remove_checkpoint(path: Path) -> None:
    """Take its name away first: a removal cut short leaves no checkpoint that looks whole."""
    doomed = path
    if not path.name.startswith("."):
        doomed = path.with_name(f".{path.name}.partial")
        shutil.rmtree(doomed, ignore_errors=True)
        path.replace(doomed)
    shutil.rmtree(doomed)


def prune_checkpoints(folder: Path, keep: int) -> None:
    """Remove all but the best and the last ``keep`` checkpoints; all stay where the best cannot be told.

    Only the newest keeps its replay buffer.
    """
    for path in surplus(folder, keep):
        remove_checkpoint(path)
    for path in list_checkpoints(folder)[:-1]:
        (path / REPLAY).unlink(missing_ok=True)
    for path in folder.glob(".*.partial"):
        if path.is_file():
            path.unlink(missing_ok=True)


def write_best(folder: Path, checkpoint: Path, evaluation: dict[str, Any]) -> None:
    """Note which checkpoint walks best, and how."""
    write_beside(folder / BEST, json.dumps({"checkpoint": checkpoint.name, "evaluation": evaluation}, indent=1))


def read_best(folder: Path) -> dict[str, Any] | None:
    """What :func:`write_best` noted; None where there is nothing that can be read."""
    try:
        best = json.loads((folder / BEST).read_text(encoding="utf-8"))
        return best if isinstance(best["checkpoint"], str) and isinstance(best["evaluation"], dict) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None
