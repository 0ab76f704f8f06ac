"""One look for all plots: colours that colour-blind readers tell apart, sizes that stay readable in a report.

Nothing global is changed: a figure is drawn and saved inside :func:`look`, and pyplot is not used.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from myoassist.analysis.events import SIDE_NAMES

WIDTH = 8.0  # in; at DPI, 800 px of a page at single density
DPI = 100

# Okabe and Ito (2008), "Color Universal Design", black and yellow left out for lines on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#666666", "#7F3C8D")
SIDE_COLOURS = {"r": "#0072B2", "l": "#D55E00"}
REFERENCE_COLOUR = "#222222"
NEUTRAL = "#666666"
SEQUENTIAL = "viridis"  # for speed and activation: even steps of lightness
SIDES = SIDE_NAMES

STYLE: dict[str, Any] = {
    "figure.dpi": DPI,
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.xmargin": 0.0,
    "lines.linewidth": 1.8,
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
    "svg.hashsalt": "myoassist",  # the same figure gives the same file
    "svg.fonttype": "none",  # text stays text, to be edited
    "pdf.fonttype": 42,
    "image.cmap": SEQUENTIAL,
}


@contextmanager
def look() -> Iterator[None]:
    """Matplotlib's defaults and :data:`STYLE` for as long as it is open, whatever the user has set."""
    with matplotlib.style.context(["default", STYLE]):
        yield


def figure(height: float) -> Figure:
    """An empty figure :data:`WIDTH` by ``height`` in, which keeps its parts from overlapping."""
    made = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasAgg(made)
    return made


def grid(
    rows: int, columns: int, *, row_height: float, extra: float = 0.6, **options: Any
) -> tuple[Figure, np.ndarray]:
    """A figure of ``(rows, columns)`` axes; ``extra`` in of height for legend and labels; options of ``subplots``."""
    made = figure(rows * row_height + extra)
    axes = made.subplots(rows, columns, squeeze=False, **options)
    for axis in axes.flat:
        calm_ticks(axis)
    return made, axes


def calm_ticks(axis: Axes, *, most: int = 5) -> None:
    """Few round ticks on y, so that labels of low panels do not touch."""
    axis.yaxis.set_major_locator(MaxNLocator(most, min_n_ticks=3))


def panel_title(axis: Axes, text: str, *, width: int = 40, below: str = "", **options: Any) -> None:
    """Title of a panel, cut after two lines of ``width`` characters, and a line ``below`` it."""
    lines = textwrap.wrap(text, width, max_lines=2, placeholder=" …")
    axis.set_title("\n".join([*lines, *([below] if below else [])]), **options)


def note(axis: Axes, text: str) -> None:
    """Say in an empty panel why it is empty."""
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color=NEUTRAL)


def legend(made: Figure, handles: list[Any], *, most: int = 4) -> None:
    """One legend above all panels, which hides no data."""
    if handles:
        made.legend(handles=handles, loc="outside upper center", ncols=min(most, len(handles)))


def level_line(axis: Axes, level: float = 0.0) -> None:
    """A thin line at ``level``, most often zero."""
    axis.axhline(level, color="#9a9a9a", linewidth=0.8, zorder=1)
