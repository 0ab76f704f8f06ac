"""The batch against Stable-Baselines3's own ways to step our Gymnasium environment: one process, or one per walker."""

from __future__ import annotations

import dataclasses
import itertools
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from common import START_STD
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv

from myoassist.config import TrainConfig
from myoassist.env.gym_env import WalkGymEnv
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv

HEADER = "model     terrain    batch B  batch steps/s  " + "  ".join(
    f"{name:>22}" for name in ("DummyVecEnv", "SubprocVecEnv", "best of both: batch is")
)


@dataclasses.dataclass(frozen=True)
class Result:
    """Speeds in environment steps per second, one per turn, by name of the way and number of walkers."""

    model: str
    terrain: str
    num_envs: int
    speeds: dict[str, list[float]]

    def line(self) -> str:
        medians = {name: float(np.median(values)) for name, values in self.speeds.items()}
        best = {kind: max((v, n) for n, v in medians.items() if n.startswith(kind)) for kind in ("Dummy", "Subproc")}
        told = "  ".join(f"{speed:9,.0f} ({name.split()[1]:>4} envs)" for speed, name in best.values())
        times = medians["batch"] / max(speed for speed, _ in best.values())
        return f"{self.model:9} {self.terrain:10} {self.num_envs:7}  {medians['batch']:13,.0f}  {told}  {times:20.1f} x"

    def plain(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def measure(config: TrainConfig, *, repeats: int, seconds: float, workers: list[int]) -> Result:
    """Step all ways in turn with random actions, each about ``seconds`` at a time."""
    ways: dict[str, Callable[[], VecEnv]] = {}
    make = partial(WalkGymEnv, config, threads=1)
    for count in workers or [os.cpu_count() or 1, 4 * (os.cpu_count() or 1)]:
        ways[f"Subproc {count}"] = partial(SubprocVecEnv, [make] * count, start_method="fork")
    ways["Dummy 4"] = partial(DummyVecEnv, [make] * 4)
    ways["batch"] = lambda: WalkVecEnv(WalkEnv(config))  # last: its threads must not be forked
    made = {name: way() for name, way in ways.items()}
    speeds: dict[str, list[float]] = {name: [] for name in made}
    for env in made.values():
        env.reset()
    for number, (name, env) in itertools.product(range(repeats + 1), made.items()):
        speed = _turn(env, seconds, np.random.default_rng(number))
        speeds[name] += [speed] if number else []  # the first warms up
    for env in made.values():
        env.close()
    return Result(config.model.name, config.terrain.type, config.num_envs, speeds)


def _turn(env: VecEnv, seconds: float, random: np.random.Generator) -> float:
    shape, steps = (env.num_envs, *(env.action_space.shape or ())), 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        env.step((START_STD * random.standard_normal(shape)).astype(np.float32))
        steps += env.num_envs
    return steps / (time.perf_counter() - start)
