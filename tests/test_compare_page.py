"""The page, the table and the words of a comparison: what they show, and how the programs make them."""

from __future__ import annotations

import csv
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import run_folders
from pages import check_self_contained
from run_folders import RATES, SEEDS, fill, script
from running import command

from myoassist.analysis.plots.style import look
from myoassist.errors import RunError
from myoassist.learn.shipped import POLICIES
from myoassist.multirun import _running, compare_sweeps
from myoassist.places import SWEEP_PAGE, SWEEP_TABLE
from myoassist.processes import child_environment
from myoassist.runs.comparing import compare
from myoassist.runs.comparison import as_text, compare_outcomes
from myoassist.runs.gathering import gather
from myoassist.runs.groups import Parameter
from myoassist.runs.jobs import Job, note_job, plan_jobs
from myoassist.runs.metrics import fitted, measure_of
from myoassist.runs.outcome import Outcome
from myoassist.runs.page import bars_picture, importance_guide, runs_table, settings_table
from myoassist.runs.plots import parallel_coordinates

sweep = run_folders.sweep  # a fixture


def test_page_and_table(sweep: Path) -> None:
    done = compare([sweep])
    assert done.page == sweep / SWEEP_PAGE and done.table == sweep / SWEEP_TABLE
    page = check_self_contained(done.page.read_text(encoding="utf-8"))
    assert "21.0 ± 1.4" in page.words and "11.0 ± 1.0" in page.words
    assert "its <process> was killed by SIGKILL" in page.words
    assert done.comparison.command in page.words
    assert len(page.named("img")) == 2  # curves, parallel coordinates; five runs do not tell what matters
    assert "Nothing can be said yet: 5 runs with a value; at least 8 are needed." in page.words
    with done.table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["eval/distance"] for row in rows] == ["10.0", "11.0", "12.0", "20.0", "22.0", ""]
    assert rows[5]["status"] == "failed" and rows[5]["algorithm.learning_rate"] == "0.0003"
    assert rows[4]["rank_of_setting"] == "1"
    assert "21.0 ± 1.4" in done.text and "SIGKILL" in done.text and "5 finished, 1 failed" in done.text
    assert compare([sweep]).page == done.page  # again, in its place


def test_nothing_foreign_is_overwritten(sweep: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (SWEEP_PAGE, SWEEP_TABLE):
        (tmp_path / name).write_text("my notes")
        with pytest.raises(RunError, match="nothing was overwritten"):
            compare([sweep], output=tmp_path)
        (tmp_path / name).unlink()
    monkeypatch.chdir(tmp_path)
    done = compare([sweep / "0", sweep / "3"])
    assert done.page.parent.parent == Path("outputs") and not (sweep / SWEEP_PAGE).exists()


def test_a_sweep_in_which_nothing_ran(tmp_path: Path) -> None:
    plan_jobs(tmp_path, [["seed=1"], ["seed=2"]])
    note_job(tmp_path, Job(0, ("seed=1",), True, "failed", "no memory"))
    done = compare([tmp_path])
    assert "No result" in check_self_contained(done.page.read_text(encoding="utf-8")).words
    assert done.comparison.command == "" and "no memory" in done.text


def test_few_runs_are_called_a_rough_guide(sweep: Path) -> None:
    for number in range(6, 12):
        fill(sweep / str(number), RATES[number % 2], str(number), 10.0 + number)
    told = compare_outcomes(gather([sweep]), [sweep])
    assert importance_guide(told).startswith("Only 11 runs count here: a rough guide") and bars_picture(told)


def test_digits_and_units_by_hand() -> None:
    distance, seconds = measure_of("eval/distance"), measure_of("time/seconds")
    assert fitted(distance, [21.0, 11.0]).digits == 1
    assert fitted(distance, [0.21, 0.11]).digits == 2  # two significant figures
    assert fitted(distance, [27.31, 27.33], apart=True).digits == 2  # 27.3 and 27.3 hide which is better
    assert fitted(distance, [0.43418, 0.43431, 0.41], apart=True).digits == 4  # four figures at most
    assert fitted(distance, [12.0, 12.0, math.nan], apart=True).digits == 1
    for longest, unit, shown in ((6.3, "s", 6.3), (600.0, "min", 10.0), (36_000.0, "h", 10.0)):
        told = fitted(seconds, [1.0, longest])
        assert told.unit == unit and longest * told.factor == pytest.approx(shown)


def test_settings_whose_objectives_are_close_can_be_told_apart(sweep: Path) -> None:
    for number, distance in enumerate((20.01, 20.02, 20.03, 20.05, 20.06)):
        fill_again(sweep / str(number), RATES[number // 3], SEEDS[number % 3], distance)
    done = compare([sweep])
    page = check_self_contained(done.page.read_text(encoding="utf-8"))
    for told in ("20.02 ± 0.01", "20.05 ± 0.01", "20.06"):
        assert told in page.words
    assert "20.02 ± 0.01" in done.text


def fill_again(folder: Path, rate: str, seed: str, distance: float) -> None:
    shutil.rmtree(folder)
    fill(folder, rate, seed, distance)


def test_objective_and_status_come_first_and_heads_stand_above_their_cells(sweep: Path) -> None:
    told = compare_outcomes(gather([sweep]), [sweep])
    table = settings_table(told)
    assert [name for name, _ in table.columns][:4] == ["Rank", "Distance", "Runs", "learning_rate"]
    assert [name for name, _ in runs_table(told).columns][:4] == ["Run", "Distance", "Status", "learning_rate"]
    assert table.words == {2} and runs_table(told).words == {2}  # flush left, the numbers flush right
    page = check_self_contained(compare([sweep]).page.read_text(encoding="utf-8"))
    classes = [str(attributes.get("class")) for attributes in page.named("th") if attributes.get("scope") == "col"]
    assert classes[:4] == ["None", "None", "words", "None"]
    assert next(iter(page.named("pre")))["class"] == "command"


def test_of_a_sweep_over_seeds_none_is_best(sweep: Path) -> None:
    for number in (3, 4):
        shutil.rmtree(sweep / str(number))
    for path in sweep.glob("jobs*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (sweep / "multirun.yaml").write_text("")
    done = compare([sweep])
    assert "Nothing but the seed differs: mean ± standard deviation of 3 runs, and no best setting." in done.text
    assert "11.0 ± 1.0" in done.text and "best:" not in done.text and not done.comparison.command
    page = check_self_contained(done.page.read_text(encoding="utf-8"))
    assert "Nothing but the seed differs" in page.words and "Best setting" not in page.words


def test_what_stands_in_for_the_objective_is_said(sweep: Path) -> None:
    for number in range(5):
        (sweep / str(number) / "metrics.csv").write_text("time/total_timesteps,episode/distance\n100,0.2\n")
    done = compare([sweep])
    said = "No run was evaluated: instead of eval/distance, episode/distance is shown, of the last training episodes."
    assert said in done.text and said in check_self_contained(done.page.read_text(encoding="utf-8")).words
    assert "No run was evaluated" not in as_text(compare_outcomes(gather([sweep]), [sweep], metric="best/distance"))


def test_no_label_of_nine_settings_lies_on_another() -> None:
    keys = [f"a_section.with_a_long_name_{number}" for number in range(6)]
    numbers = [tuple(f"{rate:.9f}" for rate in np.linspace(1e-5, 10.0 ** -(key + 1), 12)) for key in range(6)]
    words = [tuple(f"a_rather_long_choice_{(run * (key + 1)) % 8}" for run in range(12)) for key in range(3)]
    settings = [Parameter(key, values) for key, values in zip(keys, numbers, strict=True)]
    settings += [Parameter(f"group_{place}", values) for place, values in enumerate(words)]
    outcomes = [Outcome(str(run), "finished", values={"eval/distance": 1.0 + run**2}) for run in range(12)]
    with look():
        made = parallel_coordinates(outcomes, settings, measure_of("eval/distance"))
        made.canvas.draw()
    texts = [text for axis in made.axes for text in axis.texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) > 40
    for place, box in enumerate(boxes):
        assert box.x0 >= 0 and box.x1 <= made.bbox.x1 and box.y0 >= 0 and box.y1 <= made.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[:place]), texts[place]


def test_a_comparison_that_fails_costs_a_line(
    tmp_path: Path, sweep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (sweep / SWEEP_PAGE).write_text("mine")
    monkeypatch.setattr("myoassist.multirun._running", [sweep])
    compare_sweeps()
    told = capsys.readouterr()
    assert told.err.count("\n") == 1 and "scripts/compare.py" in told.err
    assert _running == []


def test_the_program_compares(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare_script = script("compare")
    assert compare_script.main([str(sweep), "--metric", "best/distance"]) == 0
    assert "sweep.html" in capsys.readouterr().out
    for wrong in ([], [str(sweep / "no")], [str(sweep), "--metric", "x"], [str(sweep), "--minimize", "--maximize"]):
        assert compare_script.main(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.slow
def test_a_real_sweep_ends_with_its_comparison_although_a_run_failed(tmp_path: Path) -> None:
    folder, damaged = tmp_path / "sweep", tmp_path / "damaged"
    shutil.copytree(POLICIES / "walk", damaged)
    (damaged / "policy.zip").write_bytes(b"not whole")
    done = subprocess.run(
        command(
            "-m", "experiment=smoke", "num_envs=4", "threads=1", "total_steps=128", "logging.tensorboard=false",
            "evaluation.every_steps=128", "evaluation.episodes=1", "evaluation.seconds=0.3",
            "evaluation.recorded_in_training=0", f"hydra.sweep.dir={folder}", "seed=1,2", f"init_from=null,{damaged}",
        ),
        env=child_environment(), capture_output=True, text=True, cwd=tmp_path, timeout=300,
    )  # fmt: skip
    assert done.returncode != 0
    check_self_contained((folder / SWEEP_PAGE).read_text(encoding="utf-8"))
    with (folder / SWEEP_TABLE).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["finished", "failed", "finished", "failed"]
    assert "damaged" in rows[1]["reason"] and rows[0]["eval/distance"]
    assert "2 finished, 2 failed" in done.stdout
