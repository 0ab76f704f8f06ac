"""The parts of a model as triangle meshes by body, for screens that draw by themselves."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
import trimesh

from myoassist.view.scene import WRAPPING, Figure, tendon_path

_SEEN = 0.05  # opacity below which a geom is left out
_TILES = ([205, 206, 208, 255], [190, 191, 193, 255])  # of the squares of one metre


@dataclass(frozen=True)
class Part:
    """Triangles of one colour that move with a body: ``vertices`` ``(n, 3)`` m in its frame, ``rgba`` in [0, 1]."""

    body: int
    vertices: np.ndarray
    faces: np.ndarray
    rgba: tuple[float, float, float, float]


def body_parts(model: mujoco.MjModel) -> list[Part]:
    """What is seen of every moving body, one part per colour."""
    gathered: dict[tuple, list[trimesh.Trimesh]] = {}
    for geom in range(model.ngeom):
        body = int(model.geom_bodyid[geom])
        if body == 0 or model.geom_group[geom] in WRAPPING or model.geom_rgba[geom, 3] < _SEEN:
            continue
        mesh = geom_mesh(model, geom)
        if mesh is not None:
            gathered.setdefault((body, *np.round(_colour(model, geom), 3).tolist()), []).append(mesh)
    parts = []
    for (body, *rgba), meshes in gathered.items():
        shift = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
        vertices = np.concatenate([np.asarray(mesh.vertices) for mesh in meshes])
        faces = np.concatenate([np.asarray(mesh.faces) + first for mesh, first in zip(meshes, shift[:-1], strict=True)])
        parts.append(Part(body, vertices, faces, (rgba[0], rgba[1], rgba[2], rgba[3])))
    return parts


def _colour(model: mujoco.MjModel, geom: int) -> np.ndarray:
    material = int(model.geom_matid[geom])
    own = model.geom_rgba[geom]
    plain = np.allclose(own, [0.5, 0.5, 0.5, 1.0])  # MuJoCo's default: the material's colour counts
    return model.mat_rgba[material] if material >= 0 and plain else own


def geom_mesh(model: mujoco.MjModel, geom: int) -> trimesh.Trimesh | None:
    """A geom in the frame of its body; None for what has no surface of its own."""
    mesh = _surface(model, geom)
    if mesh is not None:
        matrix = np.eye(4)
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, model.geom_quat[geom])
        matrix[:3, :3], matrix[:3, 3] = rotation.reshape(3, 3), model.geom_pos[geom]
        mesh.apply_transform(matrix)
    return mesh


def _surface(model: mujoco.MjModel, geom: int) -> trimesh.Trimesh | None:
    kind, size = mujoco.mjtGeom(model.geom_type[geom]), model.geom_size[geom]
    if kind == mujoco.mjtGeom.mjGEOM_MESH:
        mesh = int(model.geom_dataid[geom])
        first, count = model.mesh_vertadr[mesh], model.mesh_vertnum[mesh]
        face, faces = model.mesh_faceadr[mesh], model.mesh_facenum[mesh]
        vertices, triangles = model.mesh_vert[first : first + count], model.mesh_face[face : face + faces]
        return trimesh.Trimesh(vertices.astype(float), triangles.copy(), process=False)
    if kind == mujoco.mjtGeom.mjGEOM_BOX:
        return trimesh.creation.box(extents=2 * size)
    if kind == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return trimesh.creation.capsule(radius=size[0], height=2 * size[1], count=[16, 16])
    if kind == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return trimesh.creation.cylinder(radius=size[0], height=2 * size[1], sections=24)
    if kind in (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_ELLIPSOID):
        ball = trimesh.creation.icosphere(subdivisions=2)
        ball.apply_scale(size if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID else size[[0, 0, 0]])
        return ball
    return None


def ground_mesh(figure: Figure) -> trimesh.Trimesh | None:
    """The height field of the figure's ground with squares of one metre; None for a plane."""
    grid = figure.ground.grid
    if grid is None:
        return None
    rows, columns = grid.heights.shape[1:]
    x = grid.x_first + grid.spacing * np.arange(columns)
    y = np.linspace(-figure.half_width, figure.half_width, rows)
    across, along = np.meshgrid(y, x, indexing="ij")
    vertices = np.stack([along, across, grid.heights[figure.which]], axis=-1).reshape(-1, 3)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    lower = np.stack([corner, corner + 1, corner + columns + 1], axis=1)  # cut along the first diagonal, as MuJoCo does
    upper = np.stack([corner, corner + columns + 1, corner + columns], axis=1)
    colours = np.array(_TILES, dtype=np.uint8)[np.floor(vertices[:, :2]).astype(int).sum(axis=1) % 2]
    return trimesh.Trimesh(vertices, np.concatenate([lower, upper]), vertex_colors=colours, process=False)


class MuscleRods:
    """Muscles and cables as straight rods, a fixed number of them; those not needed have no size."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        model = figure.model
        self._tendons = list(range(model.ntendon))
        # a wrapping object has two points at most, a site one
        self.count = max(1, int(2 * model.tendon_num.sum()))

    def place(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Middle ``(n, 3)`` m, turn ``(n, 4)`` wxyz from the z axis, size ``(n, 3)`` m and colour ``(n, 3)`` uint8."""
        model, data = self._figure.model, self._figure.data
        begin, end, width, colour = [], [], [], []
        for tendon in self._tendons:
            for path in tendon_path(data, tendon):
                begin.append(path[:-1])
                end.append(path[1:])
                width += [float(model.tendon_width[tendon])] * (len(path) - 1)
                colour += [model.tendon_rgba[tendon, :3]] * (len(path) - 1)
        size = np.zeros((self.count, 3))
        middle, turn = np.zeros((self.count, 3)), np.tile([1.0, 0.0, 0.0, 0.0], (self.count, 1))
        shade = np.zeros((self.count, 3), dtype=np.uint8)
        if width:
            first, last, n = np.concatenate(begin), np.concatenate(end), len(width)
            along = last - first
            length = np.linalg.norm(along, axis=1)
            middle[:n], turn[:n] = 0.5 * (first + last), turn_from_up(along / np.maximum(length, 1e-9)[:, None])
            size[:n] = np.stack([width, width, length], axis=1)
            shade[:n] = np.round(255 * np.array(colour)).astype(np.uint8)
        return middle, turn, size, shade


def turn_from_up(direction: np.ndarray) -> np.ndarray:
    """Quaternions wxyz ``(n, 4)`` that turn the z axis to unit vectors ``direction`` ``(n, 3)``."""
    x, y, z = direction.T
    turn = np.stack([1.0 + z, -y, x, np.zeros_like(z)], axis=1)
    turn[z < -0.999999] = [0.0, 1.0, 0.0, 0.0]  # straight down
    return turn / np.linalg.norm(turn, axis=1, keepdims=True)
