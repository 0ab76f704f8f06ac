"""Tables for a terminal: aligned columns that fit its width, whatever script the names are written in."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_LEAST = 8  # characters that a column is never cut below
GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column: its title, whether it is flush right, and whether it may be cut to make room."""

    title: str
    right: bool = False
    cut: bool = False


def terminal_width() -> int | None:
    """Characters in a line of the terminal; None where the output goes into a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def text_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int | None = None) -> str:
    """Rows of text under their titles. Columns that may be cut share what ``width`` leaves, and end in ``…``."""
    lines = [[column.title for column in columns], *rows]
    widths = [max(wide(line[place]) for line in lines) for place in range(len(columns))]
    if width is not None:
        _narrow(widths, [place for place, column in enumerate(columns) if column.cut], width)
    return "\n".join(_line(columns, line, widths) for line in lines)


def _narrow(widths: list[int], places: list[int], width: int) -> None:
    """Take from the widest of the columns at ``places`` until all fit."""
    while places and sum(widths) + len(GAP) * (len(widths) - 1) > width:
        widest = max(places, key=lambda place: widths[place])
        if widths[widest] <= _LEAST:
            return
        widths[widest] -= 1


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = []
    for column, cell, room in zip(columns, cells, widths, strict=True):
        text = shortened(cell, room)
        space = " " * (room - wide(text))
        padded.append(space + text if column.right else text + space)
    return GAP.join(padded).rstrip()


def shortened(text: str, room: int) -> str:
    """``text``, cut to ``room`` places of a terminal."""
    if wide(text) <= room:
        return text
    while text and wide(text) > room - 1:
        text = text[:-1]
    return text + "…"


def wide(text: str) -> int:
    """Places that ``text`` takes in a terminal: two for a Korean, Chinese or Japanese character."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
