"""``benchmarks/learning.py``: quartiles and time to a distance by hand, and a campaign that is killed and goes on."""

from __future__ import annotations

import csv
import importlib
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from running import REPOSITORY

from myoassist.errors import RunError

PROGRAM = REPOSITORY / "benchmarks" / "learning.py"


@pytest.fixture(scope="module")
def modules() -> Iterator[tuple[ModuleType, ModuleType]]:
    """``learning`` and ``learning_curves``, which lie beside each other as programs do."""
    sys.path.insert(0, str(PROGRAM.parent))
    yield importlib.import_module("learning"), importlib.import_module("learning_curves")
    sys.path.remove(str(PROGRAM.parent))


def table(run: Path, steps: Sequence[float], seconds: Sequence[float], distance: Sequence[float | None]) -> Path:
    """A run folder with the table of a training; None is a row without an evaluation."""
    run.mkdir(parents=True)
    with (run / "metrics.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time/total_timesteps", "time/time_elapsed", "eval/distance", "eval/speed", "eval/reward/x"])
        for row in zip(steps, seconds, distance, strict=True):
            writer.writerow(["" if cell is None else cell for cell in (*row, row[2] and row[2] / 10, 0)])
    return run


class TestCurves:
    def test_only_evaluations_are_read(self, modules, tmp_path: Path) -> None:
        curve = modules[1].read_curve(table(tmp_path / "a", [100, 200, 300], [60, 120, 180], [1.0, None, 5.0]))
        assert curve.steps.tolist() == [100, 300] and curve.minutes.tolist() == [1.0, 3.0]
        assert {name: values.tolist() for name, values in curve.numbers.items()} == {
            "distance": [1.0, 5.0],
            "speed": [0.1, 0.5],
        }

    def test_quartiles_by_hand(self, modules, tmp_path: Path) -> None:
        """Five seeds: of 1, 2, 4, 8, 16 the quartiles are 2, 4 and 8; of 10, 20 … 50 they are 20, 30, 40."""
        read = modules[1].read_curve
        finals = zip([1, 2, 4, 8, 16], [10, 20, 30, 40, 50], strict=True)
        curves = [read(table(tmp_path / str(n), [100, 200], [60, 120], [*pair])) for n, pair in enumerate(finals)]
        band = modules[1].quartiles(curves, "distance", "steps")
        assert band.x.tolist() == [100, 200] and band.seeds == 5
        assert (band.low.tolist(), band.median.tolist(), band.high.tolist()) == ([2, 20], [4, 30], [8, 40])

    def test_between_evaluations_is_interpolated_and_beyond_the_shortest_nothing_said(self, modules, tmp_path) -> None:
        """One seed is evaluated at 1, 2 and 4 min, the other at 2 and 3: both are known from 2 to 3 min."""
        read = modules[1].read_curve
        one = read(table(tmp_path / "one", [100, 200, 400], [60, 120, 240], [0, 10, 30]))
        two = read(table(tmp_path / "two", [150, 300], [120, 180], [4, 8]))
        band = modules[1].quartiles([one, two], "distance", "minutes")
        assert band.x.tolist() == [2, 3]
        assert band.median.tolist() == [7, 14]  # (10 + 4) / 2, (20 + 8) / 2
        assert band.low.tolist() == [5.5, 11] and band.high.tolist() == [8.5, 17]

    def test_time_to_a_distance_by_hand(self, modules, tmp_path: Path) -> None:
        read, reaching = modules[1].read_curve, modules[1].reaching
        never = read(table(tmp_path / "never", [1e6, 2e6], [600, 1200], [1, 19.9]))
        early = read(table(tmp_path / "early", [1e6, 2e6], [600, 1200], [20.0, 5]))
        late = read(table(tmp_path / "late", [1e6, 2e6], [600, 1500], [1, 25]))
        assert modules[1].first_at(early, 20.0) == (1e6, 10.0) and modules[1].first_at(late, 20.0) == (2e6, 25.0)
        assert modules[1].first_at(never, 20.0) == (math.inf, math.inf)
        assert reaching("x", [late, never, early], 20.0) == (
            "x: 2 of 3 seeds reached 20 m; median 2.00 M steps, 25.0 min"
        )
        assert reaching("x", [late, early], 20.0).endswith("median 1.50 M steps, 17.5 min")
        assert reaching("x", [never, early], 20.0).endswith(
            "1 of 2 seeds reached 20 m; fewer than it takes for a median"
        )

    def test_a_folder_without_evaluations_is_named(self, modules, tmp_path: Path) -> None:
        with pytest.raises(RunError, match=r"holds no metrics\.csv"):
            modules[1].read_curve(tmp_path)
        with pytest.raises(RunError, match="holds no evaluation"):
            modules[1].read_curve(table(tmp_path / "a", [1], [1], [None]))

    def test_finished_runs_are_drawn(self, modules, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for name, end in (("a", 30), ("b", 20), ("c", 12)):
            table(tmp_path / name, [1e5, 2e5], [60, 120], [1, end])
        runs = [f"--runs=two={tmp_path / 'a'},{tmp_path / 'b'}", f"--runs={tmp_path / 'c'}"]
        assert modules[0].main([*runs, "--output", str(tmp_path / "out"), "--distance", "25"]) == 0
        said = capsys.readouterr().out
        assert "two: 1 of 2 seeds reached 25 m" in said and "c: 0 of 1 seeds" in said
        assert (tmp_path / "out" / "learning.png").stat().st_size > 10_000
        with (tmp_path / "out" / "quartiles.csv").open(newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["curve"] == "two" and row["axis"] == "steps"]
        assert [float(row["median"]) for row in rows] == [1, 25] and rows[0]["seeds"] == "2"

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            (["--runs=a={a}", "--runs=a={a}"], "'a' is there already"),
            (["--runs={a}", "--metric=way"], "no number named 'way'"),
            (["--experiment=quikstart"], "did you mean 'quickstart'"),
            (["--experiment=quickstart", "--metric=sped"], "did you mean 'speed'"),
            (["--experiment=smoke"], "never evaluates; add -- evaluation.every_steps"),
            (["--experiment=quickstart", "--runs=quickstart={a}"], "give the finished one another"),
            (["--runs={a}", "--seeds=a"], "got 'a'; expected different whole numbers"),
            (["--runs={a}", "--output={a}/metrics.csv"], "is a file; give a folder"),
        ],
    )
    def test_a_wrong_request_is_one_line(self, modules, tmp_path: Path, capsys, more: list[str], said: str) -> None:
        run = table(tmp_path / "a", [1, 2], [1, 2], [1, 2])
        out = tmp_path / "out"
        out.mkdir()
        (out / "learning.csv").write_text("from before")
        assert modules[0].main(["--output", str(out), *(text.format(a=run) for text in more)]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1
        assert [(file.name, file.read_text()) for file in out.iterdir()] == [("learning.csv", "from before")]


TINY = (
    "num_envs=2", "threads=1", "reset.bank_size=8", "algorithm.update_threads=1", "evaluation.every_steps=128",
    "evaluation.episodes=2", "evaluation.seconds=0.2", "evaluation.recorded_in_training=0", "logging.tensorboard=false",
    "logging.progress=none",
)  # fmt: skip


def campaign(folder: Path, seeds: str, steps: int, *more: str) -> list[str]:
    own = ["--experiment", "smoke", "--seeds", seeds, "--steps", str(steps), "--output", str(folder)]
    return [sys.executable, str(PROGRAM), *own, "--", *TINY, *more]


@pytest.mark.slow
def test_a_killed_campaign_goes_on(tmp_path: Path) -> None:
    """Killed in seed 1, it resumes that run; a finished seed is not touched again; other settings are refused."""
    folder, endless = tmp_path / "curve", 1_000_000
    begun = subprocess.Popen(campaign(folder, "1", endless), start_new_session=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not list(folder.glob("seed_1/checkpoints/step_*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()
    reached = max(int(path.name[5:]) for path in folder.glob("seed_1/checkpoints/step_*"))
    steps = reached + 256
    done = subprocess.run(campaign(folder, "1,2", steps), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"resume={folder}/seed_1" in done.stdout and "seed 2: train.py experiment=smoke" in done.stdout
    assert (folder / "learning.png").is_file()
    before = {path: path.stat().st_mtime_ns for path in folder.glob("seed_*/metrics.csv")}
    again = subprocess.run(campaign(folder, "1,2", steps), capture_output=True, text=True)
    assert again.stdout.count("finished, ") == 2 and "of 2 seeds reached 20 m" in again.stdout
    assert before == {path: path.stat().st_mtime_ns for path in folder.glob("seed_*/metrics.csv")}
    other = subprocess.run(campaign(folder, "1", steps, "reward=effort"), capture_output=True, text=True)
    assert other.returncode == 2 and "choose another folder" in other.stderr
    with (folder / "learning.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["run"] == "seed_1"]
    taken = [int(row["steps"]) for row in rows]
    assert taken == sorted(set(taken)) and taken[-1] >= steps and np.diff(taken).max() == 128  # no gap, none twice
