"""What the benchmarks share: experiments, and what the numbers depend on."""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from myoassist.config import TrainConfig
from myoassist.experiment import make_experiment

MODELS = {"22muscle": "walk", "26muscle": "walk_3d", "80muscle": "walk_3d"}  # and the observation of each
TERRAINS = ("flat", "rough", "harmonic", "slope", "stairs", "mixed", "curriculum")
START_STD = 0.22  # of the actions, as in a policy that has not learned yet


def experiment(model: str, terrain: str, num_envs: int, threads: int, *others: str) -> TrainConfig:
    """The default experiment on a model and a terrain."""
    choices = [f"model={model}", f"observation={MODELS[model]}", f"terrain={terrain}"]
    return make_experiment(*choices, f"num_envs={num_envs}", f"threads={threads}", *others)


def machine() -> dict[str, Any]:
    """What the numbers depend on: cores, their model, load, versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "mujoco": mujoco.__version__,
        "numpy": np.__version__,
    }


def positive(text: str) -> int:
    """A whole number above 0 of the command line."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected a whole number >= 1")
    return int(text)


def middle(values: list[float] | np.ndarray) -> tuple[float, float]:
    """Median, and distance of the quartiles."""
    low, median, high = np.quantile(np.asarray(values), [0.25, 0.5, 0.75])
    return float(median), float(high - low)


def with_ratios(result: Any, above: Sequence[float], below: Sequence[float]) -> dict[str, Any]:
    """Fields of a result for a JSON file, and the ratio of two of its speeds in each repeat."""
    return {**dataclasses.asdict(result), "ratios": (np.array(above) / np.array(below)).tolist()}
