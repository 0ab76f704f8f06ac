"""A comparison of runs as data and text: what the page, the table and the terminal show."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from myoassist.analysis.report_metrics import number
from myoassist.errors import ConfigError, unknown
from myoassist.runs.command import command_of
from myoassist.runs.groups import (
    Group,
    Parameter,
    Spread,
    compact,
    group_runs,
    over_seeds,
    parameters,
    rank,
    ranked,
    short_names,
    statuses,
)
from myoassist.runs.importance import Importance, importances
from myoassist.runs.metrics import FALLBACK, OBJECTIVE, SHOWN, Measure, fitted, measure_of
from myoassist.runs.outcome import Outcome
from myoassist.runs.status import FINISHED, RUNNING
from myoassist.runs.table import Column, text_table

_MOST_LINES = 10  # settings, and failures, that the terminal shows
_WRITTEN = ("eval/", "best/", "gait/", "episode/", "time/seconds", "time/steps_per_second")


@dataclass(frozen=True)
class Comparison:
    """Runs and jobs beside one another.

    ``places``: what was compared. ``differing``: settings that differ. ``groups``: runs by setting, best first.
    """

    places: tuple[Path, ...]
    outcomes: tuple[Outcome, ...]
    objective: Measure
    differing: tuple[Parameter, ...]
    groups: tuple[Group, ...]

    @cached_property
    def measures(self) -> list[Measure]:
        """Columns of the tables: the objective first, then what any run has a value of."""
        found = {measure: self._values(measure) for measure in SHOWN if measure.key != self.objective.key}
        return [self.objective, *(fitted(measure, values) for measure, values in found.items() if values)]

    @cached_property
    def best(self) -> int | None:
        """Place of the best run of the best setting; None where no run has a value."""
        for group in self.groups[:1]:
            held = [p for p in group.counted if math.isfinite(self.goal(p))]
            return min(held, key=lambda p: rank(self.goal(p), self.objective), default=None)
        return None

    @cached_property
    def command(self) -> str:
        """The command line that does the best run again; empty where there is none, or only seeds differ."""
        if self.best is None or self.alike:
            return ""
        return command_of(self.outcomes, self.best, self.differing)

    @cached_property
    def alike(self) -> str:
        """What to say of several runs of which none is a better setting; empty where settings differ."""
        if self.differing or len(self.outcomes) < 2:
            return ""
        seeds = {outcome.seed for outcome in self.outcomes}
        return "Nothing but the seed differs" if len(seeds) == len(self.outcomes) else "No setting differs"

    @property
    def fallback(self) -> str:
        """What to say where the objective stands in for one that no run has; empty elsewhere."""
        if self.objective.key != FALLBACK or any(OBJECTIVE in outcome.values for outcome in self.outcomes):
            return ""
        return f"No run was evaluated: instead of {OBJECTIVE}, {FALLBACK} is shown, of the last training episodes."

    @property
    def repeated(self) -> str:
        """What to say of runs that a newer one with their setting and seed stands for; empty for none."""
        places = sorted(place for group in self.groups for place in group.repeats)
        told = [self.outcomes[place].label for place in places[:_MOST_LINES]]
        told += [f"{len(places) - _MOST_LINES} more"] if len(places) > _MOST_LINES else []
        return f"Of runs with the same setting and seed the newest counts; left out: {', '.join(told)}." if told else ""

    @cached_property
    def goals(self) -> np.ndarray:
        """The objective of each run that counts ``(runs,)``, nan for the others."""
        counted = {place for group in self.groups for place in group.counted}
        return np.array([self.goal(p) if p in counted else math.nan for p in range(len(self.outcomes))])

    @cached_property
    def importances(self) -> list[Importance]:
        """What each setting matters, over the runs that count."""
        return importances(self.differing, self.goals)

    @property
    def failures(self) -> list[Outcome]:
        """Runs that neither finished nor are running."""
        return [outcome for outcome in self.outcomes if outcome.status not in (FINISHED, RUNNING)]

    def _values(self, measure: Measure) -> list[float]:
        return [outcome.values[measure.key] for outcome in self.outcomes if measure.key in outcome.values]

    def goal(self, place: int) -> float:
        """The objective of a run; nan for none."""
        return self.outcomes[place].values.get(self.objective.key, math.nan)

    def spread(self, group: Group, measure: Measure) -> Spread:
        """Mean ± SD of a metric over the seeds of a setting."""
        return over_seeds(group, self.outcomes, measure.key)


def compare_outcomes(
    outcomes: Sequence[Outcome], places: Sequence[Path], *, metric: str | None = None, minimize: bool | None = None
) -> Comparison:
    """Put runs beside one another, best first by ``metric``: by default the distance of the last evaluation.

    Raises:
        ConfigError: no run has that metric.
    """
    known = {key for outcome in outcomes for key in outcome.values}
    if metric is None:
        metric = OBJECTIVE if OBJECTIVE in known or FALLBACK not in known else FALLBACK
    elif metric not in known:
        wanted = [key for key in known if key.startswith(_WRITTEN)]
        raise ConfigError(unknown("metric of these runs", metric, wanted or known, where="--metric", most=16))
    objective = measure_of(metric, minimize=minimize)
    differing = parameters(outcomes)
    groups = ranked(group_runs(outcomes, differing), outcomes, objective)
    means = [over_seeds(group, outcomes, metric).mean for group in groups]
    values = [outcome.values[metric] for outcome in outcomes if metric in outcome.values]
    objective = fitted(objective, [*values, *means], apart=True)
    return Comparison(tuple(places), tuple(outcomes), objective, tuple(differing), tuple(groups))


def spread_text(told: Spread, measure: Measure) -> str:
    """``27.2 ± 0.3``; without the SD for one run, ``–`` for none."""
    text = number(told.mean * measure.factor, measure.digits)
    if not math.isfinite(told.sd):
        return text
    return f"{text} ± {number(told.sd * measure.factor, measure.digits)}"


def direction_text(objective: Measure) -> str:
    """Which way is taken to be better, where nobody says."""
    return f"of {objective.key} more is taken to be better; --minimize turns it"


def count_text(outcomes: Sequence[Outcome]) -> str:
    """``8 runs: 6 finished, 2 failed``."""
    whole = Group((), tuple(range(len(outcomes))), ())
    return f"{len(outcomes)} run{'s' if len(outcomes) != 1 else ''}: {statuses(whole, outcomes)}"


def alike_text(comparison: Comparison) -> str:
    """``Nothing but the seed differs: mean ± SD over 3 runs.``"""
    n = comparison.spread(comparison.groups[0], comparison.objective).n
    what = "mean ± standard deviation" if n > 1 else "the value"
    return f"{comparison.alike}: {what} of {n} run{'s' if n != 1 else ''}, and no best setting."


def as_text(comparison: Comparison, *, width: int | None = None) -> str:
    """A short table for the terminal: the best settings, what failed and why, the best command."""
    first, others = comparison.measures[0], [m for m in comparison.measures[1:] if m.key.startswith("eval/")][:3]
    columns = [Column(first.label, right=True), Column("Runs")]
    columns += [Column(name, cut=True) for name in short_names([parameter.key for parameter in comparison.differing])]
    columns += [Column(measure.label, right=True) for measure in others]
    rows = [
        [
            spread_text(comparison.spread(group, first), first),
            statuses(group, comparison.outcomes),
            *(compact(value, 40) for value in group.setting),
            *(spread_text(comparison.spread(group, measure), measure) for measure in others),
        ]
        for group in comparison.groups[:_MOST_LINES]
    ]
    lines = [count_text(comparison.outcomes), "", text_table(columns, rows, width=width)]
    if len(comparison.groups) > _MOST_LINES:
        lines.append(f"… {len(comparison.groups) - _MOST_LINES} more settings")
    guessed = direction_text(comparison.objective) if comparison.objective.guessed else ""
    alike = alike_text(comparison) if comparison.alike else ""
    for remark in filter(None, (comparison.fallback, guessed, alike, comparison.repeated)):
        lines += ["", remark]
    lines += _failure_lines(comparison)
    if comparison.command:
        lines += ["", f"best: {comparison.command}"]
    return "\n".join(lines)


def _failure_lines(comparison: Comparison) -> list[str]:
    lines = [
        f"run {failed.label}: {failed.status}: {failed.reason or 'no reason is known'}"
        for failed in comparison.failures
    ]
    more = len(lines) - _MOST_LINES
    return ["", *lines[:_MOST_LINES], *([f"… {more} more"] if more > 0 else [])] if lines else []


def as_csv(comparison: Comparison) -> str:
    """One row per run, in SI units: its place, status, settings that differ, and every metric of its evaluations."""
    settings = [parameter.key for parameter in comparison.differing]
    metrics = sorted({key for o in comparison.outcomes for key in o.values if key.startswith(_WRITTEN)})
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*HEAD, *settings, *metrics])
    places = {place: rank for rank, group in enumerate(comparison.groups, start=1) for place in group.members}
    for place, outcome in enumerate(comparison.outcomes):
        table.writerow([
            outcome.label, outcome.status, outcome.reason or "", places[place], outcome.seed, outcome.steps,
            outcome.total_steps or "", outcome.folder or "",
            *(parameter.values[place] for parameter in comparison.differing),
            *(repr(outcome.values[key]) if key in outcome.values else "" for key in metrics),
        ])  # fmt: skip
    return text.getvalue()


HEAD = ("run", "status", "reason", "rank_of_setting", "seed", "steps", "total_steps", "folder")
