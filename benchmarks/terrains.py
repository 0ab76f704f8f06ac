"""What uneven ground costs: environment steps per second on each terrain against flat ground.

    python benchmarks/terrains.py                        # three models, each kind of terrain, a few minutes
    python benchmarks/terrains.py --models 22muscle --terrains rough stairs

Environments of all terrains are stepped in turn, a third of a second of simulated time each, so that all meet the same
disturbances from other programs; the share of the flat ground's speed is the median over the rounds. Walkers are put
down anywhere on the course, at their height over the ground there, because the ground at the start is level.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time

import numpy as np
from common import MODELS, START_STD, TERRAINS, experiment, machine, positive

from myoassist.env.walk import WalkEnv
from myoassist.processes import ArgumentParser, exit_code

STEPS = 10  # control steps of a turn: before the walkers lie on the ground
FIRST, LAST = 3.0, 60.0  # m: where on the course they are put down


class Course:
    """Walkers on one terrain that are not reset when they fall."""

    def __init__(self, model: str, terrain: str, num_envs: int, threads: int) -> None:
        self.env = WalkEnv(experiment(model, terrain, num_envs, threads))
        self.env.terminations = []
        if self.env.curriculum is not None:
            self.env.curriculum.level[:] = self.env.curriculum.config.levels - 1  # the dearest
        self._random = np.random.default_rng(0)

    def turn(self) -> float:
        """Put everyone down anew and walk; environment steps per second."""
        env, index = self.env, self.env.index
        env.reset()
        ahead = self._random.uniform(FIRST, LAST, size=env.num_envs)
        height = env.task.ground.level(env.sim.ground, ahead, np.zeros(env.num_envs))
        env.sim.qpos[:, index.joints["pelvis_tx"].qpos] += ahead
        env.sim.qpos[:, index.joints["pelvis_ty"].qpos] += height
        actions = START_STD * self._random.standard_normal((STEPS, env.num_envs, len(env.action_map)))
        start = time.perf_counter()
        for action in actions:
            env.step(action)
        return STEPS * env.num_envs / (time.perf_counter() - start)


def compare(model: str, terrains: list[str], options: argparse.Namespace) -> list[str]:
    """One line per terrain."""
    courses = {name: Course(model, name, options.num_envs, options.threads) for name in ["flat", *terrains]}
    for course in courses.values():
        course.turn()
    speeds = {name: np.empty(options.rounds) for name in courses}
    for number in range(options.rounds):
        for name, course in courses.items():
            speeds[name][number] = course.turn()
    lines = []
    for name, speed in speeds.items():
        low, middle, high = np.quantile(speed / speeds["flat"], [0.25, 0.5, 0.75])
        lines.append(f"{model:9} {name:16} {np.median(speed):11,.0f}  {middle:8.2f}  {high - low:5.2f}")
        courses[name].env.close()
    return lines


def main() -> None:
    parser = ArgumentParser(description="Environment speed on each terrain against flat ground.")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--terrains", nargs="+", choices=TERRAINS[1:], default=list(TERRAINS[1:]))
    parser.add_argument("--num-envs", type=positive, default=32)
    parser.add_argument("--rounds", type=positive, default=15)
    parser.add_argument("--threads", type=int, default=0, help="simulation threads; 0 takes all cores")
    options = parser.parse_args()
    print(", ".join(f"{key} {value}" for key, value in machine().items()))
    print("model     terrain          env steps/s  of flat    IQR")
    for model in options.models:
        print(*compare(model, options.terrains, options), sep="\n")
        sys.stdout.flush()
        gc.collect()


if __name__ == "__main__":
    sys.exit(exit_code(main))
