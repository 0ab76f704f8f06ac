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


def prune_checkpoints(folder: Path, keep: int) -> None:
    """Remove all but the best and the last ``keep`` checkpoints, and what interrupted writes left behind.

    Only the newest keeps its replay buffer.
    """
    checkpoints, best = list_checkpoints(folder), read_best(folder)
    for path in checkpoints[:-keep]:
        if best is None or path.name != best["checkpoint"]:
            shutil.rmtree(path)
    for path in checkpoints[:-1]:
        (path / REPLAY).unlink(missing_ok=True)
    for path in folder.glob(".*.partial"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
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
