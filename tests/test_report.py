"""Reports: one file that says all, opens anywhere, and tells in words what went wrong."""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import re
import shutil
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from recordings import REAL, changed, fall, part, standing, walker

from myoassist.analysis.gait_metric import Metric
from myoassist.analysis.plots import PLOTS
from myoassist.analysis.recording import Recording, load_recording
from myoassist.analysis.report_media import Budget, picture, relative, shrinking, video
from myoassist.analysis.report_metrics import cell, group_of, grouped, label_of, number, split_side, without_value
from myoassist.analysis.report_ranges import RANGES, SOURCES, human_range
from myoassist.analysis.report_run import (
    choice,
    evaluation_command,
    evaluations_table,
    read_rows,
    run_facts,
    run_of_evaluation,
)
from myoassist.analysis.results import analyse_trial, write_report, write_run_report
from myoassist.errors import ConfigError, RunError

NOW = datetime(2026, 1, 31, 12, 0)
LOADING = {"src", "srcset", "poster", "data", "action", "background"}


class Page(HTMLParser):
    """What a page holds: ids, pictures, texts, and every address it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self._silent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.append((tag, held))
        self._silent = tag in ("style", "script")
        if held.get("id"):
            self.ids.append(str(held["id"]))
        self.loads += [str(value) for name, value in attrs if name in LOADING]
        if "href" in held:
            (self.links if tag == "a" else self.loads).append(str(held["href"]))

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words = " ".join([self.words, *data.split()])

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [held for name, held in self.tags if name == tag]


def check_self_contained(text: str) -> Page:
    """Raise where a page would load anything, repeats an id, has a dead link, or a picture without words."""
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    assert all(address.startswith("data:") for address in page.loads), page.loads
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert not re.search(r"url\(|@import", text)
    assert page.named("html")[0]["lang"] == "en"
    for image in page.named("img"):
        assert len(str(image.get("alt"))) > 10
        assert base64.b64decode(str(image["src"]).partition(",")[2])
    return page


def put(folder: Path, recording: Recording, **meta: Any) -> Path:
    """A trial folder with the recording, its name that of the folder."""
    folder.mkdir(parents=True)
    named = replace(recording, meta=recording.meta | {"name": folder.name} | meta)
    named.save(folder / "recording.npz")
    return folder


def trial_page(folder: Path, recording: Recording, **meta: Any) -> Page:
    result = analyse_trial(put(folder, recording, **meta), plots=["reward"])
    return check_self_contained(write_report(folder, results=[result], now=NOW).read_text(encoding="utf-8"))


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


class TestBadInput:
    def test_empty_recording(self, tmp_path: Path) -> None:
        page = trial_page(tmp_path / "empty", part(walker(), 0))
        assert "No result" in page.words and "nothing was recorded" in page.words
        assert "The recording is empty" in page.words

    def test_no_complete_stride(self, tmp_path: Path) -> None:
        page = trial_page(tmp_path / "standing", standing())
        assert "Does not walk" in page.words and "There is no complete stride" in page.words
        assert "0 strides were analysed" in page.words
        assert "no complete stride was found" in page.words  # why plots are missing

    def test_signal_that_is_no_number(self, tmp_path: Path) -> None:
        even = walker()
        angles = even.arrays["joint_position"].copy()
        angles[300:500, 3] = np.nan
        page = trial_page(tmp_path / "broken", changed(even, joint_position=angles))
        assert "hip_flexion_r is no number in 200 of 1200 frames" in page.words
        assert " nan" not in page.words.lower()

    def test_falls_at_once(self, tmp_path: Path) -> None:
        page = trial_page(tmp_path / "falls", fall(seconds=0.1))
        assert "✕ Falls" in page.words and "0 of 1" in page.words

    def test_interrupted_recording(self, tmp_path: Path) -> None:
        cut = part(walker(), 700)
        cut.arrays["done"][:] = 0
        assert "1 of 1 episodes stop in the middle" in trial_page(tmp_path / "cut", cut).words

    def test_one_trial_that_cannot_be_read_costs_a_line(self, tmp_path: Path) -> None:
        even = put(tmp_path / "even", walker())
        analyse_trial(even, plots=["reward"])
        for name, content in (("cut_off", (even / "recording.npz").read_bytes()[:9000]), ("lost", None)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "episodes.csv").write_text("env\n0\n", encoding="utf-8")
            if content:
                (tmp_path / name / "recording.npz").write_bytes(content)
        page = check_self_contained(write_report(tmp_path, now=NOW).read_text(encoding="utf-8"))
        assert "✓ Walks" in page.words and "cannot be read, it is cut off" in page.words
        assert "no such file" in page.words
        assert page.ids.count("explain") == 1  # though the first trial has no measures

    def test_broken_plot_and_unknown_files(self, tmp_path: Path) -> None:
        even = put(tmp_path / "even", walker())
        result = analyse_trial(even, plots=["reward"])
        (even / "plots" / "steps.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
        Image.new("RGB", (40, 30)).save(even / "plots" / "my_own.png")
        assert list(result.plots) == ["reward"]
        page = check_self_contained(write_report(even, now=NOW).read_text(encoding="utf-8"))
        assert "The plot steps.png cannot be read." in page.words and "My own" in page.words

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(RunError, match="holds no recording"):
            write_report(tmp_path)
        with pytest.raises(RunError, match="is not there"):
            write_report(tmp_path / "none")

    def test_a_file_of_another_kind_stays(self, tmp_path: Path) -> None:
        even = put(tmp_path / "even", walker())
        (even / "report.html").write_text("<p>mine</p>", encoding="utf-8")
        with pytest.raises(RunError, match="is no report of this program; nothing was overwritten"):
            write_report(even)
        assert (even / "report.html").read_text(encoding="utf-8") == "<p>mine</p>"

    def test_unknown_plot(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="kinematics"):
            analyse_trial(put(tmp_path / "even", walker()), plots=["kinematic"])


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


class TestMedia:
    def test_large_videos_are_linked(self, tmp_path: Path) -> None:
        film = tmp_path / "a trial" / "videos" / "walk & <run>.mp4"
        film.parent.mkdir(parents=True)
        film.write_bytes(b"12345")
        budget = Budget(7)
        inside, outside = (video(film, tmp_path / "report.html", budget) for _ in range(2))
        assert inside and outside and not inside.linked and outside.linked
        assert outside.source == "a%20trial/videos/walk%20%26%20%3Crun%3E.mp4"
        assert video(tmp_path / "notes.txt", tmp_path, budget) is None

    def test_links_from_another_folder(self, tmp_path: Path) -> None:
        assert relative(tmp_path / "a" / "v.mp4", tmp_path / "b" / "report.html") == "../a/v.mp4"

    def test_pictures_shrink(self, tmp_path: Path) -> None:
        path = tmp_path / "plot.png"
        noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
        sizes = [len(picture(path, title="", caption="", alt="", shrink=shrink).source) for shrink in (0, 1, 2)]  # type: ignore[union-attr]
        assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]
        size = path.stat().st_size
        assert [shrinking([path], limit) for limit in (size, size - 1, size // 5)] == [0, 1, 2]


class TestRunFacts:
    def test_time_adds_up_over_resumptions(self, tmp_path: Path) -> None:
        table = "time/total_timesteps,time/time_elapsed\n100,10\n200,20\n300,5\n400,12\n"
        (tmp_path / "metrics.csv").write_text(table, encoding="utf-8")
        facts = run_facts(tmp_path)
        assert (facts.steps, facts.seconds) == (400, 32.0)

    def test_broken_files_are_left_out(self, tmp_path: Path) -> None:
        (tmp_path / "environment.json").write_text("{", encoding="utf-8")
        (tmp_path / "metrics.csv").write_bytes(b"\xff\xfe\x00")
        facts = run_facts(tmp_path)
        assert (facts.environment, facts.numbers, facts.steps) == ({}, [], 0)

    def test_run_is_found_by_place_or_by_checkpoint(self, tmp_path: Path) -> None:
        run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
        (run / "evaluations" / "step_1").mkdir(parents=True)
        elsewhere.mkdir()
        assert run_of_evaluation(run / "evaluations" / "step_1") is None
        (run / "config.yaml").touch()
        assert run_of_evaluation(run / "evaluations" / "step_1") == run
        summary = {"checkpoint": str(run / "checkpoints" / "step_1")}
        (elsewhere / "evaluation.json").write_text(json.dumps(summary), encoding="utf-8")
        assert run_of_evaluation(elsewhere) == run

    def test_evaluations_without_numbers(self, tmp_path: Path) -> None:
        assert evaluations_table([{"time/total_timesteps": "10", "eval/speed": ""}]) is None
        assert read_rows(tmp_path / "none.csv") == []

    def test_words(self) -> None:
        assert choice({"type": "uniform", "low": 0.75, "high": 1.75}) == "uniform, low 0.75 m/s, high 1.75 m/s"
        assert evaluation_command({}) == ""


def browser() -> tuple[Any, str] | None:
    """Playwright's functions and a Chromium, where both are there."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None or importlib.util.find_spec("playwright") is None:
        return None
    return importlib.import_module("playwright.sync_api"), found


@pytest.mark.slow
def test_every_plot_of_a_trained_walker(tmp_path: Path) -> None:
    result = analyse_trial(put(tmp_path / "walk", load_recording(REAL)))
    assert set(result.plots) | set(result.not_drawn) == set(PLOTS) and len(result.plots) > 10
    path = write_report(tmp_path / "walk", results=[result], now=NOW)
    page = check_self_contained(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 8e6
    assert all(PLOTS[name].title in page.words for name in result.plots)
    assert all(any(character.isdigit() for character in str(image["alt"])) for image in page.named("img"))


def test_page_of_a_fall_with_stick_figures(tmp_path: Path) -> None:
    folder = put(tmp_path / "fall", fall(seconds=0.4))
    (folder / "videos").mkdir()
    (folder / "videos" / "note.txt").write_text("video: no OpenGL library draws here", encoding="utf-8")
    result = analyse_trial(folder, plots=["reward"])
    words = check_self_contained(write_report(folder, results=[result], now=NOW).read_text(encoding="utf-8")).words
    assert "video: no OpenGL library draws here" in words
    assert not re.search("▲|▼|●", words)


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


def check_view(view: Any, path: Path) -> None:
    said: list[str] = []
    asked: list[str] = []
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.on("request", lambda request: asked.append(request.url))
    view.goto(path.resolve().as_uri())
    view.wait_for_function("[...document.images].every(image => image.complete)")
    assert not said
    assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
    assert view.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert view.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    view.click("table.sortable thead button >> nth=0")
    assert view.evaluate("document.querySelector('[aria-sort]').getAttribute('aria-sort')") == "ascending"
    view.focus("figure.plot img >> nth=0")
    view.keyboard.press("Enter")
    assert view.evaluate("document.querySelector('dialog').open")
    view.keyboard.press("Escape")
    assert not view.evaluate("document.querySelector('dialog').open")
    view.close()
