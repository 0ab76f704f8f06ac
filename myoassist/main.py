"""Entry points of ``train.py`` and ``eval.py``: compose, validate, build, learn or evaluate, close."""

from __future__ import annotations

import sys
from typing import Any

from omegaconf import DictConfig, OmegaConf

from myoassist.commandline import hydra_entry, sweep_dir
from myoassist.config import TrainConfig
from myoassist.parsing import check_consistency, parse_config


def read_request(composed: DictConfig) -> TrainConfig:
    """The typed and checked experiment that Hydra composed; builds nothing, so that a bad one ends at once.

    Raises:
        ConfigError, ModelError: a key, value or name that is not valid, or a device the body cannot carry.
    """
    plain: Any = OmegaConf.to_container(composed, resolve=True)
    config = parse_config(plain)
    check_consistency(config)
    from myoassist.mdp.check import check_task  # imports MuJoCo, which a misspelt key need not wait for

    check_task(config)
    return config


def run_training(composed: DictConfig) -> float | None:
    """Train; returns the mean distance of the final policy in m, for sweeps."""
    config = read_request(composed)
    from myoassist.learn.training import train  # after the checks: torch takes seconds to import

    result = train(config, run_dir=sweep_dir())
    return result.evaluation.distance if result.evaluation else None


def train_main() -> None:
    """``myoassist-train`` and ``train.py``."""
    sys.exit(hydra_entry("train", run_training, check=read_request))


def eval_main() -> None:
    """``myoassist-eval`` and ``eval.py``."""
    from myoassist.evaluation import evaluate_command

    sys.exit(evaluate_command(sys.argv[1:]))


if __name__ == "__main__":
    train_main()
