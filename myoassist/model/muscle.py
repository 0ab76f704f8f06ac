"""Architecture of the muscles of a compiled model."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco

from myoassist.model.index import ModelIndex


@dataclass(frozen=True)
class MuscleArchitecture:
    """Parameters of one muscle, whose tendon is rigid in MuJoCo.

    ``peak_force`` isometric, N. ``optimal_fiber_length`` and ``tendon_slack_length`` m: fibre length is the length of
    muscle and tendon minus the tendon's. ``max_velocity`` of shortening, optimal fibre lengths per s.
    """

    side: str
    peak_force: float
    optimal_fiber_length: float
    tendon_slack_length: float
    max_velocity: float


def muscle_architecture(model: mujoco.MjModel, index: ModelIndex) -> dict[str, MuscleArchitecture]:
    """Architecture of every muscle by name.

    MuJoCo maps the ``lengthrange`` of muscle and tendon to the ``range`` of normalised fibre lengths; optimal and slack
    length follow from both (MuJoCo documentation, Computation, Muscles).
    """
    found = {}
    for name, muscle in index.muscles.items():
        low, high, _, _, _, _, max_velocity = model.actuator_gainprm[muscle.id, :7]
        shortest, longest = model.actuator_lengthrange[muscle.id]
        optimal = float((longest - shortest) / (high - low))
        found[name] = MuscleArchitecture(
            side=muscle.side,
            peak_force=muscle.peak_force,
            optimal_fiber_length=optimal,
            tendon_slack_length=float(shortest - low * optimal),
            max_velocity=float(max_velocity),
        )
    return found
