"""Motions of other programs as tables of columns over time. One reader per kind of file, registered in ``READERS``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from myoassist.errors import ReferenceError
from myoassist.reference.safe_pickle import read_archive

_TIME = re.compile(r"^(time|t|timestamp|timestamps|seconds)$")
_UNIT = re.compile(
    r"(?:[\s_]+(?P<word>deg|degrees?|rad|radians?|s|sec)|\s*[\[(]\s*(?P<sign>deg|degrees?|°|rad|radians?|s|m|m/s|N)\s*[\])])$"
)
RATE_KEYS = ("sample_rate", "sampling_rate", "rate_hz", "fs", "frame_rate", "resampled_sample_rate")


@dataclass(frozen=True)
class Table:
    """``columns`` ``(n,)`` by the file's own name, ``time`` ``(n,)`` in s, and the unit that the file declares.

    ``unit`` is ``"deg"``, ``"rad"`` or ``""``; ``notes``: what the reader found odd.
    """

    columns: dict[str, np.ndarray]
    time: np.ndarray
    unit: str = ""
    notes: tuple[str, ...] = ()


def read_table(path: Path) -> Table:
    """Read a motion by the ending of its name.

    Raises:
        ReferenceError: no such file or ending, or a content that is not of that form; one line.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        allowed = ", ".join([".yaml", *READERS])
        raise ReferenceError(f"reference.path: {path}: files end with {allowed}, not {path.suffix or 'nothing'}")
    table = reader(path)
    if not table.columns:
        raise ReferenceError(f"reference.path: {path} has no column besides the time")
    if len(table.time) < 2:
        raise ReferenceError(f"reference.path: {path} has {len(table.time)} sample(s); a stride needs at least 20")
    bad = np.flatnonzero(~(np.diff(table.time) > 0))
    if len(bad):
        row, time = int(bad[0]) + 1, table.time
        problem = f"{time[row]:g} s after {time[row - 1]:g} s in sample {row + 1}"
        raise ReferenceError(f"reference.path: {path}: the time must grow from sample to sample; it is {problem}")
    return table


def read_opensim(path: Path) -> Table:
    """``.mot`` and ``.sto``: header lines up to ``endheader``, labels, then rows; tabs or spaces."""
    lines = _lines(path)
    end = next((i for i, line in enumerate(lines) if line.strip().lower() == "endheader"), None)
    if end is None:
        raise ReferenceError(f"reference.path: {path} has no line 'endheader', as OpenSim's files have")
    header = dict(re.split(r"\s*=\s*", line.strip().lower(), maxsplit=1) for line in lines[:end] if "=" in line)
    if header.get("datatype", "double") != "double":
        raise ReferenceError(f"reference.path: {path} holds {header['datatype']} values; joint angles are needed")
    body = [line for line in lines[end + 1 :] if line.strip()]
    labels = _split(body[0], None) if body else []
    values = _numbers(path, labels, body[1:], None)
    notes = []
    for key, size, what in (("nrows", len(values), "rows"), ("ncolumns", len(labels), "columns")):
        if header.get(key, str(size)) != str(size):
            notes.append(f"the header says {header[key]} {what}, the file has {size}: is it cut off?")
    unit = {"yes": "deg", "no": "rad"}.get(header.get("indegrees", ""), "")
    return _with_time(path, labels, values, unit, tuple(notes))


def read_csv(path: Path) -> Table:
    """``.csv``: a header with a time column, then rows; commas, semicolons or tabs, lines with ``#`` left out.

    A unit may stand behind a name, as ``knee_angle_r [deg]``.
    """
    lines = [line for line in _lines(path) if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise ReferenceError(f"reference.path: {path} is empty")
    mark = max(",;\t", key=lines[0].count)
    raw = [label.strip('"') for label in _split(lines[0], mark)]
    if all(_is_number(label) for label in raw):
        raise ReferenceError(f"reference.path: {path} has no header; name the columns in the first line")
    values = _numbers(path, raw, lines[1:], mark)
    marks = [found["word"] or found["sign"] for label in raw if (found := _UNIT.search(label))]
    units = {"rad" if mark.startswith("rad") else "deg" for mark in marks if mark[:3] in ("deg", "°", "rad")}
    if len(units) > 1:
        raise ReferenceError(f"reference.path: {path}: some columns are in degrees and some in radians; give one unit")
    labels = [_UNIT.sub("", label) or label for label in raw]
    return _with_time(path, labels, values, "".join(units), ())


def read_npz(path: Path) -> Table:
    """MyoAssist's ``.npz``: ``series_data`` of ``q_*``, ``dq_*`` and a sample rate in ``metadata``, or those flat."""
    content = read_archive(path)
    series, metadata = content.get("series_data", content), content.get("metadata", content)
    if not isinstance(series, Mapping) or not isinstance(metadata, Mapping):
        raise ReferenceError(f"reference.path: {path}: series_data and metadata must be tables of named values")
    columns = {str(name): array for name, value in series.items() if (array := _column(value)) is not None}
    time = next((columns.pop(name) for name in list(columns) if _TIME.match(name)), None)
    given = {name for name in columns if name.startswith("q_")}  # their rates are worked out anew
    columns = {_without_q(n): v for n, v in columns.items() if f"q_{n.removeprefix('dq_')}" not in given or n[0] != "d"}
    sizes = {len(values) for values in columns.values()} | ({len(time)} if time is not None else set())
    if len(sizes) > 1:
        raise ReferenceError(f"reference.path: {path}: its columns have different lengths: {sorted(sizes)}")
    if time is None:
        found = [v for key in RATE_KEYS for table in (metadata, series) if (v := _single(table.get(key))) is not None]
        if not found:
            raise ReferenceError(f"reference.path: {path} has no sample rate ({RATE_KEYS[0]} in metadata) and no time")
        if not found[0] > 0:
            raise ReferenceError(f"reference.path: {path}: the sample rate must be above 0, not {found[0]:g}")
        time = np.arange(max(sizes, default=0)) / found[0]
    return Table(columns, time, "rad")


READERS: dict[str, Callable[[Path], Table]] = {
    ".npz": read_npz,
    ".mot": read_opensim,
    ".sto": read_opensim,
    ".csv": read_csv,
}


def _without_q(name: str) -> str:
    return name.removeprefix("q_") if not name.startswith("dq_") else f"{name.removeprefix('dq_')}_velocity"


def _column(value: Any) -> np.ndarray | None:
    """A one-dimensional array of numbers of two values or more, or None for anything else."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 1 else None


def _single(value: Any) -> float | None:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return float(array.ravel()[0]) if array.size == 1 and np.isfinite(array).all() else None


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReferenceError(f"reference.path: cannot read {path}: {error.strerror or error}") from error
    if not content.strip():
        raise ReferenceError(f"reference.path: {path} is empty")
    if b"\0" in content[:4096]:
        raise ReferenceError(f"reference.path: {path} is no text file")
    return content.decode("utf-8-sig", errors="replace").splitlines()


def _split(line: str, mark: str | None) -> list[str]:
    return [part.strip() for part in line.split(mark)] if mark else line.split()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(path: Path, labels: list[str], lines: list[str], mark: str | None) -> np.ndarray:
    rows = np.empty((len(lines), len(labels)))
    for number, line in enumerate(lines):
        parts = _split(line, mark)
        if len(parts) != len(labels):
            problem = f"row {number + 1} has {len(parts)} values, the header names {len(labels)} columns"
            raise ReferenceError(f"reference.path: {path}: {problem}")
        for column, part in enumerate(parts):
            text = part.replace(",", ".") if mark == ";" else part
            if text and not _is_number(text):
                place = f"row {number + 1}, column {labels[column]}"
                raise ReferenceError(f"reference.path: {path}: {place}: {part[:30]!r} is no number")
            rows[number, column] = float(text) if text else np.nan
    return rows


def _with_time(path: Path, labels: list[str], values: np.ndarray, unit: str, notes: tuple[str, ...]) -> Table:
    times = [i for i, label in enumerate(labels) if _TIME.match(label.lower())]
    if not times:
        raise ReferenceError(f"reference.path: {path} has no column 'time'; its columns: {', '.join(labels[:12])}")
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ReferenceError(f"reference.path: {path} has two columns named {twice[0]!r}")
    columns = {label: values[:, i] for i, label in enumerate(labels) if i != times[0]}
    return Table(columns, values[:, times[0]], unit, notes)
