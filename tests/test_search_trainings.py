"""Searches over real trainings and in processes of their own, and the spaces of ``conf/sweep``."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import hydra
import optuna
import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from running import REPOSITORY, program_of, small
from searches import make_study, reported

from myoassist.config_search import SearchConfig, SearchSettings
from myoassist.learn.callbacks import Stopper
from myoassist.learn.checkpoint import find_checkpoint
from myoassist.learn.evaluate import Evaluation
from myoassist.learn.training import train
from myoassist.learn.trial import PRUNED, SearchTrial
from myoassist.mdp.check import check_task
from myoassist.parsing import check_consistency, parse_config
from myoassist.replacing import replace_settings
from myoassist.runs.status import read_status
from myoassist.runs.study import open_storage
from myoassist.sweep.space import distribution, read_space, values_of
from myoassist.sweep.study import directions
from tests.helpers import experiment

SPACES = ("device", "network", "ppo", "reward")
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from myoassist import commandline

def run(config):
    if config.n == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if config.n == 3:
        raise MemoryError("no memory")
    (commandline.sweep_dir() / "whole.txt").write_text(str(config.n))
    return float(config.n)

folder = Path(sys.argv.pop(1))
commandline.config_dir = lambda: folder
sys.exit(commandline.hydra_entry("train", run))
"""


def sweep(name: str) -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / "conf" / "sweep" / f"{name}.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SPACES)
def test_every_value_of_a_ready_space_is_valid(name: str) -> None:
    settings = parse_config(sweep(name)["hydra"]["sweeper"], SearchSettings)
    assert len(directions(settings)) == len(settings.objective)
    config = experiment(f"sweep={name}")
    with hydra.initialize_config_dir(str(REPOSITORY / "conf"), version_base="1.3"):
        parser = OverridesParser.create(GlobalHydra.instance().config_loader())
        space = read_space(parser.parse_overrides([f"{key}={value}" for key, value in settings.params.items()]))
    base = replace_settings(config, list(space.fixed))
    every = [[f"{key}={value}" for value in values_of(override)] for key, override in space.searched.items()]
    for row in range(max(map(len, every))):  # each value in one of them
        config = replace_settings(base, [values[min(row, len(values) - 1)] for values in every])
        check_consistency(config)
        check_task(config)
    assert all(distribution(override) for override in space.searched.values())


def test_every_batch_of_the_ppo_space_divides_every_update() -> None:
    params = sweep("ppo")["hydra"]["sweeper"]["params"]
    parsed = OverridesParser.create().parse_overrides([f"{key}={value}" for key, value in params.items()])
    listed = {override.key_or_group: override for override in parsed}
    sizes = [map(int, values_of(listed[f"algorithm.{key}"])) for key in ("transitions_per_update", "batch_size")]
    assert all(transitions % batch == 0 and transitions % 128 == 0 for transitions, batch in itertools.product(*sizes))


def test_trial_that_is_out_of_time_is_asked_to_stop() -> None:
    stopper = Stopper()
    with SearchTrial(SearchConfig(minutes=1e-4), stopper, every=100).timed():
        for _ in range(1000):
            if stopper.asked:
                break
            time.sleep(0.01)
    assert stopper.asked == "its time limit, search.minutes=0.0001,"


def test_a_storage_out_of_reach_costs_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search = SearchConfig(storage="sqlite:////nowhere/at/all.db", study="search", trial=0)
    stopper = Stopper()
    evaluation = Evaluation(2, 1, 1.0, 0.5, 1.0, 1.0, 0.1, 1.0, 2.0, 1.2, 0.1, 3.0)
    SearchTrial(search, stopper, every=100).report(100, evaluation)
    assert stopper.asked is None
    (line,) = capsys.readouterr().out.splitlines()
    assert "warning: the search could not be told how this trial goes" in line


@pytest.mark.slow
def test_a_pruned_training_stops_and_keeps_what_it_has(tmp_path: Path) -> None:
    study, place = make_study(tmp_path, warmup_steps=0)
    for value in (90.0, 100.0):
        reported(study, [value, value, value], value)  # after 100, 200 and 300 steps
    number = study.ask().number
    folder = tmp_path / str(number)
    search = SearchConfig(storage=place, study="search", trial=number)
    config = replace(small(folder, "evaluation.every_steps=100", "total_steps=512"), search=search)
    result = train(config)
    assert result.stopped_by == PRUNED
    assert 100 <= result.steps < 512
    status = read_status(folder)
    assert status is not None and (status.status, status.reason) == ("stopped", PRUNED)
    assert find_checkpoint(folder) == result.checkpoint
    trial = optuna.load_study(study_name="search", storage=open_storage(place)).trials[number]
    assert trial.user_attrs["pruned"] == 100
    assert 0 < trial.intermediate_values[100] < 5  # m in 0.3 s episodes


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    settings = (
        "defaults: [_self_, {launch: basic}, {hydra: default}]\nn: 0\nname: x\n"
        "search: {objective: [eval/distance], storage: null, study: null, trial: null, minutes: null}\n"
    )
    return [*program_of(tmp_path_factory.mktemp("program"), PROGRAM, settings), "-m", "hydra/sweeper=optuna"]


@pytest.mark.slow
@pytest.mark.parametrize("launch", ["basic", "joblib", "local"])
def test_killed_trials_have_failed_on_every_launcher(program: list[str], tmp_path: Path, launch: str) -> None:
    more = [f"launch={launch}", "n=range(1,6)", "hydra.sweeper.sampler=grid", "hydra.sweeper.n_jobs=3"]
    done = subprocess.run(
        [*program, *more, "hydra.sweep.dir=s"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, timeout=240, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "s" / "search.json").read_text(encoding="utf-8"))
    trials = {trial["parameters"]["n"]: trial for trial in found["trials"]}
    assert {n: trial["status"] for n, trial in trials.items()} == {
        1: "finished", 2: "failed", 3: "failed", 4: "finished", 5: "finished",
    }  # fmt: skip
    assert "kill" in trials[2]["reason"]
    assert trials[3]["reason"] == "MemoryError: no memory"
    assert found["best"][0]["parameters"] == {"n": 5}
    for n in (1, 4, 5):
        assert (tmp_path / "s" / str(trials[n]["number"]) / "whole.txt").read_text() == str(n)


@pytest.mark.slow
def test_a_search_over_trainings(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "train.py"), "-m", "hydra/sweeper=optuna", "experiment=smoke",
         "total_steps=256", "evaluation.every_steps=128", "evaluation.episodes=2", "evaluation.seconds=0.3",
         "evaluation.recorded_in_training=0", "algorithm.learning_rate=tag(log,interval(1e-4,1e-3))",
         "algorithm.epochs=int(interval(1,2))", "hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=2", "launch=joblib",
         "hydra.sweeper.objective=[eval/distance,eval/activation]", "hydra.sweep.dir=s"],
        cwd=tmp_path, capture_output=True, text=True, timeout=400, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "s" / "search.json").read_text(encoding="utf-8"))
    assert found["counts"] == {"finished": 2}
    for trial in found["trials"]:
        run = Path(trial["folder"])
        assert run == tmp_path / "s" / str(trial["number"])
        final = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))
        assert trial["values"] == {name: final[name.removeprefix("eval/")] for name in trial["values"]}
        saved = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
        assert saved["algorithm"]["epochs"] == trial["parameters"]["algorithm.epochs"]
        assert saved["search"]["trial"] == trial["number"]
    assert shlex.split(found["best"][0]["command"])[:3] == ["python", "train.py", "experiment=smoke"]
    assert (tmp_path / "s" / "sweep.html").exists()
