"""``scripts/import_motion.py``: a motion in, a gait, a report, a preview and a film out."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from myoassist.analysis.plots.motion import motion_figure
from myoassist.config import ReferenceConfig
from myoassist.env.replay_live import ReferenceWalker
from myoassist.reference.importing import import_motion
from myoassist.reference.motion import load_gait
from myoassist.reference.retarget import retarget
from myoassist.view.live import Controls
from tests.helpers import experiment
from tests.motions import columns, limping, write_mot

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "import_motion.py"


@pytest.fixture(scope="module")
def command():
    spec = importlib.util.spec_from_file_location("import_motion", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture()
def walk_file(tmp_path: Path) -> Path:
    return write_mot(tmp_path / "walk.mot", *columns(load_gait()))


@pytest.mark.slow
def test_everything_is_written_and_the_gait_can_be_used(command, walk_file: Path, capsys) -> None:
    folder = walk_file.parent / "out"
    assert command.main([f"motion={walk_file}", f"output={folder}", "video=false"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["motion.yaml", "preview.png", "report.json", "report.txt"]
    assert load_gait(folder / "motion.yaml").cycle_seconds == pytest.approx(1.14, abs=1e-3)
    numbers = json.loads((folder / "report.json").read_text())
    assert numbers["strides_used"] == 5
    assert numbers["model"]["not_in_model"] == ["hip_adduction", "hip_rotation", "pelvis_list", "pelvis_rotation"]
    out = capsys.readouterr().out
    assert (folder / "report.txt").read_text() in out
    assert f"reference.path={folder / 'motion.yaml'}" in out


def test_an_earlier_import_is_kept(command, walk_file: Path) -> None:
    (walk_file.parent / "out").mkdir()
    assert command.new_folder(walk_file.parent / "out") == walk_file.parent / "out_2"
    assert command.new_folder(walk_file.parent / "out") == walk_file.parent / "out_3"


@pytest.mark.slow
def test_a_film_of_a_body_in_three_dimensions(command, walk_file: Path) -> None:
    folder = walk_file.parent / "out"
    small = ["evaluation.video.width=128", "evaluation.video.height=128", "evaluation.video.fps=10", "seconds=1"]
    assert command.main([f"motion={walk_file}", f"output={folder}", "model=26muscle", *small]) == 0
    assert any(path.stem == "replay" and path.stat().st_size > 1000 for path in folder.iterdir())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["motion="], "error: motion: no file is named; write motion=<file>"),
        (["motion=gone.mot"], "error: reference.path: 'gone.mot' cannot be read"),
        (["motion={}", "seconds=0"], "error: seconds: got '0'"),
        (["motion={}", "video=maybe"], "error: video: got 'maybe'"),
        (["motion={}", "model=22musle"], "error: model: no choice named '22musle'"),
        (["motion={}", "reference.unit=grad"], "error: reference.unit: no choice named 'grad'"),
        (["motion={}", "reference.unit=deg"], "which are radians; give reference.unit=rad"),
        (["reference=none"], "error: reset.type: reference_phase needs a gait"),
        (["reference=none", "reset=standing"], "error: reference: none has no motion to look at"),
        (["reference=file"], "error: reference.path: missing"),
    ],
)
def test_a_bad_request_is_one_line_and_leaves_nothing(
    command, walk_file: Path, capsys, monkeypatch, arguments: list[str], expected: str
) -> None:
    monkeypatch.chdir(walk_file.parent)
    assert command.main([argument.format(walk_file) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert list(walk_file.parent.iterdir()) == [walk_file]


def test_on_a_screen_the_walker_goes_on_and_starts_again() -> None:
    walker = ReferenceWalker(experiment("device=none"), fps=20)
    try:
        controls = Controls()
        frames = [walker.step(controls) for _ in range(20)]
        assert [frame.time for frame in frames[:2]] == pytest.approx([0.05, 0.1])
        assert frames[-1].qpos[0] == pytest.approx(frames[-1].target_speed, abs=0.05)  # m after one second
        assert not walker.scene.steerable
        controls.restart = True
        again = walker.step(controls)
        assert (again.time, again.episode, again.qpos[0]) == (0.0, 1, 0.0)
        assert not controls.restart
    finally:
        walker.close()


def test_the_preview_shows_every_coordinate_with_its_unit(tmp_path: Path, build) -> None:
    path = write_mot(tmp_path / "limp.mot", *columns(limping()))
    imported = import_motion(ReferenceConfig(name="file", path=str(path)))
    body = build("myolegs26")
    reference = retarget(imported.gait, body.models[0], body.index)
    signs = {name: joint.sign for name, joint in body.index.joints.items()}
    figure = motion_figure(imported, reference, signs)
    assert isinstance(figure, Figure)
    axes = [axis for axis in figure.axes if axis.get_visible()]
    assert {axis.get_ylabel() for axis in axes} == {"deg", "m", "m/s"}
    knee = next(axis for axis in axes if axis.get_title(loc="left").startswith("knee"))
    curves = [np.asarray(line.get_ydata(), dtype=float) for line in knee.lines]
    lowest = [np.nanmin(curve) for curve in curves if len(curve) > 2]
    assert min(lowest) == pytest.approx(-60, abs=6)  # deg, right knee in swing
    assert max(lowest) == pytest.approx(-30, abs=6)  # the stiff left one
