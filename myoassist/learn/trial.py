"""The training as a trial of a search: it tells the study how it goes, and ends when it is pruned or out of time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from myoassist.config_search import SearchConfig
from myoassist.errors import RunError, unknown
from myoassist.learn.callbacks import Stopper
from myoassist.learn.evaluate import Evaluation
from myoassist.learn.progress import say
from myoassist.processes import alarm
from myoassist.runs.metrics import SHARE_COMPLETED, share_completed

PRUNED = "pruned"  # TrainingResult.stopped_by of a trial that was ended because others do better


class SearchTrial:
    """The trial that ``search`` names, from the side of its training; without one it does nothing.

    The storage of a search may be out of reach for a while: that costs a line, never the training.

    Args:
        every: environment steps between evaluations; values are reported at whole multiples, so that trials compare.
    """

    def __init__(self, search: SearchConfig, stopper: Stopper, *, every: int) -> None:
        self._search, self._stopper, self._every = search, stopper, every
        self._link: Any = None
        self._reports = search.trial is not None and len(search.objective) == 1  # with several nothing is pruned

    def report(self, steps: int, evaluation: Evaluation) -> None:
        """Tell the study the objective after an evaluation in training, and stop if it is to be pruned."""
        if not self._reports:
            return
        value = _number(self._search.objective[0], evaluation)
        if value is None:
            self._reports = False
            say(f"{self._search.objective[0]} is not known in training: this trial is not pruned")
            return
        try:
            if self._link is None:
                from myoassist.runs.study import Link  # loads Optuna

                self._link = Link.to(self._search)
            if self._link is None:
                self._reports = False
                say(f"trial {self._search.trial} of the search is over; nothing is told to it any more")
            elif self._link.report(steps // self._every * self._every, value):
                say(f"pruned: {self._search.objective[0]} {value:.3g} after {steps:,} steps; other trials do better")
                self._stopper.asked = self._stopper.asked or PRUNED
        except Exception as error:
            self._link = None
            say(f"warning: the search could not be told how this trial goes ({' '.join(str(error).split())[:200]})")

    @contextmanager
    def timed(self) -> Iterator[None]:
        """End the training inside after ``search.minutes``, saved."""
        if self._search.minutes is None:
            yield
            return
        reason = f"its time limit, search.minutes={self._search.minutes:g},"

        def stop() -> None:
            self._stopper.asked = self._stopper.asked or reason

        with alarm(60.0 * self._search.minutes, stop):
            yield


def _number(objective: str, evaluation: Evaluation) -> float | None:
    """The objective as an evaluation in training tells it; None where it does not."""
    numbers = {f"eval/{name}": value for name, value in asdict(evaluation).items() if isinstance(value, float | int)}
    numbers[SHARE_COMPLETED] = share_completed(evaluation.completed, evaluation.episodes)
    numbers |= {f"eval/reward/{name}": value for name, value in evaluation.terms.items()}
    value = numbers.get(objective)
    return None if value is None else float(value)


def trial_values(search: SearchConfig, folder: Path) -> list[float]:
    """The values of the trial whose run is in ``folder``: the objectives of its final policy.

    Raises:
        RunError: the final policy was not evaluated or analysed, or has no such metric.
    """
    from myoassist.runs.outcome import run_outcome  # with all of the analysis, which a training need not wait for

    outcome = run_outcome(folder, folder.name)
    found, after = outcome.values, f"{folder}: the policy after {outcome.steps:,} steps, its last,"
    if outcome.evaluated != outcome.steps and any(name.startswith(("eval/", "gait/")) for name in search.objective):
        raise RunError(f"{after} was not evaluated; a search does not take the values of an earlier one")
    of_gait = [name for name in search.objective if name.startswith("gait/")]
    if of_gait and not any(name.startswith("gait/") for name in found):
        raise RunError(f"{after} has no gait metrics, which the objective {of_gait[0]} needs; see evaluations/")
    if missing := [name for name in search.objective if name not in found]:
        raise RunError(unknown("metric of the run", missing[0], found, where="hydra.sweeper.objective"))
    return [found[name] for name in search.objective]
