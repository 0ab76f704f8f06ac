"""What the terms of a task read: the batch of walkers after a control step, as named arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myoassist.model.index import ModelIndex
from myoassist.model.terrain import Ground
from myoassist.reference.retarget import Reference
from myoassist.sim.arrays import Arrays, put_arrays, take_arrays
from myoassist.sim.batch import BatchSim

SIDES = ("r", "l")
LOADED = 0.05  # share of body weight above which a foot is in stance
_OF_THE_SIMULATION = ("qpos", "qvel", "act", "sensordata")
DROPOUT = 0.15  # s: a shorter unloading is a dropout of the contact, not a swing


@dataclass(frozen=True)
class Task:
    """What is fixed for a task: model, reference, number of environments, control step ``dt`` in s, and actions.

    ``actions`` are the names of what the policy drives; None stands for every muscle and motor. ``cadence_exponent``:
    cadence grows with speed to this power. ``stride_joints``: tracked joints that swing further where steps are longer.
    """

    index: ModelIndex
    reference: Reference
    ground: Ground
    num_envs: int
    dt: float
    follow_speed: bool = True
    cadence_exponent: float = 0.58
    stride_joints: tuple[str, ...] = ()
    actions: tuple[str, ...] | None = None


def summed(values: np.ndarray, groups: list[np.ndarray]) -> np.ndarray:
    """Sums ``(n, len(groups))`` of the columns of ``values`` ``(n, columns)`` that each group names."""
    sums = np.empty((len(values), len(groups)))
    for group, columns in enumerate(groups):
        sums[:, group] = values[:, columns].sum(axis=1)
    return sums


class WalkState:
    """Arrays over the environments; every one has ``num_envs`` rows.

    ``qpos``, ``qvel``, ``act``, ``sensordata``: the simulation's own (see :class:`myoassist.sim.batch.BatchSim`).
    ``action``, ``previous_action`` ``(n, n_actions)`` in [-1, 1]. ``activation``, ``previous_activation``
    ``(n, n_muscles)``. ``target_speed`` ``(n,)`` m/s. ``phase`` ``(n,)`` in [0, 1), 0 at right heel strike.
    ``step`` ``(n,)`` control steps since the start. ``reference_position``, ``reference_velocity`` ``(n, n_tracked)``.
    ``foot_load`` ``(n, 2)`` vertical ground force right and left, N. ``heel_strike`` ``(n, 2)`` bool.
    ``ground_height`` ``(n,)`` of the ground below the pelvis, averaged over a step's length, m.
    ``speed`` ``(n,)`` forward, m/s.
    """

    def __init__(self, task: Task, sim: BatchSim, *, num_actions: int) -> None:
        n, index = sim.num_envs, task.index
        self.task, self.index, self.sim, self.num_envs = task, index, sim, n
        self.qpos, self.qvel, self.act, self.sensordata = sim.qpos, sim.qvel, sim.act, sim.sensordata
        self._activation = np.array([muscle.activation for muscle in index.muscles.values()], dtype=int)
        self._load = [index.sensor_columns("contact", index.soles[side])[2::3] for side in SIDES]
        self._forward, self._height = index.joints["pelvis_tx"], index.joints["pelvis_ty"]
        self._sideways = index.joints.get("pelvis_tz")
        self.action = np.zeros((n, num_actions))
        self.previous_action = np.zeros((n, num_actions))
        self.activation = np.zeros((n, len(self._activation)))
        self.previous_activation = np.zeros_like(self.activation)
        self.target_speed = np.zeros(n)
        self.phase = np.zeros(n)
        self.step = np.zeros(n, dtype=int)
        self.foot_load = np.zeros((n, 2))
        self.heel_strike = np.zeros((n, 2), dtype=bool)
        self._unloaded_for = np.zeros((n, 2))
        self.ground_height = np.zeros(n)
        self._swings_further = np.array([joint in task.stride_joints for joint in task.reference.joints], dtype=float)
        self.reference_position = np.zeros((n, len(task.reference.joints)))
        self.reference_velocity = np.zeros_like(self.reference_position)

    @property
    def speed(self) -> np.ndarray:
        """Forward velocity of the pelvis, m/s."""
        return self.qvel[:, self._forward.dof]

    @property
    def distance(self) -> np.ndarray:
        """Forward position of the pelvis, m; an episode starts at 0."""
        return self.qpos[:, self._forward.qpos]

    @property
    def place(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the pelvis is over the ground, m: forward and to the left, ``(n,)`` each."""
        sideways = self.qpos[:, self._sideways.qpos] if self._sideways else np.zeros(self.num_envs)
        return self.distance, sideways

    def ground_at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Ground height in m at the points ``x``, ``y`` ``(n, k)`` of each environment."""
        return self.task.ground.height(np.broadcast_to(self.sim.ground[:, None], x.shape), x, y)

    @property
    def height(self) -> np.ndarray:
        """Pelvis height over the ground below it, m."""
        return self.qpos[:, self._height.qpos] - self.ground_height

    @property
    def cadence_ratio(self) -> np.ndarray:
        """Cadence at the target speed over the reference's: speed ratio to the power of 0.58 in people.

        Step frequency grows with speed to the power 0.58 (Grieve and Gear 1966), step length to 0.42. 1 where the
        reference does not follow the target.
        """
        return self._speed_ratio**self.task.cadence_exponent

    @property
    def _speed_ratio(self) -> np.ndarray:
        if not self.task.follow_speed:
            return np.ones(self.num_envs)
        return self.target_speed / self.task.reference.speed

    def reference_at(self, phase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions and velocities of the reference ``(n, n_tracked)`` at ``phase`` ``(n,)`` and the target speed.

        The step is the longer the more speed grows than cadence does; ``stride_joints`` swing about their mean in that
        proportion, as a step is about as long as the angle between the thighs.
        """
        reference = self.task.reference
        position, velocity = reference.sample(phase)
        velocity = velocity * self.cadence_ratio[:, None]
        if self._swings_further.any():
            step_ratio = self._speed_ratio ** (1.0 - self.task.cadence_exponent)
            growth = 1.0 + (step_ratio[:, None] - 1.0) * self._swings_further
            further = reference.mean + growth * (position - reference.mean)
            position = np.clip(further, reference.low, reference.high)
            held = (position != further) & (self._swings_further > 0)  # at the end of a joint's range it rests
            velocity = np.where(held, 0.0, velocity * growth)
        return position, velocity

    def advance(self, action: np.ndarray, target_speed: np.ndarray | None = None) -> None:
        """Take in one control step: clocks, phase, and everything derived from the new physics state.

        ``target_speed`` ``(n,)``: the target from now on; None leaves it.
        """
        self.previous_action[:], self.action[:] = self.action, action
        self.previous_activation[:] = self.activation
        self.step += 1
        self.phase += self.task.dt / self.task.reference.cycle_seconds * self.cadence_ratio
        self.phase %= 1.0
        if target_speed is not None:
            self.target_speed[:] = target_speed
        self._derive()
        loaded = self.foot_load > LOADED * self.index.body_weight
        np.logical_and(loaded, self._unloaded_for >= DROPOUT, out=self.heel_strike)
        self._unloaded_for = np.where(loaded, 0.0, self._unloaded_for + self.task.dt)

    def restart(self, rows: np.ndarray, *, phase: np.ndarray, target_speed: np.ndarray) -> None:
        """Begin new episodes in ``rows`` after the simulation got their start states."""
        self.phase[rows], self.target_speed[rows], self.step[rows] = phase, target_speed, 0
        self.action[rows] = self.previous_action[rows] = 0.0
        self.heel_strike[rows] = False
        self._derive()
        self.previous_activation[rows] = self.activation[rows]
        touching = self.foot_load[rows] > 0.0  # a foot that is down takes its load in the next step: no heel strike
        self._unloaded_for[rows] = np.where(touching, 0.0, DROPOUT)

    def get_state(self) -> Arrays:
        """A copy of every array but the simulation's own."""
        return take_arrays(self, without=_OF_THE_SIMULATION)

    def set_state(self, state: Arrays) -> None:
        """Go back to what :meth:`get_state` gave. Raises RunError where it does not fit."""
        put_arrays(self, state, without=_OF_THE_SIMULATION)

    def _derive(self) -> None:
        self.activation[:] = self.act[:, self._activation]
        self.foot_load[:] = summed(self.sensordata, self._load)
        if self.task.ground.grid is not None:
            self.ground_height[:] = self.task.ground.level(self.sim.ground, *self.place)
        self.reference_position[:], self.reference_velocity[:] = self.reference_at(self.phase)
