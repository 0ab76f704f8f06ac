"""Figures read back: a panel by its title, a line by its label, and axes that do not say what they are."""

from __future__ import annotations

import re

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

UNIT = re.compile(r"\(.+\)$", re.DOTALL)


def panel(figure: Figure, title: str) -> Axes:
    found = [axis for axis in figure.axes if axis.get_title(loc="left").replace("\n", " ").startswith(title)]
    assert found, [axis.get_title(loc="left") for axis in figure.axes]
    return found[0]


def line(axis: Axes, label: str, number: int = 0) -> np.ndarray:
    """y of a line, by the label that the plots give it."""
    found = [item for item in axis.lines if item.get_label() == label]
    assert found, [item.get_label() for item in axis.lines]
    return np.asarray(found[number].get_ydata(), dtype=float)


def draw_quickly(figure: Figure) -> None:
    """Draw a figure without arranging its panels, which takes long."""
    figure.set_layout_engine("none")
    figure.draw_without_rendering()


def upright(axis: Axes) -> list[float]:
    """x of the vertical lines."""
    return [float(np.asarray(item.get_xdata())[0]) for item in axis.lines if _is_upright(item)]


def _is_upright(item: Line2D) -> bool:
    x, y = np.asarray(item.get_xdata()), np.asarray(item.get_ydata())
    return len(x) == 2 and x[0] == x[1] and y.tolist() == [0, 1]


def unlabelled(figure: Figure) -> list[str]:
    """Axes without a label and unit, of their own, of a panel that shares it, of the figure, or words at the ticks."""
    missing = []
    for axis in figure.axes:
        for name, own, shared in (
            ("x", Axes.get_xlabel, axis.get_shared_x_axes()),
            ("y", Axes.get_ylabel, axis.get_shared_y_axes()),
        ):
            group = shared.get_siblings(axis)
            labels = [own(other) for other in group]
            labels.append(figure.get_supxlabel() if name == "x" else "")
            ticks = [label.get_text() for other in group for label in getattr(other, f"get_{name}ticklabels")()]
            words = any(text and text[0].isalpha() for text in ticks)
            colourbar = axis.get_label() == "<colorbar>"
            if not words and not colourbar and not any(UNIT.search(text) for text in labels):
                missing.append(f"{name} of {axis.get_title(loc='left')!r}")
    return missing
