"""Which policy is meant: a folder, a zip, an artifact of W&B, or the newest run where none is named."""

from __future__ import annotations

from pathlib import Path

from myoassist.errors import RunError
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.zip_policy import load_policy
from myoassist.runs.checkpoints import list_checkpoints
from myoassist.runs.finding import OUTPUTS
from myoassist.track.artifacts import PREFIX, fetch_artifact


def find_policy(place: str | None) -> Checkpoint:
    """The policy at ``place``: a run or checkpoint folder, a ``.zip``, ``wandb:entity/project/name:alias``; or, with
    None, the newest checkpoint of ``outputs/`` in the current folder.

    Raises:
        RunError: there is none, or it cannot be read.
    """
    if place is None:
        return load_policy(newest_run(OUTPUTS))
    return load_policy(fetched(place))


def fetched(place: str, *, key: str = "checkpoint") -> str | Path:
    """``place`` itself, or the local folder of an artifact of W&B. Raises RunError where that cannot be had."""
    return fetch_artifact(place, key=key) if place.startswith(PREFIX) else place


def newest_run(outputs: Path) -> Path:
    """The run folder below ``outputs`` with the newest checkpoint. Raises RunError where there is none."""
    folders = [*outputs.glob("*/*/checkpoints"), *outputs.glob("*/*/*/checkpoints")]  # of single runs and of sweeps
    newest = {folder.parent: found[-1].stat().st_mtime for folder in folders if (found := list_checkpoints(folder))}
    if not newest:
        raise RunError(
            f"checkpoint: none is named and {outputs.resolve()} holds no run with a checkpoint; train one with "
            "python train.py experiment=quickstart, or name one with checkpoint=<run folder>"
        )
    return max(newest, key=lambda run: newest[run])
