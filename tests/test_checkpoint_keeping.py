"""Which checkpoint is noted as the best, which ones are kept, and which are removed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from myoassist.config import EvaluationConfig
from myoassist.learn.callbacks import Moment
from myoassist.learn.evaluate import Evaluation
from myoassist.learn.judge import Judge
from myoassist.runs.checkpoints import list_checkpoints, prune_checkpoints, read_best, write_best


def test_best_is_more_episodes_to_the_end_then_more_reward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [(0, 3.0), (1, 1.0), (0, 9.0), (1, 2.0), (1, 2.0)]
    evaluations: list[Any] = [
        Evaluation(2, done, 30.0 - reward, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.1, reward, {})  # further is not better
        for done, reward in outcomes
    ]
    monkeypatch.setattr(Judge, "_walk", lambda _: evaluations.pop(0))
    model: Any = SimpleNamespace(logger=SimpleNamespace(record=lambda *_: None))
    settings, trials = EvaluationConfig(every_steps=10), {"walk": object()}
    wanted = []
    for number in range(len(outcomes)):
        judge = Judge(settings, trials, tmp_path, model, None)  # type: ignore[arg-type]  # as after resuming each time
        wanted.append(judge.evaluate(Moment(number * 10, number * 10 + 10, last=False)))
        (tmp_path / "checkpoints").mkdir(exist_ok=True)
        judge.saved(tmp_path / "checkpoints" / f"step_{number}")
    assert wanted == [True, True, False, True, False]
    best = read_best(tmp_path / "checkpoints")
    assert best is not None and best["checkpoint"] == "step_3"


def test_last_and_best_are_kept_and_old_replay_buffers_go(tmp_path: Path) -> None:
    for number in range(6):
        folder = tmp_path / f"step_{number}"
        folder.mkdir()
        (folder / "layout.json").touch()
        (folder / "replay.npz").touch()
    (tmp_path / ".step_7.123.partial").mkdir()
    write_best(tmp_path, tmp_path / "step_1", {})
    prune_checkpoints(tmp_path, 2)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step_1", "step_4", "step_5"]
    assert [path.parent.name for path in tmp_path.rglob("replay.npz")] == ["step_5"]
    assert not (tmp_path / ".step_7.123.partial").exists()


def test_all_stay_where_the_best_cannot_be_told_and_removals_take_the_name_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (tmp_path / f"step_{number}").mkdir()
        (tmp_path / f"step_{number}" / "layout.json").touch()
    (tmp_path / "best.json").write_text("{")
    prune_checkpoints(tmp_path, 1)
    assert len(list_checkpoints(tmp_path)) == 4
    write_best(tmp_path, tmp_path / "step_1", {})

    def fail(path: Path, **_: Any) -> None:
        if path.exists():
            raise OSError("cut short")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="cut short"):
        patch.setattr("myoassist.runs.checkpoints.shutil.rmtree", fail)
        prune_checkpoints(tmp_path, 1)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["step_1", "step_2", "step_3"]
    prune_checkpoints(tmp_path, 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.json", "step_1", "step_3"]
