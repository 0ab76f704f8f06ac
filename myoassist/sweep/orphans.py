"""Trials whose search ended before they did."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from myoassist.runs.status import RUNNING, status_of
from myoassist.runs.study import note
from myoassist.sweep.jobs import say


def settle_orphans(study: optuna.Study, folder: Path, *, ours: set[int], take_over: bool) -> None:
    """End the trials that are said to run and do not.

    Those of a search that still lives, and runs that go on without theirs, as jobs of a cluster do, stay; what such a
    run left with the study is taken.

    Args:
        ours: numbers of the trials of this search, which it looks after itself.
        take_over: whether searches on other machines count as gone, of which nothing can be known here.
    """
    foreign: list[str] = []
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        owner: dict[str, Any] = trial.user_attrs.get("owner") or {}
        if trial.number in ours:
            continue
        if "values" in trial.user_attrs:
            study.tell(trial.number, trial.user_attrs["values"])
        elif "pruned" in trial.user_attrs:
            study.tell(trial.number, state=TrialState.PRUNED)
        elif owner.get("host", socket.gethostname()) != socket.gethostname() and not take_over:
            foreign.append(f"{trial.number} ({owner['host']})")
        elif not _lives(owner) and not _goes_on(trial, folder):
            note(study, trial.number, reason="its search ended before it did")
            study.tell(trial.number, state=TrialState.FAIL)
    if foreign and not ours and not take_over:
        say(f"trials of a search on another machine: {', '.join(foreign)}; is it gone? hydra.sweeper.take_over=true")


def _lives(owner: dict[str, Any]) -> bool:
    """Whether the process of a search on this machine is there."""
    pid = owner.get("pid")
    if owner.get("host") != socket.gethostname() or not isinstance(pid, int) or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _goes_on(trial: FrozenTrial, folder: Path) -> bool:
    status = status_of(Path(trial.user_attrs.get("folder") or folder / str(trial.number)))
    return status is not None and status.status == RUNNING
