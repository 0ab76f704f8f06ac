"""``eval.py`` and the trials of a training as a user meets them: which policy, which trials, which folder."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from running import REPOSITORY, small

from myoassist.analysis.recording import load_recording
from myoassist.errors import RunError
from myoassist.evaluation import evaluate_command, own_settings, record
from myoassist.learn.checkpoint import load_checkpoint
from myoassist.learn.evaluate import Evaluator, make_actor, trial_config
from myoassist.learn.evaluations import results_folder, written_whole
from myoassist.learn.finding import find_policy, newest_run
from myoassist.learn.finisher import Finisher
from myoassist.learn.training import train
from myoassist.parsing import parse_config, to_plain
from myoassist.replacing import replace_settings

SHORT = ["evaluation.episodes=2", "evaluation.seconds=0.2"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    train(small(folder, "total_steps=128"))
    return folder


def evaluated(run: Path, *replaced: str, output: Path | None = None) -> Path:
    checkpoint = find_policy(str(run))
    config = replace_settings(checkpoint.config, [*SHORT, *replaced])
    return record(checkpoint, config, [*SHORT, *replaced], output=output)


@pytest.mark.slow
def test_same_seed_same_numbers_and_another_seed_others(run: Path, tmp_path: Path) -> None:
    one, two, other = (
        load_recording(evaluated(run, *seed, output=tmp_path / name) / "walk")
        for name, seed in (("one", ()), ("two", ()), ("other", ("evaluation.seed=2",)))
    )
    assert one.meta["episodes"] == two.meta["episodes"]
    for group, values in one.arrays.items():
        np.testing.assert_array_equal(values, two[group])
    assert not np.array_equal(one["qpos"][:4], other["qpos"][:4])
    assert (one.meta["seed"], other.meta["seed"]) == (1000, 2)


@pytest.mark.slow
def test_actions_are_drawn_where_asked_and_again_the_same(run: Path, tmp_path: Path) -> None:
    noisy = "evaluation.deterministic=false"
    certain, one, two = (
        load_recording(evaluated(run, *more, output=tmp_path / name) / "walk")
        for name, more in (("certain", ()), ("one", (noisy,)), ("two", (noisy,)))
    )
    np.testing.assert_array_equal(one["action"], two["action"])
    assert np.abs(one["action"][0] - certain["action"][0]).max() > 0.01


def test_trials_run_in_order_with_their_own_settings(run: Path, tmp_path: Path) -> None:
    trials = (
        "evaluation.trials={slow: {command: {type: fixed, speed: 0.8}}, "
        "rough: {terrain: {type: rough, amplitude: 0.01}, episodes: 3, seconds: 0.1, seed: 7}}"
    )
    folder = evaluated(run, trials, output=tmp_path / "both")
    summary = json.loads((folder / "evaluation.json").read_text())
    assert list(summary["trials"]) == ["slow", "rough"]
    assert summary["replaced"] == [*SHORT, trials]
    assert summary["episodes"] == 5
    slow, rough = load_recording(folder / "slow"), load_recording(folder / "rough")
    assert set(slow["target_speed"]) == {np.float32(0.8)}
    assert rough.meta["experiment"]["terrain"]["type"] == "rough"
    assert (len(rough.meta["episodes"]), rough.meta["seed"]) == (3, 7)
    assert max(episode["seconds"] for episode in rough.meta["episodes"]) <= 0.1 + 1 / 30
    with (folder / "rough" / "episodes.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 3


def test_a_trial_keeps_what_it_does_not_name(run: Path) -> None:
    plain = to_plain(load_checkpoint(run).config)
    plain["evaluation"]["trials"] = {"fast": {"command": {"type": "fixed", "speed": 1.5}, "video": {"episodes": 0}}}
    config = parse_config(plain)
    fast = trial_config(config, config.evaluation.trials["fast"])
    assert fast.evaluation.video.episodes == 0 and fast.evaluation.episodes == config.evaluation.episodes
    assert fast.evaluation.camera == config.evaluation.camera
    assert list(fast.termination.terms) == ["fall", "trunk_tilt"]


@pytest.mark.slow
def test_earlier_results_stay_unless_overwritten(run: Path) -> None:
    first, second = evaluated(run), evaluated(run)
    assert first.name == "step_0000000128" and second.name == "step_0000000128_2"
    (first / "mine.txt").write_text("kept")
    third = evaluated(run, "evaluation.overwrite=true")
    assert third == first and not (first / "mine.txt").exists()
    assert second.exists() and results_folder(first.parent, first.name, overwrite=False).name.endswith("_3")
    assert not list(first.parent.glob(".*"))
    shutil.rmtree(first.parent)


def test_a_folder_of_something_else_is_never_replaced(run: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(RunError, match="holds no evaluation"):
        evaluated(run, "evaluation.overwrite=true", output=tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").exists()


@pytest.mark.parametrize("name", ["file", "folder"])
def test_nothing_is_renamed_where_the_output_is_taken(run: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="choose another folder, nothing was overwritten"):
        evaluated(run, output=tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_run_is_never_replaced_by_its_evaluation(run: Path) -> None:
    """A run folder has an ``evaluation.json`` of its own."""
    before = sorted(run.iterdir())
    with pytest.raises(RunError, match="holds no evaluation"):
        evaluated(run, "evaluation.overwrite=true", output=run)
    assert sorted(run.iterdir()) == before


def test_earlier_results_stay_where_new_ones_are_cut_short(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "evaluation.json").write_text(json.dumps({"trials": {}}))
    with pytest.raises(KeyboardInterrupt), written_whole(folder) as partial:
        (partial / "half").write_text("")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["results"] and (folder / "evaluation.json").exists()


def test_ctrl_c_keeps_the_trials_that_are_whole(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    walk = Evaluator.record

    def stopped(self: Evaluator, *args, **kwargs):
        if kwargs["name"] == "second":
            raise KeyboardInterrupt
        return walk(self, *args, **kwargs)

    monkeypatch.setattr(Evaluator, "record", stopped)
    output = tmp_path / "two"
    arguments = [f"checkpoint={run}", f"output={output}", *SHORT, "evaluation.trials={first: {}, second: {}}"]
    assert evaluate_command(arguments) == 130
    assert sorted(path.name for path in output.iterdir()) == ["evaluation.json", "first"]
    assert (
        f"stopped after 1 of 2 trials; go on with: python scripts/analyse.py recording={output}"
        in capsys.readouterr().out
    )


def test_graphics_variable_that_mujoco_refuses_is_one_line(run: Path) -> None:
    for script, *arguments in (("eval.py", f"checkpoint={run}"), ("train.py", "experiment=smoke")):
        done = subprocess.run(
            [sys.executable, str(REPOSITORY / script), *arguments],
            env={**os.environ, "MUJOCO_GL": "elg"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2 and done.stderr.count("\n") == 1
        assert done.stderr.startswith("error: MUJOCO_GL=elg: MuJoCo does not load with it")


def test_results_cut_short_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), written_whole(tmp_path / "results") as partial:
        (partial / "half").write_text("")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_policy_is_found_by_run_checkpoint_and_zip(run: Path, tmp_path: Path) -> None:
    checkpoint = run / "checkpoints" / "step_0000000128"
    for place in (run, checkpoint, checkpoint / "policy.zip"):
        assert find_policy(str(place)).path == checkpoint
    for name in ("policy.zip", "config.yaml", "normalizer.npz"):
        shutil.copy(checkpoint / name, tmp_path / name.replace("policy", "mine"))
    alone, whole = find_policy(str(tmp_path / "mine.zip")), find_policy(str(run))
    assert alone.layout == whole.layout and alone.steps == 128
    evaluator = Evaluator(replace_settings(whole.config, SHORT))
    assert [e.distance for e in evaluator.run(make_actor(alone, evaluator.walk))] == [
        e.distance for e in evaluator.run(make_actor(whole, evaluator.walk))
    ]
    evaluator.close()
    (tmp_path / "config.yaml").unlink()
    with pytest.raises(RunError, match=r"put its config\.yaml beside"):
        find_policy(str(tmp_path / "mine.zip"))


def test_the_newest_run_is_taken_where_it_is_asked_for(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="holds no run with a checkpoint; train one"):
        find_policy("newest")
    older, newer = Path("outputs/2026-01-01/a"), Path("outputs/multirun/b/0")
    for place, age in ((older, 100), (newer, 0)):
        shutil.copytree(run, place)
        when = os.stat(run).st_mtime - age
        os.utime(place / "checkpoints" / "step_0000000128", (when, when))
    assert newest_run(Path("outputs")) == newer
    assert find_policy("newest").path == newer / "checkpoints" / "step_0000000128"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["checkpoint="], "checkpoint: give one"),
        (["checkpoint=a", "checkpoint=b"], "checkpoint: give one"),
        (["checkpoint=nowhere"], "does not exist"),
        (["checkpoint=nowhere.zip"], "no such file"),
        (["checkpoint=wandb:only-a-name"], "expected wandb:entity/project/name:alias"),
        (["checkpoint={run}", "evaluation.trial=1"], "did you mean 'trials'"),
        (["checkpoint={run}", "terrain=ruogh"], "did you mean 'rough'"),
        (["checkpoint={run}", "evaluation.trials={a/b: {}}"], "a folder's name cannot have"),
        (["checkpoint={run}", "model=26muscle"], "signals do not fit"),
        (["checkpoint={run}", "evaluation.plots=[kinematic]"], "did you mean 'kinematics'"),
        (["checkpoint={run}", "evaluation.video.panel=[device_torque.knee*]"], "evaluation.video.panel"),
    ],
)
def test_a_wrong_request_is_one_line(run: Path, capsys: pytest.CaptureFixture[str], arguments, said: str) -> None:
    assert evaluate_command([argument.replace("{run}", str(run)) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and said in error
    assert not (run / "evaluations").exists()


def test_own_settings_are_told_from_those_of_the_experiment() -> None:
    assert own_settings(["checkpoint=a=b", "terrain=rough", "output=c"]) == (
        {"checkpoint": "a=b", "output": "c"},
        ["terrain=rough"],
    )


@pytest.mark.slow
def test_training_records_its_evaluations_and_makes_a_report(tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(small(run, "evaluation.recorded_in_training=1", "evaluation.video.seconds=0.2", "total_steps=256"))
    for step in ("step_0000000128", "step_0000000256"):
        folder = run / "evaluations" / step
        assert len(load_recording(folder / "walk").meta["episodes"]) == 1
        assert json.loads((folder / "evaluation.json").read_text())["episodes"] == 2
        for made in ("report.html", "walk/metrics.json", "walk/strides.csv", "walk/plots/kinematics.png"):
            assert (folder / made).stat().st_size > 0, made
        assert list((folder / "walk" / "videos").iterdir())
    assert "</html>" in (run / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_recording_evaluations_does_not_change_what_is_learned(tmp_path: Path) -> None:
    from running import alike

    from myoassist.learn.checkpoint import read_parameters

    train(small(tmp_path / "one", "evaluation.recorded_in_training=1", "evaluation.video.episodes=0"))
    train(small(tmp_path / "two"))
    one, two = (read_parameters(find_policy(str(tmp_path / name)).path) for name in ("one", "two"))
    assert alike(one, two)


@pytest.mark.slow
def test_what_is_left_is_finished_by_a_process_that_stays(run: Path, tmp_path: Path) -> None:
    """A stopped training hands over: the folders are finished although nobody waits for them."""
    folders = [evaluated(run, "evaluation.video.episodes=0", output=tmp_path / name) for name in ("one", "two")]
    finisher = Finisher()
    for folder in folders:
        finisher.add(folder)
    finisher.leave()
    finisher.wait()  # for the first alone
    assert (folders[0] / "report.html").exists() and not finisher.failed
    deadline = time.monotonic() + 120
    while not (folders[1] / "report.html").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert (folders[1] / "report.html").exists()
