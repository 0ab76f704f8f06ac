"""A control step once more: what the environment gave to the simulation, given to ``mujoco.rollout`` alone."""

from __future__ import annotations

import time

import mujoco
import numpy as np
from mujoco import rollout

from myoassist.sim.batch import BatchSim


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
    """``mujoco.rollout`` with the sizes and threads of a :class:`BatchSim` and its models, or others like them."""

    def __init__(self, sim: BatchSim, models: list[mujoco.MjModel] | None = None) -> None:
        self.models, self.substeps = models or sim.models, sim.substeps
        model = self.models[0]
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

    def close(self) -> None:
        self.pool.close()
