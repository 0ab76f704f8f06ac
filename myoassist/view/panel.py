"""A strip below the picture in which chosen signals of the recording scroll by."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from PIL import Image, ImageDraw

from myoassist.analysis.recording import GROUPS, Recording
from myoassist.errors import ConfigError, unknown
from myoassist.view.colours import PALETTE
from myoassist.view.overlay import INK, PALE, font

WINDOW = 3.0  # s that are in sight; now is at the right edge
SHARE = 0.34  # height of the panel as a share of the picture's
MOST = 8  # curves in one plot, as many as there are colours
_LEFT_OUT = ("time", "episode", "done", "qpos")
_SMOOTH = 2  # drawn this many times larger, then reduced


@dataclass(frozen=True)
class Plot:
    """Curves that share an axis: ``values`` ``(frames, curves)`` of one group, from ``low`` to ``high``."""

    title: str
    names: tuple[str, ...]
    values: np.ndarray
    low: float
    high: float


def signals(recording: Recording) -> dict[str, tuple[str, str]]:
    """Group and column of every signal by the name it is asked for: ``device_torque.<joint>``, ``speed``."""
    found: dict[str, tuple[str, str]] = {}
    for group in recording.arrays:
        if group in GROUPS and group not in _LEFT_OUT:
            columns = recording.columns(group)
            found |= {f"{group}.{column}": (group, column) for column in columns} or {group: (group, "")}
    return found


def choose_plots(recording: Recording, episode: int, patterns: list[str], *, where: str = "video.panel") -> list[Plot]:
    """A plot for each of ``patterns`` (names or globs); one whose signals belong to several groups becomes several.

    Raises:
        ConfigError: one that matches nothing, or more curves than can be told apart.
    """
    known = signals(recording)
    plots = []
    for pattern in patterns:
        names = [name for name in known if fnmatchcase(name, pattern)]
        if not names:
            raise ConfigError(unknown("signal", pattern, known, where=where))
        groups = dict.fromkeys(known[name][0] for name in names)
        plots += [
            _plot(recording, episode, group, [n for n in names if known[n][0] == group], where) for group in groups
        ]
    return plots


def _plot(recording: Recording, episode: int, group: str, names: list[str], where: str) -> Plot:
    if len(names) > MOST:
        listed = ", ".join(names[:4])
        raise ConfigError(f"{where}: {len(names)} signals in one plot ({listed}, …); at most {MOST}: name fewer")
    columns = [name.partition(".")[2] for name in names]
    rows = recording.episodes[episode]
    values = np.stack([recording.column(group, c) if c else recording[group] for c in columns], axis=1)[rows]
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    room = 0.06 * max(high - low, 1e-6)
    units = dict.fromkeys(recording.unit(group, column) for column in columns)
    unit = ", ".join(unit for unit in units if unit)
    title = group.replace("_", " ") + (f" ({unit})" if unit else "")
    return Plot(title, tuple(column or group for column in columns), values, min(low, 0.0) - room, high + room)


class Panel:
    """Draws ``plots`` side by side, ``width`` by ``height`` pixels; ``dt`` is the time between their frames, s."""

    def __init__(self, plots: list[Plot], *, width: int, height: int, dt: float) -> None:
        self._plots, self._dt = plots, dt
        self._size = (_SMOOTH * width, _SMOOTH * height)
        self._out = (width, height)
        self._type = _SMOOTH * max(9, round(height / 13))
        self._backdrop = self._draw_backdrop()

    def draw(self, frame: int) -> Image.Image:
        """The panel when ``frame`` of the episode is now."""
        image = self._backdrop.copy()
        draw = ImageDraw.Draw(image)
        span = max(1, round(WINDOW / self._dt))
        for number, plot in enumerate(self._plots):
            left, top, right, bottom = self._area(number)
            begin = max(0, frame - span)
            part = plot.values[begin : frame + 1]
            x = right - (frame - np.arange(begin, frame + 1)) / span * (right - left)
            y = bottom - (part - plot.low) / (plot.high - plot.low) * (bottom - top)
            for curve in range(part.shape[1]):
                good = np.isfinite(y[:, curve])
                points = list(zip(x[good].tolist(), y[good, curve].tolist(), strict=True))
                if len(points) > 1:
                    draw.line(points, fill=PALETTE[curve], width=2 * _SMOOTH, joint="curve")
                if points:
                    _dot(draw, points[-1], PALETTE[curve])
        return image.resize(self._out, Image.Resampling.BOX)

    def _area(self, number: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the curves of a plot, in the enlarged picture."""
        share = self._size[0] / len(self._plots)
        left = number * share + 3.4 * self._type
        return left, 3.2 * self._type, (number + 1) * share - 0.9 * self._type, self._size[1] - 1.5 * self._type

    def _draw_backdrop(self) -> Image.Image:
        image = Image.new("RGB", self._size, "white")
        draw, small = ImageDraw.Draw(image), font(round(0.85 * self._type))
        for number, plot in enumerate(self._plots):
            left, top, right, bottom = self._area(number)
            draw.text((left, 0.3 * self._type), plot.title, fill=INK, font=font(self._type), anchor="la")
            self._write_names(draw, plot, left, right)
            for value in _ticks(plot.low, plot.high):
                y = bottom - (value - plot.low) / (plot.high - plot.low) * (bottom - top)
                draw.line([(left, y), (right, y)], fill=(222, 224, 227), width=_SMOOTH)
                draw.text((left - 0.4 * self._type, y), f"{value:g}", fill=PALE, font=small, anchor="rm")
            for seconds in range(int(WINDOW) + 1):
                x = right - seconds / WINDOW * (right - left)
                draw.line([(x, bottom), (x, bottom + 0.25 * self._type)], fill=PALE, width=_SMOOTH)
                words = "now" if seconds == 0 else f"−{seconds} s"
                draw.text(
                    (x, bottom + 0.35 * self._type), words, fill=PALE, font=small, anchor="ra" if not seconds else "ma"
                )
        return image

    def _write_names(self, draw: ImageDraw.ImageDraw, plot: Plot, left: float, right: float) -> None:
        """The names of the curves in their colours, smaller where they need more room than there is."""
        size = 0.85 * self._type
        needed = sum(font(round(size)).getlength(name) + 2 * size for name in plot.names)
        size *= min(1.0, (right - left) / needed)
        face, x = font(max(6, round(size))), left
        for number, name in enumerate(plot.names):
            draw.text((x, 1.75 * self._type), name, fill=PALETTE[number], font=face, anchor="la")
            x += face.getlength(name) + 2 * size


def _dot(draw: ImageDraw.ImageDraw, place: tuple[float, float], colour: str) -> None:
    radius = 3 * _SMOOTH
    draw.ellipse([place[0] - radius, place[1] - radius, place[0] + radius, place[1] + radius], fill=colour)


def _ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers between ``low`` and ``high``."""
    rough = (high - low) / 3.0
    power = 10.0 ** np.floor(np.log10(rough))
    step = min((power * factor for factor in (1, 2, 5, 10)), key=lambda candidate: abs(candidate - rough))
    return [float(np.round(n * step, 10)) for n in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]
