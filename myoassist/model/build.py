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
from myoassist.model.coupling import find_coupling
from myoassist.model.index import ModelIndex, independent_joints, make_index
from myoassist.model.lean import join_bodies, skip_idle_stages, strip_drawing
from myoassist.model.looks import add_looks
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
    only: int | None = None,
) -> BuiltModel:
    """Build the simulation models.

    Args:
        grounds: number of different grounds; a plane needs one model whatever this says, a curriculum its levels.
        rng: draws the grounds; needed by terrains that are random.
        drawing: keep meshes and sites for pictures, with light and colours; the simulation goes without.
        only: number of the one ground wanted: ``models`` has one model then, as pictures need (20 MB each).

    Raises:
        ModelError: the pair cannot be composed, or a name does not exist on it.
    """
    spec = compose(model, device)
    full = spec.compile()
    soles = sole_geoms(full, model.roles.feet)
    names = {side: [_name(spec, geom) for geom in geoms] for side, geoms in soles.items()}
    planar = "pelvis_tz" not in {joint.name for joint in spec.joints}
    rng = rng if rng is not None else np.random.default_rng(0)
    ground = make_ground(terrain, planar=planar, grounds=grounds, rng=rng)
    _equip(spec, full, model, touching=[*names["r"], *names["l"]], drawing=drawing)
    add_ground(spec, ground, friction=terrain.friction)
    if drawing:
        add_looks(spec, full, ground)
    compiled = spec.compile()
    if not drawing:
        skip_idle_stages(compiled)
    apply_condition(compiled, condition or ConditionConfig(), body=model.body)
    index = make_index(compiled, full, body=model.body, soles=names, standing=standing_pose(full, soles))
    return BuiltModel(models=_lay(compiled, ground, only), index=index, ground=ground)


def _name(spec: mujoco.MjSpec, geom: int) -> str:
    """Name of a geom; one without a name gets one."""
    element = next(candidate for candidate in spec.geoms if candidate.id == geom)
    if not element.name:
        element.name = f"sole_{geom}"
    return element.name


def _equip(
    spec: mujoco.MjSpec, full: mujoco.MjModel, model: ModelConfig, *, touching: list[str], drawing: bool
) -> None:
    """Give ``spec``, compiled as ``full``, the contacts, sensors and options of the simulation."""
    if model.contact == "feet":
        restrict_contact(spec, touching)
    limited = [j for j in independent_joints(full, find_coupling(full)) if full.jnt_limited[j]]
    replace_sensors(
        spec,
        soles=touching,
        limited_joints=[full.joint(joint).name for joint in limited],
        actuators=[full.actuator(actuator).name for actuator in range(full.nu)],
    )
    for key in list(spec.keys):
        spec.delete(key)
    if not drawing:
        strip_drawing(spec, full)
        join_bodies(spec, full)
    spec.option.timestep = 1.0 / model.physics_hz
    spec.option.integrator = _INTEGRATORS[model.integrator]


def ground_generator(seed: int) -> np.random.Generator:
    """The generator that draws the grounds of a batch with ``seed``; of its own, so that start states do not depend on
    how many there are."""
    world = np.random.SeedSequence(seed).spawn(2)[0]
    return np.random.default_rng(world.spawn(1)[0])


def _lay(compiled: mujoco.MjModel, ground: Ground, only: int | None) -> list[mujoco.MjModel]:
    """One copy of the model for each ground, or for the only one wanted."""
    if ground.grid is None:
        return [compiled]
    numbers = range(len(ground.grid.heights)) if only is None else [only]
    models = [copy.copy(compiled) for _ in numbers]
    for which, model in zip(numbers, models, strict=True):
        lay_ground(model, ground.grid, which)
    return models
