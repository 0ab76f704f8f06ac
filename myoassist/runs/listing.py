"""Runs as a list: filtered, sorted, as a table, CSV or JSON. ``scripts/runs.py`` is its command line."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from myoassist.errors import ConfigError, unknown
from myoassist.runs.entry import Entry, job_entry, jobs_without_run, read_entry
from myoassist.runs.finding import find_runs_and_sweeps
from myoassist.runs.metrics import fitted, measure_of
from myoassist.runs.settings import Settings, check_conditions, fits, parse_conditions, read_settings
from myoassist.runs.status import STATES
from myoassist.runs.table import Column, text_table
from myoassist.runs.typed import by_key, with_choices

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_ORDER: dict[str, Callable[[Entry], Any]] = {
    "age": lambda run: -run.started,
    "name": lambda run: run.name.casefold(),
    "folder": lambda run: str(run.folder),
    "status": lambda run: (STATES.index(run.status), -run.started),
    "steps": lambda run: -run.steps,
    "distance": lambda run: math.inf if run.distance is None else -run.distance,
    "size": lambda run: -run.size,
}
SORTS = tuple(_ORDER)
_COLUMNS = (
    Column("Name", cut=True),
    Column("Status"),
    Column("Steps", right=True),
    Column("of", right=True),
    Column("Best distance", right=True),
    Column("Completed", right=True),
    Column("Age", right=True),
    Column("Size", right=True),
    Column("Folder", cut=True),
)


@dataclass(frozen=True)
class Filters:
    """Which runs are wanted; all by default.

    ``status``: any of these. ``name``: a pattern. ``where``: conditions such as ``model.name=22muscle``. ``since``: how
    long ago they may have begun at most, such as ``2d``.
    """

    status: Sequence[str] = ()
    name: str | None = None
    where: Sequence[str] = ()
    since: str | None = None


def list_runs(places: Iterable[Path], filters: Filters, *, sort: str = "age", reverse: bool = False) -> list[Entry]:
    """Runs at or below ``places`` that fit, newest first or as ``sort`` says; of sweeps also jobs without a run folder.

    Raises:
        ConfigError, RunError: a filter or order that does not exist, or a place that does not.
    """
    for status in filters.status:
        if status not in STATES:
            raise ConfigError(unknown("status", status, STATES, where="--status"))
    if sort not in _ORDER:
        raise ConfigError(unknown("order", sort, SORTS, where="--sort"))
    conditions, begun = parse_conditions(filters.where), _begun_after(filters.since)
    runs = _fitting(places, conditions)
    wanted = [
        run
        for run in runs
        if (not filters.status or run.status in filters.status)
        and (filters.name is None or fnmatchcase(run.name, filters.name))
        and run.started >= begun
    ]
    return sorted(wanted, key=_ORDER[sort], reverse=reverse)


def _fitting(places: Iterable[Path], conditions: Sequence[tuple[str, str]]) -> list[Entry]:
    """Runs, and jobs that never became one, whose settings fit ``conditions``."""
    folders, sweeps = find_runs_and_sweeps(places)
    jobs = [(sweep, job) for sweep in sweeps for job in jobs_without_run(sweep)]
    if not conditions:
        return [*map(read_entry, folders), *(job_entry(*pair) for pair in jobs)]
    settings: list[Settings] = [with_choices(read_settings(folder), folder) for folder in folders]
    typed: list[Settings] = [dict(by_key(job.overrides)) for _, job in jobs]
    check_conditions(conditions, [*settings, *typed])
    return [
        *(read_entry(folder) for folder, told in zip(folders, settings, strict=True) if fits(told, conditions)),
        *(job_entry(*pair) for pair, told in zip(jobs, typed, strict=True) if fits(told, conditions)),
    ]


def _begun_after(since: str | None) -> float:
    if since is None:
        return -math.inf
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", since):
        return time.time() - float(match[1]) * _UNITS[match[2]]
    try:
        return datetime.fromisoformat(since).timestamp()
    except ValueError:
        raise ConfigError(f"--since: got {since!r}; give 30m, 12h, 2d, 1w or a date such as 2026-01-31") from None


def as_table(runs: Sequence[Entry], *, now: float | None = None, width: int | None = None) -> str:
    """A table for the terminal and a line on the whole; why a run failed or stopped stands below."""
    moment = time.time() if now is None else now
    distance = fitted(measure_of("best/distance"), [run.distance or 0.0 for run in runs], apart=True)
    rows = [_cells(run, moment, distance.digits) for run in runs]
    lines = [text_table(_COLUMNS, rows, width=width)]
    reasons = [f"{nearby(run.folder)}: {run.status}: {run.reason}" for run in runs if run.reason]
    if reasons:
        lines += ["", *reasons]
    total = sum(run.size for run in runs)
    lines += ["", f"{len(runs)} run{'s' if len(runs) != 1 else ''}, {size_text(total)}"]
    return "\n".join(lines)


def _cells(run: Entry, now: float, digits: int) -> list[str]:
    known = run.completed is not None and run.episodes
    return [
        run.name,
        run.status,
        f"{run.steps:,}",
        "?" if run.total_steps is None else f"{run.total_steps:,}",
        "–" if run.distance is None else f"{run.distance:.{digits}f} m",
        f"{run.completed} of {run.episodes}" if known else "–",
        age_text(now - run.started),
        size_text(run.size),
        nearby(run.folder),
    ]


def as_csv(runs: Sequence[Entry]) -> str:
    """All of it as CSV: seconds since 1970, bytes, m."""
    text = io.StringIO(newline="")
    names = list(asdict(runs[0])) if runs else [field for field in Entry.__dataclass_fields__]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(run) for run in runs)
    return text.getvalue()


def as_json(runs: Sequence[Entry]) -> str:
    """The same as JSON."""
    return json.dumps([plain(run) for run in runs], indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(run: Entry) -> dict[str, Any]:
    """A run as plain data."""
    finite = run.distance if run.distance is not None and math.isfinite(run.distance) else None
    return {**asdict(run), "folder": str(run.folder), "distance": finite}


def nearby(path: Path) -> str:
    """A path as seen from the current folder, where that is shorter."""
    try:
        return min(str(path), os.path.relpath(path), key=len)
    except ValueError:  # another drive on Windows
        return str(path)


def age_text(seconds: float) -> str:
    """``45 s``, ``12 min``, ``5 h``, ``3 d``."""
    for unit, length, below in (("s", 1.0, 90.0), ("min", 60.0, 5400.0), ("h", 3600.0, 172_800.0)):
        if seconds < below:
            return f"{max(0.0, seconds) / length:.0f} {unit}"
    return f"{seconds / 86_400.0:.0f} d"


def size_text(size: int) -> str:
    """Bytes in kB, MB or GB of powers of ten."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"
