"""``scripts/analyse.py``: everything again from recordings alone, and nothing else overwritten."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from recordings import changed, fall, walker

from myoassist import finishing
from myoassist.analysis import results_trial
from myoassist.analysis.recording import Recording
from myoassist.analysis.results import analyse_again
from myoassist.config import VideoConfig
from myoassist.errors import RunError
from myoassist.files import write_beside
from myoassist.view import video as make_video

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "analyse.py"


def put(folder: Path, recording: Recording, name: str = "recording.npz") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    recording.meta["name"] = folder.name
    return recording.save(folder / name)


def again(place: Path, **options: object) -> list[str]:
    """Run it with one quick plot; returns what it said."""
    said: list[str] = []
    report = analyse_again(place, plots=["reward"], say=said.append, **options)  # type: ignore[arg-type]
    assert report.is_file()
    return said


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


MADE = ["metrics.json", "plots/reward.png", "report.html", "strides.csv"]


@pytest.fixture()
def trial(tmp_path: Path) -> Path:
    return put(tmp_path / "even", walker(seconds=6.0)).parent


@pytest.fixture()
def evaluation(tmp_path: Path) -> Path:
    put(tmp_path / "evaluation" / "even", walker(seconds=6.0))
    put(tmp_path / "evaluation" / "falls", fall(seconds=0.4))
    return tmp_path / "evaluation"


class TestPlaces:
    def test_folder_of_a_trial(self, trial: Path) -> None:
        said = again(trial)
        assert names(trial) == sorted([*MADE, "recording.npz"])
        assert said[-1].startswith("even: walks: 1 of 1 episodes")

    def test_recording_in_its_folder(self, trial: Path) -> None:
        again(trial / "recording.npz")
        assert names(trial) == sorted([*MADE, "recording.npz"])

    def test_recording_of_another_name(self, tmp_path: Path) -> None:
        path = put(tmp_path / "downloads", walker(seconds=6.0), "patient 1.npz")
        again(path)
        assert names(tmp_path / "downloads") == ["patient 1.npz", *(f"patient 1_analysis/{name}" for name in MADE)]

    def test_evaluation(self, evaluation: Path) -> None:
        again(evaluation)
        assert (evaluation / "report.html").is_file() and (evaluation / "falls" / "metrics.json").is_file()

    def test_elsewhere(self, evaluation: Path, tmp_path: Path) -> None:
        before = names(evaluation)
        again(evaluation, output=tmp_path / "figures", formats=["svg"])
        assert names(evaluation) == before
        made = names(tmp_path / "figures")
        assert {"report.html", "even/strides.csv", "even/plots/reward.svg", "even/plots/reward.png"} <= set(made)

    def test_twice(self, trial: Path) -> None:
        again(trial)
        first = {name: (trial / name).read_bytes() for name in ("metrics.json", "strides.csv", "plots/reward.png")}
        again(trial)
        assert first == {name: (trial / name).read_bytes() for name in first}

    def test_a_recording_cut_off_costs_one_trial(self, evaluation: Path) -> None:
        whole = (evaluation / "falls" / "recording.npz").read_bytes()
        (evaluation / "falls" / "recording.npz").write_bytes(whole[:3000])
        said = again(evaluation)
        assert any(line.startswith("falls: ") and "cannot be read" in line for line in said)
        assert (evaluation / "even" / "metrics.json").is_file()

    def test_a_trial_that_cannot_be_read_is_said_once(self, trial: Path) -> None:
        (trial / "recording.npz").write_bytes((trial / "recording.npz").read_bytes()[:3000])
        said: list[str] = []
        with pytest.raises(RunError, match="cannot be read"):
            analyse_again(trial, say=said.append)
        assert said == []

    def test_no_trial_that_can_be_read(self, evaluation: Path) -> None:
        said: list[str] = []
        for path in evaluation.glob("*/recording.npz"):
            path.write_bytes(path.read_bytes()[:3000])
        with pytest.raises(RunError, match="none of its 2 trials can be analysed"):
            analyse_again(evaluation, say=said.append)
        assert len(said) == 2


class TestVideos:
    def test_new_ones_are_in_the_report(self, trial: Path) -> None:
        def film(_: Path, folder: Path) -> None:
            write_beside(folder / "videos" / "episode_0.mp4", b"not really a film")

        again(trial, film=film)
        assert "Video of even, episode 0" in (trial / "report.html").read_text(encoding="utf-8")

    def test_a_stick_figure_is_explained_beside_the_film(self, trial: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """And no longer where the next film needs no explanation."""
        note, said = trial / "videos" / "note.txt", []
        experiment = SimpleNamespace(evaluation=SimpleNamespace(camera=None))
        monkeypatch.setattr(finishing, "parse_config", lambda _: experiment)
        monkeypatch.setattr(finishing, "load_recording", lambda _: changed(walker(seconds=1.0)))
        for why in ("video: no OpenGL library draws here", None):
            monkeypatch.setattr(make_video, "make_film", lambda *made, why=why: make_video.Film(made[2], why))
            finishing.film(trial, trial, VideoConfig(episodes=1), say=said.append)
            assert note.exists() == (why is not None)
            assert why is None or note.read_text(encoding="utf-8") == f"{why}\n"


class TestInterrupted:
    @pytest.fixture()
    def stopped(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        """Analyse and be stopped with Ctrl-C when the first plot lies there."""

        def run(place: Path, **options: object) -> None:
            def draw(analysis: object, folder: Path, *_: object) -> None:
                write_beside(folder / "kinematics.png", b"\x89PNG")
                raise KeyboardInterrupt

            with monkeypatch.context() as patch:
                patch.setattr(results_trial, "save_plots", draw)
                with pytest.raises(KeyboardInterrupt):
                    again(place, **options)

        return run

    def test_it_can_be_run_again(self, trial: Path, tmp_path: Path, stopped: Callable[..., None]) -> None:
        for options in ({}, {"output": tmp_path / "figures"}):
            stopped(trial, **options)
            again(trial, **options)
            assert ((options.get("output") or trial) / "report.html").is_file()

    @pytest.mark.parametrize(("name", "content"), [("png", b"\x89PNG"), ("svg", b"<?xml "), ("pdf", b"%PDF-1.4")])
    def test_plots_of_a_trial_without_metrics(self, trial: Path, name: str, content: bytes) -> None:
        """As an evaluation stopped while it draws may leave them."""
        write_beside(trial / "plots" / f"kinematics.{name}", content)
        again(trial)


class TestNothingIsLost:
    @pytest.mark.parametrize("name", ["metrics.json", "strides.csv", "report.html", "plots/kinematics.png"])
    def test_files_of_others(self, trial: Path, name: str) -> None:
        (trial / name).parent.mkdir(exist_ok=True)
        (trial / name).write_text("mine", encoding="utf-8")
        with pytest.raises(RunError, match="nothing was overwritten"):
            again(trial)
        assert names(trial) == sorted([name, "recording.npz"]) and (trial / name).read_text("utf-8") == "mine"

    def test_results_of_another_trial(self, trial: Path, tmp_path: Path) -> None:
        again(trial)
        before = (trial / "metrics.json").read_bytes()
        put(tmp_path / "other", walker(seconds=6.0))
        with pytest.raises(RunError, match="holds results of another trial \\('even'\\)"):
            again(tmp_path / "other", output=trial)
        assert (trial / "metrics.json").read_bytes() == before

    def test_output_that_is_a_file(self, trial: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine", encoding="utf-8")
        with pytest.raises(RunError, match="is a file; give a folder"):
            again(trial, output=tmp_path / "file")


@pytest.fixture(scope="module")
def main() -> Callable[[list[str]], int]:
    """The program of the script."""
    spec = importlib.util.spec_from_file_location("analyse_script", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


class TestCommandLine:
    @pytest.mark.slow
    def test_makes_it(self, trial: Path, tmp_path: Path) -> None:
        command = [sys.executable, str(SCRIPT), "recording=even", "plots=[reward]", "formats=[png,svg]", "output=out"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == f"report: {Path('out') / 'report.html'}"
        assert json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))["trial"] == "even"
        assert (tmp_path / "out" / "plots" / "reward.svg").is_file()

    def test_help(self, main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--help"]) == 0
        assert "recording=<place>" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "recording: none given"),
            (["recordin=x"], "did you mean 'recording'"),
            (["recording="], "recording: give one"),
            (["recording=even", "recording=even"], "recording: give one"),
            (["recording=none"], "recording=none: is not there"),
            (["recording=empty"], "recording=empty: holds no recording"),
            (["recording=notes.txt"], "cannot be read, it is cut off or no recording"),
            (["recording=even", "plots=[kinematic]"], "did you mean 'kinematics'"),
            (["recording=even", "formats=[jpg]"], "no format of a plot named 'jpg'"),
        ],
    )
    def test_a_bad_request_is_one_line(
        self,
        main: Callable[[list[str]], int],
        trial: Path,
        arguments: list[str],
        words: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        folder = trial.parent
        (folder / "notes.txt").write_text("no recording", encoding="utf-8")
        (folder / "empty").mkdir()
        monkeypatch.chdir(folder)
        assert main(arguments) == 2
        said = capsys.readouterr()
        assert words in said.err and said.err.startswith("error: ") and said.err.count("\n") == 1
        assert names(folder) == ["even/recording.npz", "notes.txt"]
