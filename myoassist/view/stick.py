"""A stick figure of the walker, drawn without any graphics library: bones, device, muscles by activation, ground."""

from __future__ import annotations

import re

import mujoco
import numpy as np
from PIL import Image, ImageDraw

from myoassist.model.contact import body_side
from myoassist.view.camera import View
from myoassist.view.colours import activation_colour, muscle_radius
from myoassist.view.scene import Figure, tendon_path

SKY, FLOOR, LINES = (244, 247, 250), (222, 224, 227), (188, 191, 196)
BONES = {"r": (58, 64, 74), "l": (132, 138, 148), "": (84, 90, 100)}  # the left leg lies behind and is paler
DEVICE = (0, 130, 95)
_SKELETON = re.compile(r"^(sacrum|lumbar\d|torso|neck|head|pelvis|(femur|tibia|talus|calcn|toes)_[rl])$")
BONE = 0.024  # m: thickness of a bone
_HEAVY = 0.05  # kg: lighter bodies are via points and hinges
_SMOOTH = 2  # drawn this many times larger, then reduced
_REACH = 12.0  # m of ground ahead of and behind the walker


class StickCanvas:
    """Draws a figure as sticks, ``width`` by ``height`` pixels; stands in for the ``Canvas`` of pictures."""

    def __init__(self, figure: Figure, *, width: int, height: int) -> None:
        self._figure, self._out = figure, (width, height)
        self._size = (_SMOOTH * width, _SMOOTH * height)
        self._sticks = find_sticks(figure.model)
        model = figure.model
        self._soles = [
            (model.geom(n).id, model.geom(n).bodyid[0]) for names in figure.index.soles.values() for n in names
        ]
        self._head = next((body for body in range(model.nbody) if model.body(body).name == "head"), None)

    def draw(self, view: View) -> np.ndarray:
        """The figure as it stands, seen so: ``(height, width, 3)`` uint8."""
        image = Image.new("RGB", self._size, SKY)
        draw = ImageDraw.Draw(image)
        self._draw_ground(draw, view)
        data, model = self._figure.data, self._figure.model
        scale = self._size[1] / (2.0 * np.tan(np.radians(20.0)) * view.distance)  # pixels per metre at the walker
        sticks = [(data.xpos[parent], data.xpos[body], body) for body, parent in self._sticks]
        sticks += [(data.xpos[body], data.geom_xpos[geom], body) for geom, body in self._soles]
        for begin, end, body in sorted(sticks, key=lambda stick: -float((stick[0] + stick[1]) @ view.axes()[2])):
            self._line(draw, view, np.stack([begin, end]), _colour(model, body), BONE * scale, rounded=True)
        for number, tendon in enumerate(self._figure.tendons):
            activation = self._figure.activation[number]
            colour = tuple((255 * activation_colour(activation)).astype(int).tolist())
            width = 1.6 * muscle_radius(activation, slack=self._figure.slack) * scale
            for part in tendon_path(data, int(tendon)):
                self._line(draw, view, part, colour, width)
        if self._head is not None:
            self._draw_head(draw, view, scale)
        return np.asarray(image.resize(self._out, Image.Resampling.BOX))

    def _line(
        self,
        draw: ImageDraw.ImageDraw,
        view: View,
        points: np.ndarray,
        colour: tuple,
        width: float,
        *,
        rounded: bool = False,
    ) -> None:
        """A line through those of ``points`` that lie before the camera."""
        seen = view.project(points, width=self._size[0], height=self._size[1])
        seen = seen[seen[:, 2] > 0.3].tolist()
        draw.line([(x, y) for x, y, _ in seen], fill=colour, width=max(1, round(width)), joint="curve")
        for x, y, _ in seen if rounded else ():
            draw.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=colour)

    def _draw_head(self, draw: ImageDraw.ImageDraw, view: View, scale: float) -> None:
        data = self._figure.data
        x, y, depth = view.project(data.xipos[[self._head]], width=self._size[0], height=self._size[1])[0]
        if depth > 0.05:
            radius = 0.09 * scale
            draw.ellipse(
                [x - radius, y - radius, x + radius, y + radius], outline=BONES[""], width=round(0.018 * scale)
            )

    def _draw_ground(self, draw: ImageDraw.ImageDraw, view: View) -> None:
        """The surface as a strip along the course, with a line at each metre."""
        half, middle = min(self._figure.half_width, 1.5), float(view.target[0])
        along = np.arange(middle - _REACH, middle + _REACH, 0.05)
        near, far = (self._seen(view, along, np.full(len(along), side)) for side in (-half, half))
        good = (near[:, 2] > 0.3) & (far[:, 2] > 0.3)
        if good.sum() > 1:
            draw.polygon([(x, y) for x, y, _ in [*near[good].tolist(), *far[good][::-1].tolist()]], fill=FLOOR)
        across = np.linspace(-half, half, 9)
        for metre in range(int(np.ceil(middle - _REACH)), int(middle + _REACH) + 1):
            points = self._points(np.full(len(across), float(metre)), across)
            self._line(draw, view, points, LINES, 1.5 * _SMOOTH)
        for side in (-half, 0.0, half):
            self._line(draw, view, self._points(along, np.full(len(along), side)), LINES, 1.5 * _SMOOTH)

    def _points(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.stack([x, y, self._figure.ground_height(x, y)], axis=1)

    def _seen(self, view: View, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return view.project(self._points(x, y), width=self._size[0], height=self._size[1])

    def __enter__(self) -> StickCanvas:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


def find_sticks(model: mujoco.MjModel) -> list[tuple[int, int]]:
    """Body and the one it hangs from, of each stick: the skeleton's bones, and the heavier parts of a device."""
    names = [model.body(body).name for body in range(model.nbody)]
    drawn = {
        body
        for body in range(1, model.nbody)
        if _SKELETON.match(names[body]) or (body_side(model, body) and model.body_mass[body] > _HEAVY)
    }
    sticks = []
    for body in sorted(drawn):
        parent = int(model.body_parentid[body])
        while parent > 0 and parent not in drawn:
            parent = int(model.body_parentid[parent])
        if parent > 0:
            sticks.append((body, parent))
    return sticks


def _colour(model: mujoco.MjModel, body: int) -> tuple[int, int, int]:
    return BONES[body_side(model, body)] if _SKELETON.match(model.body(body).name) else DEVICE
