"""Impairments that change the compiled model's muscles; those of their drive are in ``mdp/drive.py``."""

from __future__ import annotations

import mujoco

from myoassist.config import ConditionConfig
from myoassist.model.index import list_actuators
from myoassist.model.muscle_groups import by_muscle
from myoassist.model.names import whole_muscles

# Columns of MuJoCo's parameters of a muscle: gainprm and biasprm, and dynprm.
_PEAK_FORCE, _LARGEST_VELOCITY = 2, 6
_DEACTIVATION_TIME = 1


def apply_condition(model: mujoco.MjModel, condition: ConditionConfig, *, body: str) -> None:
    """Scale peak isometric force, largest shortening velocity and deactivation time of muscles in place.

    The passive force scales with the peak force. What is meant for a muscle that a prosthesis took away is dropped.

    Args:
        body: as ``model.body`` of the configuration; its muscles are those that can be named.

    Raises:
        ConfigError: a name, glob or group matches no muscle of the body.
    """
    gain, bias, dynamics = model.actuator_gainprm, model.actuator_biasprm, model.actuator_dynprm
    muscles = list_actuators(model, muscles=True)
    for key, tables, column in (
        ("strength", (gain, bias), _PEAK_FORCE),
        ("contraction_velocity", (gain, bias), _LARGEST_VELOCITY),
        ("deactivation_time", (dynamics,), _DEACTIVATION_TIME),
    ):
        factors = by_muscle(getattr(condition, key), whole_muscles(body, muscles), where=f"condition.{key}")
        for name in factors.keys() & muscles.keys():
            for table in tables:
                table[muscles[name].id, column] *= factors[name]
