"""Jobs of a sweep: which there are and how each ended, also those that never made a run folder.

A sweep folder holds ``jobs.json`` (what was asked for, written before the first job) and ``jobs/<number>.json`` (one
per job that was started, written by the process that ran it).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from myoassist.errors import RunError
from myoassist.files import read_json, write_beside
from myoassist.places import JOBS, JOBS_FOLDER
from myoassist.runs.status import FAILED, STOPPED


@dataclass(frozen=True)
class Job:
    """One job of a sweep.

    ``overrides``: its command line, such as ``("model=22muscle", "seed=1")``. ``ended``: ``finished``, ``failed``
    or ``stopped``, None where nobody said so. ``reason``: one line, why it failed or was stopped.
    ``folder``: its run folder inside that of the sweep. ``noted``: when that was last written, s since 1970.
    """

    number: int
    overrides: tuple[str, ...] = ()
    started: bool = False
    ended: str | None = None
    reason: str | None = None
    folder: str = ""
    noted: float = 0.0


def plan_jobs(sweep: Path, jobs: Sequence[Sequence[str]], search: dict[str, list[str]] | None = None) -> None:
    """Note which jobs were asked for, by their overrides, or which ``search`` draws them.

    Raises:
        RunError: that cannot be written.
    """
    content = [{"number": number, "overrides": list(overrides)} for number, overrides in enumerate(jobs)]
    told = {"jobs": content, **({"search": search} if search else {})}
    write_beside(sweep / JOBS, json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def planned_search(sweep: Path) -> dict[str, list[str]] | None:
    """The search that the folder of a sweep belongs to, as noted; None for a grid."""
    told = read_json(sweep / JOBS).get("search")
    return {str(key): _texts(lines) for key, lines in told.items()} if isinstance(told, dict) else None


def note_job(sweep: Path, job: Job) -> None:
    """Note that a job was started or has ended. What cannot be written is left out: it never ends a job."""
    content = {"overrides": list(job.overrides), "folder": job.folder, "ended": job.ended, "reason": job.reason}
    try:
        write_beside(sweep / JOBS_FOLDER / f"{job.number}.json", json.dumps(content, indent=1) + "\n")
    except RunError:
        return


def note_failure(sweep: Path, number: int, overrides: tuple[str, ...], reason: str, *, ended: str = FAILED) -> None:
    """Note from outside that a job failed, or was stopped; the run folder that its own process noted stays."""
    before = read_jobs(sweep).get(number, Job(number))
    note_job(sweep, replace(before, overrides=overrides, started=True, ended=ended, reason=reason))


def note_stopped(sweep: Path, reason: str) -> None:
    """Note that the jobs which this command began, and which have not told their end, were stopped."""
    try:
        begun = (sweep / JOBS).stat().st_mtime  # every command writes it first
    except OSError:
        return
    for job in read_jobs(sweep).values():
        if job.started and job.ended is None and job.noted >= begun:
            note_job(sweep, replace(job, ended=STOPPED, reason=reason))


def read_jobs(sweep: Path) -> dict[int, Job]:
    """All jobs of a sweep by number; what cannot be read is left out."""
    jobs = {}
    for entry in read_json(sweep / JOBS).get("jobs") or ():
        if isinstance(entry, dict) and isinstance(entry.get("number"), int):
            jobs[entry["number"]] = Job(entry["number"], _overrides(entry))
    for path in (sweep / JOBS_FOLDER).glob("*.json"):
        entry = read_json(path)
        if path.stem.isdigit() and entry:
            number, told = int(path.stem), (entry.get("ended"), entry.get("reason"))
            ended, reason = (str(part) if part else None for part in told)
            folder = str(entry.get("folder") or number)
            jobs[number] = Job(number, _overrides(entry), True, ended, reason, folder, path.stat().st_mtime)
    return dict(sorted(jobs.items()))


def _overrides(entry: dict[str, Any]) -> tuple[str, ...]:
    return tuple(_texts(entry.get("overrides")))


def _texts(found: Any) -> list[str]:
    return [str(part) for part in found] if isinstance(found, list) else []
