"""A search: draws trials, has them run, and keeps going whatever becomes of some."""

from __future__ import annotations

import itertools
import math
import os
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from optuna.trial import FrozenTrial, TrialState

from myoassist.config_search import SearchSettings
from myoassist.errors import RunError
from myoassist.explain import quoted_text
from myoassist.runs.status import describe_error
from myoassist.runs.study import note
from myoassist.sweep.jobs import JobsGoOn, error_of, say
from myoassist.sweep.launcher import take_failures
from myoassist.sweep.orphans import leave_open, settle_orphans
from myoassist.sweep.result import Result
from myoassist.sweep.samplers import make_sampler, plan_grid
from myoassist.sweep.space import Space, distributions
from myoassist.sweep.study import open_search
from myoassist.sweep.trial import as_values


class Search:
    """One command's share of a study.

    Args:
        folder: of the sweep; the run of trial 7 is its folder ``7``.
    """

    def __init__(self, settings: SearchSettings, space: Space, folder: Path, launcher: Launcher) -> None:
        self._settings, self._space, self._folder, self._launcher = settings, space, folder, launcher
        self._distributions = distributions(space)
        self._place, self._study = open_search(settings, space, folder)
        self._result = Result(settings, space, folder, self._study, self._place)
        self._most = settings.n_trials
        if settings.sampler == "grid":
            self._most = min(self._most, plan_grid(self._study, self._distributions))
        self._failed = 0
        self._ours: set[int] = set()

    def run(self) -> list[int]:
        """Run the trials that are left, tell how it went and write ``search.json``; the numbers of the best trials.

        Raises:
            RunError: every trial of the study failed.
        """
        begun = time.monotonic()
        settle_orphans(self._study, self._folder, ours=self._ours, take_over=self._settings.take_over)
        say(f"search in {self._folder}: {self._outlook()}")
        try:
            while (left := self._left()) > 0 and not self._over(begun):
                self._batch(min(left, self._settings.n_jobs))
                settle_orphans(self._study, self._folder, ours=self._ours, take_over=False)
                self._result.write()
        except JobsGoOn as interrupt:  # what they give is taken by the next command with this study
            settle_orphans(self._study, self._folder, ours=interrupt.numbers, take_over=False)
            raise
        except KeyboardInterrupt:
            for number in sorted(self._ours):
                leave_open(self._study, number)
            raise
        finally:
            self._result.write()
            self._result.tell()
        best = self._result.best()
        if not best and (reason := self._result.first_failure()):
            raise RunError(f"search: every trial failed, the first one: {reason}")
        return [trial.number for trial in best]

    def _left(self) -> int:
        waiting = sum(trial.state == TrialState.WAITING for trial in self._study.trials)
        return max(0, self._most - len(self._study.trials) + waiting)

    def _outlook(self) -> str:
        left, most = self._left(), self._most
        if left:
            return f"{left} of {most} trials to run"
        grid = self._settings.sampler == "grid" and most < self._settings.n_trials
        more = "every combination was tried" if grid else "for more give hydra.sweeper.n_trials above that"
        return f"all {most} trials are done; {more}"

    def _over(self, begun: float) -> bool:
        hours, most = self._settings.timeout, self._settings.max_failures
        if hours is not None and time.monotonic() - begun >= 3600.0 * hours:
            say(f"no further trial begins: hydra.sweeper.timeout={hours:g} hours are over")
            return True
        if most is not None and self._failed >= most:
            say(f"no further trial begins: {self._failed} failed (hydra.sweeper.max_failures={most})")
            return True
        return False

    def _batch(self, size: int) -> None:
        """Draw so many trials, run them at the same time, and tell the study what each gave."""
        trials = [self._ask() for _ in range(size)]
        for _, part in itertools.groupby(enumerate(trials), lambda place: place[1].number - place[0]):
            together = [trial for _, trial in part]  # numbers without a gap: another search may draw from the study too
            for trial, outcome in zip(together, self._launch(together), strict=True):
                self._settle(trial.number, outcome)

    def _ask(self) -> optuna.Trial:
        self._study.sampler = make_sampler(self._settings, len(self._study.trials))
        trial = self._study.ask(self._distributions)
        self._ours.add(trial.number)
        trial.set_user_attr("owner", {"host": socket.gethostname(), "pid": os.getpid()})
        trial.set_user_attr("folder", str(self._folder / str(trial.number)))
        return trial

    def _launch(self, trials: Sequence[optuna.Trial]) -> Sequence[JobReturn | Exception]:
        """Run the trials; what each returned, or why there is nothing."""
        lines = [[*self._space.lines(trial.params), *self._hydras(trial.number)] for trial in trials]
        try:
            return self._launcher.launch(lines, initial_job_idx=trials[0].number)
        except Exception as error:  # of a launcher that does not return what its jobs raised
            return [error] * len(trials)
        finally:
            take_failures()  # they are told below, with the search

    def _hydras(self, number: int) -> list[str]:
        """What a run is told beside its settings: where it belongs, and which trial it is."""
        link: dict[str, Any] = {
            "objective": [quoted_text(name) for name in self._settings.objective],
            "storage": quoted_text(self._place),
            "study": quoted_text(self._settings.study_name),
            "trial": number,
            "minutes": self._settings.trial_timeout or "null",
        }
        parts = {key: f"[{','.join(part)}]" if isinstance(part, list) else part for key, part in link.items()}
        text = ",".join(f"{key}:{part}" for key, part in parts.items())
        return [
            f"++search={{{text}}}",
            f"hydra.sweep.dir={quoted_text(str(self._folder))}",
            f"hydra.sweep.subdir='{number}'",
        ]

    def _settle(self, number: int, outcome: JobReturn | Exception) -> None:
        """Tell the study how a trial ended, from what its run returned and what it left with the study."""
        error = outcome if isinstance(outcome, Exception) else error_of(outcome)
        notes = self._trial(number).user_attrs
        if error is None and isinstance(outcome, JobReturn):
            value = outcome.return_value
        else:
            value = notes.get("values")
        if value is None and "pruned" in notes:
            self._end(number, TrialState.PRUNED)
        elif value is None:
            self._fail(number, "it returned no value" if error is None else describe_error(error))
        elif (problem := self._problem(value)) is not None:
            self._fail(number, problem)
        else:
            self._end(number, TrialState.COMPLETE, as_values(value))

    def _problem(self, value: Any) -> str | None:
        """Why a value cannot be taken; None where it can."""
        try:
            values = as_values(value)
        except (TypeError, ValueError):
            return f"it returned {value!r:.60}, which is no number"
        if len(values) != len(self._settings.objective):
            return f"it returned {len(values)} values for {len(self._settings.objective)} objectives"
        if not all(map(math.isfinite, values)):
            return f"it returned {', '.join(map(str, values))}, which is not finite"
        return None

    def _fail(self, number: int, reason: str) -> None:
        self._failed += 1
        note(self._study, number, reason=reason)
        self._end(number, TrialState.FAIL)

    def _end(self, number: int, state: TrialState, values: list[float] | None = None) -> None:
        self._study.tell(number, values, state)
        self._ours.discard(number)
        say(self._result.line(self._trial(number)))

    def _trial(self, number: int) -> FrozenTrial:
        return self._study.get_trials(deepcopy=False)[number]
