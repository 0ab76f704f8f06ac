"""Impairments that change the compiled model's muscles."""

from __future__ import annotations

from fnmatch import fnmatchcase

import mujoco

from myoassist.config import ConditionConfig
from myoassist.errors import ModelError, unknown
from myoassist.model.index import list_actuators


def apply_condition(model: mujoco.MjModel, condition: ConditionConfig) -> None:
    """Scale the peak isometric force of muscles in place; later globs of ``condition.strength`` win over earlier ones.

    Raises:
        ModelError: a glob matches no muscle.
    """
    muscles = list_actuators(model, muscles=True)
    factors: dict[str, float] = {}
    for pattern, factor in condition.strength.items():
        matched = [name for name in muscles if fnmatchcase(name, pattern)]
        if not matched:
            raise ModelError(unknown("muscle", pattern, muscles, where="condition.strength", most=100))
        factors.update(dict.fromkeys(matched, factor))
    for name, factor in factors.items():
        model.actuator_gainprm[muscles[name].id, 2] *= factor  # mjGAIN_MUSCLE: prm[2] is the peak force in N
        model.actuator_biasprm[muscles[name].id, 2] *= factor  # the passive force scales with the same muscle
