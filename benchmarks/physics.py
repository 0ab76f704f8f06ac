"""The lean simulation model against the model as it is composed, both with contact of the feet only.

The composed model has meshes and sites, every body of its own, all sensors, and MuJoCo's settings as they come. Both
take the same control steps in turn, on one thread: those of an environment whose policy has not learned yet.
``deviation`` is the largest difference of any joint angle of any walker after a second of the same controls from the
same start, with a solver that goes on until it improves nothing but rounding. ``as stepped`` is the same with the
solver as it is: where its last improvement happens to equal its tolerance, rounding decides whether one of both takes a
step more, and a falling body makes degrees of it.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from common import START_STD, middle, with_ratios
from replay import Notes, Raw

from myoassist.config import TrainConfig
from myoassist.env.walk import WalkEnv
from myoassist.model.build import build_model, ground_generator

CONVERGED = 1e-15  # tolerance of a solver that goes on until it improves nothing but rounding
HEADER = "model     terrain     composed steps/s  lean steps/s  lean is    IQR  deviation, deg  as stepped"


@dataclasses.dataclass(frozen=True)
class Result:
    """Speeds in environment steps per second and thread, one per repeat."""

    model: str
    terrain: str
    composed: list[float]
    lean: list[float]
    deviation: float
    as_stepped: float

    def line(self) -> str:
        ratio, spread = middle(np.array(self.lean) / np.array(self.composed))
        return (
            f"{self.model:9} {self.terrain:10} {np.median(self.composed):17,.0f}  {np.median(self.lean):12,.0f}"
            f"  {ratio:5.2f} x  {spread:5.3f}  {self.deviation:14.1e}  {self.as_stepped:10.1e}"
        )

    def plain(self) -> dict[str, Any]:
        return with_ratios(self, self.lean, self.composed)


def measure(config: TrainConfig, *, repeats: int, steps: int = 15) -> Result:
    """Time ``repeats`` runs of ``steps`` control steps; ``config`` has one thread and few environments."""
    walk = WalkEnv(config)
    random, size = np.random.default_rng(0), (walk.num_envs, len(walk.action_map))
    land = ground_generator(config.seed)
    full = build_model(config.model, config.device, config.terrain, grounds=walk.num_envs, rng=land, drawing=True)
    notes, lean, composed = Notes(walk.sim), Raw(walk.sim), Raw(walk.sim, full.models)
    speeds: dict[str, list[float]] = {"lean": [], "composed": []}
    for number in range(repeats + 1):
        walk.reset(seed=number)
        times = np.zeros(2)
        for _ in range(steps):
            walk.step(START_STD * random.standard_normal(size))
            times += [lean.step(notes), composed.step(notes)]
        for name, time in zip(speeds, times, strict=True):
            speeds[name] += [steps * walk.num_envs / time] if number else []  # the first warms up
    actions = START_STD * random.standard_normal((config.model.control_hz, *size))
    as_stepped = _deviation(walk, notes, (lean, composed), actions)
    for model in (*lean.models, *composed.models):
        model.opt.tolerance = CONVERGED
    deviation = _deviation(walk, notes, (lean, composed), actions)
    for part in (walk, lean, composed):
        part.close()
    return Result(config.model.name, config.terrain.type, **speeds, deviation=deviation, as_stepped=as_stepped)


def _deviation(walk: WalkEnv, notes: Notes, models: tuple[Raw, Raw], actions: np.ndarray) -> float:
    """Largest difference of a joint angle, degrees, after ``actions`` ``(steps, n, n_actions)`` from the same start."""
    walk.reset(seed=0)
    reached = [walk.sim.state.copy(), walk.sim.state.copy()]
    hinges = [joint.qpos for joint in walk.index.joints.values() if joint.role == "leg"]
    for action in actions:
        notes.ctrl[:] = walk.action_map(action)
        for which, raw in enumerate(models):
            notes.state[:] = reached[which]
            raw.step(notes)
            reached[which] = raw.states[:, -1].copy()
    return float(np.rad2deg(np.abs(reached[0] - reached[1])[:, 1:][:, hinges]).max())
