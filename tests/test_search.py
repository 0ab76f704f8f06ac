"""Searches: they find what is better, whatever becomes of some trials."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import optuna
import pytest
import searches
from omegaconf import DictConfig
from optuna.trial import TrialState
from searches import PLANE, Searcher, hill, make_study, values

from myoassist.commandline import hydra_entry
from myoassist.errors import ConfigError
from myoassist.runs.study import open_storage, put_back, whole_storage
from myoassist.sweep.jobs import JobsGoOn
from myoassist.sweep.orphans import settle_orphans

search = searches.search  # a fixture


# --- it finds what is better ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_tpe_learns_and_a_search_in_two_parts_takes_the_same_course(search: Searcher) -> None:
    whole = search(hill, *PLANE, "hydra.sweeper.n_trials=18", "hydra.sweeper.startup_trials=6", into="whole")
    assert max(values(whole)) > max(values(whole)[:6])
    assert sum(values(whole)[-6:]) > sum(values(whole)[:6])
    assert whole["best"][0]["values"]["eval/distance"] == max(values(whole)) > 0.9
    assert whole["counts"] == {"finished": 18}

    common = (*PLANE, "hydra.sweeper.startup_trials=6")
    search(hill, *common, "hydra.sweeper.n_trials=4", into="parts")
    parts = search(hill, *common, "hydra.sweeper.n_trials=9", into="parts")
    assert [trial["parameters"] for trial in parts["trials"]] == [t["parameters"] for t in whole["trials"][:9]]
    assert [Path(trial["folder"]).name for trial in parts["trials"]] == list(map(str, range(9)))
    assert all((search.folder / "parts" / str(number)).is_dir() for number in range(9))


@pytest.mark.slow
def test_another_seed_draws_other_trials(search: Searcher) -> None:
    one = search(hill, *PLANE, "hydra.sweeper.n_trials=2", into="one")
    other = search(hill, *PLANE, "hydra.sweeper.n_trials=2", "hydra.sweeper.seed=2", into="other")
    assert not set(values(one)) & set(values(other))


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "quasi_random", "nsga2"])
def test_every_sampler_draws_within_the_space(search: Searcher, sampler: str) -> None:
    found = search(
        lambda config: float(config.n), "x=tag(log,interval(1e-3,1))", "n=int(interval(2,4))", "kind=plain,'two words'",
        "y=range(0,1,0.5)", f"hydra.sweeper.sampler={sampler}", "hydra.sweeper.n_trials=4",
    )  # fmt: skip
    drawn = [trial["parameters"] for trial in found["trials"]]
    assert all(1e-3 <= params["x"] <= 1 and params["n"] in (2, 3, 4) and params["y"] in (0.0, 0.5) for params in drawn)
    assert {params["kind"] for params in drawn} <= {"plain", "'two words'"}
    assert len({params["x"] for params in drawn}) == 4


def test_a_ready_space_is_one_word_and_the_command_line_changes_it(search: Searcher) -> None:
    seen: list[tuple[int, str, float]] = []

    def run(config: DictConfig) -> float:
        seen.append((config.steps, config.kind, config.y))
        return hill(config)

    assert hydra_entry("train", run, argv=["sweep=hill", "y=0.5", "hydra.sweep.dir=s", "name='my walk'"]) == 0
    assert seen == [(10, "round", 0.5)] * 3
    found = json.loads((search.folder / "s" / "search.json").read_text())
    command = shlex.split(found["best"][0]["command"])
    x = found["best"][0]["parameters"]["x"]
    # the name, and where they run, stay behind; what was searched, typed or stands in the ready space does not
    assert command == ["python", "train.py", "sweep=hill", "y=0.5", "kind=round", f"x={x}", "hydra.mode=RUN"]
    assert f"  {found['best'][0]['command']}\n" in search.capsys.readouterr().out
    assert hydra_entry("train", run, argv=command[2:]) == 0 and seen[3:] == [(10, "round", 0.5)]  # one more training
    assert hydra_entry("train", run, argv=["-m", *command[2:]]) == 2 and len(seen) == 4
    assert "--multirun and hydra.mode=RUN: only one of them at a time" in search.capsys.readouterr().err


def test_command_of_the_best_keeps_awkward_text(search: Searcher) -> None:
    found = search(hill, "kind='it\\'s $HOME',plain", "x=0.3", "hydra.sweeper.sampler=grid")
    commands = {trial["parameters"]["kind"] for trial in found["trials"]}
    best = shlex.split(found["best"][0]["command"])
    assert best[-1].removeprefix("kind=") in commands
    received: list[str] = []

    def run(config: DictConfig) -> None:
        received.append(config.kind)

    for kind in sorted(commands):
        assert hydra_entry("train", run, argv=[f"kind={kind}"]) == 0
    assert sorted(received) == ["it's $HOME", "plain"]


def test_several_objectives_give_the_trade_offs(search: Searcher) -> None:
    gains = {1: [1.0, 5.0], 2: [2.0, 3.0], 3: [2.0, 4.0], 4: [3.0, 9.0], 5: [0.5, 6.0]}  # far is good, effort is not
    found = search(
        lambda config: gains[config.n],
        "n=1,2,3,4,5", "hydra.sweeper.sampler=grid", "hydra.sweeper.objective=[eval/distance,eval/activation]",
    )  # fmt: skip
    assert found["direction"] == ["maximize", "minimize"]
    # 3 walks no farther than 2 with more effort; 1 and 5 less far than 2 with more effort
    assert sorted(trial["parameters"]["n"] for trial in found["best"]) == [2, 4]
    assert "eval/distance 2, eval/activation 3" in search.out


@pytest.mark.slow
def test_less_can_be_better(search: Searcher) -> None:
    run = lambda config: float(config.n)  # noqa: E731
    common = ("n=3,1,2", "hydra.sweeper.sampler=grid")
    assert search(run, *common, "hydra.sweeper.objective=[eval/peak_load]")["best"][0]["parameters"] == {"n": 1}
    found = search(run, *common, "hydra.sweeper.direction=[minimize]", into="other")
    assert found["best"][0]["parameters"] == {"n": 1}


# --- whatever becomes of a trial --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_way_to_fail_is_a_failed_trial_and_the_search_goes_on(search: Searcher) -> None:
    gives: dict[int, Any] = {1: float("nan"), 2: None, 3: "far", 4: float("inf"), 5: [1.0, 2.0], 7: 2.5}

    def run(config: DictConfig) -> Any:
        if config.n == 0:
            raise ZeroDivisionError("no\nsteps")
        if config.n == 6:
            raise ConfigError("n: 6 is not allowed")
        return gives[config.n]

    found = search(run, "n=range(0,8)", "hydra.sweeper.sampler=grid", "hydra.sweeper.n_jobs=3")
    assert found["counts"] == {"finished": 1, "failed": 7}
    reasons = [trial["reason"] for trial in sorted(found["trials"], key=lambda trial: trial["parameters"]["n"])]
    assert reasons == [
        "ZeroDivisionError: no steps",
        "it returned nan, which is not finite",
        "it returned no value",
        "it returned 'far', which is no number",
        "it returned inf, which is not finite",
        "it returned 2 values for 1 objectives",
        "n: 6 is not allowed",
        None,
    ]
    assert found["best"][0]["parameters"] == {"n": 7}
    assert "search: 1 finished, 7 failed\n" in search.out
    assert "  1 failed: it returned no value\n" in search.out
    assert "  2 failed for other reasons\n" in search.out
    assert "best trial 7: eval/distance 2.5\n  python train.py n=7\n" in search.out


def test_a_search_fails_only_where_every_trial_did(search: Searcher) -> None:
    def run(config: DictConfig) -> None:
        raise MemoryError("no memory")

    found = search(run, "n=1,2", "hydra.sweeper.n_trials=3", code=2)
    assert found["counts"] == {"failed": 3}
    assert search.err == "error: search: every trial failed, the first one: MemoryError: no memory\n"


@pytest.mark.slow
def test_enough_failures_or_time_end_it(search: Searcher) -> None:
    def run(config: DictConfig) -> float:
        return float("nan") if config.n < 5 else 1.0

    common = ("n=range(0,9)", "hydra.sweeper.sampler=grid")
    found = search(run, *common, "hydra.sweeper.max_failures=2", code=2)
    assert len([trial for trial in found["trials"] if trial["status"] == "failed"]) == 2
    found = search(run, *common, "hydra.sweeper.timeout=1e-9", into="other")
    assert found["counts"] == {"waiting": 9}


@pytest.mark.slow
def test_interrupted_trials_go_on_with_the_next_command(search: Searcher) -> None:
    def run(config: DictConfig) -> float:
        if config.n == 2:
            raise KeyboardInterrupt
        return float(config.n)

    common = ("n=range(0,4)", "hydra.sweeper.sampler=grid")
    found = search(run, *common, code=130)
    assert found["counts"] == {"finished": 2, "waiting": 2}
    assert f"go on with: python train.py -m hydra/sweeper=optuna {' '.join(common)}" in search.out.replace("'", "")
    assert "2 of 4 trials to run" not in search.out
    again = search(lambda config: float(config.n), *common)
    assert again["counts"] == {"finished": 4}  # it has used up none
    assert "2 of 4 trials to run" in search.out
    assert values(again) == [0.0, 1.0, 2.0, 3.0]  # with its own number and parameters


def test_ctrl_c_leaves_trials_that_go_on(search: Searcher) -> None:
    def run(config: DictConfig) -> float:
        if config.n == 1:
            raise JobsGoOn([1])
        return float(config.n)

    found = search(run, "n=range(0,3)", "hydra.sweeper.sampler=grid", code=130)
    assert found["counts"] == {"finished": 1, "running": 1, "waiting": 1}


@pytest.mark.parametrize("storage", ["search.journal", "sqlite:///studies.db"])
def test_a_trial_that_was_put_back_is_drawn_again_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storage: str
) -> None:
    monkeypatch.chdir(tmp_path)
    study = optuna.create_study(study_name="search", storage=open_storage(whole_storage(storage, tmp_path)))
    space: dict[str, Any] = {"x": optuna.distributions.FloatDistribution(0.0, 1.0)}
    first, second = study.ask(space), study.ask(space)
    put_back(study, first.number)
    again, third = study.ask(space), study.ask(space)
    assert (again.number, again.params) == (first.number, first.params)
    assert {second.number, third.number} == {1, 2}
    study.tell(again.number, 0.5)
    assert study.trials[0].value == 0.5


def test_a_run_that_saved_itself_when_its_search_was_killed_goes_on(tmp_path: Path) -> None:
    study, _ = make_study(tmp_path)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for _ in range(2):
        study.ask().set_user_attr("owner", {"host": socket.gethostname(), "pid": gone.pid})
    told = {"status": "stopped", "steps": 512, "total_steps": 1024, "started": "2026-01-31T12:00", "reason": "SIGTERM"}
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "status.json").write_text(json.dumps(told))
    settle_orphans(study, tmp_path, ours=set(), take_over=False)
    assert [trial.state for trial in study.trials] == [TrialState.WAITING, TrialState.FAIL]
