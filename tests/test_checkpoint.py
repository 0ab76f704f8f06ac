"""Checkpoints are there whole or not at all, run no code when they are read, and open in plain Stable-Baselines3."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from helpers import experiment
from stable_baselines3 import PPO

from myoassist.errors import MyoAssistError, RunError
from myoassist.evaluation import evaluate_command
from myoassist.learn import checkpoint as module
from myoassist.learn.algorithms import make_policy
from myoassist.learn.checkpoint import find_checkpoint, load_checkpoint
from myoassist.learn.evaluate import Evaluator, make_actor
from myoassist.learn.training import train
from myoassist.parsing import load_config
from myoassist.runs.checkpoints import list_checkpoints, read_best

SMALL = (
    "experiment=smoke", "num_envs=2", "threads=2", "total_steps=256", "reset.bank_size=8", "algorithm.update_threads=1",
    "logging.tensorboard=false", "logging.progress=none", "evaluation.every_steps=128", "evaluation.episodes=2",
    "evaluation.seconds=0.3", "evaluation.recorded_in_training=0",
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    train(replace(experiment(*SMALL), run_dir=str(folder)))
    return folder


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    """The run's newest checkpoint, in a run folder that may be damaged."""
    shutil.copytree(run, tmp_path / "run")
    return find_checkpoint(tmp_path / "run")


# --- what a run leaves ------------------------------------------------------------------------------------------------


def test_run_evaluates_and_notes_the_best(run: Path) -> None:
    checkpoints = list_checkpoints(run / "checkpoints")
    assert [path.name for path in checkpoints] == ["step_0000000128", "step_0000000256"]
    best = read_best(run / "checkpoints")
    assert best is not None
    assert find_checkpoint(run / "best") == find_checkpoint(run / "checkpoints" / "best.json")
    assert find_checkpoint(run / "best").name == best["checkpoint"]
    header = (run / "metrics.csv").read_text().splitlines()[0].split(",")
    assert {"eval/distance", "eval/time", "eval/speed_error", "eval/completed", "eval/reward/forward"} <= set(header)
    final = json.loads((run / "evaluation.json").read_text())
    assert sum(final["terms"].values()) == pytest.approx(final["total_reward"])


def test_noted_evaluation_is_that_of_the_saved_policy(run: Path) -> None:
    """The weights in a checkpoint are those that were evaluated at its step: after the update."""
    loaded = load_checkpoint(run)
    evaluator = Evaluator(loaded.config)
    try:
        episodes = evaluator.run(make_actor(loaded, evaluator.walk))
    finally:
        evaluator.close()
    final = json.loads((run / "evaluation.json").read_text())
    assert np.mean([episode.distance for episode in episodes]) == final["distance"]


def test_evaluating_does_not_change_what_is_learned(run: Path, tmp_path: Path) -> None:
    without = experiment(*SMALL, "evaluation.every_steps=0")
    other = load_checkpoint(train(replace(without, run_dir=str(tmp_path / "run"))).folder)
    assert all(torch.equal(value, other.policy[key]) for key, value in load_checkpoint(run).policy.items())


@pytest.mark.parametrize("fails", ["save_config", "flush"])
def test_interrupted_write_leaves_no_checkpoint(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(module, fails, fail)
    with pytest.raises(OSError, match="no space left"):
        train(replace(experiment(*SMALL), run_dir=str(tmp_path / "run")))
    assert list_checkpoints(tmp_path / "run" / "checkpoints") == []


# --- plain Stable-Baselines3 ------------------------------------------------------------------------------------------

PLAIN = """
import sys
import numpy as np
from stable_baselines3 import PPO
sys.modules["myoassist"] = None  # as where it is not installed
model = PPO.load(sys.argv[1], device="cpu")
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), deterministic=True)[0])
"""


@pytest.mark.slow
def test_policy_opens_in_plain_stable_baselines(run: Path, tmp_path: Path) -> None:
    loaded = load_checkpoint(run)
    observations = np.random.default_rng(2).normal(size=(7, len(loaded.layout.signals))).astype(np.float32)
    evaluator = Evaluator(loaded.config)
    policy = make_policy(loaded.config.algorithm, loaded.config.network, evaluator.walk)
    evaluator.close()
    policy.load_state_dict(loaded.policy)
    policy.set_training_mode(False)
    wanted, _ = policy.predict(observations, deterministic=True)
    np.testing.assert_array_equal(
        PPO.load(loaded.path / "policy.zip").predict(observations, deterministic=True)[0], wanted
    )
    np.save(tmp_path / "seen.npy", observations)
    files = [str(loaded.path / "policy.zip"), str(tmp_path / "seen.npy"), str(tmp_path / "acted.npy")]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}  # another number may round another way
    subprocess.run(
        [sys.executable, "-c", PLAIN, *files], check=True, cwd=tmp_path, timeout=120, env={**os.environ, **threads}
    )
    np.testing.assert_array_equal(np.load(tmp_path / "acted.npy"), wanted)


# --- hostile and damaged files ----------------------------------------------------------------------------------------


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self._path, "w")


def rewritten(path: Path, **entries: bytes) -> None:
    """Replace entries of a zip file; dots of their names are written as double underscores."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content |= {name.replace("__", "."): value for name, value in entries.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)


def reads(place: Path) -> list[str]:
    """What reading a checkpoint for evaluation, for a new training and for a resumption says; "" where it works."""
    config = experiment(*SMALL)
    run = place.parent.parent
    requests: list[Any] = [
        lambda: load_checkpoint(place),
        lambda: train(replace(config, init_from=replace(config.init_from, path=str(place)), run_dir=str(run / "new"))),
        lambda: train(replace(load_config(run / "config.yaml"), resume=str(run), total_steps=512)),
    ]
    said = []
    for request in requests:
        try:
            request()
            said.append("")
        except MyoAssistError as error:
            said.append(str(error))
    return said


@pytest.mark.slow
def test_hostile_data_is_never_unpickled(copy: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with zipfile.ZipFile(copy / "policy.zip") as archive:
        data = json.loads(archive.read("data"))
    data["policy_class"][":serialized:"] = base64.b64encode(cloudpickle.dumps(Touch(mark))).decode()
    rewritten(copy / "policy.zip", data=json.dumps(data).encode())
    assert reads(copy) == ["", "", ""]
    assert not mark.exists()
    with contextlib.suppress(Exception):  # what it makes of the file is not our affair
        PPO.load(copy / "policy.zip")
    assert mark.exists()  # the file was indeed hostile


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["policy__pth", "policy__optimizer__pth", "pytorch_variables__pth", "more__pth"])
@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_hostile_tensors_are_refused_without_running(copy: Path, tmp_path: Path, entry: str, kind: str) -> None:
    mark, content = tmp_path / "mark", io.BytesIO()
    if kind == "torch":
        torch.save({"weight": Touch(mark)}, content)
    else:
        pickle.dump(Touch(mark), content)
    rewritten(copy / "policy.zip", **{entry: content.getvalue()})
    said = reads(copy)
    assert all("cannot be read: UnpicklingError: it holds something else than tensors" in line for line in said), said
    assert not mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize("file", ["normalizer.npz", "training_state.npz"])
def test_hostile_arrays_are_refused_without_running(copy: Path, tmp_path: Path, file: str) -> None:
    mark = tmp_path / "mark"
    with np.load(copy / file) as content:
        arrays: dict[str, Any] = {key: content[key] for key in content.files}
    for key in arrays:
        arrays[key] = np.array(Touch(mark), dtype=object)
    np.savez(copy / file, **arrays)
    said = reads(copy)
    assert "cannot be read: ValueError: Object arrays cannot be loaded" in said[2 if "state" in file else 0]
    assert not mark.exists()


DAMAGE = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
    "of another kind": lambda path: path.write_bytes(b"\x00\xff hello\n: ["),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", ["policy.zip", "normalizer.npz", "layout.json", "config.yaml"])
def test_damaged_file_is_one_line(copy: Path, file: str, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    DAMAGE[damage](copy / file)
    if file == "layout.json" and damage == "missing":  # then it is no checkpoint, and the one before is the newest
        assert find_checkpoint(copy.parent.parent).name == "step_0000000128"
    else:
        assert evaluate_command([f"checkpoint={copy}"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert len(error.splitlines()) == 1
        assert str(copy) in error
    assert not (copy.parent.parent / "evaluations").exists()


def test_foreign_places_are_named(run: Path, tmp_path: Path) -> None:
    for place, problem in (
        (tmp_path / "none", "does not exist"),
        (tmp_path, "holds no whole checkpoint"),
        (find_checkpoint(run) / "policy.zip", "is not a folder"),
        (tmp_path / "best", "no best checkpoint is noted there"),
    ):
        with pytest.raises(RunError, match=problem):
            load_checkpoint(place)


def test_layout_of_other_tensors_is_refused(copy: Path) -> None:
    content = json.loads((copy / "layout.json").read_text())
    content["signals"].pop()
    (copy / "layout.json").write_text(json.dumps(content))
    with pytest.raises(RunError, match=r"normalizer\.npz has 46 signals, layout\.json 45"):
        load_checkpoint(copy)


def test_another_device_is_named(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate_command([f"checkpoint={run}", "device=none"]) == 2
    said = capsys.readouterr().err
    assert "the policy expects Exo_R, Exo_L, which the environment does not have; the policy has" in said
