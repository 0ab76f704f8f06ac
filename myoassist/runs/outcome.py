"""What became of one run or job: its status, settings, metrics and curves, as far as its folder tells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from myoassist.analysis.gait_files import METRICS
from myoassist.analysis.training_numbers import read_metrics
from myoassist.errors import RunError
from myoassist.files import read_json
from myoassist.places import EVALUATIONS, STEPS, SUMMARY
from myoassist.runs.checkpoints import read_best
from myoassist.runs.entry import job_status, read_entry
from myoassist.runs.jobs import Job
from myoassist.runs.metrics import RATE, SECONDS, SHARE_COMPLETED, share_completed
from myoassist.runs.settings import SEED, Settings, read_settings
from myoassist.runs.status import FAILED, FINISHED, GONE, RUNNING
from myoassist.runs.typed import by_key, typed_lines


@dataclass(frozen=True)
class Outcome:
    """One run, or a job of a sweep that never became one (``folder`` is None then, and ``settings`` is empty).

    ``label``: number of the job or name of the folder, with what tells it apart from others. ``lines``: the overrides
    of its command. ``values``: metrics by name, see ``metrics.py``. ``curves``: columns of ``metrics.csv`` ``(rows,)``.
    ``evaluated``: environment steps of the last row with an evaluation. ``started``: seconds since 1970.
    """

    label: str
    status: str
    reason: str | None = None
    folder: Path | None = None
    lines: tuple[str, ...] = ()
    settings: Settings = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, np.ndarray] = field(default_factory=dict)
    steps: int = 0
    total_steps: int | None = None
    evaluated: int | None = None
    started: float = 0.0

    @cached_property
    def overrides(self) -> dict[str, str]:
        """Values of its command line by key."""
        return by_key(self.lines)

    @property
    def seed(self) -> str:
        """Its seed as typed; empty where it is not known."""
        return str(self.settings.get(SEED, self.overrides.get(SEED, "")))


def run_outcome(folder: Path, label: str, job: Job | None = None) -> Outcome:
    """Read a run folder; ``job`` is what its sweep says of it. Files that are missing or broken leave gaps."""
    entry, settings = read_entry(folder), read_settings(folder)
    reason, status = entry.reason, entry.status
    if job is not None and job.reason and (reason in (None, GONE) and status not in (FINISHED, RUNNING)):
        reason = job.reason
    if not settings and status not in (RUNNING, FAILED):
        status, reason = FAILED, reason or "its configuration cannot be read"
    curves = _curves(folder)
    evaluated = _evaluated(curves)
    return Outcome(
        label, status, reason, folder, job.overrides if job else typed_lines(folder, settings), settings,
        _values(folder, curves, entry.steps, evaluated), curves, entry.steps, entry.total_steps,
        evaluated[1] if evaluated else None, entry.started,
    )  # fmt: skip


def job_outcome(job: Job) -> Outcome:
    """A job of a sweep that has no run folder."""
    status, reason = job_status(job)
    return Outcome(str(job.number), status, reason, lines=job.overrides)


def _curves(folder: Path) -> dict[str, np.ndarray]:
    try:
        curves = read_metrics(folder)
    except RunError:
        return {}
    if {"eval/completed", "eval/episodes"} <= set(curves):
        curves[SHARE_COMPLETED] = curves["eval/completed"] / np.maximum(curves["eval/episodes"], 1.0)
    return curves


def _evaluated(curves: Mapping[str, np.ndarray]) -> tuple[int, int] | None:
    """First and last environment steps after which the evaluation of the last ``eval/`` row may have been.

    Off-policy algorithms write a row now and then: the evaluation was after the row before it.
    """
    rows = [np.flatnonzero(np.isfinite(column)) for name, column in curves.items() if name.startswith("eval/")]
    if STEPS not in curves or not (ends := [int(found[-1]) for found in rows if found.size]):
        return None
    row, steps = max(ends), curves[STEPS]
    return (int(steps[row - 1]) + 1 if row else 0), int(steps[row])


def _values(
    folder: Path, curves: Mapping[str, np.ndarray], steps: int, evaluated: tuple[int, int] | None
) -> dict[str, float]:
    values = {name: float(column[np.isfinite(column)][-1]) for name, column in curves.items() if name != STEPS}
    values.update(_numbers(read_json(folder / SUMMARY), "eval"))  # the final policy, where the training came to its end
    values.update(_numbers((read_best(folder / "checkpoints") or {}).get("evaluation") or {}, "best"))
    for under in ("eval", "best"):
        if values.get(f"{under}/episodes", 0) > 0 and f"{under}/completed" in values:
            share = share_completed(values[f"{under}/completed"], values[f"{under}/episodes"])
            values[f"{under}/completed_share"] = share
    if "time/time_elapsed" in curves:
        values[SECONDS] = _seconds(curves["time/time_elapsed"])
        if values[SECONDS] > 0:
            values[RATE] = steps / values[SECONDS]
    return {**values, **(_gait(folder, *evaluated) if evaluated else {})}


def _seconds(elapsed: np.ndarray) -> float:
    """Time spent in training over all resumptions, s: the clock of each begins at 0."""
    clock = elapsed[np.isfinite(elapsed)]
    ends = np.append(clock[1:] < clock[:-1], True)
    return float(clock[ends].sum()) if clock.size else 0.0


def _numbers(content: Mapping[str, Any], under: str) -> dict[str, float]:
    return {
        f"{under}/{name}": float(value)
        for name, value in content.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    }


def _gait(folder: Path, first: int, last: int) -> dict[str, float]:
    """Means of the gait metrics of the newest evaluation made in training after ``first`` to ``last`` steps.

    Of no other: metrics of one table belong to one policy. None where its recordings are not analysed yet.
    """
    made = [path for path in (folder / EVALUATIONS).glob("step_*") if read_json(path / SUMMARY).get("in_training")]
    fitting = [path for path in made if first <= _steps_of(path) <= last]
    if not fitting:
        return {}
    newest = max(fitting, key=lambda path: (_steps_of(path), path.name))
    trials = {path.parent.name: read_json(path) for path in sorted(newest.glob(f"*/{METRICS}"))}
    alone = len(trials) == 1
    return {
        f"gait/{metric}" if alone else f"gait/{name}/{metric}": float(told["mean"])
        for name, content in trials.items()
        if isinstance(content.get("metrics"), dict)
        for metric, told in content["metrics"].items()
        if isinstance(told, dict) and isinstance(told.get("mean"), (int, float))
    }


def _steps_of(evaluation: Path) -> int:
    steps = read_json(evaluation / SUMMARY).get("steps")
    return steps if isinstance(steps, int) else -1
