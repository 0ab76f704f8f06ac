"""Sweeps on the command line: checked before the first run, in a folder of their own, and how to go on with one."""

from __future__ import annotations

import json
import shlex
from datetime import datetime, tzinfo

import pytest
import typed_requests
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig
from typed_requests import Entry

from myoassist.commandline import hydra_entry
from myoassist.errors import ConfigError
from myoassist.runs.entry import job_status
from myoassist.runs.jobs import read_jobs
from myoassist.sweep.plan import as_typed, own_command

conf, entry = typed_requests.conf, typed_requests.entry  # fixtures


def test_flags_may_stand_between_overrides(entry: Entry) -> None:
    configs = entry.accepted("model=26muscle", "-m", "seed=1,2")
    assert [(config["model"]["name"], config["seed"]) for config in configs] == [("26muscle", 1), ("26muscle", 2)]


def test_sweep_gives_every_run_its_own_folder(entry: Entry) -> None:
    configs = entry.accepted("-m", "seed=range(1,3)", "init_from='a/b:*'")
    assert [(config["seed"], config["init_from"]) for config in configs] == [(1, "a/b:*"), (2, "a/b:*")]
    (sweep,) = (entry.folder / "outputs" / "multirun").iterdir()
    assert entry.sweep_dirs == [sweep / str(number) for number in range(2)]
    assert all(not list((sweep / str(number)).iterdir()) for number in range(2))


def test_sweep_is_checked_before_its_first_run(entry: Entry) -> None:
    checked: list[str] = []

    def check(config: DictConfig) -> None:
        checked.append(f"{config.seed} {config.where}")
        if config.seed == 2:
            raise ConfigError("seed: 2 is bad")

    where = "+where=${hydra:job.num}"
    assert entry.refused("-m", "seed=1,2,3", where, check=check) == "seed: 2 is bad (in the run seed=2)"
    assert checked == ["1 0", "2 1"]
    assert hydra_entry("train", entry.run, argv=["seed=2", where.replace("hydra:job.num", "seed")], check=check) == 0


def test_failing_run_of_a_sweep_is_named(entry: Entry) -> None:
    def run(config: DictConfig) -> None:
        if config.seed == 2:
            raise ConfigError("seed: 2 is bad")

    assert hydra_entry("train", run, argv=["-m", "seed=1,2"]) == 2
    assert entry.capsys.readouterr().err.splitlines() == [
        "Error executing job with overrides: ['seed=2']",
        "error: seed: 2 is bad",
    ]


@pytest.mark.slow
def test_a_sweep_goes_on_in_its_folder_and_no_other_does(entry: Entry) -> None:
    place = "hydra.sweep.dir=s"
    entry.accepted("-m", "seed=1,2", "model=22muscle", place)
    noted = (entry.folder / "s" / "jobs.json").read_text()
    for argv, there, asked in [
        (["seed=3,4", "model=22muscle"], "another sweep: its run 0 is seed=1 model=22muscle", "seed=3 model=22muscle"),
        (["seed=1,2", "model=26muscle"], "another sweep: its run 0 is seed=1 model=22", "seed=1 model=26muscle"),
        (["seed=2,1", "model=22muscle"], "another sweep: its run 0 is", "seed=2 model=22muscle"),
        (["seed=1", "model=22muscle"], "a sweep of 2 runs", "only the first 1 of them"),
    ]:
        assert hydra_entry("train", entry.run, argv=["-m", *argv, place]) == 2
        told = entry.capsys.readouterr().err
        assert told.startswith(f"error: hydra.sweep.dir: {entry.folder / 's'} holds {there}")
        assert f"; asked for is {asked}; nothing was overwritten; take a new folder, or give the command" in told
        assert (entry.folder / "s" / "jobs.json").read_text() == noted
    assert len(entry.configs) == 2
    entry.accepted("-m", "seed=1,2", "model=22muscle", place)  # goes on
    entry.accepted("-m", "model=22muscle", "seed=1,2,3", place)  # and is extended, in any order of the keys
    jobs = json.loads((entry.folder / "s" / "jobs.json").read_text())["jobs"]
    assert [job["overrides"] for job in jobs] == [["model=22muscle", f"seed={seed}"] for seed in (1, 2, 3)]


def test_sweeps_that_begin_in_the_same_second_get_folders_of_their_own(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Noon:
            return cls(2026, 1, 1, 12, 0, 0)

    monkeypatch.setattr("hydra.core.utils.datetime", Noon)
    entry.accepted("-m", "seed=1,2")
    entry.accepted("-m", "seed=3,4")
    place = entry.folder / "outputs" / "multirun"
    first, second = place / "2026-01-01_12-00-00", place / "2026-01-01_12-00-00_2"
    assert entry.sweep_dirs == [first / "0", first / "1", second / "0", second / "1"]
    for sweep, seeds in ((first, (1, 2)), (second, (3, 4))):
        assert [job.overrides for job in read_jobs(sweep).values()] == [(f"seed={seed}",) for seed in seeds]


@pytest.mark.parametrize(
    ("file", "there"), [("config.yaml", "a single run"), ("0/config.yaml", "runs of another swee")]
)
def test_a_sweep_does_not_go_into_the_folder_of_runs(entry: Entry, file: str, there: str) -> None:
    (entry.folder / "s" / "0").mkdir(parents=True)
    (entry.folder / "s" / file).touch()
    assert hydra_entry("train", entry.run, argv=["-m", "seed=1,2", "hydra.sweep.dir=s"]) == 2
    assert f"s holds {there}" in entry.capsys.readouterr().err
    assert not (entry.folder / "s" / "jobs.json").exists()


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("init_from.path=policy\\:walk", "init_from=policy:walk"),
        ("+init_from.path=outputs/a", "+init_from=outputs/a"),
        ("name=a\\ b", "name=a b"),
        ("name=a\\,b", "name='a,b'"),
        ("name='a:b'", "name='a:b'"),
        ("layers=[a\\:b]", "layers=[a\\:b]"),
        ("~reward", "~reward"),
    ],
)
def test_overrides_are_shown_as_they_are_typed(line: str, typed: str) -> None:
    assert as_typed(line) == typed
    key = line.partition("=")[0]
    if "=" in line:
        one, other = OverridesParser.create().parse_overrides([line, f"{key}={typed.partition('=')[2]}"])
        assert one.value() == other.value()


def test_command_of_a_run_leaves_out_how_its_sweep_was_started() -> None:
    lines = ["seed=1", "launch=slurm", "launch.cpus=4", "hydra.sweep.dir='a b'", "++search={trial:3}"]
    assert own_command(lines) == ["seed=1"]
    assert own_command(["sweep=ppo", *lines]) == ["sweep=ppo", "seed=1", "hydra.mode=RUN"]  # which else begins a search


@pytest.mark.slow
def test_interrupted_sweep_says_how_to_go_on(entry: Entry) -> None:
    def run(config: DictConfig) -> None:
        if config.seed == 2:
            raise KeyboardInterrupt

    assert hydra_entry("train", run, argv=["seed=1,2,3", "-m", "hydra.sweep.dir='my sweep'", "name='a b'"]) == 130
    out, err = entry.capsys.readouterr()
    assert err == "error: interrupted from the keyboard\n"
    again = next(line for line in out.splitlines() if line.startswith("go on with: ")).removeprefix("go on with: ")
    assert shlex.split(again) == ["python", "train.py", "-m", "seed=1,2,3", "name='a b'", "hydra.sweep.dir='my sweep'"]
    jobs = read_jobs(entry.folder / "my sweep")
    assert [(job.started, job.ended, job.reason) for job in jobs.values()] == [
        (True, "finished", None), (True, "stopped", "stopped by SIGINT"), (False, None, None),
    ]  # fmt: skip
    assert job_status(jobs[1]) == ("stopped", "stopped by SIGINT")  # and not running for ever
    assert len(entry.accepted(*shlex.split(again)[2:])) == 3
