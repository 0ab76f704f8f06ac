"""Impairments that change the compiled model's muscles; those of their drive are in ``mdp/drive.py``."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np

from myoassist.config import ConditionConfig
from myoassist.model.index import list_actuators
from myoassist.model.muscle_groups import by_muscle

# Columns of MuJoCo's parameters of a muscle: gainprm and biasprm, and dynprm.
_PEAK_FORCE, _LARGEST_VELOCITY = 2, 6
_DEACTIVATION_TIME = 1


def apply_condition(model: mujoco.MjModel, condition: ConditionConfig) -> None:
    """Scale peak isometric force, largest shortening velocity and deactivation time of muscles in place.

    The passive force scales with the peak force.

    Raises:
        ConfigError: a name or glob matches no muscle.
    """
    gain, bias, dynamics = model.actuator_gainprm, model.actuator_biasprm, model.actuator_dynprm
    _scale(model, condition.strength, (gain, bias), _PEAK_FORCE, "strength")
    _scale(model, condition.contraction_velocity, (gain, bias), _LARGEST_VELOCITY, "contraction_velocity")
    _scale(model, condition.deactivation_time, (dynamics,), _DEACTIVATION_TIME, "deactivation_time")


def _scale(
    model: mujoco.MjModel, factors: Mapping[str, float], tables: tuple[np.ndarray, ...], column: int, key: str
) -> None:
    muscles = list_actuators(model, muscles=True)
    for name, factor in by_muscle(factors, muscles, where=f"condition.{key}", complete=False).items():
        for table in tables:
            table[muscles[name].id, column] *= factor
