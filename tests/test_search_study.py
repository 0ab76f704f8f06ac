"""The study of a search: which trials end early, which were left behind, and where it is kept."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState
from searches import REPOSITORY, make_study, reported

from myoassist.config_search import PrunerConfig, SearchConfig, SearchSettings, shown_storage
from myoassist.learn.callbacks import Stopper
from myoassist.learn.evaluate import Evaluation
from myoassist.learn.trial import SearchTrial
from myoassist.runs.study import Link, exists, open_storage, whole_storage
from myoassist.sweep import orphans
from myoassist.sweep.orphans import settle_orphans
from myoassist.sweep.slurm_queue import note_id, queue_states


def test_a_trial_that_does_badly_is_told_to_end(tmp_path: Path) -> None:
    study, place = make_study(tmp_path)
    for value in (1.0, 2.0, 3.0):
        reported(study, [value, value, value], value)
    number = study.ask().number
    link = Link.to(SearchConfig(storage=place, study="search", trial=number))
    assert link is not None
    assert not link.report(100, 0.5)  # before 200 steps nobody is ended
    assert not link.report(200, 2.5)  # the median of the others is 2
    other = Link.to(SearchConfig(storage=place, study="search", trial=study.ask().number))
    assert other is not None
    assert not other.report(100, 1.5)
    assert other.report(200, 1.5)
    assert study.trials[-1].user_attrs["pruned"] == 200
    study.tell(number, 2.5)
    assert Link.to(SearchConfig(storage=place, study="search", trial=number)) is None  # it is over
    assert Link.to(SearchConfig()) is None


def test_halving_keeps_the_best_share(tmp_path: Path) -> None:
    _, place = make_study(tmp_path, type="halving", warmup_steps=100, keep=2)
    study = optuna.load_study(study_name="search", storage=open_storage(place))
    ended = []
    for value in (4.0, 3.0, 2.0, 1.0):
        link = Link.to(SearchConfig(storage=place, study="search", trial=study.ask().number))
        assert link is not None
        ended.append(link.report(100, value))
    assert ended == [False, True, True, True]  # each next one is below the better half of those before


def test_trials_of_a_search_that_is_gone_have_failed(tmp_path: Path) -> None:
    study, _ = make_study(tmp_path)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = os.uname().nodename if hasattr(os, "uname") else ""
    owners = [
        {"host": here, "pid": gone.pid},
        {"host": here, "pid": os.getppid()},  # another search that lives
        {"host": "another-machine", "pid": 1},
        {"host": here, "pid": gone.pid},  # its run came to its end by itself
        {"host": here, "pid": gone.pid},  # so did this one, pruned
        {"host": here, "pid": os.getpid()},  # ours
    ]
    for owner in owners:
        study.ask().set_user_attr("owner", owner)
    study.set_user_attr("folder", str(tmp_path))
    trials = [optuna.Trial(study, trial._trial_id) for trial in study.trials]
    trials[3].set_user_attr("values", [7.0])
    trials[4].set_user_attr("pruned", 300)
    settle_orphans(study, tmp_path, ours={5}, take_over=False)
    states = [trial.state for trial in study.trials]
    running, failed = TrialState.RUNNING, TrialState.FAIL
    assert states == [failed, running, running, TrialState.COMPLETE, TrialState.PRUNED, running]
    assert study.trials[0].user_attrs["reason"] == "its search ended before it did"
    assert study.trials[3].value == 7.0
    settle_orphans(study, tmp_path, ours={5}, take_over=True)
    assert [trial.state for trial in study.trials][:3] == [failed, running, failed]


def test_trials_that_slurm_has_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, _ = make_study(tmp_path)
    for number in range(4):
        study.ask().set_user_attr("owner", {"host": socket.gethostname(), "pid": os.getpid()})  # one of before
        note_id(tmp_path, number, f"99_{number}")
    study.ask()  # another search has drawn it a moment ago, and not put its name on it
    states: dict[str, str] | None = None

    def asked(ids: Sequence[str]) -> dict[str, str] | None:
        return states

    monkeypatch.setattr(orphans, "queue_states", asked)
    settle_orphans(study, tmp_path, ours=set(), take_over=False)
    running, failed = TrialState.RUNNING, TrialState.FAIL
    assert [trial.state for trial in study.trials] == [running] * 5  # SLURM does not answer
    states = {"99_0": "PENDING", "99_1": "RUNNING", "99_2": "CANCELLED"}  # and it has forgotten 99_3
    settle_orphans(study, tmp_path, ours=set(), take_over=False)
    assert [trial.state for trial in study.trials] == [running, running, failed, failed, running]
    monkeypatch.setattr(orphans, "_ASKED", 0.0)
    states = None
    settle_orphans(study, tmp_path, ours=set(), take_over=True)
    assert [trial.state for trial in study.trials] == [failed] * 5


def test_trials_of_another_search_are_left_alone_where_processes_cannot_be_probed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: Any) -> None:
        raise AssertionError("on Windows that ends the process")

    study, _ = make_study(tmp_path)
    study.ask().set_user_attr("owner", {"host": socket.gethostname(), "pid": os.getppid()})
    monkeypatch.setattr(orphans, "_WINDOWS", True)
    monkeypatch.setattr(orphans.os, "kill", never)
    settle_orphans(study, tmp_path, ours=set(), take_over=False)
    assert study.trials[0].state == TrialState.RUNNING
    settle_orphans(study, tmp_path, ours=set(), take_over=True)
    assert study.trials[0].state == TrialState.FAIL


@pytest.mark.parametrize(
    ("told", "states"),
    [
        ("echo '99_0 PENDING'", {"99_0": "PENDING"}),
        ("echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", {}),
        ("echo 'Unable to contact slurm controller' >&2; exit 1", None),
    ],
)
def test_what_squeue_says_of_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, states: dict[str, str] | None
) -> None:
    (tmp_path / "squeue").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n{told}\n')
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert queue_states(["99_1", "99_0"]) == states
    assert "--jobs=99_0,99_1" in (tmp_path / "asked").read_text()


def test_share_of_completed_episodes_is_told_in_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study, place = make_study(tmp_path)
    evaluation = Evaluation(4, 3, 1.0, 0.5, 1.0, 1.0, 0.1, 1.0, 2.0, 1.2, 0.1, 3.0)
    for objective in ("eval/completed_share", "gait/cost_of_transport"):
        told = SearchConfig(objective=[objective], storage=place, study="search", trial=study.ask().number)
        trial = SearchTrial(told, Stopper(), every=100)
        trial.report(100, evaluation)
        trial.report(200, evaluation)
    assert [trial.intermediate_values for trial in study.trials] == [{100: 0.75, 200: 0.75}, {}]
    line = "gait/cost_of_transport is not known in training: this trial is not pruned"
    assert [part.strip() for part in capsys.readouterr().out.splitlines()] == [line]


def test_storages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert whole_storage(None, Path("a")) == str(tmp_path / "a" / "search.journal")
    assert whole_storage("sqlite:///a.db", tmp_path) == f"sqlite:///{tmp_path}/a.db"
    assert whole_storage("env:STUDIES", tmp_path) == "env:STUDIES"
    assert whole_storage(str(tmp_path), Path()) == str(tmp_path / "search.journal")  # the folder of an earlier search
    assert not exists(str(tmp_path / "search.journal")) and not exists(f"sqlite:///{tmp_path}/a.db")
    assert shown_storage("postgresql://me:secret@host/db") == "postgresql://me:***@host/db"
    monkeypatch.setenv("STUDIES", f"sqlite:///{tmp_path}/a.db")
    optuna.create_study(study_name="x", storage=open_storage("env:STUDIES"))
    assert exists(f"sqlite:///{tmp_path}/a.db")


def test_journal_with_half_a_line_at_its_end_is_read(tmp_path: Path) -> None:
    study, place = make_study(tmp_path)
    reported(study, [], 3.0)
    whole = Path(place).read_bytes()
    Path(place).write_bytes(whole + b'{"op_code":4,"worker')  # the process was killed there
    again = optuna.load_study(study_name="search", storage=open_storage(place))
    assert Path(place).read_bytes() == whole
    reported(again, [], 4.0)
    assert optuna.load_study(study_name="search", storage=open_storage(place)).best_value == 4.0


def test_settings_of_the_file_are_those_of_the_schema() -> None:
    from omegaconf import OmegaConf

    from myoassist.parsing import parse_config

    file: Any = OmegaConf.to_container(OmegaConf.load(REPOSITORY / "conf/hydra/sweeper/optuna.yaml"))
    del file["_target_"]
    assert parse_config(file, SearchSettings) == SearchSettings()
    assert set(file) == set(SearchSettings.__dataclass_fields__)
    assert set(file["pruner"]) == set(PrunerConfig.__dataclass_fields__)
