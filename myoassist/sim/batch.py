"""Many simulations stepped at once on all cores by ``mujoco.rollout``, as arrays over the batch."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np
from mujoco import rollout

from myoassist.processes import available_cores
from myoassist.sim.arrays import Arrays, matching

_STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS
_NEVER = int(mujoco.mjtStage.mjSTAGE_NONE)


class BatchSim:
    """``num_envs`` simulations of equally sized models.

    ``state`` ``(num_envs, 1 + nq + nv + na)`` is time, qpos, qvel and act; ``qpos``, ``qvel``, ``act`` and ``time`` are
    views into it. ``sensordata`` ``(num_envs, nsensordata)`` belongs to the start of the last physics step, as MuJoCo
    computes sensors before it integrates. ``ground`` ``(num_envs,)`` numbers the model of each row (see :meth:`place`).

    Sensors that nobody reads are not computed and are 0: ``sensed`` holds the names of those that are, and may grow
    from one step to the next; None computes all.

    The trajectory of a row depends on its own state, model and controls only, not on the number of threads.
    """

    def __init__(
        self,
        models: list[mujoco.MjModel],
        *,
        num_envs: int,
        substeps: int,
        threads: int = 0,
        sensed: set[str] | None = None,
    ) -> None:
        first = models[0]
        self.num_envs, self.substeps = num_envs, substeps
        self.threads = threads or available_cores()
        self.ground = np.arange(num_envs) % len(models)
        self.models = models
        self._sensed, self._sensing, self._stages = sensed, -1, first.sensor_needstage.copy()
        self._rows = [models[which] for which in self.ground]
        self._data = [mujoco.MjData(first) for _ in range(self.threads)]
        self._pool = rollout.Rollout(nthread=self.threads if self.threads > 1 else 0)
        size = mujoco.mj_stateSize(first, _STATE)
        expected = 1 + first.nq + first.nv + first.na
        if size != expected:
            raise ValueError(f"the physics state has {size} numbers, not time, qpos, qvel and act ({expected})")
        self.state = np.zeros((num_envs, size))
        self.sensordata = np.zeros((num_envs, first.nsensordata))
        self.time = self.state[:, 0]
        self.qpos = self.state[:, 1 : 1 + first.nq]
        self.qvel = self.state[:, 1 + first.nq : 1 + first.nq + first.nv]
        self.act = self.state[:, 1 + first.nq + first.nv :]
        self.duration = substeps * first.opt.timestep
        self._late = 0.5 * first.opt.timestep  # s: a row that MuJoCo gave up has a clock that is off by a step or more
        self._controls = np.zeros((num_envs, substeps, first.nu))
        self._states = np.zeros((num_envs, substeps, size))
        self._sensors = np.zeros((num_envs, substeps, first.nsensordata))

    def place(self, rows: Sequence[int] | np.ndarray, ground: np.ndarray | int) -> None:
        """Put ``rows`` on the grounds numbered ``ground``; their states are left as they are."""
        self.ground[rows] = ground
        for row in rows:
            self._rows[row] = self.models[self.ground[row]]

    def set_rows(self, rows: np.ndarray, state: np.ndarray, sensordata: np.ndarray) -> None:
        """Put ``state`` and ``sensordata``, one row per index in ``rows``, into the batch; their clocks start at 0."""
        self.state[rows] = state
        self.time[rows] = 0.0
        self.sensordata[rows] = sensordata

    def scale_velocities(self, rows: np.ndarray, factors: np.ndarray) -> None:
        """Multiply the velocities of ``rows`` by ``factors``, one per row, and evaluate their sensors anew.

        Sensors depend on controls and on where the solver starts, which the scratch data still hold of another row.
        """
        self.qvel[rows] *= factors[:, None]
        data = self._data[0]
        for row in rows:
            mujoco.mj_resetData(self._rows[row], data)
            data.qpos[:], data.qvel[:], data.act[:] = self.qpos[row], self.qvel[row], self.act[row]
            mujoco.mj_forward(self._rows[row], data)
            self.sensordata[row] = data.sensordata

    def step(self, ctrl: np.ndarray) -> np.ndarray:
        """Advance every row by ``substeps`` physics steps under ``ctrl`` ``(num_envs, nu)``.

        ``(num_envs, substeps, nu)`` gives controls that change from one physics step to the next.

        Returns a mask ``(num_envs,)`` of rows whose physics failed (not finite, or MuJoCo warned and stopped). They
        keep their state and sensors of before the step, with 0 for what was not finite even then, so that nothing
        downstream meets a number that is not finite.
        """
        self._controls[:] = ctrl[:, None] if ctrl.ndim == 2 else ctrl
        if self._sensed is not None and len(self._sensed) != self._sensing:
            self._sense(self._sensed)
        self._pool.rollout(
            self._rows,
            self._data,
            self.state,
            self._controls,
            nstep=self.substeps,
            state=self._states,
            sensordata=self._sensors,
            skip_checks=True,
        )
        state, sensordata = self._states[:, -1], self._sensors[:, -1]
        failed = np.abs(state[:, 0] - self.time - self.duration) > self._late
        if not np.isfinite(state.sum() + sensordata.sum()):  # seldom: which rows it is costs more than whether
            failed |= ~np.isfinite(state.sum(axis=1) + sensordata.sum(axis=1))
        if failed.any():
            state[failed], sensordata[failed] = _finite(self.state[failed]), _finite(self.sensordata[failed])
        self.state[:], self.sensordata[:] = state, sensordata
        return failed

    def _sense(self, names: set[str]) -> None:
        """Compute the sensors of these names only."""
        first = self.models[0]
        read = np.array([first.sensor(sensor).name in names for sensor in range(first.nsensor)], dtype=bool)
        for model in self.models:
            model.sensor_needstage[:] = np.where(read, self._stages, _NEVER)
        for data in self._data:
            data.sensordata[:] = 0.0
        self._sensing = len(names)

    @property
    def controls(self) -> np.ndarray:
        """Controls of the last physics step ``(num_envs, nu)``."""
        return self._controls[:, -1]

    @property
    def controls_taken(self) -> np.ndarray:
        """Controls of each physics step of the last step ``(num_envs, substeps, nu)``."""
        return self._controls

    @property
    def substeps_taken(self) -> tuple[np.ndarray, np.ndarray]:
        """Physics states and sensors of the last step ``(num_envs, substeps, size)``; those of failed rows are void."""
        return self._states, self._sensors

    def get_state(self) -> Arrays:
        """A copy of what the next steps depend on."""
        return {"state": self.state.copy(), "sensordata": self.sensordata.copy(), "ground": self.ground.copy()}

    def set_state(self, state: Arrays) -> None:
        """Go back to what :meth:`get_state` gave. Raises RunError where it does not fit."""
        self.state[:] = matching(state, "state", self.state)
        self.sensordata[:] = matching(state, "sensordata", self.sensordata)
        self.place(np.arange(self.num_envs), matching(state, "ground", self.ground))

    def close(self) -> None:
        """Stop the thread pool."""
        self._pool.close()


def _finite(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
