"""Checkpoints: a folder with the policy, the normaliser, the layout, the experiment, and the state to go on from.

They appear whole or not at all, and loading them runs no code: tensors are read with ``weights_only``, the rest is
plain arrays and JSON.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import warnings
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from myoassist.config import TrainConfig
from myoassist.errors import RunError
from myoassist.files import DAMAGED, flush
from myoassist.learn.axes import Axes, parameter_axes
from myoassist.learn.layout import Layout
from myoassist.learn.normalizer import Normalizer
from myoassist.learn.training_state import TrainingState, save_replay
from myoassist.parsing import load_config, save_config
from myoassist.places import CONFIG
from myoassist.runs.checkpoints import BEST, LAYOUT, PREFIX, REPLAY, checkpoint_name, list_checkpoints, read_best

POLICY, NORMALIZER = "policy.zip", "normalizer.npz"
_NOT_IN_POLICY = ("_last_obs", "_last_original_obs", "_last_episode_starts", "ep_info_buffer", "ep_success_buffer")

# What reading a file of another kind, or one that was cut off, can raise.
UNREADABLE = (*DAMAGED, pickle.UnpicklingError)


# --- writing ----------------------------------------------------------------------------------------------------------


def save_checkpoint(
    folder: Path,
    *,
    model: BaseAlgorithm,
    normalizer: Normalizer,
    layout: Layout,
    config: TrainConfig,
    state: TrainingState | None = None,
) -> Path:
    """Write the checkpoint ``folder/step_<n>`` whole or not at all, n being the environment steps so far.

    It is written beside, flushed to disk and renamed; one of the same name is replaced. ``state`` makes it one that a
    training can go on from.
    """
    target = folder / checkpoint_name(model.num_timesteps)
    partial = folder / f".{target.name}.{os.getpid()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        model.save(partial / POLICY, exclude=_NOT_IN_POLICY)
        normalizer.save(partial / NORMALIZER)
        content = {**asdict(layout), "steps": model.num_timesteps, "axes": parameter_axes(model.policy, layout)}
        (partial / LAYOUT).write_text(json.dumps(content, indent=1), encoding="utf-8")
        save_config(config, partial / CONFIG)
        if state is not None:
            state.save(partial)
            save_replay(model, partial / REPLAY)
        for file in partial.iterdir():
            flush(file)
        flush(partial)
        if target.exists():
            shutil.rmtree(target)
        partial.replace(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)  # of no use, and the disk may be full
        raise
    flush(folder)
    return target


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read: policy tensors, normaliser, layout, experiment, environment steps and where it lies.

    ``axes``: the signals and actions that rows and columns of the tensors stand for.
    """

    path: Path
    policy: dict[str, torch.Tensor]
    normalizer: Normalizer
    layout: Layout
    config: TrainConfig
    steps: int
    axes: Axes


def find_checkpoint(place: str | Path, *, key: str = "checkpoint") -> Path:
    """The checkpoint folder that ``place`` means: itself, the newest one of a run folder, or ``<run>/best``.

    Raises:
        RunError: there is none.
    """
    path = Path(place)
    if (path / LAYOUT).is_file():
        return path
    if path.name in ("best", BEST) and not path.is_dir():
        return _best(path.parent, f"{key}={place}")
    found = list_checkpoints(path / "checkpoints") or list_checkpoints(path)
    if found:
        return found[-1]
    what = "holds no whole checkpoint" if path.is_dir() else "is not a folder" if path.exists() else "does not exist"
    raise RunError(f"{key}={place}: {what}; give a run folder, <run folder>/best or a folder checkpoints/{PREFIX}<n>")


def _best(run: Path, where: str) -> Path:
    for folder in (run / "checkpoints", run):
        best = read_best(folder)
        if best is not None and (folder / Path(best["checkpoint"]).name / LAYOUT).is_file():
            return folder / Path(best["checkpoint"]).name
    raise RunError(f"{where}: no best checkpoint is noted there; evaluation.every_steps > 0 makes a training note one")


def load_checkpoint(place: str | Path, *, key: str = "checkpoint") -> Checkpoint:
    """Read a checkpoint; nothing is unpickled.

    Raises:
        RunError: a file is missing, cut off or of another kind.
    """
    path = find_checkpoint(place, key=key)
    with reading(path, key=key):
        policy = read_parameters(path)["policy"]
        content = json.loads((path / LAYOUT).read_text(encoding="utf-8"))
        turned = content.get("turned")
        layout = Layout(
            signals=tuple((str(name), str(source)) for name, source in content["signals"]),
            actions=tuple(content["actions"]),
            turned=None if turned is None else tuple(turned),
        )
        normalizer = Normalizer.load(path / NORMALIZER)
        if normalizer.mean.shape != (len(layout.signals),) or normalizer.variance.shape != normalizer.mean.shape:
            raise ValueError(f"{NORMALIZER} has {normalizer.mean.size} signals, {LAYOUT} {len(layout.signals)}")
        steps, axes = int(content["steps"]), dict(content.get("axes", {}))
    return Checkpoint(path, policy, normalizer, layout, load_config(path / CONFIG), steps, axes)


def read_parameters(path: Path) -> dict[str, dict[str, Any]]:
    """Every state dictionary in a checkpoint or zip of a policy, by name: ``policy``, ``policy.optimizer`` …

    ``data``, which Stable-Baselines3 would unpickle, is not touched.
    """
    found: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(path / POLICY if path.is_dir() else path) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about the kind of a pickle that is then refused
        for name in archive.namelist():
            if name.endswith(".pth"):
                content = torch.load(io.BytesIO(archive.read(name)), map_location="cpu", weights_only=True)
                found[name.removesuffix(".pth")] = content
    if not all(isinstance(tensor, torch.Tensor) for tensor in found["policy"].values()):
        raise ValueError(f"{POLICY} holds something else than tensors")
    return found


class reading:  # noqa: N801  (a context manager, used like a function)
    """Turns what an unreadable checkpoint raises into one line that names the file's folder."""

    def __init__(self, path: Path, *, key: str = "checkpoint") -> None:
        self._path, self._key = path, key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, UNREADABLE):
            problem = next(iter(str(error).splitlines()), "")
            if isinstance(error, pickle.UnpicklingError):
                problem = "it holds something else than tensors, or is cut off; nothing of it was run"
            what = f"{type(error).__name__}: {problem}" if problem else type(error).__name__
            raise RunError(f"{self._key}={self._path}: cannot be read: {what}") from error
