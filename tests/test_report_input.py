"""What reports are made from: poor recordings and damaged files end in words; films and pictures; facts of a run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import NOW, Page, check_self_contained
from PIL import Image
from recordings import REAL, changed, fall, part, put, standing, walker

from myoassist.analysis.plots import PLOTS
from myoassist.analysis.recording import Recording, load_recording
from myoassist.analysis.report_media import Budget, picture, relative, shrinking, video
from myoassist.analysis.report_run import (
    choice,
    evaluation_command,
    evaluations_table,
    read_rows,
    run_facts,
    run_of_evaluation,
)
from myoassist.analysis.results import analyse_trial, write_report
from myoassist.errors import ConfigError, RunError


def trial_page(folder: Path, recording: Recording, **meta: Any) -> Page:
    result = analyse_trial(put(folder, recording, **meta), plots=["reward"])
    return check_self_contained(write_report(folder, results=[result], now=NOW).read_text(encoding="utf-8"))


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
