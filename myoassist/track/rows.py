"""The rows of ``metrics.csv`` while another process writes them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from myoassist.places import STEPS, TRAINING_NUMBERS

Row = dict[str, int | float]


class Rows:
    """Gives each row of a run's ``metrics.csv`` once, as it appears; a row that is half written waits.

    The file is written anew when a number joins, and cut when a run is resumed: then all of it is read again, and rows
    up to the steps given before are left out.
    """

    def __init__(self, run: Path, *, after: int = -1) -> None:
        self._path, self.given = run / TRAINING_NUMBERS, after  # environment steps of the newest row given
        self._header, self._inode, self._place = b"", -1, 0
        self.evaluated: dict[int, Row] = {}  # numbers ``eval/…`` by environment steps, of every row read

    def new(self) -> list[Row]:
        """Rows that were not given before, in order; a missing file has none."""
        try:
            with self._path.open("rb") as file:
                header, held = file.readline(), os.fstat(file.fileno())
                if (header, held.st_ino) != (self._header, self._inode) or held.st_size < self._place:
                    self._header, self._inode, self._place = header, held.st_ino, len(header)
                file.seek(self._place)
                text = file.read()
        except OSError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._place += len(whole)
        names = next(csv.reader([header.decode("utf-8", "replace")]), [])
        rows = [_row(names, fields) for fields in csv.reader(whole.decode("utf-8", "replace").splitlines())]
        return [row for row in rows if self._take(row)]

    def _take(self, row: Row) -> bool:
        steps = row.get(STEPS)
        if not isinstance(steps, int):
            return False
        if outcome := {name: value for name, value in row.items() if name.startswith("eval/")}:
            self.evaluated[steps] = outcome
        if steps <= self.given:
            return False
        self.given = steps
        return True


def _row(names: list[str], fields: list[str]) -> Row:
    row: Row = {}
    for name, text in zip(names, fields, strict=False):  # a line cut off by a crash is shorter
        try:
            row[name] = int(text) if text.lstrip("-").isdigit() else float(text)
        except ValueError:  # empty, or no number
            continue
    return row
