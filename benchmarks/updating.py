"""PPO from end to end against ``mujoco.rollout``: each control step of the collection is replayed right after it."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import numpy as np
from common import middle, with_ratios
from replay import Notes, Raw
from stable_baselines3.common.logger import configure

from myoassist.config import TrainConfig
from myoassist.learn.training import built

HEADER = (
    "model     terrain       B  raw steps/s  PPO steps/s  ratio    IQR  sim %  rest of step %  policy etc. %  update %"
)


@dataclasses.dataclass(frozen=True)
class Result:
    """One case. Speeds in environment steps per second, one per update; shares of the time of PPO."""

    model: str
    terrain: str
    num_envs: int
    ppo: list[float]
    raw: list[float]
    simulation: float
    environment: float
    policy: float
    update: float

    def line(self) -> str:
        ratio, spread = middle(np.array(self.ppo) / np.array(self.raw))
        return (
            f"{self.model:9} {self.terrain:10} {self.num_envs:4}  {np.median(self.raw):11,.0f}"
            f"  {np.median(self.ppo):11,.0f}  {ratio:5.3f}  {spread:5.3f}  {100 * self.simulation:5.1f}"
            f"  {100 * self.environment:14.1f}  {100 * self.policy:13.1f}  {100 * self.update:8.1f}"
        )

    def plain(self) -> dict[str, Any]:
        return with_ratios(self, self.ppo, self.raw)


def measure(config: TrainConfig, *, repeats: int) -> Result:
    """Time ``repeats`` updates with their collections, after one that warms up."""
    with built(config) as parts:
        model, walk = parts.model, parts.vec_env.walk
        notes, raw = Notes(walk.sim), Raw(walk.sim)
        model._setup_learn(10**9)
        model.set_logger(configure(None, []))
        clock = {"raw": 0.0, "env": 0.0}
        step = walk.step

        def stepped(action: np.ndarray) -> Any:
            start = time.perf_counter()
            result = step(action)
            clock["env"] += time.perf_counter() - start
            clock["raw"] += raw.step(notes)
            return result

        walk.step = stepped  # type: ignore[method-assign]
        times = [_update(model, clock, notes) for _ in range(repeats + 1)][1:]
        raw.close()
    totals = {key: sum(time[key] for time in times) for key in times[0]}
    steps = config.algorithm.transitions_per_update
    return Result(
        model=config.model.name,
        terrain=config.terrain.type,
        num_envs=config.num_envs,
        ppo=[steps / time["all"] for time in times],
        raw=[steps / time["raw"] for time in times],
        simulation=totals["inside"] / totals["all"],
        environment=(totals["env"] - totals["inside"]) / totals["all"],
        policy=1 - (totals["env"] + totals["update"]) / totals["all"],
        update=totals["update"] / totals["all"],
    )


def _update(model: Any, clock: dict[str, float], notes: Notes) -> dict[str, float]:
    """One collection and its update; times in s, that of the replay not in ``all``."""
    clock["raw"] = clock["env"] = notes.inside = 0.0
    start = time.perf_counter()
    model.collect_rollouts(model.env, model._init_callback(None), model.rollout_buffer, n_rollout_steps=model.n_steps)
    collected = time.perf_counter()
    model.train()
    ended = time.perf_counter()
    return {"all": ended - start - clock["raw"], "update": ended - collected, "inside": notes.inside, **clock}
