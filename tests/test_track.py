"""What W&B has of a run, what it still misses, and the local copies of its artifacts. Nothing here needs W&B."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from helpers import experiment
from tracked_runs import make_checkpoint, make_evaluation, make_run, rows_of, write_rows

from myoassist.errors import ConfigError, RunError
from myoassist.parsing import check_consistency
from myoassist.places import STEPS, TRAINING_NUMBERS
from myoassist.track import artifacts, found
from myoassist.track.artifacts import fetch_artifact, is_whole, keep, local_copy, parse_reference
from myoassist.track.rows import Rows
from myoassist.track.session import settings_of
from myoassist.track.state import Ledger, State, read_state, write_state
from myoassist.track.syncing import sync_command, what_is_missing

# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "tensorboard", "wandb"),
    [
        ("wandb", False, True),
        ("tensorboard", True, False),
        ("csv", False, False),
        ("all", True, True),
        ("none", False, False),
    ],
)
def test_one_word_chooses_where_the_numbers_go(choice: str, tensorboard: bool, wandb: bool) -> None:
    logging = experiment(f"logging={choice}").logging
    assert (logging.tensorboard, logging.wandb) == (tensorboard, wandb)


def test_files_alone_are_the_default() -> None:
    assert experiment().logging == experiment("logging=tensorboard").logging


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("logging.project=a/b", "logging.project: 'a/b' has /"),
        (f"logging.tags=[ok,{'x' * 65}]", "logging.tags[1]: 'xxx"),
        ("logging.group=''", "logging.group: '' has 0 letters; W&B takes 1 to 128"),
    ],
)
def test_names_that_wandb_would_refuse_later_are_refused_at_once(override: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_consistency(experiment(override))
    assert str(refused.value).startswith(said)


def test_settings_of_an_older_run_are_read_as_far_as_they_are_known(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", wandb=True, project="gait", gone=1)
    assert settings_of(run)[0].project == "gait"
    (run / "config.yaml").write_text("name: [")
    with pytest.raises(RunError, match="holds no run that can be read"):
        settings_of(run)


# --- rows -------------------------------------------------------------------------------------------------------------


def test_each_row_is_given_once_while_the_file_grows(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    rows, given = Rows(run), []
    assert rows.new() == []
    for first in (1, 2, 4):  # the third brings a column, which writes the file anew
        write_rows(run, first, 2 if first > 1 else 1)
        given += rows.new()
    assert given == rows_of(run) and [row[STEPS] for row in given] == [100, 200, 300, 400, 500]
    assert rows.new() == [] and rows.evaluated == {300: {"eval/distance": 0.003}}


def test_a_half_written_row_waits(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=2)
    whole = (run / TRAINING_NUMBERS).read_bytes()
    (run / TRAINING_NUMBERS).write_bytes(whole[:-4])
    rows = Rows(run)
    assert [row[STEPS] for row in rows.new()] == [100]
    with (run / TRAINING_NUMBERS).open("ab") as file:
        file.write(whole[-4:])
    assert rows.new() == rows_of(run)[1:]


def test_rows_sent_before_and_rows_made_again_after_a_resumption_are_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=5)
    rows = Rows(run, after=300)
    assert [row[STEPS] for row in rows.new()] == [400, 500]
    write_rows(run, 5, 2)  # back to 400: row 500 is made again
    assert [row[STEPS] for row in rows.new()] == [600]


# --- state ------------------------------------------------------------------------------------------------------------


def test_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = State("abc", Ledger(300, ["step_1"], ["step_2"], "step_2", "digest"), unfinished=["offline-run-1"], url="u")
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    (tmp_path / "wandb" / "state.json").write_text('{"id": 1, "online": [1]}')
    assert read_state(tmp_path) is None


# --- evaluations and checkpoints --------------------------------------------------------------------------------------


def test_an_evaluation_counts_when_its_report_is_made(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    make_evaluation(run, 200)
    half = make_evaluation(run, 400, finished=False)
    other = make_evaluation(run, 600)  # by eval.py
    (other / "evaluation.json").write_text(json.dumps({"steps": 600, "trials": {"walk": {}}}))
    [outcome] = found.finished_evaluations(run, [], all_there=False)
    assert (outcome.steps, outcome.numbers) == (200, {"gait/cadence": 110.5})
    assert list(outcome.plots) == ["plots/kinematics"] and list(outcome.videos) == ["video/episode_0"]
    assert found.finished_evaluations(run, [outcome.name], all_there=False) == []
    assert [one.steps for one in found.finished_evaluations(run, [], all_there=True)] == [200, 400]
    assert found.evaluations_in_work(run)
    assert not found.evaluations_in_work(run, now=half.stat().st_mtime + 2 * found.QUIET)
    (half / "report.html").write_text("<html>")
    assert not found.evaluations_in_work(run)


def test_trials_are_named_where_there_are_several(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    make_evaluation(run, 200, trials=("slow", "fast"))
    [outcome] = found.finished_evaluations(run, [], all_there=False)
    assert outcome.numbers == {"gait/slow/cadence": 110.5, "gait/fast/cadence": 110.5}
    assert set(outcome.plots) == {"plots/slow/kinematics", "plots/fast/kinematics"}


def test_a_new_checkpoint_waits_until_it_is_known_whether_it_is_the_best(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    new = make_checkpoint(run, 200)
    assert found.checkpoints(run, [], all_there=False) == []
    os.utime(new / "layout.json", (0, 0))
    assert found.checkpoints(run, [], all_there=False) == found.checkpoints(run, [], all_there=True) == [new]
    assert found.layout_of(new) == {"signals": ["joint_pos.hip_r"], "actions": ["soleus_r"]}


# --- sync -------------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_told_and_nothing_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = make_run(Path("outputs/2026-01-31/walk"), rows=3, wandb=True)
    make_checkpoint(run, 300)
    make_run(Path("outputs/2026-01-31/other"), rows=3, wandb=False)
    said: list[str] = []
    assert sync_command(["--dry-run"], say=said.append) == 0
    assert said[0].startswith("1 run in outputs was trained without W&B: name it")
    assert said[1:] == [f"{run}: would send numbers, 1 checkpoint"]
    assert sync_command(["--dry-run", "outputs"], say=said.append) == 0
    assert "outputs/2026-01-31/other: would send numbers" in said
    write_state(run, State("abc", Ledger(300, checkpoints=["step_0000000300"])))
    assert what_is_missing(run).text == ""
    said.clear()
    assert sync_command([], say=said.append) == 0 and said[-1] == "nothing to send"


@pytest.mark.parametrize(("arguments", "said"), [(["nowhere"], "does not exist"), (["--dry"], "allowed: --dry-run")])
def test_a_wrong_request_to_sync_is_one_line(arguments: list[str], said: str) -> None:
    with pytest.raises(RunError, match=said):
        sync_command(arguments, say=lambda line: None)


# --- local copies of artifacts ----------------------------------------------------------------------------------------


@pytest.fixture()
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Version 3 of an artifact in the cache, which ``best`` stands for, and no login."""
    monkeypatch.setenv("MYOASSIST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(artifacts, "has_login", lambda: False)
    monkeypatch.chdir(tmp_path)
    downloaded = make_checkpoint(tmp_path / "download", 300)
    reference = parse_reference("wandb:lab/gait/policy-abc:best")
    reference.place.mkdir(parents=True)
    return keep(downloaded, reference, "v3")


@pytest.mark.parametrize("alias", ["v3", "best"])
def test_a_whole_copy_is_used_offline(cached: Path, alias: str) -> None:
    assert fetch_artifact(f"wandb:lab/gait/policy-abc:{alias}") == cached


@pytest.mark.parametrize("alias", ["v3", "best"])
def test_a_copy_that_was_changed_is_refused(cached: Path, alias: str) -> None:
    (cached / "policy.zip").write_bytes(b"weights 301")
    assert local_copy(parse_reference(f"wandb:lab/gait/policy-abc:{alias}")) is None
    with pytest.raises(RunError, match=r"no login.*v3, which is damaged"):
        fetch_artifact(f"wandb:lab/gait/policy-abc:{alias}")
    shutil.rmtree(cached)
    assert not is_whole(cached)


def test_where_it_was_looked_for_is_told(cached: Path) -> None:
    with pytest.raises(
        RunError, match=r"init_from=wandb:lab/gait/policy-abc:latest: .*gait/policy-abc/latest, .*outputs"
    ):
        fetch_artifact("wandb:lab/gait/policy-abc:latest", key="init_from")


def test_the_policy_of_a_run_that_was_never_sent_is_found_here(cached: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "outputs" / "day" / "walk")
    make_checkpoint(run, 100, best=True)
    make_checkpoint(run, 200)
    write_state(run, State("xyz"))
    for alias, steps in (("best", 100), ("latest", 200), ("step-100", 100)):
        place = fetch_artifact(f"wandb:lab/gait/policy-xyz:{alias}")
        assert place.name == f"step_{steps:010d}"
    with pytest.raises(RunError, match="no login"):
        fetch_artifact("wandb:lab/gait/policy-xyz:step-300")
