"""How the full model looks in pictures: sky, light, a ground with metre lines, bones. Nothing here changes physics."""

from __future__ import annotations

import mujoco
import numpy as np

from myoassist.model.contact import GROUND
from myoassist.model.terrain import Ground

TILE = 2.0  # m: side of the ground's texture, which repeats
_BONE = [0.90, 0.85, 0.74, 1.0]
_GREY = [0.8, 0.8, 0.8, 1.0]  # what the bodies give to bones
_PIXELS = 512
KEY, FILL = [1.0, -1.6, 3.5], [-2.5, 2.5, 2.0]  # m: places of the lights, from the pelvis


def add_looks(spec: mujoco.MjSpec, full: mujoco.MjModel, ground: Ground) -> None:
    """Give ``spec``, which has its ground, a sky, lights that go along with the pelvis, and colours.

    Args:
        full: compiled from ``spec`` with the bodies it has now.
    """
    for texture in [texture for texture in spec.textures if texture.type == mujoco.mjtTexture.mjTEXTURE_SKYBOX]:
        spec.delete(texture)  # the body's own; MuJoCo shows the first
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.62, 0.74, 0.87],
        rgb2=[0.96, 0.97, 0.98],
        width=256,
        height=256,
    )
    _lay_tiles(spec, middle=_middle(ground))
    if ground.grid is not None:
        _add_floor(spec, float(ground.grid.heights.min()))
    _add_lights(spec, full)
    for geom in spec.geoms:
        if geom.type == mujoco.mjtGeom.mjGEOM_MESH and np.allclose(geom.rgba, _GREY):
            geom.rgba = _BONE
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [0.32] * 3, [0.22] * 3
    spec.visual.headlight.specular = [0.05] * 3
    spec.visual.rgba.haze = [0.93, 0.95, 0.97, 1.0]
    spec.visual.map.znear, spec.visual.map.zfar, spec.visual.map.shadowclip = 0.02, 12.0, 2.4
    spec.stat.extent = 2.5  # m: near, far, haze and shadow are shares of it


def _middle(ground: Ground) -> float:
    """Where the middle of the ground lies along the course, m: there MuJoCo begins to lay a texture."""
    grid = ground.grid
    return 0.0 if grid is None else grid.x_first + 0.5 * grid.spacing * (grid.heights.shape[2] - 1)


def _lay_tiles(spec: mujoco.MjSpec, *, middle: float) -> None:
    texture = spec.add_texture(name=GROUND, type=mujoco.mjtTexture.mjTEXTURE_2D, width=_PIXELS, height=_PIXELS)
    texture.nchannel = 3
    texture.data = ground_tile(middle).tobytes()
    material = spec.add_material(name=GROUND, specular=0.1, shininess=0.1)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = GROUND
    material.texuniform, material.texrepeat = True, [2 / TILE, 2 / TILE]  # MuJoCo counts repeats in 2 m
    next(geom for geom in spec.geoms if geom.name == GROUND).material = GROUND


def _add_floor(spec: mujoco.MjSpec, lowest: float) -> None:
    """A plane that nothing touches around the course, which would hang in the air without it."""
    floor = spec.worldbody.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1])
    floor.pos, floor.rgba, floor.contype, floor.conaffinity = [0, 0, lowest - 0.03], [0.88, 0.89, 0.90, 1.0], 0, 0


def ground_tile(begin: float = 0.0) -> np.ndarray:
    """Squares of one metre in two greys, a line at each metre and a thin one at each half ``(512, 512, 3)`` uint8.

    ``begin``: position along the course, m, of the first column.
    """
    across = (np.arange(_PIXELS) + 0.5) / _PIXELS * TILE
    along = across + begin
    grey = np.where((np.floor(across)[:, None] + np.floor(along)[None]) % 2, 196, 210).astype(float)
    for step, half_width, shade in ((0.5, 0.004, 0.93), (1.0, 0.010, 0.78)):
        rows, columns = (np.abs((m + step / 2) % step - step / 2) < half_width for m in (across, along))
        grey[rows[:, None] | columns[None]] = 210 * shade
    return (grey[..., None] * np.array([0.98, 0.99, 1.0])).round().astype(np.uint8)


def _add_lights(spec: mujoco.MjSpec, full: mujoco.MjModel) -> None:
    """A key light from ahead on the right, which may cast shadows, and a weak one from behind on the left."""
    data = mujoco.MjData(full)
    mujoco.mj_kinematics(full, data)
    upright = data.body("pelvis").xmat.reshape(3, 3)  # the pelvis's own axes are not the world's
    pelvis = spec.body("pelvis")
    for name, place, strength in (("key", KEY, 0.55), ("fill", FILL, 0.25)):
        light = pelvis.add_light(name=name, pos=upright.T @ place, dir=upright.T @ -np.array(place))
        light.type = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
        light.mode = mujoco.mjtCamLight.mjCAMLIGHT_TRACK
        light.castshadow = name == "key"
        light.ambient, light.diffuse, light.specular = [0.0] * 3, [strength] * 3, [0.25 * strength] * 3
