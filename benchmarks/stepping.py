"""The environment against ``mujoco.rollout`` on identical inputs, in turn."""

from __future__ import annotations

import dataclasses
import itertools
import time
from typing import Any

import numpy as np
from common import START_STD, middle, with_ratios
from replay import Notes, Raw

from myoassist.config import TrainConfig
from myoassist.env.walk import WalkEnv
from myoassist.mdp.terms import BoundTerm

SCENARIOS = ("untrained", "no resets")
WARM_UP = 10  # control steps before measuring: by then the first episodes, begun together, have ended
ROUND = 10  # control steps between the restarts of "no resets"
ACTIONS = 64  # different batches of actions, drawn beforehand
HEADER = (
    "model     terrain       B  scenario   raw steps/s  env steps/s  ratio    IQR  outside ms  resets/step  build s"
)


@dataclasses.dataclass(frozen=True)
class Result:
    """One case. Speeds in environment steps per second, one per repeat; times in s."""

    model: str
    terrain: str
    num_envs: int
    scenario: str
    build: float
    steps_per_repeat: int
    resets_per_step: float
    env: list[float]
    raw: list[float]
    outside: float

    def line(self) -> str:
        ratio, spread = middle(np.array(self.env) / np.array(self.raw))
        return (
            f"{self.model:9} {self.terrain:10} {self.num_envs:4}  {self.scenario:9}  {np.median(self.raw):11,.0f}"
            f"  {np.median(self.env):11,.0f}  {ratio:5.3f}  {spread:5.3f}  {1e3 * self.outside:10.2f}"
            f"  {self.resets_per_step:11.3f}  {self.build:7.1f}"
        )

    def plain(self) -> dict[str, Any]:
        return with_ratios(self, self.env, self.raw)


@dataclasses.dataclass
class Turns:
    """Sums over control steps: times in s of env, of env outside the simulation, and of raw; episodes that ended."""

    env: float = 0.0
    outside: float = 0.0
    raw: float = 0.0
    ended: int = 0


class Bench:
    """An environment and the raw rollout beside it."""

    def __init__(self, config: TrainConfig) -> None:
        start = time.perf_counter()
        self.env = WalkEnv(config)
        self.build = time.perf_counter() - start
        self.notes, self.raw = Notes(self.env.sim), Raw(self.env.sim)
        shape = (ACTIONS, self.env.num_envs, len(self.env.action_map))
        rng = np.random.default_rng(config.seed)
        self._actions = itertools.cycle(START_STD * rng.standard_normal(shape).astype(np.float32))
        self._check()
        self._terminations = self.env.terminations

    def _check(self) -> None:
        """Raise RuntimeError where a replayed step does not give the state that the environment reached."""
        self.env.reset(seed=0)
        failed = self.env.sim.step(self.env.action_map(next(self._actions)))
        self.raw.step(self.notes)
        if not np.array_equal(self.raw.states[~failed, -1], self.env.sim.state[~failed]):
            raise RuntimeError("the raw rollout does not reach the states of the environment: not the same work")

    def prepare(self, scenario: str) -> float:
        """Begin ``scenario`` and warm up; the time of a control step in s."""
        ignored = scenario == "no resets"
        self.env.terminations = [_ignored(term) for term in self._terminations] if ignored else self._terminations
        self.env.reset(seed=1)
        return self.run(WARM_UP, restart=ignored).env / WARM_UP

    def run(self, steps: int, *, restart: bool) -> Turns:
        """Time ``steps`` control steps of both, in turn."""
        turns = Turns()
        inside = self.notes.inside
        for number in range(steps):
            if restart and number % ROUND == 0:
                self.env.reset()
            action = next(self._actions)
            start = time.perf_counter()
            result = self.env.step(action)
            turns.env += time.perf_counter() - start
            turns.raw += self.raw.step(self.notes)
            turns.ended += int(result.done.sum())
        turns.outside = turns.env - (self.notes.inside - inside)
        self.env.episodes.drain()
        return turns

    def close(self) -> None:
        self.env.close()
        self.raw.close()


def _ignored(term: BoundTerm) -> BoundTerm:
    return BoundTerm(term.name, lambda state: term.call(state) & False, term.arguments)


def measure(bench: Bench, scenario: str, *, repeats: int, seconds: float) -> Result:
    """Measure one case."""
    restart, num_envs = scenario == "no resets", bench.env.num_envs
    steps = max(1, round(seconds / bench.prepare(scenario) / ROUND)) * ROUND
    turns = [bench.run(steps, restart=restart) for _ in range(repeats)]
    config = bench.env.config
    return Result(
        model=config.model.name,
        terrain=config.terrain.type,
        num_envs=num_envs,
        scenario=scenario,
        build=bench.build,
        steps_per_repeat=steps,
        resets_per_step=sum(turn.ended for turn in turns) / (repeats * steps * num_envs),
        env=[steps * num_envs / turn.env for turn in turns],
        raw=[steps * num_envs / turn.raw for turn in turns],
        outside=float(np.median([turn.outside / steps for turn in turns])),
    )
