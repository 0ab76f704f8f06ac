"""Every run and job of the places to compare, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from myoassist.errors import RunError
from myoassist.runs.finding import find_runs, identity, is_run, is_sweep
from myoassist.runs.jobs import Job, read_jobs
from myoassist.runs.outcome import Outcome, job_outcome, run_outcome


def gather(places: Sequence[Path]) -> list[Outcome]:
    """Outcomes of all runs at or below ``places``, in the order of their jobs; of a sweep also of jobs without a run.

    Raises:
        RunError: a place does not exist, or there is nothing to compare in any of them.
    """
    found: list[Outcome] = []
    seen: set[tuple[int, int]] = set()
    for place in places:
        outcomes = _of_sweep(place) if place.is_dir() and is_sweep(place) else _of_runs(place)
        for outcome in outcomes:
            known = None if outcome.folder is None else identity(outcome.folder)
            if known is None or known not in seen:
                seen |= {known} if known else set()
                several = len(places) > 1 and is_sweep(place)
                found.append(replace(outcome, label=f"{place.name}/{outcome.label}") if several else outcome)
    if not found:
        raise RunError(f"{', '.join(map(str, places))}: no run to compare; give the folder of a sweep, or of runs")
    return found


def _of_runs(place: Path) -> Iterator[Outcome]:
    for run in find_runs([place]):
        yield run_outcome(run, run.name)


def _of_sweep(sweep: Path) -> Iterator[Outcome]:
    jobs = read_jobs(sweep)
    runs = {int(run.name): run for run in sweep.iterdir() if run.name.isdigit() and is_run(run)}
    runs |= {number: sweep / job.folder for number, job in jobs.items() if job.folder and is_run(sweep / job.folder)}
    for number in sorted(jobs.keys() | runs.keys()):
        job = jobs.get(number)
        if number in runs:
            yield run_outcome(runs[number], str(number), job)
        else:
            yield job_outcome(job or Job(number))
    for run in find_runs([sweep]):  # runs that somebody put beside them
        if run not in runs.values():
            yield run_outcome(run, str(run.relative_to(sweep)))
