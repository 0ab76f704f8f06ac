"""Going on with a run in its own folder: what may change, and the state it stopped in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.save_util import recursive_getattr
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import TrainConfig
from myoassist.errors import ConfigError, RunError
from myoassist.learn.checkpoint import read_parameters, reading
from myoassist.learn.run_folder import RUN_TIME
from myoassist.learn.training_state import ARRAYS, TrainingState, load_replay, put_state
from myoassist.parsing import to_plain
from myoassist.runs.checkpoints import REPLAY, list_checkpoints


def check_resumable(config: TrainConfig, saved: TrainConfig, steps: int) -> None:
    """Raise where ``config`` asks for another experiment than ``saved``, or the run is at its end after ``steps``."""
    check_same_experiment(config, saved)
    if steps >= config.total_steps:
        raise RunError(
            f"resume: {config.resume} is finished: {steps:,} of {config.total_steps:,} steps are done;"
            f" to go on, give more: total_steps={2 * steps}"
        )


def check_same_experiment(config: TrainConfig, saved: TrainConfig) -> None:
    """Raise ConfigError where ``config`` asks for another experiment than ``saved`` in the folder ``config.resume``."""
    wanted, had = _flat(to_plain(replace(config, resume=None))), _flat(to_plain(saved))
    for key in sorted(wanted.keys() | had.keys()):
        free = any(key == name or key.startswith(f"{name}.") for name in RUN_TIME)
        if not free and wanted.get(key) != had.get(key):
            raise ConfigError(
                f"{key}: {wanted.get(key)!r} was asked for, but a resumed run keeps its own {had.get(key)!r};"
                f" allowed beside resume: {', '.join(RUN_TIME)};"
                f" to go on with another task use init_from={config.resume}"
            )


def _flat(tree: Any, key: str = "") -> dict[str, Any]:
    if not isinstance(tree, dict) or not tree:
        return {key: tree}
    return {k: v for name, part in tree.items() for k, v in _flat(part, f"{key}.{name}" if key else str(name)).items()}


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
