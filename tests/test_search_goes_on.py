"""Searches that go on where they were left, and what is refused before the first trial."""

from __future__ import annotations

import json

import pytest
import searches
from omegaconf import DictConfig
from searches import PLANE, Searcher, hill

from myoassist import commandline
from myoassist.commandline import hydra_entry
from myoassist.errors import ConfigError

search = searches.search  # a fixture


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


@pytest.mark.slow
def test_another_search_does_not_take_over_the_trials_of_a_study_elsewhere(search: Searcher) -> None:
    study = "hydra.sweeper.storage=sqlite:///studies.db"
    search(hill, "x=interval(0,1)", "steps=7", study, "hydra.sweeper.n_trials=1", into="first")
    for argv, had, asked in [
        (["steps=8"], "it has steps=7", "steps=8"),
        (["steps=7", "y=interval(0,1)"], "it has no y", "y=interval(0,1)"),
    ]:
        line = search.refused("x=interval(0,1)", *argv, study, "hydra.sweep.dir=second")
        assert line.startswith(f"hydra.sweeper.study_name: the study 'search' is another search: {had}; asked for is ")
        assert f"asked for is {asked}; to search anew give another hydra.sweeper.study_name" in line
    assert not (search.folder / "second").exists()
    search(hill, "x=interval(0,1)", "steps=7", study, "hydra.sweeper.n_trials=2", into="second")  # the same shares it


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
