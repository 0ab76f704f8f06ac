"""Searches over a function instead of a training, and studies made by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from omegaconf import DictConfig

from myoassist import commandline, multirun
from myoassist.commandline import hydra_entry
from myoassist.runs.study import open_storage, remember, whole_storage

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
