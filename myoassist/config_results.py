"""The schema of evaluation, saving and logging. ``config.py`` offers every name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myoassist.fields import setting


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """The deterministic policy, from random starts, on environments of its own."""

    every_steps: int = setting(250_000, ge=0, help="environment steps between evaluations in training; 0 never")
    episodes: int = setting(20, ge=1, le=10_000, help="episodes of one evaluation, run side by side")
    seconds: float = setting(20.0, unit="s", gt=0, help="length of an episode")
    seed: int = setting(1000, ge=0, help="seed of the starts")


@dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    """When the policy is saved."""

    every_steps: int = setting(100_000, ge=0, help="environment steps between checkpoints; 0 saves at the end only")
    keep_last: int = setting(5, ge=1, help="older checkpoints are removed")


@dataclass(frozen=True, kw_only=True)
class LoggingConfig:
    """Where the numbers go besides the run folder's metrics.csv."""

    tensorboard: bool = setting(True, help="write TensorBoard event files")
    progress: Literal["auto", "bar", "lines", "none"] = setting(
        "auto", help="auto shows a bar in a terminal and lines in a file"
    )
    line_seconds: float = setting(30.0, unit="s", ge=0, help="least time between lines; 0 writes one per update")
