"""Going on with a run in its own folder: what may change, one process at a time, and the state it stopped in."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import recursive_getattr
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import TrainConfig
from myoassist.errors import ConfigError, RunError
from myoassist.learn.checkpoint import REPLAY, list_checkpoints, read_parameters, reading
from myoassist.learn.training_state import ARRAYS, TrainingState, load_replay, put_state
from myoassist.parsing import to_plain

LOCK, OWNER = ".lock", "owner.json"
# Settings that do not change what is learned; all others stay as they were saved.
RUN_TIME = ("total_steps", "threads", "logging", "checkpoint", "view", "algorithm.device", "algorithm.update_threads")


def check_resumable(config: TrainConfig, saved: TrainConfig, steps: int) -> None:
    """Raise where ``config`` asks for another experiment than ``saved``, or the run is at its end after ``steps``."""
    wanted, had = _flat(to_plain(replace(config, resume=None))), _flat(to_plain(saved))
    for key in sorted(wanted.keys() | had.keys()):
        free = any(key == name or key.startswith(f"{name}.") for name in RUN_TIME)
        if not free and wanted.get(key) != had.get(key):
            raise ConfigError(
                f"{key}: {wanted.get(key)!r} was asked for, but a resumed run keeps its own {had.get(key)!r};"
                f" allowed beside resume: {', '.join(RUN_TIME)};"
                f" to go on with another task use init_from={config.resume}"
            )
    if steps >= config.total_steps:
        raise RunError(
            f"resume: {config.resume} is finished: {steps:,} of {config.total_steps:,} steps are done;"
            f" to go on, give more: total_steps={2 * steps}"
        )


def _flat(tree: Any, key: str = "") -> dict[str, Any]:
    if not isinstance(tree, dict) or not tree:
        return {key: tree}
    return {k: v for name, part in tree.items() for k, v in _flat(part, f"{key}.{name}" if key else str(name)).items()}


class RunLock:
    """One process at a time in a run folder. The system lets go of the lock when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, FileLock(folder / LOCK)

    def acquire(self) -> None:
        """Take it.

        Raises:
            RunError: another process trains in this folder.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise RunError(f"{self._folder}: {self._owner()} trains in this run folder; nothing was changed") from error
        except OSError as error:
            raise RunError(f"{self._folder}: cannot be written: {error.strerror or error}") from error
        owner = {"pid": os.getpid(), "host": socket.gethostname()}
        (self._folder / OWNER).write_text(json.dumps(owner), encoding="utf-8")

    def _owner(self) -> str:
        try:
            owner = json.loads((self._folder / OWNER).read_text(encoding="utf-8"))
            return f"process {owner['pid']} on {owner['host']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "another process"

    def release(self) -> None:
        """Let go of it."""
        if self._lock.is_locked:
            (self._folder / OWNER).unlink(missing_ok=True)
            self._lock.release()


def newest_checkpoint(folder: Path) -> tuple[Path | None, int]:
    """The last whole checkpoint of the run in ``folder`` and its steps; None and 0 where there is none yet.

    Raises:
        RunError: it has no state to go on from.
    """
    found = list_checkpoints(folder / "checkpoints")
    if not found:
        return None, 0
    path = found[-1]
    if not (path / ARRAYS).is_file():
        raise RunError(f"resume: {path} has no {ARRAYS}; start a new run from its policy with init_from={folder}")
    with reading(path, key="resume"):
        return path, int(json.loads((path / "layout.json").read_text(encoding="utf-8"))["steps"])


def restore(path: Path, model: BaseAlgorithm, env: VecNormalize) -> TrainingState:
    """Put weights, optimisers, replay buffer and all other state of the checkpoint ``path`` into ``model`` and ``env``.

    Raises:
        RunError: a file is cut off or of another kind, or does not fit this experiment.
    """
    with reading(path, key="resume"):
        parameters = read_parameters(path)
        variables = parameters.pop("pytorch_variables", None) or {}
        known, others = model._get_torch_save_params()
        if set(parameters) != set(known) or set(variables) != set(others):
            raise ValueError(f"it is of another algorithm: it holds {', '.join(sorted(parameters))}")
        plain: Any = parameters
        model.set_parameters(plain, exact_match=True, device=model.device)
        for name, value in variables.items():
            if value is not None:
                with torch.no_grad():
                    recursive_getattr(model, name).copy_(value)
        state = TrainingState.load(path)
        put_state(state, model, env)
        load_replay(model, path / REPLAY)
    return state
