"""Architecture of the muscles of a compiled model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import mujoco

if TYPE_CHECKING:
    from myoassist.model.index import Actuator, ModelIndex


@dataclass(frozen=True)
class MuscleArchitecture:
    """Parameters of one muscle, whose tendon is rigid in MuJoCo.

    ``peak_force`` isometric, N. ``optimal_fiber_length`` and ``tendon_slack_length`` m: fibre length is the length of
    muscle and tendon minus the tendon's. ``max_velocity`` of shortening, optimal fibre lengths per s. It has active
    force between ``shortest_active`` and ``longest_active`` optimal fibre lengths. Its passive force is half of
    ``passive_peak`` peak forces half way from the optimal length to the longest active one, and 1.5 of them there: the
    line of MuJoCo's ``mju_muscleBias`` goes on.
    """

    side: str
    peak_force: float
    optimal_fiber_length: float
    tendon_slack_length: float
    max_velocity: float
    shortest_active: float
    longest_active: float
    passive_peak: float


def read_architecture(model: mujoco.MjModel, muscles: dict[str, Actuator]) -> dict[str, MuscleArchitecture]:
    """Architecture of muscles by name.

    MuJoCo maps the ``lengthrange`` of muscle and tendon to the ``range`` of normalised fibre lengths; optimal and slack
    length follow from both (MuJoCo documentation, Computation, Muscles).
    """
    found = {}
    for name, muscle in muscles.items():
        low, high, _, _, active_low, active_high, max_velocity, passive_peak = model.actuator_gainprm[muscle.id, :8]
        shortest, longest = model.actuator_lengthrange[muscle.id]
        optimal = float((longest - shortest) / (high - low))
        found[name] = MuscleArchitecture(
            side=muscle.side,
            peak_force=muscle.peak_force,
            optimal_fiber_length=optimal,
            tendon_slack_length=float(shortest - low * optimal),
            max_velocity=float(max_velocity),
            shortest_active=float(active_low),
            longest_active=float(active_high),
            passive_peak=float(passive_peak),
        )
    return found


def muscle_architecture(model: mujoco.MjModel, index: ModelIndex) -> dict[str, MuscleArchitecture]:
    """Architecture of every muscle of ``model``, a compiled model of ``index``, by name."""
    return read_architecture(model, index.muscles)
