"""Searches: they find what is better, whatever becomes of some trials, and go on where they were left."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from omegaconf import DictConfig
from optuna.trial import TrialState

from myoassist import commandline, multirun
from myoassist.commandline import hydra_entry
from myoassist.config_search import PrunerConfig, SearchConfig, SearchSettings, shown_storage
from myoassist.errors import ConfigError
from myoassist.learn.callbacks import Stopper
from myoassist.learn.evaluate import Evaluation
from myoassist.learn.trial import SearchTrial
from myoassist.runs.study import Link, exists, open_storage, put_back, remember, whole_storage
from myoassist.sweep import orphans
from myoassist.sweep.jobs import JobsGoOn
from myoassist.sweep.orphans import settle_orphans
from myoassist.sweep.slurm_queue import note_id, queue_states

REPOSITORY = Path(__file__).resolve().parent.parent
TRAIN = """
defaults: [_self_, {hydra: default}, {sweep: null}]
name: walk
x: 0.0
y: 0.0
n: 0
kind: plain
steps: 100
search: {objective: [eval/distance], storage: null, study: null, trial: null, minutes: null}
"""
HILL = """
# @package _global_
defaults:
  - override /hydra/sweeper: optuna
steps: 10
hydra:
  mode: MULTIRUN
  sweeper:
    n_trials: 3
    params: {kind: round, x: "interval(-1, 1)", y: "interval(-1, 1)"}
"""


class Searcher:
    """Searches over a function instead of a training, in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys, self.out, self.err = folder, capsys, "", ""

    def __call__(self, run: Callable[[Any], Any], *argv: str, into: str = "s", code: int = 0) -> dict[str, Any]:
        """Search; what ``search.json`` says then."""
        arguments = ["-m", "hydra/sweeper=optuna", f"hydra.sweep.dir={into}", *argv]
        assert hydra_entry("train", run, argv=arguments) == code
        self.out, self.err = self.capsys.readouterr()
        return json.loads((self.folder / into / "search.json").read_text(encoding="utf-8"))

    def refused(self, *argv: str) -> str:
        """The one line of a search that is refused before its first trial."""

        def never(config: DictConfig) -> None:
            raise AssertionError("a trial was run")

        assert hydra_entry("train", never, argv=["-m", "hydra/sweeper=optuna", *argv]) == 2
        (line,) = self.capsys.readouterr().err.splitlines()
        return line.removeprefix("error: ")


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Searcher:
    conf = tmp_path / "conf"
    shutil.copytree(REPOSITORY / "conf" / "hydra", conf / "hydra")
    (conf / "sweep").mkdir()
    (conf / "train.yaml").write_text(TRAIN)
    (conf / "sweep" / "hill.yaml").write_text(HILL)
    monkeypatch.setattr(commandline, "config_dir", lambda: conf)
    monkeypatch.setattr(commandline, "compare_sweeps", multirun._running.clear)  # tested elsewhere
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return Searcher(work, capsys)


def hill(config: Any) -> float:
    """Highest, 1, at x = 0.3 and y = -0.2."""
    return 1.0 - (config.x - 0.3) ** 2 - (config.y + 0.2) ** 2


def values(found: dict[str, Any]) -> list[float]:
    return [trial["values"]["eval/distance"] for trial in found["trials"]]


PLANE = ("x=interval(-1,1)", "y=interval(-1,1)")


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
    # what makes trials short and where they run stays behind; what was searched or typed does not
    assert command == ["python", "train.py", "y=0.5", "kind=round", f"x={x}"]
    assert f"  {found['best'][0]['command']}\n" in search.capsys.readouterr().out


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


# --- a search that goes on --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_storage_alone_brings_a_search_back_to_its_folder(search: Searcher) -> None:
    common = (*PLANE, "hydra.sweeper.storage=sqlite:///studies.db", "hydra.sweeper.study_name=hill")
    search(hill, *common, "hydra.sweeper.n_trials=2", into="first")
    assert hydra_entry("train", hill, argv=["-m", "hydra/sweeper=optuna", *common, "hydra.sweeper.n_trials=3"]) == 0
    found = json.loads((search.folder / "first" / "search.json").read_text())
    assert found["counts"] == {"finished": 3}
    assert sorted(path.name for path in (search.folder / "first").iterdir() if path.name.isdecimal()) == list("012")
    assert not (search.folder / "outputs").exists()
    search(hill, *common, "hydra.sweeper.n_trials=3", into="first")  # nothing left
    assert "all 3 trials are done; for more give hydra.sweeper.n_trials" in search.out


@pytest.mark.slow
def test_another_search_is_refused(search: Searcher) -> None:
    search(hill, "n=1,2", "x=interval(0,1)", "hydra.sweeper.n_trials=1")
    same = "hydra.sweep.dir=s"
    assert search.refused("n=1,2,3", same).startswith("n: the study 'search' has other values of it: Categorical")
    assert search.refused("n=1,2", same, "hydra.sweeper.objective=[eval/time]").startswith(
        "hydra.sweeper.objective: the"
    )
    line = search.refused("n=1,2", "x=interval(0,1)", same, "hydra.sweeper.study_name=other")
    assert line.startswith("hydra.sweep.dir: ") and line.endswith("/s holds runs of another sweep (0); take a new one")
    told = (search.folder / "s" / "jobs.json").read_text()
    for argv, had, asked in [
        (["n=1,2"], "it has x=interval(0,1)", "no x"),
        (["n=1,2", "x=interval(0,1)", "y=interval(0,1)"], "it has no y", "y=interval(0,1)"),
        (["n=1,2", "x=interval(0,1)", "kind=round"], "it has no kind", "kind=round"),
        (["n=1,2", "x=interval(0,1)", "steps=7"], "it has no steps", "steps=7"),
    ]:
        assert f"s holds another search: {had}; asked for is {asked}; nothing was overwr" in search.refused(*argv, same)
    assert hydra_entry("train", hill, argv=["-m", "n=1,2", same]) == 2
    assert "s holds a search of n, x; asked for is a grid of 2 runs; nothing" in search.capsys.readouterr().err
    assert (search.folder / "s" / "jobs.json").read_text() == told
    search(hill, "n=1,2", "x=interval(0,1)", "hydra.sweeper.n_trials=2", "hydra.sweeper.sampler=random")  # goes on


def test_a_search_does_not_go_into_the_folder_of_a_grid(search: Searcher) -> None:
    assert hydra_entry("train", hill, argv=["-m", "n=1,2", "hydra.sweep.dir=s"]) == 0
    search.capsys.readouterr()
    assert "s holds " in search.refused("n=1,2", "hydra.sweep.dir=s")
    assert not (search.folder / "s" / "search.journal").exists()


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["z=interval(0,1)"], "z: no such key"),
        (["sweep=hill", "+hydra.sweeper.params.z=1"], "z: no such key"),
        (["x=1"], "hydra/sweeper=optuna: nothing to search"),
        (["x=interval(1,0)"], "x=interval(1,0): the lower end comes first"),
        (["x=tag(log,interval(0,1))"], "x=tag(log,interval(0,1)): on a logarithmic scale both ends are above 0"),
        (["n=1,2", "hydra.sweeper.sampler=tp"], "hydra.sweeper.sampler: no choice named 'tp'; did you mean 'tpe'"),
        (["n=1,2", "hydra.sweeper.objective=[eval/speed]"], "hydra.sweeper.direction: missing for eval/speed"),
        (["n=1,2", "hydra.sweeper.direction=[minimize,maximize]"], "hydra.sweeper.direction: gives 2 for 1"),
        (["n=1,2", "hydra.sweeper.storage=a.db"], "hydra.sweeper.storage: a.db looks like a database"),
        (
            ["n=1,2", "hydra.sweeper.storage=env:NOBODY"],
            "hydra.sweeper.storage: the environment has no variable NOBODY",
        ),
        (
            ["n=1,2", "hydra.sweeper.storage='ftp://me@host/x'"],
            "hydra.sweeper.storage: ftp://me@host/x cannot",
        ),
        (
            ["n=1,2", "hydra.sweeper.storage='postgresql://me:secret@host/x'"],
            "hydra.sweeper.storage: the URL has a password, which every run would save and upload; put the URL in a "
            "variable of the environment: hydra.sweeper.storage=env:NAME",
        ),
        (["x=interval(0,1)", "hydra.sweeper.sampler=grid"], "x: a range without steps has no grid"),
    ],
)
def test_bad_search_is_one_line_before_the_first_trial(search: Searcher, argv: list[str], expected: str) -> None:
    assert search.refused(*argv).startswith(expected)


def test_values_that_no_run_may_have_are_found_before_the_first_trial(search: Searcher) -> None:
    checked: list[float] = []

    def check(config: DictConfig) -> None:
        assert config.search.trial == 0  # as a trial
        checked.append(config.n)
        if not float(config.n).is_integer():
            raise ConfigError(f"n: got {config.n}; expected a whole number")

    argv = ["-m", "hydra/sweeper=optuna", "n=interval(1,3)", "hydra.sweep.dir=s"]
    assert hydra_entry("train", hill, argv=argv, check=check) == 2
    assert search.capsys.readouterr().err.startswith("error: n: got 1.7")
    argv[2] = "n=int(interval(1,3))"
    checked.clear()
    assert hydra_entry("train", hill, argv=[*argv, "hydra.sweeper.n_trials=1"], check=check) == 0
    assert set(checked) == {1, 3}


def test_without_optuna_the_extra_is_named(search: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    find = commandline.read_settings.__globals__["importlib"].util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == "optuna" else find(name, *rest))
    assert search.refused("n=1,2").endswith('pip install "myoassist[sweep]"')


# --- the study --------------------------------------------------------------------------------------------------------


def make_study(folder: Path, **settings: Any) -> tuple[optuna.Study, str]:
    place = whole_storage(None, folder)
    study = optuna.create_study(study_name="search", storage=open_storage(place), direction="maximize")
    pruner = {"type": "median", "startup_trials": 1, "warmup_steps": 200, "keep": 3, **settings}
    remember(study, pruner=pruner, folder=folder, objective=["eval/distance"])
    return study, place


def reported(study: optuna.Study, at: Sequence[float], value: float) -> None:
    trial = study.ask()
    for steps, part in zip((100, 200, 300), at, strict=False):
        trial.report(part, steps)
    study.tell(trial, value)


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


def test_ctrl_c_leaves_trials_that_go_on(search: Searcher) -> None:
    def run(config: DictConfig) -> float:
        if config.n == 1:
            raise JobsGoOn([1])
        return float(config.n)

    found = search(run, "n=range(0,3)", "hydra.sweeper.sampler=grid", code=130)
    assert found["counts"] == {"finished": 1, "running": 1, "waiting": 1}


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
