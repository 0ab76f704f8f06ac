"""A shipped body that stands, for tests of the composed model."""

from __future__ import annotations

import mujoco

from myoassist.config import ModelConfig
from myoassist.model.build import BuiltModel

SMALL = ModelConfig(name="small", body="myolegs22")


def stand(built: BuiltModel, lift: float = 0.0) -> mujoco.MjData:
    """The standing body, ``lift`` m above the ground, not stepped yet."""
    data = mujoco.MjData(built.models[0])
    data.qpos[:] = built.index.standing_qpos
    data.qpos[built.index.joints["pelvis_ty"].qpos] += lift
    mujoco.mj_forward(built.models[0], data)
    return data
