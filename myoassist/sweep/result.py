"""What a search found: lines for the terminal and ``search.json``."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from myoassist.config_search import SearchSettings, shown_storage
from myoassist.files import write_beside
from myoassist.places import SEARCH
from myoassist.runs.typed import alone
from myoassist.sweep.jobs import say
from myoassist.sweep.space import Space

STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}
_NOT_OF_THE_BEST = ("launch", "search", "name")  # keys that a training with the best settings does without
_MOST_SHOWN = 5


class Result:
    """What a study has found so far."""

    def __init__(self, settings: SearchSettings, space: Space, folder: Path, study: optuna.Study, place: str) -> None:
        self._settings, self._space, self._folder, self._study, self._place = settings, space, folder, study, place

    def best(self) -> list[FrozenTrial]:
        """The best trial; with several objectives those that no other one beats in all. Empty without a value."""
        done = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not done:
            return []
        return self._study.best_trials if len(self._study.directions) > 1 else [self._study.best_trial]

    def first_failure(self) -> str | None:
        failed = self._study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
        return _reason(failed[0]) if failed else None

    def command(self, trial: FrozenTrial) -> str:
        """A training as that of a trial: what was searched, and what was typed beside it or stands in a ready space."""
        fixed = [line for line in self._space.fixed if _key(line) not in _NOT_OF_THE_BEST]
        searched = [f"{key}={trial.params[key]}" for key in self._space.searched if key in trial.params]
        return shlex.join(["python", "train.py", *alone([*fixed, *searched])])

    def line(self, trial: FrozenTrial) -> str:
        """One line on a trial."""
        if trial.state == TrialState.COMPLETE:
            how = ", ".join(f"{name} {value:.4g}" for name, value in self._named(trial).items())
        elif trial.state == TrialState.PRUNED:
            how = f"pruned after {trial.user_attrs.get('pruned', 0):,} steps"
        else:
            how = f"{STATES[trial.state]}: {_reason(trial)}"
        return f"trial {trial.number}: {how}"

    def tell(self) -> None:
        """Say how the search stands and what is best."""
        counts = self._counts()
        say("search: " + (", ".join(f"{n} {state}" for state, n in counts.items()) or "empty"))
        failed = self._study.get_trials(deepcopy=False, states=(TrialState.FAIL,))
        reasons = Counter(_reason(trial) for trial in failed).most_common()
        for reason, number in reasons[:_MOST_SHOWN]:
            say(f"  {number} failed: {reason}")
        if others := sum(number for _, number in reasons[_MOST_SHOWN:]):
            say(f"  {others} failed for other reasons")
        best = self.best()
        for trial in best[:_MOST_SHOWN]:
            say(f"best {self.line(trial)}")
            say(f"  {self.command(trial)}")
        if len(best) > _MOST_SHOWN:
            say(f"  and {len(best) - _MOST_SHOWN} more that are as good in their way")
        say(f"all trials: {self._folder / SEARCH}")

    def write(self) -> None:
        """Write ``search.json`` into the folder of the sweep."""
        content: dict[str, Any] = {
            "study": self._settings.study_name,
            "storage": shown_storage(self._place),
            "sampler": self._settings.sampler,
            "seed": self._settings.seed,
            "objective": self._settings.objective,
            "direction": [direction.name.lower() for direction in self._study.directions],
            "n_trials": self._settings.n_trials,
            "counts": self._counts(),
            "best": [{**self._plain(trial), "command": self.command(trial)} for trial in self.best()],
            "trials": [self._plain(trial) for trial in self._study.get_trials(deepcopy=False)],
        }
        write_beside(self._folder / SEARCH, json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    def _counts(self) -> dict[str, int]:
        counts = Counter(STATES[trial.state] for trial in self._study.get_trials(deepcopy=False))
        return {state: counts[state] for state in STATES.values() if counts[state]}

    def _plain(self, trial: FrozenTrial) -> dict[str, Any]:
        begun, ended = trial.datetime_start, trial.datetime_complete
        return {
            "number": trial.number,
            "status": STATES[trial.state],
            "values": self._named(trial),
            "parameters": trial.params,
            "reason": _reason(trial) if trial.state == TrialState.FAIL else None,
            "steps": {str(steps): value for steps, value in sorted(trial.intermediate_values.items())},
            "seconds": (ended - begun).total_seconds() if begun and ended else None,
            "folder": trial.user_attrs.get("folder"),
        }

    def _named(self, trial: FrozenTrial) -> dict[str, float]:
        return dict(zip(self._settings.objective, trial.values or (), strict=False))


def _reason(trial: FrozenTrial) -> str:
    return str(trial.user_attrs.get("reason") or "nobody said why")


def _key(line: str) -> str:
    return line.lstrip("+~").partition("=")[0].partition(".")[0]
