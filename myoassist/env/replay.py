"""A reference played on its model without physics: as a recording for films and plots, or live on a screen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from myoassist.analysis.recording import TIME_UP, Recording
from myoassist.config import (
    AidConfig,
    FlatTerrain,
    ObservationConfig,
    ObservationTermConfig,
    RewardConfig,
    RewardTermConfig,
    StandingReset,
    TerminationConfig,
    TrainConfig,
)
from myoassist.env.recorded import describe, units
from myoassist.env.walk import WalkEnv
from myoassist.reference.retarget import reference_state


def reference_walk(config: TrainConfig) -> WalkEnv:
    """Body, device and reference of an experiment on level ground, with the least of a task around them.

    Raises:
        ModelError, ReferenceError: the body cannot be built, or the motion cannot be read.
    """
    bare = replace(
        config,
        terrain=FlatTerrain(),
        observation=ObservationConfig(terms={"target_speed": ObservationTermConfig(func="target_speed")}),
        reward=RewardConfig(terms={"alive": RewardTermConfig(func="alive", weight=1.0)}),
        termination=TerminationConfig(terms={}),
        reset=StandingReset(bank_size=1),
        aid=AidConfig(),
    )
    return WalkEnv(bare, num_envs=1, threads=1)


def replay_pose(walk: WalkEnv, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """``qpos`` ``(nq,)`` and ``qvel`` ``(nv,)`` ``seconds`` after right heel strike at the start of the course."""
    cycles = seconds / walk.reference.cycle_seconds
    qpos, qvel = reference_state(walk.reference, walk.sim.models[0], walk.index, cycles % 1.0)
    qpos[walk.index.joints["pelvis_tx"].qpos] = walk.reference.way(np.array([cycles]))[0]
    return qpos, qvel


def replay(walk: WalkEnv, *, seconds: float, rate_hz: float = 60.0, name: str = "reference") -> Recording:
    """The reference as a recording of one episode: moved forward at its own speed, muscles at rest, no forces."""
    index, count = walk.index, max(2, round(seconds * rate_hz))
    time = np.arange(1, count + 1) / rate_hz
    poses = [replay_pose(walk, float(moment)) for moment in time]
    qpos, qvel = (np.array(part) for part in zip(*poses, strict=True))
    joints = list(index.joints.values())
    sign = np.array([joint.sign for joint in joints])
    phase = time / walk.reference.cycle_seconds % 1.0
    tracked = np.array([index.joints[joint].sign for joint in walk.reference.joints])
    arrays = {
        "time": time,
        "episode": np.zeros(count, dtype=int),
        "done": np.where(np.arange(count) == count - 1, TIME_UP, 0),
        "qpos": qpos,
        "joint_position": qpos[:, [joint.qpos for joint in joints]] * sign,
        "joint_velocity": qvel[:, [joint.dof for joint in joints]] * sign,
        "activation": np.zeros((count, len(index.muscles))),
        "speed": qvel[:, index.joints["pelvis_tx"].dof],
        "target_speed": np.full(count, walk.reference.speed),
        "phase": phase,
        "reference_position": walk.reference.sample(phase)[0] * tracked,
    }
    columns = {
        "qpos": [f"q{i}" for i in range(index.nq)],
        "joint_position": list(index.joints),
        "joint_velocity": list(index.joints),
        "activation": list(index.muscles),
        "reference_position": list(walk.reference.joints),
    }
    facts = {"env": 0, "ground": 0, "reason": "time_up", "seconds": float(time[-1])}
    facts["distance"] = float(qpos[-1, index.joints["pelvis_tx"].qpos])
    about = {"name": name, "checkpoint": None, "steps": 0, "seed": walk.config.seed, "deterministic": True}
    meta = {**describe(walk), **about, "rate_hz": rate_hz, "columns": columns, "units": units(walk, columns)}
    return Recording({**meta, "episodes": [{**facts, "length": count, "total_reward": 0.0, "terms": {}}]}, arrays)
