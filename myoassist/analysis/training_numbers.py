"""The table of a training, ``metrics.csv``, as columns."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from myoassist.errors import RunError
from myoassist.places import TRAINING_NUMBERS


def read_metrics(run_folder: str | Path) -> dict[str, np.ndarray]:
    """Columns of the run's table ``(rows,)``; nan where a row holds nothing. A last row cut short is left out.

    Raises RunError where there is no table, or none that can be read.
    """
    path = Path(run_folder) / TRAINING_NUMBERS
    try:
        text = path.read_bytes().decode("utf-8")
        rows = list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    names = [name for name in (rows[0] if rows else {}) if name]
    columns = {name: np.array([_number(row.get(name)) for row in rows]) for name in names}
    return {name: values for name, values in columns.items() if np.isfinite(values).any()}


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
