"""A run in a few words, read from its folder without its whole tables: what ``scripts/runs.py`` lists."""

from __future__ import annotations

import csv
import math
import os
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from myoassist.files import read_json
from myoassist.places import CONFIG, ENVIRONMENT, STEPS, TRAINING_NUMBERS
from myoassist.runs.checkpoints import read_best
from myoassist.runs.finding import folder_size, is_run
from myoassist.runs.jobs import Job, read_jobs
from myoassist.runs.lock import is_held
from myoassist.runs.status import FAILED, FINISHED, RUNNING, STOPPED, status_of
from myoassist.runs.typed import by_key

NOT_STARTED = "not started"
_STARTING = 180.0  # s that a job may take until its run folder is there
_TAIL = 65_536  # bytes at the end of a table that hold its last row


@dataclass(frozen=True)
class Entry:
    """One run, or a job of a sweep that never became one. What its folder does not say is None.

    ``distance``: mean distance of the best checkpoint's evaluation, m; ``completed`` of ``episodes`` episodes to the
    end. ``started``: seconds since 1970. ``size``: bytes.
    """

    folder: Path
    name: str
    status: str
    reason: str | None
    steps: int
    total_steps: int | None
    distance: float | None
    completed: int | None
    episodes: int | None
    started: float
    size: int


def read_entry(folder: Path) -> Entry:
    """What the folder of a run says of it; files that are missing or broken leave gaps."""
    told, top = status_of(folder), _top_level(folder / CONFIG)
    steps = max(last_steps(folder), told.steps if told else 0)
    total = told.total_steps if told else _whole(top.get("total_steps"))
    if told:
        status, reason = told.status, told.reason
    else:
        status, reason = _status_without_file(folder, steps, total)
    distance, completed, episodes = _best(folder)
    return Entry(
        folder=folder,
        name=str(top.get("name") or folder.name),
        status=status,
        reason=reason,
        steps=steps,
        total_steps=total,
        distance=distance,
        completed=completed,
        episodes=episodes,
        started=_started(folder, told.started if told else ""),
        size=folder_size(folder),
    )


def jobs_without_run(sweep: Path) -> list[Job]:
    """Jobs of a sweep that were started and have no run folder, in their order; those that finished had one."""
    return [
        job
        for job in read_jobs(sweep).values()
        if job.started
        and job.ended != FINISHED
        and not any(is_run(sweep / name) for name in {job.folder, str(job.number)} - {""})
    ]


def job_entry(sweep: Path, job: Job) -> Entry:
    """A job without a run folder as a list shows it; ``folder`` is where it would be."""
    status, reason = job_status(job)
    told = by_key(job.overrides)
    steps = told.get("total_steps", "").replace("_", "")
    return Entry(
        folder=sweep / (job.folder or str(job.number)),
        name=told.get("name") or f"{sweep.name}/{job.number}",
        status=status,
        reason=reason,
        steps=0,
        total_steps=int(steps) if steps.isdecimal() else None,
        distance=None,
        completed=None,
        episodes=None,
        started=job.noted,
        size=0,
    )


def job_status(job: Job) -> tuple[str, str | None]:
    """Status of a job that has no run folder, and why."""
    if not job.started:
        return NOT_STARTED, "the sweep has not come to it"
    if job.ended is None and job.reason is None and time.time() - job.noted < _STARTING:
        return RUNNING, "it is being built"
    if job.ended == FINISHED:
        return FAILED, "its run folder is gone"
    if job.ended == STOPPED:
        return STOPPED, job.reason
    if job.ended == STOPPED:
        return STOPPED, job.reason
    return FAILED, job.reason or "it ended without a run folder"


def last_steps(folder: Path) -> int:
    """Environment steps of the last whole row of ``metrics.csv``; 0 where there is none."""
    try:
        with (folder / TRAINING_NUMBERS).open("rb") as file:
            names = next(csv.reader([file.readline().decode("utf-8", "replace")]), [])
            file.seek(max(file.tell(), os.fstat(file.fileno()).st_size - _TAIL))
            tail = file.read().decode("utf-8", "replace")
        place = names.index(STEPS)
    except (OSError, ValueError, csv.Error):
        return 0
    rows = tail[: tail.rfind("\n") + 1].splitlines()
    for row in reversed(rows):
        fields = row.split(",")
        if len(fields) == len(names) and fields[place].isdigit():
            return int(fields[place])
    return 0


def _top_level(path: Path) -> dict[str, Any]:
    """Plain values of the first level of a configuration, without parsing the rest of it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        plain = [line for line in lines if line[:1].isalpha() and not line.endswith(":")]
        content = yaml.safe_load("\n".join(plain))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _status_without_file(folder: Path, steps: int, total: int | None) -> tuple[str, str | None]:
    """Status of a run from before there was ``status.json``."""
    if is_held(folder):
        return RUNNING, None
    if total is not None and steps >= total > 0:
        return FINISHED, None
    return STOPPED, "it ended before its last step and does not say why"


def _best(folder: Path) -> tuple[float | None, int | None, int | None]:
    best = (read_best(folder / "checkpoints") or {}).get("evaluation") or {}
    return _number(best.get("distance")), _whole(best.get("completed")), _whole(best.get("episodes"))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _started(folder: Path, told: str) -> float:
    """When it began: as its status says, else its record of versions, else the time of its files."""
    for text in (told, "" if told else str(read_json(folder / ENVIRONMENT).get("started", ""))):
        try:
            return datetime.fromisoformat(text).timestamp()
        except ValueError:
            continue
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
