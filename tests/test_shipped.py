"""The policies of the package: found by name, small, whole, in the wheel, and walking as their cards say."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from helpers import experiment
from running import REPOSITORY

from myoassist.errors import ConfigError, RunError
from myoassist.evaluation import evaluate_command, own_settings, record
from myoassist.experiment import make_experiment
from myoassist.learn.checkpoint import load_checkpoint, read_parameters
from myoassist.learn.finding import find_policy
from myoassist.learn.shipped import DEFAULT, POLICIES, policy_names, read_card, shipped_name
from myoassist.learn.training import train
from myoassist.replacing import replace_settings
from myoassist.shipping.bar import BAR, judged
from myoassist.shipping.card import METRICS, learn_on, render, task_of, training_of
from myoassist.shipping.measure import EPISODES, SECONDS, SEED, short_check
from myoassist.shipping.ship import MOST_KB, Shipment, ship, size_kb
from scripts.ship_policy import main, read_arguments, usage

FILES = {"policy.zip", "normalizer.npz", "layout.json", "config.yaml", "card.json", "card.md"}
SHORT = ["evaluation.episodes=1", "evaluation.seconds=0.2"]


@pytest.fixture(params=policy_names())
def folder(request: pytest.FixtureRequest) -> Path:
    return POLICIES / request.param


def test_the_default_is_there_and_comes_first() -> None:
    assert policy_names()[0] == DEFAULT
    assert all(path.name in policy_names() for path in POLICIES.iterdir()), "a folder without a card"


@pytest.mark.parametrize(
    ("init_from", "command", "wanted"),
    [
        (None, "python train.py experiment=imitation_partial_obs device=dephy seed=2", "device=dephy"),
        ("policy:walk", "python train.py experiment=from_walk model=26muscle", "experiment=from_walk model=26muscle"),
        ("policy:walk", None, ""),
    ],
)  # fmt: skip
def test_a_card_keeps_the_body_and_device_of_its_recipe(init_from: str | None, command: str, wanted: str) -> None:
    card = {"name": "x", "network": "mirrored", "training": {"init_from": init_from, "command": command}}
    assert learn_on(card).split() == ["python", "train.py", *wanted.split(), "init_from=policy:x", "network=mirrored"]


class TestEachPolicy:
    def test_is_small_and_whole(self, folder: Path) -> None:
        assert {path.name for path in folder.iterdir()} == FILES
        assert size_kb(folder) <= MOST_KB

    def test_holds_tensors_only_and_loads_without_running_code(self, folder: Path) -> None:
        with zipfile.ZipFile(folder / "policy.zip") as archive:
            assert archive.namelist() == ["policy.pth"]  # no optimiser, and none of what SB3 pickles
        assert list(read_parameters(folder)) == ["policy"]
        checkpoint = find_policy(f"policy:{folder.name}")
        assert checkpoint.path == folder
        assert all(torch.isfinite(tensor).all() for tensor in checkpoint.policy.values())

    def test_card_is_made_from_the_numbers_and_fits_the_checkpoint(self, folder: Path) -> None:
        card, checkpoint = read_card(folder), load_checkpoint(folder)
        assert (folder / "card.md").read_text(encoding="utf-8") == render(card)
        assert card["name"] == folder.name == checkpoint.config.name
        assert card["training"]["steps"] == checkpoint.steps
        assert card["training"]["seed"] == checkpoint.config.seed
        assert card["task"] == task_of(checkpoint)
        assert experiment(f"network={card['network']}").network == checkpoint.config.network
        assert card["title"] and card["limits"], "a card says what the policy cannot do"
        settings = checkpoint.config.evaluation
        assert (card["evaluation"]["episodes"], card["evaluation"]["seconds"]) == (settings.episodes, settings.seconds)
        assert list(card["evaluation"]["trials"]) == list(settings.trials or {"walk": None})

    def test_its_command_trains_it_on_with_its_own_body_and_network(self, folder: Path) -> None:
        command, trained = learn_on(read_card(folder)), load_checkpoint(folder).config
        assert command in (folder / "card.md").read_text(encoding="utf-8")
        config = make_experiment(*shlex.split(command)[2:])
        assert config.init_from.path == f"policy:{folder.name}"
        assert (config.model.name, config.device.name) == (trained.model.name, trained.device.name)
        assert config.network == trained.network

    def test_names_no_place_of_the_computer_it_was_made_on(self, folder: Path) -> None:
        for name in ("config.yaml", "card.json", "card.md", "layout.json"):
            assert not re.search(r"(?<![\w.])/(tmp|home|work|root|Users|mnt)/", (folder / name).read_text()), name
        config = load_checkpoint(folder).config
        assert config.run_dir is None and config.init_from.path is None and config.resume is None

    @pytest.mark.slow
    def test_still_does_what_its_card_says(self, folder: Path) -> None:
        check = read_card(folder)["check"]
        assert (check["episodes"], check["seconds"], check["seed"]) == (EPISODES, SECONDS, SEED)
        found = short_check(load_checkpoint(folder))
        assert found.keys() == check["trials"].keys()
        for trial, said in check["trials"].items():
            assert found[trial]["falls"] <= said["falls"], trial
            assert found[trial]["speed"] == pytest.approx(said["speed"], abs=check["speed_tolerance"]), trial


def test_the_wheel_holds_them_all() -> None:
    wheel: Any = pytest.importorskip("hatchling.builders.wheel")
    inside = {file.distribution_path for file in wheel.WheelBuilder(str(REPOSITORY)).recurse_included_files()}
    wanted = {f"myoassist/assets/policies/{name}/{file}" for name in policy_names() for file in FILES}
    assert wanted | {"myoassist/assets/policy_card.md"} <= inside


class TestNaming:
    def test_none_means_the_walker(self) -> None:
        assert find_policy(None).path == POLICIES / DEFAULT

    def test_other_checkpoints_are_not_shipped_ones(self, tmp_path: Path) -> None:
        assert shipped_name(POLICIES / DEFAULT) == DEFAULT
        assert shipped_name(tmp_path / "policies" / DEFAULT) is None

    def test_one_policy_is_named(self) -> None:
        assert own_settings(["evaluation.policy=walk", "evaluation.seconds=1"]) == (
            {"evaluation.policy": "walk"},
            ["evaluation.seconds=1"],
        )
        with pytest.raises(ConfigError, match="give one of the two"):
            own_settings(["evaluation.policy=walk", "checkpoint=here"])

    @pytest.mark.parametrize("argument", ["evaluation.policy=wlak", "checkpoint=policy:wlak"])
    def test_an_unknown_name_is_one_line_with_the_nearest(self, argument: str, capsys: Any) -> None:
        assert evaluate_command([argument]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and "did you mean 'walk'" in error

    def test_help_lists_them(self, capsys: Any) -> None:
        assert evaluate_command(["--help"]) == 0
        assert ", ".join(policy_names()) in capsys.readouterr().out


@pytest.mark.slow
def test_results_go_to_outputs_and_never_into_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint = find_policy(None)
    first, second = (
        record(checkpoint, replace_settings(checkpoint.config, SHORT), SHORT, output=None) for _ in range(2)
    )
    assert first.parent.parent == Path("outputs") and first != second
    assert all(re.fullmatch(r"\d\d-\d\d-\d\d_eval_walk(_2)?", path.name) for path in (first, second))
    assert {path.name for path in (POLICIES / DEFAULT).iterdir()} == FILES


@pytest.mark.slow
def test_a_training_starts_from_one(tmp_path: Path) -> None:
    """All weights move, so that the first checkpoint, before any update, is the walker."""
    small = ("experiment=smoke", "total_steps=1", "logging.tensorboard=false", "logging.progress=none")
    still = ("algorithm.learning_rate=1e-12", "algorithm.epochs=1")
    config = experiment(*small, "network=mirrored", "init_from.path=policy:walk", *still)
    result = train(replace(config, run_dir=str(tmp_path / "run")))
    began, now = load_checkpoint(POLICIES / "walk").policy, load_checkpoint(result.checkpoint).policy
    assert began.keys() == now.keys()
    for key in began:
        np.testing.assert_allclose(began[key].numpy(), now[key].numpy(), atol=1e-6, err_msg=key)


class TestBar:
    GOOD: ClassVar = {
        "completed": 20, "episodes": 20, "speed": 1.30, "target_speed": 1.25, "alternation": 0.99,
        "hip_flexion.rmse": 5.0, "knee_angle.rmse": 6.0, "ankle_angle.rmse": 7.0, "ground_force.first_peak": 1.2,
    }  # fmt: skip

    def test_by_hand(self) -> None:
        worse = {**self.GOOD, "completed": 18, "speed": 1.15, "hip_flexion.rmse": 9.0}
        lines = {line["name"]: line for line in judged({"good": self.GOOD, "worse": worse}, {})}
        assert list(lines) == list(BAR)
        assert lines["completed"]["found"] == 0.9 and not lines["completed"]["met"]
        assert lines["speed"]["found"] == pytest.approx(0.10) and not lines["speed"]["met"]
        assert lines["hip"]["found"] == 9.0 and not lines["hip"]["met"]
        assert lines["knee"]["met"] and lines["ankle"]["met"] and lines["impact"]["met"]

    def test_numbers_can_be_changed_and_lines_left_out(self) -> None:
        lines = {line["name"]: line for line in judged({"walk": self.GOOD}, {"knee": 5.5, "hip": None})}
        assert not lines["knee"]["met"] and lines["knee"]["bar"] == 5.5 and "hip" not in lines

    def test_what_was_not_measured_is_not_met(self) -> None:
        without = {name: value for name, value in self.GOOD.items() if name != "ankle_angle.rmse"}
        lines = {line["name"]: line for line in judged({"a": self.GOOD, "b": without}, {})}
        assert lines["ankle"]["found"] is None and not lines["ankle"]["met"]


class TestShipping:
    def order(self, tmp_path: Path, **changes: Any) -> Shipment:
        entries: dict[str, Any] = {
            "source": "policy:walk", "name": "mine", "title": "A test", "replaced": SHORT,
            "policies": tmp_path / "policies", "output": tmp_path / "results",
        }  # fmt: skip
        return Shipment(**{**entries, **changes})

    def test_what_misses_the_bar_is_refused_and_leaves_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(RunError, match=r"mine: misses the bar: .*below_bar=true"):
            ship(self.order(tmp_path), say=lambda line: None)
        assert not list((tmp_path / "policies").iterdir())

    @pytest.mark.slow
    def test_a_policy_below_the_bar_says_so_and_an_earlier_card_is_gone_on_with(self, tmp_path: Path) -> None:
        asked = self.order(tmp_path, below_bar=True, limits=["It falls."], machine="2 cores")
        folder = ship(asked, say=lambda line: None)
        assert {path.name for path in folder.iterdir()} == FILES and "**missed**" in (folder / "card.md").read_text()
        again = replace(asked, title=None, limits=(), machine=None, output=tmp_path / "again")
        card = read_card(ship(again, say=lambda line: None))
        assert (card["title"], card["limits"], card["training"]["machine"]) == ("A test", ["It falls."], "2 cores")
        assert load_checkpoint(folder).config.evaluation.episodes == 1
        assert (folder / "policy.zip").read_bytes() == (POLICIES / "walk" / "policy.zip").read_bytes()
        assert set(card["evaluation"]["trials"]["walk"]) >= {"completed", "speed", "distance"}
        assert [path.name for path in (tmp_path / "policies").iterdir()] == ["mine"]

    def test_a_new_policy_needs_a_title(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="title: say"):
            ship(self.order(tmp_path, title=None), say=lambda line: None)

    def test_the_training_of_a_run_is_told_without_names_of_places(self, tmp_path: Path) -> None:
        place = tmp_path / "run" / "checkpoints" / "step_0002007040"
        shutil.copytree(POLICIES / "walk", place)
        run = tmp_path / "run"
        (run / "command.txt").write_text(f"x.py experiment=a run_dir={run} init_from={run}/checkpoints/step_1 seed=3\n")
        (run / "environment.json").write_text(json.dumps({"started": "2026-01-31T10:00", "git": {"commit": "abc"}}))
        checkpoint = load_checkpoint(place)
        rows = f"time/total_timesteps,time/time_elapsed\n1000,600\n{checkpoint.steps},1300\n30000000,1900\n"
        (run / "metrics.csv").write_text(rows)
        found = training_of(checkpoint, command=None, machine=None)
        assert found["command"] == "python train.py experiment=a init_from=run/checkpoints/step_1 seed=3"
        assert found["wall_time_s"] == 1300  # at the checkpoint, not at the end of the run
        assert (found["date"], found["commit"], found["changed"]) == ("2026-01-31", "abc", False)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ([], "run: none given"),
            (["run=a"], "name: none given"),
            (["run=a", "run=b", "name=c"], "run: give one"),
            (["run=a", "name=A/b"], "expected small letters"),
            (["run=a", "name=b", "bar.hipp=3"], "did you mean 'hip'"),
            (["run=a", "name=b", "bar.hip=much"], "expected a number"),
            (["run=a", "name=b", "below_bar=yes"], "expected true or false"),
            (["run=nowhere", "name=b", "title=c"], "run=nowhere: does not exist"),
            (["run=policy:walk", "name=b", "title=c", "terrain=ruogh"], "did you mean 'rough'"),
        ],
    )
    def test_a_wrong_request_is_one_line(self, arguments: list[str], said: str, capsys: Any) -> None:
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1 and said in error

    def test_the_command_line_as_an_order(self) -> None:
        line = [
            "run=a",
            "name=b",
            "limit=One.",
            "limit=Two.",
            "bar.hip=7",
            "bar.ankle=none",
            "terrain=rough",
            "output=o",
        ]
        order = read_arguments(line)
        assert order["source"] == "a" and order["limits"] == ["One.", "Two."] and order["output"] == Path("o")
        assert order["bar"] == {"hip": 7.0, "ankle": None} and order["replaced"] == ["terrain=rough"]
        assert Shipment(**order).below_bar is False

    def test_help_says_the_bar(self) -> None:
        assert all(f"bar.{name} " in usage() for name in BAR)


def test_every_metric_of_a_card_exists() -> None:
    """A name that no recording has would silently leave its line out of every card."""
    known = set().union(*(read_card(POLICIES / DEFAULT)["evaluation"]["trials"].values()))
    assert set(METRICS) == known & set(METRICS)
