"""Observation terms. Each returns ``(num_envs, n)``; its ``names`` function tells what the columns are called.

A signal is named ``<term>.<column>``, e.g. ``joint_pos.ankle_angle_r``. To add a term: write a function here, give it
names with ``@observation``, use it in ``conf/observation``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from myoassist.mdp import pelvis
from myoassist.mdp.state import SIDES, Task, WalkState, summed
from myoassist.mdp.terms import Joints, Motors, Muscles, ReferenceJoints
from myoassist.registry import enter

OBSERVATIONS: dict[str, Callable] = {}
NAMES: dict[str, Callable[..., tuple[str, ...]]] = {}
LEAST: dict[str, float] = {}


def observation(names: Callable[..., tuple[str, ...]], *, least: float = 0.0) -> Callable[[Callable], Callable]:
    """Register a term; ``names(task, **parameters)`` names its columns (one empty name for a single value).

    ``least`` is the smallest standard deviation, in the term's unit, that its normalised columns are divided by: for
    what can be the same for all walkers through the first part of a training.

    Raises:
        ConfigError: another term has its name.
    """

    def register(term: Callable) -> Callable:
        enter(OBSERVATIONS, term.__name__, term, kind="observation term")
        NAMES[term.__name__], LEAST[term.__name__] = names, least
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


class _FiberSensor(_MuscleSensor):
    """A sensor of each muscle with its fibre's optimal length and largest velocity; MuJoCo's tendon is rigid."""

    def __init__(self, task: Task, *, muscles: Muscles = "*") -> None:  # type: ignore[assignment]
        super().__init__(task, muscles=muscles)
        chosen = [task.index.architecture[name] for name in muscles.names]
        self._optimal = np.array([muscle.optimal_fiber_length for muscle in chosen])
        self._tendon = np.array([muscle.tendon_slack_length for muscle in chosen])
        self._fastest = np.array([muscle.max_velocity for muscle in chosen])


@observation(_muscle_names)
class fiber_length(_FiberSensor):  # noqa: N801
    """Muscle fibre lengths as a share of the optimal fibre length: 1 where the muscle is strongest."""

    quantity = "length"

    def __call__(self, state: WalkState) -> np.ndarray:
        return (state.sensordata[:, self._columns] - self._tendon) / self._optimal


@observation(_muscle_names)
class fiber_velocity(_FiberSensor):  # noqa: N801
    """Muscle fibre lengthening velocities as a share of the largest shortening velocity: -1 gives no force."""

    quantity = "velocity"

    def __call__(self, state: WalkState) -> np.ndarray:
        return state.sensordata[:, self._columns] / (self._optimal * self._fastest)


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
        return summed(state.sensordata, self._columns) / state.index.body_weight


@observation(_single, least=0.1)
def target_speed(state: WalkState) -> np.ndarray:
    """Target speed, m/s."""
    return state.target_speed[:, None]


@observation(lambda task: ("sin", "cos"))
def gait_phase(state: WalkState) -> np.ndarray:
    """Sine and cosine of the phase of the reference, 0 at right heel strike."""
    angle, waves = 2 * np.pi * state.phase, np.empty((state.num_envs, 2))
    waves[:, 0], waves[:, 1] = np.sin(angle), np.cos(angle)
    return waves


def _ahead_names(task: Task, *, joints: ReferenceJoints, seconds: list[float]) -> tuple[str, ...]:
    return tuple(f"{second:g}s_{joint}" for second in seconds for joint in joints.names)


@observation(_ahead_names)
def reference_ahead(state: WalkState, *, joints: ReferenceJoints, seconds: list[float]) -> np.ndarray:
    """Reference positions in rad (m) that the walker should have ``seconds`` from now, at the present target speed."""
    cycles = state.cadence_ratio / state.task.reference.cycle_seconds
    ahead = [state.reference_at((state.phase + second * cycles) % 1.0)[0] for second in seconds]
    return np.concatenate([position[:, joints.columns] for position in ahead], axis=1)


def _axis_names(task: Task) -> tuple[str, ...]:
    return ("forward", "up") if task.index.planar else pelvis.AXES


def _in_plane(state: WalkState, vector: np.ndarray) -> np.ndarray:
    return vector[:, ::2] if state.index.planar else vector


@observation(_axis_names)
def gravity_direction(state: WalkState) -> np.ndarray:
    """Unit vector of gravity in the axes of the pelvis: its orientation but for the heading, as an IMU gives it."""
    return _in_plane(state, pelvis.gravity(state))


@observation(_axis_names)
def pelvis_velocity(state: WalkState) -> np.ndarray:
    """Velocity of the pelvis along its heading, to its left and up, m/s."""
    return _in_plane(state, pelvis.velocity(state))


@observation(lambda task: ("left",) if task.index.planar else pelvis.AXES)
def pelvis_angular_velocity(state: WalkState) -> np.ndarray:
    """Angular velocity of the pelvis about its own axes, rad/s; about the left axis, leaning forward is positive."""
    turning = pelvis.angular_velocity(state)
    return turning[:, 1:2] if state.index.planar else turning


def _scan_names(task: Task, *, ahead: list[float], left: list[float]) -> tuple[str, ...]:
    sides = ["" if y == 0 else f"_left_{y:g}" if y > 0 else f"_right_{-y:g}" for y in left]
    return tuple(f"ahead_{x:g}{side}" for x in ahead for side in sides)


@observation(_scan_names, least=0.02)
def height_scan(state: WalkState, *, ahead: list[float], left: list[float] = [0.0]) -> np.ndarray:  # noqa: B006
    """Heights of the ground over that below the pelvis, m, at each distance ``ahead`` and to the ``left``, m.

    The points turn with the heading of the pelvis, not with its tilt. They count from the same level as its height.
    """
    x, y = (values.ravel() for values in np.meshgrid(ahead, left, indexing="ij"))
    turned = pelvis.heading(state)[:, None]
    forward, sideways = state.place
    x, y = np.cos(turned) * x - np.sin(turned) * y, np.sin(turned) * x + np.cos(turned) * y
    return state.ground_at(forward[:, None] + x, sideways[:, None] + y) - state.ground_height[:, None]


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
