"""How much of the physics' own speed the environment keeps.

    python benchmarks/throughput.py                      # all cases
    python benchmarks/throughput.py --quick              # under a minute
    python benchmarks/throughput.py --models 80muscle --batch 64 256 --json throughput.json

Two things are timed in turn, control step by control step, on identical work:

A. **env**: ``WalkEnv.step``: action map, simulation, terminations, rewards, episode statistics, resets, observation.
B. **raw**: ``mujoco.rollout`` alone, on the inputs that A just gave to it: A notes the state and the controls (within
   its own time), B makes the same call again, with the same compiled models in the same rows, substeps, threads and
   outputs (state and sensors of every physics step), and nothing else.

Replaying step by step is what makes the two comparable. One long rollout of the same controls would drift into other
work: the environment puts fallen walkers back on their feet, and a body in a heap costs more, or less, than one that
walks. It also would not stop after each control step, as everything that chooses actions must. And the short turns let
both meet the same disturbances from other programs. That both do the same work is checked in each case: the replayed
step must give the states of the environment, bit by bit.

Actions are the noise of an untrained policy. Two scenarios bound what a training meets:

- **untrained**: episodes end as configured, after few steps, so that many rows are reset in every step: the worst case.
- **no resets**: terminations are computed and ignored; all walkers start anew together, outside the measured time,
  every third of a second, before they lie on the ground.

``ratio`` is env over raw speed, the median over the repeats; ``IQR`` is the distance of its quartiles. Speeds are
environment steps (control steps times environments) per second. ``outside`` is the time of a control step of the whole
batch spent outside ``BatchSim.step``. ``build`` is the time to make the environment.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import itertools
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import hydra
import mujoco
import numpy as np
from mujoco import rollout
from omegaconf import OmegaConf

from myoassist.commandline import config_dir
from myoassist.config import TrainConfig
from myoassist.env.walk import WalkEnv
from myoassist.mdp.terms import BoundTerm
from myoassist.parsing import parse_config
from myoassist.sim.batch import BatchSim

MODELS = {"22muscle": "walk", "26muscle": "walk_3d", "80muscle": "walk_3d"}  # and the observation of each
TERRAINS = ("flat", "rough", "harmonic", "slope", "stairs", "mixed", "curriculum")
SCENARIOS = ("untrained", "no resets")
WARM_UP = 10  # control steps before measuring: by then the first episodes, begun together, have ended
ROUND = 10  # control steps between the restarts of "no resets"
START_STD = 0.22  # of the actions, as in a policy that has not learned yet
ACTIONS = 64  # different batches of actions, drawn beforehand


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

    @property
    def ratios(self) -> np.ndarray:
        return np.array(self.env) / np.array(self.raw)


class Notes:
    """Takes the place of ``sim.step``: notes the inputs of the last call, and the time inside all of them."""

    def __init__(self, sim: BatchSim) -> None:
        self._sim, self._step = sim, sim.step
        self.state, self.ground = sim.state.copy(), sim.ground.copy()
        self.ctrl = np.zeros((sim.num_envs, sim.models[0].nu))
        self.inside = 0.0
        sim.step = self  # type: ignore[method-assign]

    def __call__(self, ctrl: np.ndarray) -> np.ndarray:
        self.state[:], self.ctrl[:], self.ground[:] = self._sim.state, ctrl, self._sim.ground
        start = time.perf_counter()
        failed = self._step(ctrl)
        self.inside += time.perf_counter() - start
        return failed


class Raw:
    """``mujoco.rollout`` with the models, sizes and threads of a :class:`BatchSim`, and arrays of its own."""

    def __init__(self, sim: BatchSim) -> None:
        model, self.substeps = sim.models[0], sim.substeps
        self.models = sim.models
        self.data = [mujoco.MjData(model) for _ in range(sim.threads)]
        self.pool = rollout.Rollout(nthread=sim.threads if sim.threads > 1 else 0)
        self.controls = np.zeros((sim.num_envs, self.substeps, model.nu))
        self.states = np.zeros((sim.num_envs, self.substeps, sim.state.shape[1]))
        self.sensors = np.zeros((sim.num_envs, self.substeps, model.nsensordata))

    def step(self, notes: Notes) -> float:
        """Simulate one control step from what was noted; the time in s."""
        self.controls[:] = notes.ctrl[:, None]
        rows = [self.models[which] for which in notes.ground]
        start = time.perf_counter()
        self.pool.rollout(
            rows,
            self.data,
            notes.state,
            self.controls,
            nstep=self.substeps,
            state=self.states,
            sensordata=self.sensors,
            skip_checks=True,
        )
        return time.perf_counter() - start


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
        self.raw.pool.close()


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


def experiment(model: str, terrain: str, num_envs: int, threads: int) -> TrainConfig:
    """The default experiment on a model and a terrain."""
    choices = [f"model={model}", f"observation={MODELS[model]}", f"terrain={terrain}"]
    with hydra.initialize_config_dir(str(config_dir()), version_base="1.3"):
        composed = hydra.compose("train", [*choices, f"num_envs={num_envs}", f"threads={threads}"])
    plain: Any = OmegaConf.to_container(composed, resolve=True)
    return parse_config(plain)


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


HEADER = (
    "model     terrain       B  scenario   raw steps/s  env steps/s  ratio    IQR  outside ms  resets/step  build s"
)


def row(result: Result) -> str:
    low, middle, high = np.quantile(result.ratios, [0.25, 0.5, 0.75])
    return (
        f"{result.model:9} {result.terrain:10} {result.num_envs:4}  {result.scenario:9}  {np.median(result.raw):11,.0f}"
        f"  {np.median(result.env):11,.0f}  {middle:5.3f}  {high - low:5.3f}  {1e3 * result.outside:10.2f}"
        f"  {result.resets_per_step:11.3f}  {result.build:7.1f}"
    )


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Environment speed over raw mujoco.rollout, on identical inputs.")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--terrains", nargs="+", choices=TERRAINS, default=["flat", "rough"])
    parser.add_argument("--batch", nargs="+", type=int, default=[16, 64, 256], help="numbers of environments")
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--repeats", type=int, default=9, help="measurements per case")
    parser.add_argument("--seconds", type=float, default=1.0, help="about the time of env in one measurement")
    parser.add_argument("--threads", type=int, default=0, help="simulation threads; 0 takes all cores")
    parser.add_argument("--quick", action="store_true", help="B = 32, three short repeats: under a minute on two cores")
    parser.add_argument("--json", type=Path, help="write every number to this file")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.batch, chosen.repeats, chosen.seconds = [32], 3, 0.2
    return chosen


def main() -> None:
    chosen, begun = options(), machine()
    results: list[Result] = []
    for model, terrain, num_envs in itertools.product(chosen.models, chosen.terrains, chosen.batch):
        bench = Bench(experiment(model, terrain, num_envs, chosen.threads))
        for scenario in chosen.scenarios:
            results.append(measure(bench, scenario, repeats=chosen.repeats, seconds=chosen.seconds))
            print(row(results[-1]), file=sys.stderr, flush=True)
        bench.close()
        del bench
        gc.collect()  # 256 models of rough ground take gigabytes
    ended = machine()
    print(", ".join(f"{key} {value}" for key, value in begun.items()), f"(load at the end {ended['load']})")
    print(HEADER, *map(row, results), sep="\n")
    if chosen.json:
        cases = [{**dataclasses.asdict(result), "ratios": result.ratios.tolist()} for result in results]
        chosen.json.write_text(json.dumps({"begun": begun, "ended": ended, "cases": cases}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
