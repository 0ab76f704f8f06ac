"""What is written over a picture: the trial, the clock, the speeds, metres along the course, and the muscles' scale."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from myoassist.view.camera import View
from myoassist.view.colours import activation_colour
from myoassist.view.scene import Figure

INK, PALE = (28, 32, 38), (96, 102, 110)
SIDELINE = 0.42  # m beside the walker's course, where the metres are written
FAR = 1.6  # times the camera's distance: metres farther away are left out
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def font(size: int) -> Font:
    """DejaVu Sans, which comes with matplotlib and has Greek and accents; without it Pillow's own."""
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib and matplotlib.origin:
        path = Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size)


def text_size(height: int) -> int:
    """Size of the writing in a picture ``height`` pixels high."""
    return max(10, round(height / 30))


def write_caption(image: Image.Image, *, left: list[str], right: list[str]) -> None:
    """Write lines into the upper corners, the first of each in full ink; long ones are cut with an ellipsis."""
    draw, size = ImageDraw.Draw(image), text_size(image.height)
    margin, step = size * 0.8, size * 1.35
    for lines, anchor, x in ((left, "la", margin), (right, "ra", image.width - margin)):
        for row, line in enumerate(lines):
            ink = INK if row == 0 else PALE
            fitted = _fitted(line, font(size), 0.5 * image.width - 1.2 * margin)
            draw.text((x, margin + row * step), fitted, fill=ink, font=font(size), anchor=anchor)


def _fitted(line: str, face: Font, room: float) -> str:
    if face.getlength(line) <= room:
        return line
    while line and face.getlength(line + "…") > room:
        line = line[:-1]
    return line + "…"


def write_metres(image: Image.Image, view: View, figure: Figure) -> None:
    """Write the metres along the course on the ground, on the camera's side."""
    side = min(SIDELINE, figure.half_width - 0.06) * (1.0 if view.axes()[2, 1] < -0.1 else -1.0)
    along = round(float(view.target[0])) + np.arange(-8, 9)
    sides = np.full(len(along), side)
    points = np.stack([along, sides, figure.ground_height(along.astype(float), sides)], axis=1)
    draw, size = ImageDraw.Draw(image), text_size(image.height)
    for metre, (x, y, depth) in zip(along, view.project(points, width=image.width, height=image.height), strict=True):
        if metre < 0 or not 0.3 < depth < FAR * view.distance:
            continue
        face = font(max(7, round(0.8 * size * min(1.5, view.distance / depth))))
        half = 0.5 * face.getlength(f"{metre} m")
        under_scale = y > image.height - 2.2 * size and x < 13 * size
        if half < x < image.width - half and 4 * size < y < image.height - size and not under_scale:
            draw.text((x, y), f"{metre} m", fill=PALE, font=face, anchor="mm")


@cache
def _scale(size: int) -> Image.Image:
    """The colours of activation from 0 to 1, with words, as a picture with transparency."""
    bar, high, face = 7 * size, round(0.55 * size), font(round(0.75 * size))
    words = round(face.getlength("activation 0"))
    image = Image.new("RGBA", (words + bar + 3 * size, round(1.2 * size)), (255, 255, 255, 0))
    colours = (255 * activation_colour(np.linspace(0, 1, bar))).round().astype(np.uint8)
    strip = Image.fromarray(np.repeat(colours[None], high, axis=0))
    middle = image.height // 2
    image.paste(strip, (words + size // 2, middle - high // 2))
    draw = ImageDraw.Draw(image)
    draw.text((0, middle), "activation 0", fill=(*PALE, 255), font=face, anchor="lm")
    draw.text((words + bar + size, middle), "1", fill=(*PALE, 255), font=face, anchor="lm")
    return image


def write_scale(image: Image.Image) -> None:
    """Put the scale of the muscles' colours into the lower left corner."""
    size = text_size(image.height)
    scale = _scale(size)
    image.paste(scale, (round(0.8 * size), image.height - scale.height - round(0.5 * size)), scale)
