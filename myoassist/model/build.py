"""Compose body, device, ground and condition into compiled models and their index."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import mujoco
import numpy as np

from myoassist.config import ConditionConfig, DeviceConfig, ModelConfig, Terrain
from myoassist.model.compose import compose
from myoassist.model.condition import apply_condition
from myoassist.model.contact import restrict_contact, sole_geoms
from myoassist.model.index import ModelIndex, independent_joints, list_actuators, make_index
from myoassist.model.coupling import find_coupling
from myoassist.model.lean import strip_drawing
from myoassist.model.posture import standing_pose
from myoassist.model.sensors import replace_sensors
from myoassist.model.terrain import Ground, add_ground, lay_ground, make_ground

_INTEGRATORS = {
    "euler": mujoco.mjtIntegrator.mjINT_EULER,
    "implicitfast": mujoco.mjtIntegrator.mjINT_IMPLICITFAST,
}


@dataclass(frozen=True)
class BuiltModel:
    """Compiled models, one per different ground, with what they share.

    Every model has the same size and order of ``qpos``, ``qvel``, ``act``, ``ctrl`` and ``sensordata``.
    """

    models: list[mujoco.MjModel]
    index: ModelIndex
    ground: Ground


def build_model(
    model: ModelConfig,
    device: DeviceConfig,
    terrain: Terrain,
    condition: ConditionConfig | None = None,
    *,
    grounds: int = 1,
    rng: np.random.Generator | None = None,
    drawing: bool = False,
) -> BuiltModel:
    """Build the simulation models.

    Args:
        grounds: number of different grounds; a plane needs one model whatever this says.
        rng: draws the grounds; needed by terrains that are random.
        drawing: keep meshes and sites for pictures; the simulation goes without.

    Raises:
        ModelError: the pair cannot be composed, or a name does not exist on it.
    """
    spec = compose(model, device)
    full = spec.compile()
    standing, soles = _stand(full)
    names = {side: [_name(spec, geom) for geom in geoms] for side, geoms in soles.items()}
    touching = [name for side in names.values() for name in side]
    planar = not any(joint.name == "pelvis_tz" for joint in spec.joints)
    ground = make_ground(
        terrain, planar=planar, grounds=grounds, rng=rng if rng is not None else np.random.default_rng(0)
    )
    add_ground(spec, terrain, ground)
    restrict_contact(spec, touching, everything=model.contact == "all")
    replace_sensors(
        spec, soles=touching, limited_joints=_limited(full), actuators=[full.actuator(a).name for a in range(full.nu)]
    )
    for key in list(spec.keys):
        spec.delete(key)
    if not drawing:
        strip_drawing(spec, touching)
    spec.option.timestep = 1.0 / model.physics_hz
    spec.option.integrator = _INTEGRATORS[model.integrator]
    compiled = spec.compile()
    apply_condition(
        compiled,
        condition or ConditionConfig(),
        {muscle.name: muscle.id for muscle in list_actuators(compiled, muscles=True).values()},
    )
    index = make_index(
        compiled, body=model.body, soles=names, toe_soles=_toes(full, soles, names), standing=standing
    )
    return BuiltModel(models=_lay(compiled, ground), index=index, ground=ground)


def _stand(model: mujoco.MjModel) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Standing pose and soles; the soles are found in the pose, and the pose then stands on the soles."""
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    soles = sole_geoms(model, data)
    return standing_pose(model, soles), soles


def _name(spec: mujoco.MjSpec, geom: int) -> str:
    element = spec.geoms[geom]
    if not element.name:
        element.name = f"sole_{geom}"
    return element.name


def _limited(model: mujoco.MjModel) -> list[str]:
    joints = independent_joints(model, find_coupling(model))
    return [model.joint(joint).name for joint in joints if model.jnt_limited[joint]]


def _toes(model: mujoco.MjModel, soles: dict[str, list[int]], names: dict[str, list[str]]) -> frozenset[str]:
    """Sole geoms beyond the joint of the toes."""
    toes = {int(model.jnt_bodyid[j]) for j in range(model.njnt) if model.joint(j).name.startswith("mtp_angle_")}
    found = set()
    for side, geoms in soles.items():
        for geom, name in zip(geoms, names[side], strict=True):
            body = int(model.geom_bodyid[geom])
            while body > 0 and body not in toes:
                body = int(model.body_parentid[body])
            if body in toes:
                found.add(name)
    return frozenset(found)


def _lay(compiled: mujoco.MjModel, ground: Ground) -> list[mujoco.MjModel]:
    if ground.grid is None:
        return [compiled]
    models = []
    for which in range(len(ground.grid.heights)):
        laid = copy.copy(compiled)
        lay_ground(laid, ground.grid, which)
        models.append(laid)
    return models
