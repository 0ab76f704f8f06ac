"""Where the numbers go: ``metrics.csv`` in the run folder, and TensorBoard beside it."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat
from torch.utils.tensorboard.writer import SummaryWriter

from myoassist.config import LoggingConfig
from myoassist.places import STEPS, TRAINING_NUMBERS


class CsvWriter(KVWriter):
    """One row per update, environment steps first, then the other numbers sorted by name.

    A number that appears later gets its own column: the file is written anew beside the old one and renamed.
    """

    def __init__(self, path: Path, *, resumed_at: int | None = None) -> None:
        self._path = path
        self._columns: list[str] = []
        self._file = path.open("a", newline="", encoding="utf-8")
        if resumed_at is not None:
            self._rewrite(_rows_until(path, resumed_at))

    def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
        row = {key: _plain(value) for key, value in key_values.items() if _is_number(value)}
        row[STEPS] = step
        if set(row) <= set(self._columns):
            self._writer(self._file).writerow(row)
            self._file.flush()
            return
        self._rewrite([*_rows_until(self._path), row])

    def _writer(self, file: Any) -> csv.DictWriter:
        return csv.DictWriter(file, fieldnames=self._columns, restval="")

    def _rewrite(self, rows: list[dict[str, Any]]) -> None:
        names = {name for row in rows for name in row}
        self._columns = [STEPS, *sorted(names - {STEPS})]
        partial = self._path.with_name(f".{self._path.name}.partial")
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = self._writer(file)
            writer.writeheader()
            writer.writerows(rows)
            file.flush()
            os.fsync(file.fileno())
        self._file.close()  # before the rename: Windows does not replace an open file
        partial.replace(self._path)
        self._file = self._path.open("a", newline="", encoding="utf-8")

    def close(self) -> None:
        self._file.close()


def _rows_until(path: Path, steps: float = math.inf) -> list[dict[str, Any]]:
    """Whole rows of ``path`` up to ``steps``; what a killed process wrote after its last checkpoint is left out."""
    if not path.exists():
        return []
    text = path.read_bytes().decode("utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1].splitlines()
    rows = [{key: value for key, value in row.items() if value} for row in csv.DictReader(whole)]
    return [row for row in rows if row.get(STEPS, "").isdigit() and int(row[STEPS]) <= steps]


class Board(TensorBoardOutputFormat):
    """TensorBoard files; what an earlier process wrote after ``resumed_at`` steps is hidden."""

    def __init__(self, folder: Path, *, resumed_at: int | None = None) -> None:
        self.writer = SummaryWriter(str(folder), purge_step=None if resumed_at is None else resumed_at + 1)
        self._is_closed = False


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _plain(value: Any) -> int | float:
    return value.item() if isinstance(value, np.generic) else value


def make_logger(folder: Path, config: LoggingConfig, *, resumed_at: int | None = None) -> Logger:
    """Logger of a run, one row of ``metrics.csv`` per update; one ``resumed_at`` some steps keeps its rows so far."""
    writers: list[KVWriter] = [CsvWriter(folder / TRAINING_NUMBERS, resumed_at=resumed_at)]
    if config.tensorboard:
        writers.append(Board(folder / "tensorboard", resumed_at=resumed_at))
    return Logger(str(folder), writers)
