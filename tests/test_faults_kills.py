"""Killed at the worst moment: an evaluation, a report, a training.

What was finished stays readable, and the next command goes on. (More kills in training: ``test_resume.py``; W&B:
``test_wandb_faults.py``.)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from running import REPOSITORY, names, rows, works

from myoassist.analysis.recording import load_recording
from myoassist.files import read_json
from myoassist.learn.checkpoint import load_checkpoint
from myoassist.learn.evaluations import remove_leftovers, results_folder, written_whole
from myoassist.places import EVALUATIONS, REPORT, STATUS, SUMMARY
from myoassist.runs.checkpoints import list_checkpoints
from myoassist.runs.status import FAILED, status_of

KILLS = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

# A program of the package in which a function ends the process as kill -9 does, when it is called for the nth time.
KILLED_IN = """
import importlib, os, runpy, signal, sys
module, name, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
holder = importlib.import_module(module)
for part in name.split(".")[:-1]:
    holder = getattr(holder, part)
function, count = getattr(holder, name.split(".")[-1]), 0
def killed(*arguments, **more):
    global count
    count += 1
    if count == times:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments, **more)
setattr(holder, name.split(".")[-1], killed)
sys.argv = sys.argv[4:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def killed_in(place: str, times: int, *program: str, folder: Path) -> None:
    """Run a program that is killed at the nth call of ``module:function``."""
    code = [sys.executable, "-c", KILLED_IN, *place.split(":"), str(times), str(REPOSITORY / program[0]), *program[1:]]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(code, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


EVAL = ("eval.py", "evaluation.episodes=1", "evaluation.seconds=1", "evaluation.video.episodes=0", "output=results")


@KILLS
@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "times"),
    [
        ("myoassist.env.walk:WalkEnv.step", 20),
        ("myoassist.analysis.recording:Recording.save", 1),
        ("myoassist.learn.evaluations:write_summary", 1),
    ],
    ids=["walking", "saving the recording", "writing the outcome"],
)
def test_an_evaluation_that_is_killed_leaves_its_name_free(tmp_path: Path, place: str, times: int) -> None:
    killed_in(place, times, *EVAL, folder=tmp_path)
    assert not (tmp_path / "results").exists()  # whole or not at all
    assert list(tmp_path.glob(".results.*.partial"))
    works(*EVAL, folder=tmp_path)
    assert (tmp_path / "results" / REPORT).is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def writing(folder: Path, *, replacing: bool = False) -> int:
    """Id of a process that is in the middle of writing an evaluation, or of putting it in the place of another."""
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with written_whole(folder) as partial:
                (partial / "half").touch()
                if replacing:
                    folder.replace(partial.with_suffix(".earlier"))
                os.write(tell, b"x")
                signal.pause()
        finally:
            os._exit(1)
    os.close(tell)
    assert os.read(ready, 1) == b"x"
    os.close(ready)
    return child


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


@KILLS
def test_what_a_killed_evaluation_left_goes_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    killed, living = writing(tmp_path / "a"), writing(tmp_path / "a")
    kill(killed)
    try:
        assert len(names(tmp_path)) == 4
        remove_leftovers(tmp_path)
        assert names(tmp_path) == [f".a.{living}.partial", f".a.{living}.partial.lock"]
        assert names(tmp_path / f".a.{living}.partial") == ["half"]
    finally:
        kill(living)
    assert results_folder(tmp_path, "b", overwrite=False) == tmp_path / "b"
    assert names(tmp_path) == []


@KILLS
def test_earlier_results_come_back_where_the_kill_fell_between_two_names(tmp_path: Path) -> None:
    earlier = tmp_path / "a.1"
    earlier.mkdir()
    (earlier / SUMMARY).write_text('{"trials": {}}')
    kill(writing(earlier, replacing=True))
    assert "a.1" not in names(tmp_path)
    assert results_folder(tmp_path, "a.1", overwrite=False) == tmp_path / "a.1_2"
    assert names(tmp_path) == ["a.1"] and names(earlier) == [SUMMARY]


@KILLS
@pytest.mark.slow
@pytest.mark.parametrize(
    "place", ["myoassist.analysis.results_trial:save_plots", "myoassist.analysis.results:write_page"]
)
def test_a_report_that_is_killed_is_made_from_the_recordings(tmp_path: Path, place: str) -> None:
    killed_in(place, 1, *EVAL, folder=tmp_path)
    results = tmp_path / "results"
    assert load_recording(results / "walk").name == "walk" and not (results / REPORT).exists()
    works("scripts/analyse.py", "recording=results", "plots=[reward]", folder=tmp_path)
    assert (results / REPORT).is_file() and read_json(results / "walk" / "metrics.json")["metrics"]


@KILLS
@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "times"),
    [
        ("myoassist.learn.evaluations:write_trial", 1),
        ("myoassist.learn.judge:write_summary", 2),
        ("myoassist.learn.checkpoint:save_config", 2),
        ("myoassist.runs.checkpoints:write_beside", 2),
        ("myoassist.learn.training:write_beside", 1),
    ],
    ids=["recording", "second evaluation", "second checkpoint", "noting the best", "the last file"],
)
def test_a_training_that_is_killed_goes_on(tmp_path: Path, place: str, times: int) -> None:
    overrides = (
        "experiment=smoke", "num_envs=2", "threads=1", "total_steps=256", "reset.bank_size=4", "run_dir=run",
        "logging.tensorboard=false", "evaluation.every_steps=128", "evaluation.episodes=2", "evaluation.seconds=0.3",
        "evaluation.plots=[reward]", "evaluation.video.episodes=0", "evaluation.recorded_in_training=1",
    )  # fmt: skip
    killed_in(place, times, "train.py", *overrides, folder=tmp_path)
    run = tmp_path / "run"
    told = status_of(run)
    assert told is not None and told.status == FAILED
    for path in list_checkpoints(run / "checkpoints"):
        assert load_checkpoint(path).path == path
    assert all((path / "evaluation.json").is_file() for path in (run / EVALUATIONS).glob("step_*"))
    works("train.py", "resume=run", "total_steps=384", folder=tmp_path)
    assert [int(row["time/total_timesteps"]) for row in rows(run)] == [128, 256, 384]
    assert (run / REPORT).is_file() and read_json(run / STATUS)["status"] == "finished"
