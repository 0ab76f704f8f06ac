"""Runs that share a setting: which settings differ, and mean ± SD over the seeds of each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from myoassist.runs.metrics import Measure
from myoassist.runs.outcome import Outcome
from myoassist.runs.settings import TOTAL_STEPS, changes, is_learned, plain_value, shown_value
from myoassist.runs.status import FINISHED
from myoassist.runs.typed import EXPERIMENT, choice

UNKNOWN = "?"
# Overrides that say how jobs are started, not what is learned.
_STARTING = ("launch", "sweep", "run_dir", "resume")
# Ends of keys that say nothing alone.
_VAGUE = {
    "name", "type", "path", "weight", "func", "scale", "low", "high", "limit", "schedule", "start", "end", "until",
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """A setting that differs between runs: its key, its value in each run, and the keys that change along."""

    key: str
    values: tuple[str, ...]
    along: tuple[str, ...] = ()

    def numbers(self) -> np.ndarray | None:
        """Its values as numbers ``(runs,)``, nan where it is not known; None where any is a word."""
        try:
            return np.array([math.nan if value == UNKNOWN else float(value) for value in self.values])
        except ValueError:
            return None


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation (n − 1) of ``n`` runs; ``sd`` is nan for one run, both for none."""

    mean: float
    sd: float
    n: int


@dataclass(frozen=True)
class Group:
    """Runs that differ in nothing but their seed: their places in the list of outcomes, and which of them count.

    ``repeats``: those that would count if a newer run had not their seed; the same training twice tells nothing new.
    """

    setting: tuple[str, ...]
    members: tuple[int, ...]
    counted: tuple[int, ...]
    repeats: tuple[int, ...] = ()


def parameters(outcomes: Sequence[Outcome]) -> list[Parameter]:
    """Settings that differ between runs, seeds and names left out.

    First those that were typed for any of them and that differ, then what else differs in the configurations and does
    not follow from them (a choice of a group changes many settings at once). A choice has the name of its group.
    Values are those of the configurations, so that runs with the same learned settings have the same values, however
    they were typed; what was typed gives the names of choices, and all that is known of a job without a run.
    """
    found = _from_overrides(outcomes)
    known = [place for place, outcome in enumerate(outcomes) if outcome.settings]
    for change in changes([outcomes[place].settings for place in known]):
        values = [UNKNOWN] * len(outcomes)
        for place in known:
            values[place] = shown_value(outcomes[place].settings.get(change.key, ""))
        parameter = Parameter(_group_of(change.key), tuple(values), change.along)
        if not _follows(parameter, found, known):
            found.append(parameter)
    return found


def _from_overrides(outcomes: Sequence[Outcome]) -> list[Parameter]:
    typed = dict.fromkeys(key for outcome in outcomes for key in outcome.overrides)
    leaves = {key for outcome in outcomes for key in outcome.settings} & typed.keys() | {TOTAL_STEPS}
    found = []
    for key in {**typed, TOTAL_STEPS: None}:  # a run that was resumed can have other steps than its sweep
        if not is_learned(key) or key in _STARTING:
            continue
        alone = key in leaves
        values = tuple(_value(o, key) for o in outcomes) if alone else _choices(outcomes, key, leaves)
        if len(set(values) - {UNKNOWN}) > 1:
            found.append(Parameter(key, values))
    return found


def _value(outcome: Outcome, key: str) -> str:
    """What a run has for a key of the command line: as in its configuration, else as typed."""
    if key in outcome.settings:
        return shown_value(outcome.settings[key])
    if key in outcome.overrides:
        return plain_value(outcome.overrides[key])
    return choice(key, outcome.overrides, outcome.settings) or UNKNOWN


def _choices(outcomes: Sequence[Outcome], key: str, leaves: Set[str]) -> tuple[str, ...]:
    """The choice of a group in each run: one name for all runs with the same settings there, typed or left out.

    ``leaves``: settings that were typed one by one. They are told by themselves.
    """
    names: dict[tuple[tuple[str, str], ...], str] = {}
    known_as: dict[str, str] = {}
    for outcome in outcomes:
        if outcome.settings and key in outcome.overrides:
            typed = plain_value(outcome.overrides[key])
            known_as.setdefault(typed, names.setdefault(_section(outcome, key, leaves), typed))
    found = []
    for outcome in outcomes:
        told = _value(outcome, key)
        same = names.get(_section(outcome, key, leaves)) if outcome.settings else known_as.get(told)
        found.append(same or told)
    return tuple(found)


def _section(outcome: Outcome, key: str, leaves: Set[str]) -> tuple[tuple[str, str], ...]:
    """Learned settings of a run that a choice of the group ``key`` may set, without ``leaves``."""
    under = "" if key == EXPERIMENT else f"{key}."
    told = {name: value for name, value in outcome.settings.items() if name.startswith(under) and name not in leaves}
    return tuple(sorted((name, shown_value(value)) for name, value in told.items() if is_learned(name)))


def _group_of(key: str) -> str:
    """``model`` of ``model.name``: a section says its choice there."""
    section, _, end = key.partition(".")
    return section if end == "name" else key


def _follows(parameter: Parameter, others: Sequence[Parameter], runs: Sequence[int]) -> bool:
    """Whether the values of ``others`` determine that of ``parameter`` in all ``runs``."""
    if not others:
        return False
    told: dict[tuple[str, ...], str] = {}
    return all(
        told.setdefault(tuple(other.values[run] for other in others), parameter.values[run]) == parameter.values[run]
        for run in runs
    )


def group_runs(outcomes: Sequence[Outcome], differing: Sequence[Parameter]) -> list[Group]:
    """Runs by setting, in their order.

    Finished ones count; where none is finished, all that have numbers do. Of those with one seed only the newest does.
    """
    any_finished = any(outcome.status == FINISHED for outcome in outcomes)
    members: dict[tuple[str, ...], list[int]] = {}
    for place in range(len(outcomes)):
        members.setdefault(tuple(parameter.values[place] for parameter in differing), []).append(place)
    groups = []
    for setting, places in members.items():
        ended = [p for p in places if outcomes[p].status == FINISHED or (not any_finished and outcomes[p].values)]
        counted = _one_per_seed(ended, outcomes)
        groups.append(Group(setting, tuple(places), counted, tuple(p for p in ended if p not in counted)))
    return groups


def _one_per_seed(places: Sequence[int], outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    """The newest run of each seed, with numbers where there is one; runs whose seed is not known are all there."""
    by_age = sorted(places, key=lambda place: (bool(outcomes[place].values), outcomes[place].started))
    newest = {outcomes[place].seed or place: place for place in by_age}
    return tuple(sorted(newest.values()))


def spread(values: Sequence[float]) -> Spread:
    """Mean and SD over the finite ones of ``values``."""
    finite = [value for value in values if math.isfinite(value)]
    n = len(finite)
    mean = math.fsum(finite) / n if n else math.nan
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in finite) / (n - 1)) if n > 1 else math.nan
    return Spread(mean, sd, n)


def over_seeds(group: Group, outcomes: Sequence[Outcome], key: str) -> Spread:
    """Mean ± SD of a metric over the runs of a group that count."""
    return spread([outcomes[place].values.get(key, math.nan) for place in group.counted])


def ranked(groups: Sequence[Group], outcomes: Sequence[Outcome], objective: Measure) -> list[Group]:
    """Groups, best mean first; those without a value last, in their order."""
    return sorted(groups, key=lambda group: rank(over_seeds(group, outcomes, objective.key).mean, objective))


def rank(value: float, objective: Measure) -> float:
    """What to sort by so that the best comes first and what has no value last."""
    return math.inf if not math.isfinite(value) else value if objective.lower else -value


def statuses(group: Group, outcomes: Sequence[Outcome]) -> str:
    """``3 finished, 1 failed``."""
    counts = Counter(outcomes[place].status for place in group.members)
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def title(setting: Sequence[str], differing: Sequence[Parameter]) -> str:
    """A setting in the words of the command line, with names as short as they can be."""
    names = short_names([parameter.key for parameter in differing])
    return " ".join(f"{name}={value}" for name, value in zip(names, setting, strict=True)) or "all runs"


def short_names(keys: Sequence[str]) -> list[str]:
    """The ends of dotted keys, as long as they need to be to differ: ``learning_rate``, ``effort.weight``."""
    found = []
    for key in keys:
        parts = key.split(".")
        ends = (".".join(parts[-length:]) for length in range(1, len(parts) + 1))
        alone = (end for end in ends if end not in _VAGUE and sum(f".{k}".endswith(f".{end}") for k in keys) == 1)
        found.append(next(alone, key))
    return found


def compact(value: str, most: int = 24) -> str:
    """A value as a table shows it: four significant digits, and of a word what is readable."""
    try:
        number = float(value)
    except ValueError:
        return value if len(value) <= most else value[: most - 1] + "…"
    return f"{number:.0f}" if number.is_integer() and abs(number) < 1e7 else f"{number:.4g}"
