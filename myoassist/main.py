"""Entry points of ``train.py`` and ``eval.py``: compose, validate, build, learn or evaluate, close."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from myoassist.commandline import hydra_entry, sweep_dir
from myoassist.config import TrainConfig
from myoassist.config_search import check_password
from myoassist.errors import ConfigError, RunError
from myoassist.explain import whole_keys
from myoassist.model.library import check_mujoco
from myoassist.parsing import check_consistency, parse_config, with_whole_paths
from myoassist.processes import piped


def read_request(composed: DictConfig) -> TrainConfig:
    """The typed and checked experiment that Hydra composed; builds nothing, so that a bad one ends at once.

    Raises:
        ConfigError, ModelError: a key, value or name that is not valid, or a device the body cannot carry.
    """
    plain: Any = OmegaConf.to_container(composed, resolve=True)
    if plain.get("resume") is None:
        config = parse_config(plain)
        if config.launch.type != "basic" and HydraConfig.get().mode == RunMode.RUN:
            way = f"launch={config.launch.type}"
            raise ConfigError(f"{way}: sends the runs of a sweep, so it needs -m: python train.py -m {way} ...")
        check_consistency(config)
        _check_source(config.init_from.path)
        config = with_whole_paths(config)
    else:
        config = read_resumption(str(plain["resume"]), HydraConfig.get().overrides.task)
    check_password(config.search.storage, key="search.storage")
    check_mujoco()
    from myoassist.mdp.check import check_task  # imports MuJoCo, which a misspelt key need not wait for

    check_task(config)
    return config


def _check_source(place: str | None) -> None:
    """Raise ConfigError or RunError where there is surely no policy to start from."""
    from myoassist.learn.shipped import PREFIX, policy_folder

    if place is None or place.startswith("wandb:"):
        return
    if place.startswith(PREFIX):
        policy_folder(place.removeprefix(PREFIX), where="init_from")
    elif Path(place).exists():
        return
    elif place != "newest":
        raise RunError(
            f"init_from={place}: does not exist; give a run folder, <run folder>/best, a folder checkpoints/step_<n>, "
            f"{PREFIX}<name> or wandb:<artifact>"
        )
    elif HydraConfig.get().mode == RunMode.MULTIRUN:
        raise ConfigError("init_from=newest: in a sweep each run would find the one before it; name the run folder")


def read_resumption(place: str, overrides: Sequence[str]) -> TrainConfig:
    """The saved experiment of the run in ``place`` with what the command line changes; ``resume`` is set in it.

    Raises:
        RunError, ConfigError: there is no run, or an override that is not valid.
    """
    from myoassist.learn.run_folder import saved_config
    from myoassist.replacing import replace_settings

    saved = saved_config(Path(place))
    changes = [line for line in overrides if line.lstrip("+").partition("=")[0] != "resume"]
    if any(line.lstrip("+~").startswith("init_from") for line in changes):
        raise ConfigError("init_from: starts a new run, resume goes on with one; give one of the two")
    held, GlobalHydra.instance().hydra = GlobalHydra.instance().hydra, None  # Hydra composes one request at a time
    try:
        return replace(replace_settings(saved, changes), resume=place)
    finally:
        GlobalHydra.instance().hydra = held


def run_training(composed: DictConfig) -> float | list[float] | None:
    """Train; returns the values of a trial of a search, else the mean distance of the final policy in m."""
    config = read_request(composed)
    from myoassist.learn.requeue import leave  # after the checks: torch takes seconds to import
    from myoassist.learn.training import train
    from myoassist.learn.trial import PRUNED, trial_values

    result = train(config, run_dir=sweep_dir())
    if result.stopped_by == PRUNED:
        return None
    if result.stopped_by is not None:
        leave(result.folder, result.steps, result.stopped_by, in_sweep=sweep_dir() is not None)
    if config.search.trial is not None:
        return trial_values(config.search, result.folder)
    return result.evaluation.distance if result.evaluation else None


def train_main() -> None:
    """``myoassist-train`` and ``train.py``."""
    with piped():
        code = hydra_entry("train", run_training, argv=whole_keys(sys.argv[1:]), check=read_request)
    sys.exit(code)


def eval_main() -> None:
    """``myoassist-eval`` and ``eval.py``."""
    from myoassist.evaluation import evaluate_command

    sys.exit(evaluate_command(sys.argv[1:]))


if __name__ == "__main__":
    train_main()
