"""Reports: one file that says all, opens anywhere, and gives each number its unit and its range."""

from __future__ import annotations

import base64
import json
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pages import NOW, Page, browser, check_self_contained, check_view
from recordings import fall, put, walker

from myoassist.analysis.gait_metric import Metric
from myoassist.analysis.report_metrics import cell, group_of, grouped, label_of, number, split_side, without_value
from myoassist.analysis.report_ranges import RANGES, SOURCES, human_range
from myoassist.analysis.report_run import evaluation_command
from myoassist.analysis.results import analyse_trial, write_report, write_run_report
from myoassist.errors import RunError


@pytest.fixture(scope="module")
def experiment() -> dict[str, Any]:
    return {
        "name": "달리기 <script>alert(1)</script>",
        "seed": 3,
        "total_steps": 2_000_000,
        "model": {"name": "22muscle", "body": "myolegs22"},
        "device": {"name": "tutorial", "assist_sim": "Tutorial_L1"},
        "terrain": {"type": "flat", "friction": 1.0},
        "command": {"type": "fixed", "speed": 1.25},
        "network": {"type": "shared", "actor": [128, 64], "critic": [32]},
        "algorithm": {"type": "ppo", "learning_rate": 1e-4},
    }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, experiment: dict[str, Any]) -> Path:
    """A run with one evaluation of two trials, one of which falls, and a video."""
    run = tmp_path_factory.mktemp("runs") / "실행 <b>1"
    evaluation = run / "evaluations" / "step_2000"
    even = put(evaluation / "even", walker(), experiment=experiment, steps=2000)
    slope = experiment | {"terrain": {"type": "rough", "amplitude": 0.02}}
    falling = put(evaluation / "a_fall", fall(seconds=0.4), experiment=slope, steps=2000)
    (even / "videos").mkdir()
    (even / "videos" / "episode_0.mp4").write_bytes(b"not really a film")
    (run / "checkpoints" / "step_2000").mkdir(parents=True)
    (run / "config.yaml").write_text("name: <i>walk</i>\n", encoding="utf-8")
    (run / "command.txt").write_text("train.py name='a b' seed=3\n", encoding="utf-8")
    environment = {"python": "3.11.7", "packages": {"mujoco": "3.11.0"}, "git": {"commit": "abc123", "changed": True}}
    (run / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
    columns = "time/total_timesteps,time/time_elapsed,eval/episodes,eval/completed,eval/distance,eval/speed"
    rows = ["1000,60,,,,", "2000,120,20,19,25.04,1.251"]
    (run / "metrics.csv").write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    checkpoint = str(run / "checkpoints" / "step_2000")
    summary = {
        "checkpoint": checkpoint,
        "steps": 2000,
        "replaced": ["terrain=rough"],
        "trials": {"even": {}, "a_fall": {}},
    }
    (evaluation / "evaluation.json").write_text(json.dumps(summary), encoding="utf-8")
    for trial in (even, falling):
        analyse_trial(trial, plots=["reward", "steps"])
    return run


@pytest.fixture(scope="module")
def report(run: Path) -> Path:
    return write_report(run / "evaluations" / "step_2000", now=NOW)


@pytest.fixture(scope="module")
def page(report: Path) -> Page:
    return check_self_contained(report.read_text(encoding="utf-8"))


class TestEvaluation:
    def test_says_what_was_run(self, page: Page) -> None:
        for words in ("22muscle (myolegs22)", "tutorial (Tutorial_L1)", "fixed, speed 1.25 m/s", "PPO", "3.11.0"):
            assert words in page.words
        assert "shared, actor 128 × 64, critic 32" in page.words
        assert "2 000 steps of 2 000 000 planned" in page.words
        assert "0:02:00 (h:min:s)" in page.words
        assert "abc123, with changes not committed" in page.words

    def test_no_word_of_the_program_slips_in(self, page: Page) -> None:
        assert not re.search(r"Macro|Undefined|<function|\bNone\b|\bnan\b|TrialResult", page.words)
        assert "step_2000. Made 2026-01-31 12:00." in page.words

    def test_verdict_has_word_icon_and_line(self, page: Page) -> None:
        assert "✓ Walks" in page.words and "✕ Falls" in page.words
        assert "0 of 1 episodes to the end" in page.words

    def test_trials_come_in_the_order_they_were_run(self, page: Page) -> None:
        assert page.words.index("Trial: even") < page.words.index("Trial: a_fall")

    def test_settings_that_differ_stand_with_their_trial(self, page: Page) -> None:
        assert page.words.index("Trial: a_fall") < page.words.index("rough, amplitude 0.02 m")

    def test_commands_to_repeat_it(self, page: Page, run: Path) -> None:
        assert "python train.py name='a b' seed=3" in page.words
        assert f"python eval.py 'checkpoint={run}/checkpoints/step_2000' terrain=rough" in page.words
        assert "scripts/analyse.py" in page.words
        assert "name: <i>walk</i>" in page.words  # the configuration, as text

    def test_no_command_for_a_checkpoint_that_is_gone(self, run: Path, tmp_path: Path) -> None:
        summary = json.loads((run / "evaluations" / "step_2000" / "evaluation.json").read_text(encoding="utf-8"))
        assert evaluation_command(summary)
        assert evaluation_command({**summary, "checkpoint": str(tmp_path / "pruned")}) == ""

    def test_metrics_with_spread_number_unit_and_human_range(self, page: Page) -> None:
        assert "Cadence two steps in each stride 100 ± 0 (8) steps/min 100–120 ● within" in page.words
        assert "share of the stride 60.0 ± 0 (16) 60.0 ± 0 (8) 60.0 ± 0 (8) % 60–62 ● within" in page.words
        assert "Perry J, Burnfield JM" in page.words

    def test_strides_left_out_by_reason(self, page: Page) -> None:
        assert "2: cut short by the end of the episode" in page.words

    def test_plots_and_video_are_inside(self, page: Page) -> None:
        images = [str(image["src"]) for image in page.named("img")]
        assert len(images) == 3 and all(image.startswith("data:image/png;base64,") for image in images)
        assert (
            page.named("source")[0]["src"] == "data:video/mp4;base64," + base64.b64encode(b"not really a film").decode()
        )

    def test_alternative_text_gives_numbers(self, page: Page) -> None:
        steps = next(str(image["alt"]) for image in page.named("img") if "Cadence" in str(image["alt"]))
        assert "trial even" in steps and "Cadence 100 steps/min" in steps

    def test_names_are_text_not_markup(self, report: Path, page: Page) -> None:
        text = report.read_text(encoding="utf-8")
        assert "<script>alert(1)" not in text and "&lt;script&gt;alert(1)" in text
        assert "달리기 <script>alert(1)</script>" in page.words
        assert len(page.named("script")) == 1

    def test_same_input_same_page(self, report: Path) -> None:
        first = report.read_bytes()
        later = write_report(report.parent, now=datetime(2027, 1, 1)).read_text(encoding="utf-8")
        write_report(report.parent, now=NOW)
        assert report.read_bytes() == first
        assert later.replace("2027-01-01 00:00", "2026-01-31 12:00").encode() == first

    def test_a_copied_trial_leaves_out_what_is_not_there(self, run: Path, tmp_path: Path) -> None:
        alone = shutil.copytree(run / "evaluations" / "step_2000" / "even", tmp_path / "copy")
        page = check_self_contained(write_report(alone, now=NOW).read_text(encoding="utf-8"))
        assert "The run folder is not here" in page.words
        assert "python train.py" not in page.words
        assert "Walks" in page.words and "Trials compared" not in page.words
        assert "Configuration of the trial even name:" in page.words  # the recording knows it


class TestRun:
    def test_training_evaluations_and_newest_trials(self, run: Path) -> None:
        page = check_self_contained(write_run_report(run, now=NOW).read_text(encoding="utf-8"))
        assert "2 000 19 of 20 25.0 1.25" in page.words
        assert "Trial: even" in page.words and "step_2000" in page.words
        assert len(page.named("img")) == 4  # three plots of trials, the training curves

    def test_before_any_evaluation(self, run: Path, tmp_path: Path) -> None:
        young = tmp_path / "young"
        young.mkdir()
        shutil.copy(run / "config.yaml", young)
        page = check_self_contained(write_run_report(young, now=NOW).read_text(encoding="utf-8"))
        assert "There is no evaluation with a recording yet" in page.words

    def test_no_run(self, tmp_path: Path) -> None:
        with pytest.raises(RunError, match="holds no run"):
            write_run_report(tmp_path)


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "sd", "unit", "expected"),
        [
            (1.2345, 0.0123, "m/s", "1.23 ± 0.01 (n = 5)"),
            (1.3662, 0.0049, "m/s", "1.366 ± 0.005 (n = 5)"),  # more digits, so that the SD does not vanish
            (105.43, 0.86, "steps/min", "105.4 ± 0.9 (n = 5)"),
            (-0.0415, 0.0026, "BW s", "−0.0415 ± 0.0026 (n = 5)"),
            (20.0, 0.0, "s", "20.0 ± 0 (n = 5)"),
            (12345.0, float("nan"), "N", "12\u202f345 (n = 5)"),
            (0.0, 0.0, "1", "0 ± 0 (n = 5)"),
        ],
    )
    def test_text(self, value: float, sd: float, unit: str, expected: str) -> None:
        assert cell("any", Metric(value, sd, 5, unit, "")).text == expected

    def test_shares_in_per_cent_once(self) -> None:
        assert cell("stance_share", Metric(0.612, 0.01, 5, "1", "")).text == "61.2 ± 1.0 (n = 5)"
        assert cell("ankle_angle.device_peak_phase", Metric(44.4, 1.8, 5, "%", "")).text == "44.4 ± 1.8 (n = 5)"
        assert cell("knee_angle.correlation", Metric(0.9, 0.02, 5, "1", "")).text == "0.900 ± 0.020 (n = 5)"

    def test_no_value(self) -> None:
        metrics = {"time_to_fall": Metric(float("nan"), float("nan"), 0, "s", "")}
        assert grouped(metrics) == [] and without_value(metrics) == ["Time to fall"]
        assert number(float("nan"), 2) == "–" and number(-0.001, 2) == "0.00"

    def test_sides_share_a_row(self) -> None:
        names = ("knee_angle.rmse", "knee_angle_r.rmse", "knee_angle_l.rmse", "soleus_r.activation", "pelvis_tilt.rom")
        groups = dict(grouped({name: Metric(1.0, 0.1, 3, "deg", "what; right") for name in names}))
        knee, pelvis = groups["Joints against the reference"]
        assert (knee.label, set(knee.cells), knee.about) == ("Knee: RMS error", {"", "r", "l"}, "what")
        assert set(pelvis.cells) == {""} and groups["Each muscle"][0].label == "Soleus: activation"

    def test_sides_have_as_many_digits(self) -> None:
        """Else 1.434 m of one leg beside 1.44 m of the other reads as 6 mm that are 1 mm."""
        sides = {"r": Metric(1.4343, 0.008, 9, "m", ""), "l": Metric(1.4356, 0.011, 9, "m", "")}
        ((_, (row,)),) = grouped({f"stride_length_{side}": metric for side, metric in sides.items()})
        assert [row.cells[side].text for side in "rl"] == ["1.434 ± 0.008 (n = 9)", "1.436 ± 0.011 (n = 9)"]

    def test_names(self) -> None:
        assert split_side("knee_angle_r.rmse") == ("knee_angle.rmse", "r")
        assert split_side("stride_time_l") == ("stride_time", "l")
        assert split_side("co_contraction.ankle") == ("co_contraction.ankle", "")
        assert group_of("symmetry.hip_flexion.rom") == "Symmetry of right and left"
        assert group_of("ankle_angle.device_onset") == "Device"
        assert group_of("something_new") == "Other"
        assert label_of("symmetry.step_time") == "Step time"

    @pytest.mark.parametrize(
        ("name", "label"),
        [
            ("cost_of_transport_bhargava", "Cost of transport (Bhargava)"),
            ("ankle_angle.device_onset", "Ankle: onset of device torque"),
            ("ankle_angle.device_peak_phase", "Ankle: phase of peak device torque"),
            ("device_power_negative", "Device power, taken from the body"),
        ],
    )
    def test_labels(self, name: str, label: str) -> None:
        assert label_of(name) == label

    def test_both_costs_of_transport_have_a_range_with_its_caveat(self) -> None:
        ours, other = (human_range(f"cost_of_transport{end}", "J/kg/m") for end in ("", "_bhargava"))
        assert ours == other and ours and "orientation only" in ours.caveat

    def test_who_falls_is_not_set_against_healthy_adults(self) -> None:
        speed = {"speed": Metric(0.9, 0.1, 3, "m/s", "what")}
        (walks,), (falls,) = (grouped(speed, walks=walks)[0][1] for walks in (True, False))
        assert (walks.place, walks.human_text) == ("below", "1.2–1.5")
        assert (falls.place, falls.human_text) == ("", "")

    def test_human_ranges_are_cited(self) -> None:
        for known in RANGES:
            assert known.low < known.high
            assert all(name.strip() in SOURCES for name in known.source.split(";"))
        stance = human_range("stance_share", "1")
        assert stance and [stance.place(x) for x in (0.5, 0.61, 0.7)] == ["below", "within", "above"]
        assert human_range("cost_of_transport", "1") is None  # another unit

    def test_ranges_meet_the_metrics(self, run: Path) -> None:
        """Every range belongs to a metric that an analysis gives, in its unit."""
        result = analyse_trial(put(run.parent / "wide", walker(planar=False)), plots=["reward"])
        known = {(split_side(name)[0], metric.unit) for name, metric in result.metrics.items()}
        unused = [r.pattern for r in RANGES if not any(u == r.unit and re.fullmatch(r.pattern, n) for n, u in known)]
        assert not unused


@pytest.mark.slow
def test_opens_in_a_browser(run: Path) -> None:
    """No errors, no requests, every picture shown, nothing wider than the page; by parsing alone without a browser."""
    path = write_run_report(run, now=NOW)
    check_self_contained(path.read_text(encoding="utf-8"))
    if (found := browser()) is None:
        return
    api, program = found
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for width in (380, 1280):
            for scheme in ("light", "dark"):
                check_view(chromium.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme), path)
        chromium.close()
