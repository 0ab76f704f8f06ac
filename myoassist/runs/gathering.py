"""Every run and job of the places to compare, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from myoassist.errors import RunError
from myoassist.runs.finding import find_runs, find_runs_and_sweeps, identity, is_run, is_sweep
from myoassist.runs.jobs import Job, read_jobs
from myoassist.runs.outcome import Outcome, job_outcome, run_outcome


def gather(places: Sequence[Path]) -> list[Outcome]:
    """Outcomes of all runs at or below ``places``, in the order of their jobs; of a sweep also of jobs without a run.

    Each has a label of its own: its path within its place, with as much of the place before it as tells it apart.

    Raises:
        RunError: a place does not exist, or there is nothing to compare in any of them.
    """
    found: list[Outcome] = []
    paths: list[Path] = []
    least: list[int] = []  # parts of each path that its label has at least
    seen: set[tuple[int, int]] = set()
    for place in places:
        named = len(places) > 1 and is_sweep(place)
        for path, outcome in _at(place):
            known = None if outcome.folder is None else identity(outcome.folder)
            if known is None or known not in seen:
                seen |= {known} if known else set()
                found.append(outcome)
                paths.append(path)
                least.append(max(1, len(path.relative_to(place).parts) + named))
    if not found:
        raise RunError(f"{', '.join(map(str, places))}: no run to compare; give the folder of a sweep, or of runs")
    return [replace(outcome, label=label) for outcome, label in zip(found, _labels(paths, least), strict=True)]


def _labels(paths: Sequence[Path], least: Sequence[int]) -> list[str]:
    """The ends of ``paths``, each of at least so many parts, and as long as they need to be to differ."""
    lengths = list(least)
    while True:
        labels = ["/".join(path.parts[-length:]) for path, length in zip(paths, lengths, strict=True)]
        counts = Counter(labels)
        longer = [
            min(length + (counts[label] > 1), len(path.parts))
            for path, label, length in zip(paths, labels, lengths, strict=True)
        ]
        if longer == lengths:
            return labels
        lengths = longer


def _at(place: Path) -> Iterator[tuple[Path, Outcome]]:
    """Runs and jobs at or below ``place``, each with its path."""
    runs, sweeps = find_runs_and_sweeps([place])
    outermost = [sweep for sweep in sweeps if not any(other in sweep.parents for other in sweeps)]
    single = [run for run in runs if not any(sweep in run.parents for sweep in sweeps)]
    for folder in sorted([*outermost, *single]):
        if folder in outermost:
            yield from ((folder / outcome.label, outcome) for outcome in _of_sweep(folder))
        else:
            yield folder, run_outcome(folder, folder.name)


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
