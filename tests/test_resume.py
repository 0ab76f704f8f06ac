"""A training that was stopped, ended or killed goes on as if it had not been."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from running import SMALL, assert_same_run, command, resumed, rows, small

from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError
from myoassist.learn.checkpoint import find_checkpoint
from myoassist.learn.training import train
from myoassist.runs.checkpoints import list_checkpoints
from myoassist.runs.lock import OWNER


class StopAt:
    """Asks the process to stop in the middle of a control step, after that many of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, steps: int, number: int = signal.SIGTERM) -> None:
        step, count = WalkEnv.step, [0]

        def stopping(walk: WalkEnv, action: np.ndarray) -> Any:
            if walk.num_envs == 4:  # not those of the evaluation
                count[0] += 1
                if count[0] == steps:
                    signal.raise_signal(number)
            return step(walk, action)

        monkeypatch.setattr(WalkEnv, "step", stopping)


# --- the same course --------------------------------------------------------------------------------------------------

ON_POLICY = ("algorithm.transitions_per_update=64", "algorithm.batch_size=32")
CLIMBING = (
    "terrain=curriculum", "terrain.length=10", "terrain.tile_length=10", "terrain.levels=3", "terrain.variants=2",
    "terrain.promote_distance=0.3", "terrain.start_speed=0.8",
)  # fmt: skip
OFF_POLICY = (
    "~algorithm.epochs", "algorithm.transitions_per_update=8", "algorithm.gradient_steps=2", "algorithm.batch_size=16",
    "algorithm.buffer_size=200", "algorithm.warmup=64",
)  # fmt: skip
CASES = {
    "ppo": ON_POLICY,
    "ppo with schedules": (
        *ON_POLICY,
        "algorithm.learning_rate={schedule: linear, start: 1e-3, end: 1e-5}",
        "algorithm.action_std={schedule: linear, start: 0.3, end: 0.1}",
    ),
    "ppo with held noise": (*ON_POLICY, "algorithm.action_std=0.1"),
    "ppo with state-dependent noise": (*ON_POLICY, "algorithm.noise_steps=4"),
    "ppo without normalisation": (*ON_POLICY, "algorithm.normalize={observations: false, rewards: false, clip: 10.0}"),
    "ppo with separate actors": (*ON_POLICY, "network=separate_partial"),
    "ppo with synergy noise": (*ON_POLICY, "network=mirrored", "algorithm.synergy_noise=0.5"),
    "ppo on rough ground": (*ON_POLICY, "terrain=rough", "terrain.length=10", "reset=standing", "reset.bank_size=4"),
    "ppo on a curriculum": (*ON_POLICY, *CLIMBING),
    "a2c": ("algorithm=a2c", "algorithm.transitions_per_update=64", "~algorithm.batch_size", "~algorithm.epochs"),
    "trpo": ("algorithm=trpo", *ON_POLICY, "~algorithm.epochs"),
    "recurrent_ppo": ("algorithm=recurrent_ppo", *ON_POLICY),
    "sac": ("algorithm=sac", *OFF_POLICY),
    "td3": ("algorithm=td3", *OFF_POLICY),
    "tqc": ("algorithm=tqc", *OFF_POLICY),
    "crossq": ("algorithm=crossq", *OFF_POLICY),
}
EXTENDABLE = [name for name in CASES if "schedules" not in name]  # a schedule runs over the whole training


@pytest.mark.slow
@pytest.mark.parametrize("name", EXTENDABLE)
def test_two_halves_are_one_whole(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("myoassist.learn.training.ROW_STEPS", 32)
    train(small(tmp_path / "whole", *CASES[name]))
    train(small(tmp_path / "parts", *CASES[name], "total_steps=128"))
    resumed(tmp_path / "parts", total_steps=256)
    assert_same_run(tmp_path / "whole", tmp_path / "parts")
    assert [int(row["time/total_timesteps"]) for row in rows(tmp_path / "parts")][-1] == 256


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ppo with schedules", "sac", "td3"])
def test_stopped_in_a_collection_is_one_whole(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("myoassist.learn.training.ROW_STEPS", 48)
    train(small(tmp_path / "whole", *CASES[name]))
    with monkeypatch.context() as patch:
        StopAt(patch, 25)
        result = train(small(tmp_path / "parts", *CASES[name]))
    assert result.stopped_by == "SIGTERM"
    assert result.evaluation is None
    assert result.checkpoint == find_checkpoint(tmp_path / "parts")
    assert 0 < result.steps <= (25 if "ppo" in name else 27) * 4  # off-policy: at the next update
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert resumed(tmp_path / "parts").stopped_by is None
    assert_same_run(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.slow
def test_stopped_before_the_first_update(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        StopAt(patch, 3, signal.SIGINT)
        assert train(small(tmp_path / "run")).steps == 0
    assert find_checkpoint(tmp_path / "run").name == "step_0000000000"
    with monkeypatch.context() as patch:
        StopAt(patch, 3, signal.SIGINT)
        assert resumed(tmp_path / "run").steps == 0  # again, before anything was learned
    resumed(tmp_path / "run")
    train(small(tmp_path / "whole"))
    assert_same_run(tmp_path / "whole", tmp_path / "run")


@pytest.mark.slow
def test_fault_in_a_collection_keeps_what_was_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step, count = WalkEnv.step, [0]

    def failing(walk: WalkEnv, action: np.ndarray) -> Any:
        count[0] += walk.num_envs == 4
        if count[0] == 60:
            raise ZeroDivisionError
        return step(walk, action)

    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(WalkEnv, "step", failing)
        train(small(tmp_path / "run", *CASES["ppo"], "checkpoint.every_steps=0", "evaluation.every_steps=0"))
    assert [path.name for path in list_checkpoints(tmp_path / "run" / "checkpoints")] == ["step_0000000192"]
    train(small(tmp_path / "whole", *CASES["ppo"], "checkpoint.every_steps=0", "evaluation.every_steps=0"))
    resumed(tmp_path / "run")
    assert_same_run(tmp_path / "whole", tmp_path / "run")


@pytest.mark.slow
def test_run_without_a_checkpoint_begins_again(tmp_path: Path) -> None:
    train(small(tmp_path / "whole"))
    shutil.copytree(tmp_path / "whole", tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    resumed(tmp_path / "run")
    assert_same_run(tmp_path / "whole", tmp_path / "run")


@pytest.mark.slow
def test_rows_after_the_checkpoint_and_torn_ones_go(tmp_path: Path) -> None:
    train(small(tmp_path / "whole"))
    shutil.copytree(tmp_path / "whole", tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints" / "step_0000000256")
    with (tmp_path / "run" / "metrics.csv").open("a", encoding="utf-8") as file:
        file.write("12")  # cut off in the middle of a number
    resumed(tmp_path / "run")
    assert_same_run(tmp_path / "whole", tmp_path / "run")


@pytest.mark.slow
def test_tensorboard_hides_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(small(tmp_path / "run", "logging.tensorboard=true"))
    shutil.rmtree(tmp_path / "run" / "checkpoints" / "step_0000000256")
    time.sleep(1.1)  # event files are named by the second
    resumed(tmp_path / "run")
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    assert [event.step for event in events.Scalars("episode/return")] == [128, 256]


def test_environment_goes_back_to_a_state(tmp_path: Path) -> None:
    config = small(tmp_path, "termination.max_seconds=0.5")
    rng = np.random.default_rng(3)
    first = WalkEnv(config)
    actions = rng.uniform(-1, 1, (40, 4, len(first.action_map)))
    first.reset(seed=5)
    for action in actions[:17]:
        first.step(action)
    first.episodes.drain()
    state = first.get_state()
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in state.values())
    onward = [first.step(action) for action in actions[17:]]
    episodes = first.episodes.drain()
    second = WalkEnv(config)
    second.reset(seed=8)
    for walk in (first, second):
        walk.set_state(state)
        again = [walk.step(action) for action in actions[17:]]
        for before, after in zip(onward, again, strict=True):
            for name in before.__dict__:
                np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
        assert walk.episodes.drain() == episodes
    with pytest.raises(RunError, match=r"saved state: .* missing"):
        second.set_state({key: value for key, value in state.items() if key != "walkers/phase"})
    for walk in (first, second):
        walk.close()


@pytest.mark.slow
def test_killed_again_and_again_is_one_whole(tmp_path: Path) -> None:
    arguments = [*SMALL, "total_steps=2048", "algorithm.transitions_per_update=64", "checkpoint.every_steps=64"]
    arguments += ["algorithm.epochs=10", "algorithm.batch_size=16"]
    subprocess.run(command(*arguments, "run_dir=whole"), cwd=tmp_path, check=True, timeout=300)
    rng, run = random.Random(4), tmp_path / "run"
    line, kills = command(*arguments, "run_dir=run"), 0
    for _ in range(8):
        process = subprocess.Popen(line, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        marker = time.monotonic() + 120
        while not (run / OWNER).exists() and process.poll() is None and time.monotonic() < marker:
            time.sleep(0.02)
        time.sleep(rng.uniform(0.0, 1.5))
        process.kill()
        _, stderr = process.communicate()
        if process.returncode == 0:
            break
        # A library's helper process that lost its parent may complain; the training itself must not.
        assert b"error:" not in stderr and b"myoassist" not in stderr, stderr
        kills += 1
        if (run / "config.yaml").exists():
            line = command("resume=run")
        else:
            shutil.rmtree(run, ignore_errors=True)
    assert kills >= 3
    if not (run / "evaluation.json").exists():
        subprocess.run(command("resume=run"), cwd=tmp_path, check=True, timeout=300)
    assert_same_run(tmp_path / "whole", run)
