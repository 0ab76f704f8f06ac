"""Which policy is meant: a shipped one, a folder, a zip, an artifact of W&B, or the newest run."""

from __future__ import annotations

from pathlib import Path

from myoassist.errors import RunError
from myoassist.learn.checkpoint import Checkpoint, load_checkpoint
from myoassist.learn.shipped import DEFAULT, policy_folder
from myoassist.learn.shipped import PREFIX as SHIPPED
from myoassist.learn.zip_policy import load_policy
from myoassist.runs.checkpoints import list_checkpoints
from myoassist.runs.finding import OUTPUTS
from myoassist.track.artifacts import PREFIX, fetch_artifact

NEWEST = "newest"


def find_policy(place: str | None, *, key: str = "checkpoint") -> Checkpoint:
    """The policy at ``place``: a run or checkpoint folder, a ``.zip``, ``wandb:entity/project/name:alias``,
    ``policy:<name>`` for a shipped one, ``newest`` for the newest checkpoint of ``outputs/`` in the current folder;
    or, with None, the shipped walker.

    Args:
        key: the setting that names ``place``, for messages.

    Raises:
        RunError: there is none, or it cannot be read.
    """
    place = f"{SHIPPED}{DEFAULT}" if place is None else place
    if place.startswith(SHIPPED):
        return shipped_policy(place.removeprefix(SHIPPED), where=key)
    if place == NEWEST and not Path(place).exists():
        return load_policy(newest_run(OUTPUTS, key=key), key=key)
    return load_policy(fetch_artifact(place, key=key) if place.startswith(PREFIX) else place, key=key)


def shipped_policy(name: str, *, where: str = "evaluation.policy") -> Checkpoint:
    """The policy ``name`` of the package. Raises RunError, as from the setting ``where``, where there is none."""
    return load_checkpoint(policy_folder(name, where=where), key=where)


def newest_run(outputs: Path, *, key: str = "checkpoint") -> Path:
    """The run folder below ``outputs`` with the newest checkpoint. Raises RunError where there is none."""
    folders = [*outputs.glob("*/*/checkpoints"), *outputs.glob("*/*/*/checkpoints")]  # of single runs and of sweeps
    newest = {folder.parent: found[-1].stat().st_mtime for folder in folders if (found := list_checkpoints(folder))}
    if not newest:
        raise RunError(
            f"{key}={NEWEST}: {outputs.resolve()} holds no run with a checkpoint; train one with "
            f"python train.py experiment=quickstart, or name one with {key}=<run folder>"
        )
    return max(newest, key=lambda run: newest[run])
