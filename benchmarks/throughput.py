"""How fast everything is, as shares of what raw physics allows on the same machine at the same moment.

    python benchmarks/throughput.py                      # all cases, about an hour
    python benchmarks/throughput.py --quick              # under a minute
    python benchmarks/throughput.py --models 80muscle --batch 64 256 --parts env learning --json throughput.json

Four parts, each of which steps what it compares in turn, so that both meet the same disturbances from other programs:

- **env**: ``WalkEnv.step`` (action map, simulation, terminations, rewards, statistics, resets, observation) against
  ``mujoco.rollout`` alone on the inputs that the environment just gave to it: same compiled models in the same rows,
  controls, substeps, threads and outputs. One long rollout of the same controls would drift into other work: the
  environment puts fallen walkers back on their feet. The replayed step must give the environment's states bit by bit.
  Actions are the noise of an untrained policy. *untrained*: episodes end as configured, after few steps, so that many
  rows are reset in every step: the worst case. *no resets*: terminations are computed and ignored; all walkers start
  anew together, outside the measured time, every third of a second.
- **learning**: PPO with its collections and updates against ``mujoco.rollout`` on the same control steps.
- **workers**: the batch against Stable-Baselines3's DummyVecEnv and SubprocVecEnv over our Gymnasium environment.
- **physics**: the lean simulation model against the model as it is composed.

``ratio`` is the median over the repeats, ``IQR`` the distance of its quartiles. Speeds are environment steps (control
steps times environments) per second. ``outside`` is the time of a control step of the whole batch spent outside
``BatchSim.step``. ``build`` is the time to make the environment.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import physics
import stepping
import updating
import workers
from common import MODELS, TERRAINS, experiment, machine, positive

from myoassist.errors import ConfigError
from myoassist.processes import ArgumentParser, exit_code

PARTS = {"env": stepping, "learning": updating, "workers": workers, "physics": physics}
UPDATE, QUICK_UPDATE = 8192, 2048  # transitions that PPO learns from at a time
MINIBATCH = 1024  # transitions of one gradient step; divides an update, as the number of environments does
FEW = 8  # environments of the part "physics": a full model takes 20 MB


def options() -> argparse.Namespace:
    parser = ArgumentParser(description="Speeds as shares of what raw physics allows.")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--terrains", nargs="+", choices=TERRAINS, default=["flat", "rough"])
    parser.add_argument("--batch", nargs="+", type=positive, default=[16, 64, 256, 1024], help="environments")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--scenarios", nargs="+", choices=stepping.SCENARIOS, default=list(stepping.SCENARIOS))
    parser.add_argument("--repeats", type=positive, default=9, help="measurements per case")
    parser.add_argument("--seconds", type=float, default=1.0, help="about the time of one measurement")
    parser.add_argument("--threads", type=int, default=0, help="simulation threads; 0 takes all cores")
    parser.add_argument("--workers", nargs="+", type=positive, default=[], help="processes of SubprocVecEnv to try")
    parser.add_argument("--quick", action="store_true", help="22 muscles, B = 64, short repeats: under a minute")
    parser.add_argument("--json", type=Path, help="write every number to this file")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.models, chosen.batch, chosen.repeats, chosen.seconds = ["22muscle"], [64], 3, 0.2
        chosen.workers = chosen.workers or [2]
    if chosen.json and not chosen.json.resolve().parent.is_dir():
        raise ConfigError(f"--json {chosen.json}: there is no such folder")
    return chosen


def measure(part: str, model: str, terrain: str, chosen: argparse.Namespace) -> Iterator[Any]:
    """The results of one part for a model on a terrain."""

    def config(num_envs: int, threads: int = chosen.threads) -> Any:
        least, whole = max(QUICK_UPDATE if chosen.quick else UPDATE, 4 * num_envs), math.lcm(num_envs, MINIBATCH)
        update = -(-least // whole) * whole
        learning = (
            f"algorithm.transitions_per_update={update}",
            f"algorithm.batch_size={MINIBATCH}",
        )
        return experiment(model, terrain, num_envs, threads, "evaluation.every_steps=0", *learning)

    if part == "env":
        for num_envs in chosen.batch:
            bench = stepping.Bench(config(num_envs))
            for scenario in chosen.scenarios:
                yield stepping.measure(bench, scenario, repeats=chosen.repeats, seconds=chosen.seconds)
            bench.close()
            del bench
            gc.collect()  # 256 models of rough ground take gigabytes
    elif part == "learning":
        for num_envs in chosen.batch:
            yield updating.measure(config(num_envs), repeats=max(1, chosen.repeats // 3))
    elif part == "workers":
        largest = config(min(max(chosen.batch), 128))
        yield workers.measure(largest, repeats=chosen.repeats, seconds=chosen.seconds, workers=chosen.workers)
    else:
        yield physics.measure(config(FEW, 1), repeats=chosen.repeats)


def main() -> None:
    chosen, begun = options(), machine()
    results: dict[str, list[Any]] = {part: [] for part in chosen.parts}
    for part, model, terrain in itertools.product(chosen.parts, chosen.models, chosen.terrains):
        for result in measure(part, model, terrain, chosen):
            results[part].append(result)
            print(f"{part}: {result.line()}", file=sys.stderr, flush=True)
            if chosen.json:
                _write(chosen.json, results, begun)
    print(", ".join(f"{key} {value}" for key, value in begun.items()), f"(load at the end {machine()['load']})")
    for part, found in results.items():
        print("", part, PARTS[part].HEADER, *(result.line() for result in found), sep="\n")


def _write(file: Path, results: dict[str, list[Any]], begun: dict[str, Any]) -> None:
    """After each case, so that a run that is stopped leaves what it found."""
    cases = {part: [result.plain() for result in found] for part, found in results.items()}
    file.write_text(json.dumps({"begun": begun, "ended": machine(), **cases}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(exit_code(main))
