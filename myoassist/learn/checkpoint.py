"""Checkpoints: a folder with the policy, the normaliser, the observation layout and the experiment. Loading runs no code."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from myoassist.config import TrainConfig
from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError
from myoassist.learn.normalizer import Normalizer
from myoassist.parsing import load_config, save_config

POLICY, NORMALIZER, LAYOUT, CONFIG = "policy.zip", "normalizer.npz", "layout.json", "config.yaml"
PREFIX = "step_"


@dataclass(frozen=True)
class Layout:
    """Names of the observation's signals with their sources, and of the actions, in order."""

    signals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]

    @classmethod
    def of(cls, walk: WalkEnv) -> Layout:
        """The layout of an environment."""
        return cls(tuple((s.name, s.source) for s in walk.observer.signals), tuple(walk.action_map.names))

    def require(self, other: Layout, *, where: str) -> None:
        """Raise ``RunError`` naming the first differences where a policy of this layout does not fit ``other``."""
        for kind, mine, theirs in (
            ("signals", [name for name, _ in self.signals], [name for name, _ in other.signals]),
            ("actions", list(self.actions), list(other.actions)),
        ):
            if mine != theirs:
                missing = [name for name in mine if name not in theirs][:6]
                extra = [name for name in theirs if name not in mine][:6]
                raise RunError(
                    f"{where}: the policy's {kind} do not fit this environment: it lacks {', '.join(missing) or 'none'};"
                    f" it has besides {', '.join(extra) or 'none'}; {len(mine)} wanted, {len(theirs)} there"
                )


def save_checkpoint(
    folder: Path, *, model: BaseAlgorithm, normalizer: Normalizer, layout: Layout, config: TrainConfig
) -> Path:
    """Write the checkpoint ``folder/step_<n>`` whole or not at all, n being the environment steps so far.

    It is written beside, flushed to disk and renamed; one of the same name is replaced.
    """
    target = folder / f"{PREFIX}{model.num_timesteps:010d}"
    partial = folder / f".{target.name}.{os.getpid()}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    model.save(partial / POLICY)
    normalizer.save(partial / NORMALIZER)
    (partial / LAYOUT).write_text(
        json.dumps({"signals": layout.signals, "actions": layout.actions, "steps": model.num_timesteps}, indent=1),
        encoding="utf-8",
    )
    save_config(config, partial / CONFIG)
    for file in partial.iterdir():
        with file.open("rb+") as handle:
            os.fsync(handle.fileno())
    if target.exists():
        shutil.rmtree(target)
    partial.replace(target)
    return target


def list_checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints in ``folder``, oldest first."""
    return sorted(path for path in folder.glob(f"{PREFIX}*") if (path / LAYOUT).is_file())


def prune_checkpoints(folder: Path, keep: int) -> None:
    """Remove all but the last ``keep`` checkpoints, and what interrupted writes left behind."""
    for path in list_checkpoints(folder)[:-keep]:
        shutil.rmtree(path)
    for path in folder.glob(f".{PREFIX}*.partial"):
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read: policy tensors, normaliser, layout, experiment, environment steps and where it lies."""

    path: Path
    policy: dict[str, torch.Tensor]
    normalizer: Normalizer
    layout: Layout
    config: TrainConfig
    steps: int


def find_checkpoint(place: str | Path) -> Path:
    """The checkpoint folder that ``place`` means: itself, or the newest one of a run folder.

    Raises:
        RunError: there is none.
    """
    path = Path(place)
    if (path / LAYOUT).is_file():
        return path
    found = list_checkpoints(path / "checkpoints") or list_checkpoints(path)
    if found:
        return found[-1]
    what = "holds no whole checkpoint" if path.is_dir() else "does not exist"
    raise RunError(f"checkpoint={place}: the folder {what}; give a run folder or a folder checkpoints/{PREFIX}<n>")


def load_checkpoint(place: str | Path) -> Checkpoint:
    """Read a checkpoint. Tensors are read with ``weights_only``; nothing is unpickled.

    Raises:
        RunError: a file is missing, cut off or of another kind.
    """
    path = find_checkpoint(place)
    try:
        with zipfile.ZipFile(path / POLICY) as archive:
            policy = torch.load(io.BytesIO(archive.read("policy.pth")), map_location="cpu", weights_only=True)
        content = json.loads((path / LAYOUT).read_text(encoding="utf-8"))
        layout = Layout(tuple((name, source) for name, source in content["signals"]), tuple(content["actions"]))
        normalizer = Normalizer.load(path / NORMALIZER)
        steps = int(content["steps"])
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, zipfile.BadZipFile, EOFError) as error:
        raise RunError(
            f"checkpoint={path}: cannot be read: {type(error).__name__}: {str(error).splitlines()[0]}"
        ) from error
    return Checkpoint(path, policy, normalizer, layout, load_config(path / CONFIG), steps)
