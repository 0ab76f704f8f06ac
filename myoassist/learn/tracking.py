"""Where the numbers go: ``metrics.csv`` in the run folder, and TensorBoard beside it."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat

from myoassist.config import LoggingConfig
from myoassist.learn.run_folder import METRICS

STEPS = "time/total_timesteps"


class CsvWriter(KVWriter):
    """One row per update, environment steps first, then the other numbers sorted by name.

    A number that appears later gets its own column: the file is written anew beside the old one and renamed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: list[str] = []
        self._rows: list[dict[str, Any]] = []
        self._file = path.open("a", newline="", encoding="utf-8")

    def write(self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0) -> None:
        row = {key: _plain(value) for key, value in key_values.items() if _is_number(value)}
        row[STEPS] = step
        self._rows.append(row)
        if set(row) <= set(self._columns):
            self._writer(self._file).writerow(row)
            self._file.flush()
            return
        names = {name for earlier in self._rows for name in earlier}
        self._columns = [STEPS, *sorted(names - {STEPS})]
        self._rewrite()

    def _writer(self, file: Any) -> csv.DictWriter:
        return csv.DictWriter(file, fieldnames=self._columns, restval="")

    def _rewrite(self) -> None:
        partial = self._path.with_name(f".{self._path.name}.partial")
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = self._writer(file)
            writer.writeheader()
            writer.writerows(self._rows)
            file.flush()
            os.fsync(file.fileno())
        self._file.close()  # before the rename: Windows does not replace an open file
        partial.replace(self._path)
        self._file = self._path.open("a", newline="", encoding="utf-8")

    def close(self) -> None:
        self._file.close()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _plain(value: Any) -> int | float:
    return value.item() if isinstance(value, np.generic) else value


def make_logger(folder: Path, config: LoggingConfig) -> Logger:
    """Logger of a run; one row of ``metrics.csv`` per update."""
    writers: list[KVWriter] = [CsvWriter(folder / METRICS)]
    if config.tensorboard:
        writers.append(TensorBoardOutputFormat(str(folder / "tensorboard")))
    return Logger(str(folder), writers)
