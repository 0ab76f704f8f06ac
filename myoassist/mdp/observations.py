"""Observation terms. Each returns ``(num_envs, n)``; its ``names`` function tells what the columns are called.

A signal is named ``<term>.<column>``, e.g. ``joint_pos.ankle_angle_r``. To add a term: write a function here, give it
names with ``@observation``, use it in ``conf/observation``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from myoassist.mdp.state import SIDES, Task, WalkState
from myoassist.mdp.terms import Joints, Motors, Muscles

OBSERVATIONS: dict[str, Callable] = {}
NAMES: dict[str, Callable[..., tuple[str, ...]]] = {}


def observation(names: Callable[..., tuple[str, ...]]) -> Callable[[Callable], Callable]:
    """Register a term; ``names(task, **parameters)`` names its columns (one empty name for a single value)."""

    def register(term: Callable) -> Callable:
        OBSERVATIONS[term.__name__] = term
        NAMES[term.__name__] = names
        return term

    return register


def _joint_names(task: Task, *, joints: Joints) -> tuple[str, ...]:
    return joints.names


def _muscle_names(task: Task, *, muscles: Muscles) -> tuple[str, ...]:
    return muscles.names


def _single(task: Task) -> tuple[str, ...]:
    return ("",)


@observation(_joint_names)
def joint_position(state: WalkState, *, joints: Joints) -> np.ndarray:
    """Joint positions in the model's own signs, rad (m for slides). ``pelvis_ty`` is taken over the ground below."""
    values = state.qpos[:, joints.qpos]
    if "pelvis_ty" in joints.names:
        values[:, joints.names.index("pelvis_ty")] -= state.ground_height
    return values


@observation(_joint_names)
def joint_velocity(state: WalkState, *, joints: Joints) -> np.ndarray:
    """Joint velocities, rad/s (m/s for slides)."""
    return state.qvel[:, joints.dof]


@observation(_muscle_names)
def muscle_activation(state: WalkState, *, muscles: Muscles = "*") -> np.ndarray:  # type: ignore[assignment]
    """Muscle activations in [0, 1]."""
    return state.activation[:, muscles.columns]


class _MuscleSensor:
    """A sensor of each muscle, divided by a scale per muscle."""

    quantity = ""

    def __init__(self, task: Task, *, muscles: Muscles = "*") -> None:  # type: ignore[assignment]
        self._columns = task.index.sensor_columns(self.quantity, list(muscles.names))
        peak = np.array([task.index.muscles[name].peak_force for name in muscles.names])
        self._peak = np.where(peak > 0, peak, 1.0)  # a muscle without strength gives no force: a share of 0


@observation(_muscle_names)
class muscle_force(_MuscleSensor):  # noqa: N801  (named like the functions beside it)
    """Muscle forces as a share of peak isometric force, pulling positive."""

    quantity = "force"

    def __call__(self, state: WalkState) -> np.ndarray:
        return -state.sensordata[:, self._columns] / self._peak


@observation(_muscle_names)
class muscle_length(_MuscleSensor):  # noqa: N801
    """Muscle-tendon lengths, m."""

    quantity = "length"

    def __call__(self, state: WalkState) -> np.ndarray:
        return state.sensordata[:, self._columns]


@observation(_muscle_names)
class muscle_velocity(_MuscleSensor):  # noqa: N801
    """Muscle-tendon lengthening velocities, m/s."""

    quantity = "velocity"

    def __call__(self, state: WalkState) -> np.ndarray:
        return state.sensordata[:, self._columns]


def _foot_parts(task: Task) -> list[tuple[str, list[str]]]:
    """Sole geoms of ``foot_r``, ``toes_r``, ``foot_l`` and ``toes_l``; a part without geoms is left out."""
    parts, toes = [], task.index.toe_soles
    for side in SIDES:
        soles = task.index.soles[side]
        parts.append((f"foot_{side}", [name for name in soles if name not in toes]))
        parts.append((f"toes_{side}", [name for name in soles if name in toes]))
    return [(name, geoms) for name, geoms in parts if geoms]


def _foot_names(task: Task) -> tuple[str, ...]:
    return tuple(name for name, _ in _foot_parts(task))


@observation(_foot_names)
class foot_force:  # noqa: N801
    """Vertical ground force on hindfoot and toes of each side, over every sole geom, in body weights."""

    def __init__(self, task: Task) -> None:
        self._columns = [task.index.sensor_columns("contact", geoms)[2::3] for _, geoms in _foot_parts(task)]

    def __call__(self, state: WalkState) -> np.ndarray:
        forces = [state.sensordata[:, columns].sum(axis=1) for columns in self._columns]
        return np.stack(forces, axis=1) / state.index.body_weight


@observation(_single)
def target_speed(state: WalkState) -> np.ndarray:
    """Target speed, m/s."""
    return state.target_speed[:, None]


@observation(lambda task: ("sin", "cos"))
def gait_phase(state: WalkState) -> np.ndarray:
    """Sine and cosine of the phase of the reference, 0 at right heel strike."""
    angle = 2 * np.pi * state.phase
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def _action_names(task: Task) -> tuple[str, ...]:
    return (*task.index.muscles, *task.index.motors) if task.actions is None else task.actions


@observation(_action_names)
def previous_action(state: WalkState) -> np.ndarray:
    """The action of the control step before, in [-1, 1], muscles first."""
    return state.action


def _motor_names(task: Task, *, motors: Motors) -> tuple[str, ...]:
    return motors.names


@observation(_motor_names)
class motor_force:  # noqa: N801
    """Force or torque of the device's motors as a share of its largest."""

    def __init__(self, task: Task, *, motors: Motors = "*") -> None:  # type: ignore[assignment]
        self._columns = task.index.sensor_columns("force", list(motors.names))
        self._peak = np.array([task.index.motors[name].peak_force for name in motors.names])

    def __call__(self, state: WalkState) -> np.ndarray:
        return state.sensordata[:, self._columns] / self._peak
