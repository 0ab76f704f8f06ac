"""Trials whose search ended before they did."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from myoassist.runs.status import FAILED, RUNNING, STOPPED, status_of
from myoassist.runs.status import GONE as STALE
from myoassist.runs.study import note, put_back
from myoassist.sweep.jobs import say
from myoassist.sweep.slurm_queue import ENDS, GONE, queue_states, read_id

_ASKED = 60.0  # s after which a search has surely put its name on a trial that it drew
_UNKNOWN = 7 * 86400.0  # s that a job is taken to be in the queue where SLURM does not answer
_WINDOWS = os.name == "nt"  # where a process cannot be probed by a signal: it would be ended


def settle_orphans(study: optuna.Study, folder: Path, *, ours: set[int], take_over: bool) -> None:
    """End the trials that are said to run and do not.

    Those of a search that still lives, and runs that go on without theirs, as jobs of a cluster do, stay; what such a
    run left with the study is taken. A trial that was drawn a moment ago and has no owner yet stays as well.

    Args:
        ours: numbers of the trials of this search, which it looks after itself.
        take_over: whether searches and jobs count as gone of which nothing can be known here: those of other machines,
            of this one on Windows, and of a cluster that does not answer.
    """
    foreign: list[str] = []
    running = study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
    theirs = [trial for trial in running if trial.number not in ours]
    in_queue = _in_queue(theirs, folder, take_over=take_over)
    for trial in theirs:
        owner: dict[str, Any] = trial.user_attrs.get("owner") or {}
        if {"values", "pruned"} & trial.user_attrs.keys():
            leave_open(study, trial.number)
        elif trial.number in in_queue or (not owner and _age(trial) < _ASKED):
            continue
        elif owner.get("host", socket.gethostname()) != socket.gethostname() and not take_over:
            foreign.append(f"{trial.number} ({owner['host']})")
        elif _lives(owner, take_over=take_over) or (status := _status(trial, folder)) == RUNNING:
            continue
        elif status == STOPPED:
            leave_open(study, trial.number)
        else:
            note(study, trial.number, reason=_reason(trial, folder))
            study.tell(trial.number, state=TrialState.FAIL)
    if foreign and not ours and not take_over:
        say(f"trials of a search on another machine: {', '.join(foreign)}; is it gone? hydra.sweeper.take_over=true")


def leave_open(study: optuna.Study, number: int) -> None:
    """Leave a trial whose run was stopped from outside to the next command with this study: its run goes on then.

    What it already gave is taken.
    """
    notes = study.get_trials(deepcopy=False)[number].user_attrs
    if "values" in notes:
        study.tell(number, notes["values"])
    elif "pruned" in notes:
        study.tell(number, state=TrialState.PRUNED)
    else:
        put_back(study, number)


def _lives(owner: dict[str, Any], *, take_over: bool) -> bool:
    """Whether the process of a search on this machine is there."""
    pid = owner.get("pid")
    if owner.get("host") != socket.gethostname() or not isinstance(pid, int) or pid == os.getpid():
        return False
    if _WINDOWS:
        return not take_over
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _status(trial: FrozenTrial, folder: Path) -> str | None:
    status = status_of(_run(trial, folder))
    return None if status is None else status.status


def _in_queue(trials: Sequence[FrozenTrial], folder: Path, *, take_over: bool) -> set[int]:
    """Numbers of the trials whose jobs SLURM has: before they run, while they do, and between being stopped and again.

    Where SLURM does not answer, of a job sent off less than a week ago nothing is known, so it counts as there.
    """
    found = ((trial, read_id(_run(trial, folder).parent, trial.number)) for trial in trials)
    jobs = {trial.number: (job_id, _age(trial)) for trial, job_id in found if job_id is not None}
    if not jobs:
        return set()
    states = queue_states([job_id for job_id, _ in jobs.values()])
    if states is None:
        return {number for number, (_, age) in jobs.items() if age < _UNKNOWN and not take_over}
    return {number for number, (job_id, _) in jobs.items() if states.get(job_id, GONE) not in ENDS}


def _reason(trial: FrozenTrial, folder: Path) -> str:
    status = status_of(_run(trial, folder))
    told = status.reason if status is not None and status.status == FAILED and status.reason != STALE else None
    return told or "its search ended before it did"


def _run(trial: FrozenTrial, folder: Path) -> Path:
    return Path(trial.user_attrs.get("folder") or folder / str(trial.number))


def _age(trial: FrozenTrial) -> float:
    """Seconds since it was drawn."""
    begun = trial.datetime_start
    return float("inf") if begun is None else (datetime.now() - begun).total_seconds()
