"""Reward terms. Each returns ``(num_envs,)`` per control step of ``dt`` seconds, before its weight.

The formulas of forward, joint_position, joint_velocity, activation, smoothness, joint_limit, foot_load and the
heel-strike terms are MyoAssist's. To add a term: write a function here, name it in ``REWARDS``, use it in
``conf/reward``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from myoassist.mdp.state import LOADED, SIDES, Task, WalkState
from myoassist.mdp.terms import Motors, Muscles, TrackedJoints
from myoassist.model.metabolics import MuscleParameters, umberger_2010
from myoassist.registry import by_name


def forward(state: WalkState, *, sharpness: float = 5.0) -> np.ndarray:
    """``dt exp(-sharpness (v - v*)^2)``: walk at the target speed. sharpness in s²/m²."""
    return state.task.dt * np.exp(-sharpness * (state.speed - state.target_speed) ** 2)


def joint_position(state: WalkState, *, joints: TrackedJoints, sharpness: float = 8.0) -> np.ndarray:
    """``dt sum_j w_j exp(-sharpness (q_j - q_ref,j)^2)``: follow the reference pose; heights are over the ground."""
    error = position_error(state, joints)
    return state.task.dt * np.exp(-sharpness * error**2) @ joints.values


def joint_velocity(state: WalkState, *, joints: TrackedJoints, sharpness: float = 8.0) -> np.ndarray:
    """``dt sum_j w_j exp(-sharpness (q'_j - q'_ref,j)^2)``: follow the reference's velocities at its cadence."""
    error = state.qvel[:, joints.dof] - state.reference_velocity[:, joints.columns]
    return state.task.dt * np.exp(-sharpness * error**2) @ joints.values


def position_error(state: WalkState, joints: TrackedJoints) -> np.ndarray:
    """Pose minus reference ``(num_envs, n)`` in rad or m; heights are taken over the ground."""
    error = state.qpos[:, joints.qpos] - state.reference_position[:, joints.columns]
    if "pelvis_ty" in joints.names:
        error[:, joints.names.index("pelvis_ty")] -= state.ground_height
    return error


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean of each row; 0 where there is nothing, as on a body without muscles."""
    return values.sum(axis=1) / max(1, values.shape[1])


def activation(state: WalkState, *, muscles: Muscles = "*", exponent: float = 1.0) -> np.ndarray:  # type: ignore[assignment]
    """``-dt mean(a^exponent)``: use the muscles sparingly. Exponent 2 is the usual effort."""
    return -state.task.dt * _mean(state.activation[:, muscles.columns] ** exponent)


def smoothness(state: WalkState, *, muscles: Muscles = "*", sharpness: float = 4.0) -> np.ndarray:  # type: ignore[assignment]
    """``+dt mean(exp(-sharpness (a - a_previous)^2))``: a bonus for activations that change slowly."""
    change = state.activation[:, muscles.columns] - state.previous_activation[:, muscles.columns]
    return state.task.dt * _mean(np.exp(-sharpness * change**2))


class joint_limit:  # noqa: N801  (named like the functions beside it)
    """``-dt max_j |limit torque_j| / body weight``: keep off the joint limits. Torque in N m, weight in N."""

    def __init__(self, task: Task) -> None:
        names = [joint.name for joint in task.index.joints.values() if joint.role == "leg" and np.isfinite(joint.low)]
        self._columns = task.index.sensor_columns("limit", names)

    def __call__(self, state: WalkState) -> np.ndarray:
        torque = np.abs(state.sensordata[:, self._columns]).max(axis=1, initial=0.0)
        return -state.task.dt * torque / state.index.body_weight


def foot_load(state: WalkState, *, threshold: float = 1.2) -> np.ndarray:
    """``-dt max(0, F/BW - threshold)`` with F the larger vertical ground force of the two feet: walk softly."""
    load = state.foot_load.max(axis=1) / state.index.body_weight
    return -state.task.dt * np.maximum(0.0, load - threshold)


class foot_impact:  # noqa: N801
    """``-dt max(0, P/BW - threshold)`` with P the largest vertical ground force of a foot within the control step.

    Sees the blow of a heel, which lasts a few physics steps and which ``foot_load``, one sample per control step,
    meets only by chance.
    """

    def __init__(self, task: Task, *, threshold: float = 1.2) -> None:
        index = task.index
        self._columns = [index.sensor_columns("contact", index.soles[side])[2::3] for side in SIDES]
        self._threshold, self._weight = threshold, index.body_weight

    def __call__(self, state: WalkState) -> np.ndarray:
        sensors = state.sim.substeps_taken[1]
        peak = np.max([sensors[:, :, columns].sum(axis=2).max(axis=1) for columns in self._columns], axis=0)
        # A step whose physics failed holds no force.
        return -state.task.dt * np.maximum(0.0, np.nan_to_num(peak) / self._weight - self._threshold)


def alive(state: WalkState) -> np.ndarray:
    """``dt``: stay up."""
    return np.full(state.num_envs, state.task.dt)


def action_rate(state: WalkState) -> np.ndarray:
    """``-dt mean((u - u_previous)^2)``: change the action slowly."""
    return -state.task.dt * np.mean((state.action - state.previous_action) ** 2, axis=1)


class device_effort:  # noqa: N801
    """``-dt mean(f_m^2)`` over the motors, f the motor force or torque as a share of its largest."""

    def __init__(self, task: Task, *, motors: Motors = "*") -> None:  # type: ignore[assignment]
        self._columns = task.index.sensor_columns("force", list(motors.names))
        self._largest = np.array([task.index.motors[name].peak_force for name in motors.names])

    def __call__(self, state: WalkState) -> np.ndarray:
        if not len(self._columns):
            return np.zeros(state.num_envs)
        return -state.task.dt * np.mean((state.sensordata[:, self._columns] / self._largest) ** 2, axis=1)


class metabolic_rate:  # noqa: N801
    """``-dt sum_m E_m / mass``: metabolic power of the muscles after Umberger (2010) per kg of body and device, W/kg.

    Human walking costs 2 to 6 W/kg: with a weight of 0.05 to 0.2 it stands beside ``forward`` with one of 1 to 2.
    Force, length and velocity belong to the start of the last physics step; the basal rate, which no policy can
    change, is left out.
    """

    def __init__(self, task: Task, *, muscles: Muscles = "*") -> None:  # type: ignore[assignment]
        index, names = task.index, list(muscles.names)
        self._muscles = MuscleParameters.of({name: vars(index.architecture[name]) for name in names})
        self._ids, self._columns = muscles.ids, muscles.columns
        self._sensors = {q: index.sensor_columns(q, names) for q in ("force", "length", "velocity")}

    def __call__(self, state: WalkState) -> np.ndarray:
        sensed = {quantity: state.sensordata[:, columns] for quantity, columns in self._sensors.items()}
        sensed["force"] = -sensed["force"]  # MuJoCo's muscles pull with negative force
        activation, excitation = state.activation[:, self._columns], state.sim.controls[:, self._ids]
        power = umberger_2010(self._muscles, excitation=excitation, activation=activation, **sensed)
        return -state.task.dt * power.sum(axis=1) / state.index.mass


class _PerStep:
    """Gathers a rate over time and pays the sum at each heel strike."""

    def __init__(self, task: Task) -> None:
        self._sum = np.zeros(task.num_envs)

    def gather(self, state: WalkState, rate: np.ndarray | float) -> np.ndarray:
        """Add ``rate dt``; the sum since the last heel strike where there is one now, else 0."""
        self._sum += state.task.dt * rate
        struck = state.heel_strike.any(axis=1)
        paid = np.where(struck, self._sum, 0.0)
        self._sum[struck] = 0.0
        return paid

    def reset(self, rows: np.ndarray) -> None:
        self._sum[rows] = 0.0


class step_speed(_PerStep):  # noqa: N801
    """``-|integral of (v - v*) dt|`` over the step, paid at its heel strike, in m."""

    def __call__(self, state: WalkState) -> np.ndarray:
        return -np.abs(self.gather(state, state.speed - state.target_speed))


class step_duration(_PerStep):  # noqa: N801
    """The duration of the step in s, paid at its heel strike: long steps."""

    def __call__(self, state: WalkState) -> np.ndarray:
        return self.gather(state, 1.0)


class step_effort(_PerStep):  # noqa: N801
    """``-integral of mean(a^2) dt`` over the step, paid at its heel strike, in s."""

    def __call__(self, state: WalkState) -> np.ndarray:
        return -self.gather(state, _mean(state.activation**2))


class symmetry(_PerStep):  # noqa: N801
    """``-|T - T_last| / (T + T_last)``, paid at each heel strike: T is the time since the one before it, in s.

    0 where left and right steps take the same time (half the symmetry index of Robinson et al. 1987). Times are whole
    control steps.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._last = np.full(task.num_envs, -1.0)  # s; -1 before the first heel strike, 0 before the second

    def __call__(self, state: WalkState) -> np.ndarray:
        time = self.gather(state, 1.0)
        struck, known = time > 0, self._last > 0
        uneven = np.abs(time - self._last) / np.where(struck & known, time + self._last, 1.0)
        paid = np.where(struck & known, -uneven, 0.0)
        self._last = np.where(struck, np.where(self._last < 0, 0.0, time), self._last)
        return paid

    def reset(self, rows: np.ndarray) -> None:
        super().reset(rows)
        self._last[rows] = -1.0


class foot_clearance:  # noqa: N801
    """``-sum over feet of max(0, 1 - h / clearance) d``: lift the toes in swing. In m per control step.

    ``h`` is how much higher over the ground the toes are (their lowest sole, at its centre) than when standing, in m,
    and ``d`` the way that they went over the ground in this step, in m. A foot that carries load counts not.
    """

    def __init__(self, task: Task, *, clearance: float = 0.03) -> None:
        index = task.index
        toes = {side: [n for n in index.soles[side] if n in index.toe_soles] or index.soles[side] for side in SIDES}
        self._columns = [index.sensor_columns("foot", names).reshape(-1, 3) for names in toes.values()]
        self._standing = [np.array([index.sole_heights[name] for name in names]) for names in toes.values()]
        self._clearance = clearance
        self._place = np.zeros((task.num_envs, 2, 2))
        self._known = np.zeros(task.num_envs, dtype=bool)

    def __call__(self, state: WalkState) -> np.ndarray:
        total = np.zeros(state.num_envs)
        for side, (columns, standing) in enumerate(zip(self._columns, self._standing, strict=True)):
            x, y, z = (state.sensordata[:, columns[:, axis]] for axis in range(3))
            height = (z - standing - state.ground_at(x, y)).min(axis=1)
            place = np.stack([x.mean(axis=1), y.mean(axis=1)], axis=1)
            way = np.linalg.norm(place - self._place[:, side], axis=1) * self._known
            self._place[:, side] = place
            swinging = state.foot_load[:, side] < LOADED * state.index.body_weight
            total -= np.clip(1.0 - height / self._clearance, 0.0, None) * way * swinging
        self._known[:] = True
        return total

    def reset(self, rows: np.ndarray) -> None:
        self._known[rows] = False


REWARDS: dict[str, Callable] = by_name(
    (
        forward,
        joint_position,
        joint_velocity,
        activation,
        smoothness,
        joint_limit,
        foot_load,
        foot_impact,
        alive,
        action_rate,
        device_effort,
        metabolic_rate,
        step_speed,
        step_duration,
        step_effort,
        symmetry,
        foot_clearance,
    ),
    kind="reward term",
)
