"""Films of a walker: what is drawn where, and what happens where nothing can draw."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from films import ENVS, SEED, SMALL, missing, needs_gl, probe, record
from helpers import experiment

from myoassist.analysis.recording import Recording
from myoassist.config import CameraConfig, VideoConfig
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, RunError
from myoassist.view import encoder, video
from myoassist.view.camera import AIM, View
from myoassist.view.offscreen import Canvas, NoGraphicsError
from myoassist.view.panel import Panel, choose_plots, signals
from myoassist.view.scene import Figure, figure_of, tendon_path
from myoassist.view.stick import StickCanvas, find_sticks
from myoassist.view.video import Episode, make_film, make_stick_video, make_video


@pytest.fixture(scope="module")
def flat() -> Recording:
    return record()


@pytest.fixture(scope="module")
def figure(flat: Recording) -> Figure:
    return figure_of(flat, 0)


class TestColours:
    def test_each_muscle_has_the_colour_of_its_activation(self, flat: Recording, figure: Figure) -> None:
        names = list(figure.index.muscles)
        activation = np.zeros(len(names))
        activation[names.index("soleus_l")] = 1.0
        figure.pose(flat["qpos"][0], activation)
        model = figure.model
        by_name = {model.tendon(i).name: model.tendon_rgba[i, :3] for i in range(model.ntendon)}
        np.testing.assert_allclose(by_name["soleus_l_tendon"], [0.98, 0.33, 0.10], atol=1e-6)
        np.testing.assert_allclose(by_name["soleus_r_tendon"], [0.15, 0.35, 0.78], atol=1e-6)
        width = model.tendon_width[model.tendon("soleus_l_tendon").id]
        assert width == pytest.approx(2.2 * model.tendon_width[model.tendon("soleus_r_tendon").id])


class TestCamera:
    @needs_gl
    def test_projection_is_that_of_the_pictures(self, flat: Recording, figure: Figure) -> None:
        figure.pose(flat["qpos"][0], np.zeros(22))
        model = figure.model
        spot = model.geom("Tutorial_L1_shin_cuff_r_geom" if "Tutorial_L1_shin_cuff_r_geom" in _geoms(model) else 1)
        view = View(figure.pelvis, 3.0, 120.0, -15.0)
        before = model.geom_rgba[spot.id].copy()
        with Canvas(figure, width=320, height=240) as canvas:
            plain = canvas.draw(view).astype(int)
            model.geom_rgba[spot.id] = [0, 1, 0, 1]
            model.geom_matid[spot.id] = -1
            rows, columns = np.nonzero(np.abs(canvas.draw(view) - plain).sum(axis=2) > 60)
        model.geom_rgba[spot.id] = before
        column, row, _ = view.project([figure.data.geom_xpos[spot.id]], width=320, height=240)[0]
        assert abs(columns.mean() - column) < 6 and abs(rows.mean() - row) < 6


def _geoms(model) -> set[str]:
    return {model.geom(i).name for i in range(model.ngeom)}


class TestScene:
    def test_pose_is_that_of_the_recording(self, flat: Recording, figure: Figure) -> None:
        frame = 20
        figure.pose(flat["qpos"][frame], flat["activation"][frame])
        where = flat.column("joint_position", "pelvis_tx")[frame], flat.column("joint_position", "pelvis_ty")[frame]
        np.testing.assert_allclose(figure.pelvis[[0, 2]], where, atol=1e-5)
        for name in ("heel", "toe"):
            recorded = [flat.column("foot_position", f"{name}_r_{axis}")[frame] for axis in "xyz"]
            nearest = min(np.linalg.norm(figure.data.geom(sole).xpos - recorded) for sole in figure.index.soles["r"])
            assert nearest < 0.03  # the sensor belongs to the physics step before

    @pytest.mark.slow
    def test_ground_is_the_one_of_the_episode(self) -> None:
        config = experiment("terrain=rough", "terrain.safe_zone=0.5", "terrain.amplitude=0.05", "reset.bank_size=2")
        walk = WalkEnv(config, num_envs=3, seed=SEED, threads=1)
        recording = record("terrain=rough", "terrain.safe_zone=0.5", "terrain.amplitude=0.05")
        for episode in range(ENVS):
            drawn = figure_of(recording, episode).model
            simulated = walk.sim.models[recording.meta["episodes"][episode]["ground"]]
            if episode == 0:  # of two grounds, not three: the seed decides each by itself
                np.testing.assert_array_equal(drawn.hfield_data, simulated.hfield_data)
            np.testing.assert_allclose(drawn.geom("ground").pos, simulated.geom("ground").pos)
        first, second = (figure_of(recording, episode).model.hfield_data for episode in range(ENVS))
        assert np.abs(first - second).max() > 0.1
        walk.close()

    def test_muscle_paths_have_the_length_of_the_muscle(self, flat: Recording, figure: Figure) -> None:
        figure.pose(flat["qpos"][10], flat["activation"][10])
        tendon = figure.model.tendon("soleus_r_tendon").id
        path = tendon_path(figure.data, tendon)
        length = sum(np.linalg.norm(np.diff(part, axis=0), axis=1).sum() for part in path)
        assert length == pytest.approx(figure.data.ten_length[tendon], abs=1e-6)

    def test_another_model_is_refused(self, flat: Recording) -> None:
        meta = {**flat.meta, "columns": {**flat.meta["columns"], "activation": ["other"] * 22}}
        with pytest.raises(RunError, match="another version of the body"):
            figure_of(replace(flat, meta=meta), 0)

    def test_drawing_changes_no_address(self, flat: Recording, figure: Figure) -> None:
        assert figure.model.nq == len(flat.columns("qpos"))
        assert figure.model.nlight == 2 and figure.model.ntex > 1


class TestEpisode:
    def test_times_and_captions(self, flat: Recording, figure: Figure) -> None:
        scenes = Episode(flat, 1, CameraConfig(), VideoConfig(fps=10, seconds=0.4))
        np.testing.assert_allclose(scenes.times, [0.0, 0.1, 0.2, 0.3])
        shots = scenes.shots(figure)
        assert [shot.frame for shot in shots] == [0, 11, 23, 35]  # 120 per second, the first at 1/120 s
        words = scenes.captions(shots[2])
        assert words["left"] == ["walk", "episode 1   0.20 s"]
        assert words["right"][1] == "target 1.25 m/s" and re.fullmatch(r"speed -?\d\.\d\d m/s", words["right"][0])

    def test_slow_motion_lies_between_frames(self, flat: Recording, figure: Figure) -> None:
        scenes = Episode(flat, 0, CameraConfig(), VideoConfig(fps=60, speed=0.1, seconds=1.0))
        assert len(scenes.times) == 60 and scenes.times[-1] == pytest.approx(59 / 600)
        scenes.pose(figure, 11)  # 11/600 s is 1.2 frames after the first, at 1/120 s
        rows = flat["qpos"][flat.episodes[0]].astype(float)
        np.testing.assert_allclose(figure.data.qpos[:3], 0.8 * rows[1, :3] + 0.2 * rows[2, :3], atol=1e-9)

    def test_camera_follows_the_pelvis(self, flat: Recording, figure: Figure) -> None:
        scenes = Episode(flat, 0, CameraConfig(distance=2.0, azimuth=45.0, elevation=-5.0), VideoConfig())
        for place, shot in enumerate(scenes.shots(figure)):
            scenes.pose(figure, place)
            assert np.abs(shot.view.target - figure.pelvis - [0, 0, AIM]).max() < 0.12
            assert (shot.view.distance, shot.view.azimuth, shot.view.elevation) == (2.0, 45.0, -5.0)

    def test_no_such_episode(self, flat: Recording, tmp_path: Path) -> None:
        with pytest.raises(RunError, match=r"no episode 2; it has 2, counted from 0"):
            make_stick_video(flat, 2, tmp_path / "a.mp4")


class TestPanel:
    def test_signals_have_the_names_of_groups_and_columns(self, flat: Recording) -> None:
        known = signals(flat)
        assert known["device_torque.ankle_angle_r"] == ("device_torque", "ankle_angle_r")
        assert known["speed"] == ("speed", "") and "qpos.q0" not in known and "done" not in known

    def test_plots(self, flat: Recording) -> None:
        plots = choose_plots(flat, 1, ["device_torque.*", "speed", "target_*"])
        assert [plot.title for plot in plots] == ["device torque (N m)", "speed (m/s)", "target speed (m/s)"]
        assert plots[0].names == ("ankle_angle_r", "ankle_angle_l")
        np.testing.assert_array_equal(plots[1].values[:, 0], flat["speed"][flat.episodes[1]])
        assert all(plot.low <= min(0.0, plot.values.min()) and plot.high >= plot.values.max() for plot in plots)

    def test_unknown_signal(self, flat: Recording) -> None:
        with pytest.raises(ConfigError, match=r"video\.panel: no signal named 'device_torqe\.\*'; did you mean"):
            choose_plots(flat, 0, ["device_torqe.*"])

    def test_too_many_curves(self, flat: Recording) -> None:
        with pytest.raises(ConfigError, match=r"22 signals in one plot .* at most 8"):
            choose_plots(flat, 0, ["activation.*"])

    def test_curve_ends_at_now(self, flat: Recording) -> None:
        plots = choose_plots(flat, 0, ["activation.soleus_r"])
        panel = Panel(plots, width=400, height=120, dt=flat.dt)
        early, late = (np.asarray(panel.draw(frame), dtype=int) for frame in (0, 50))
        blue = lambda image: (image[..., 2] - image[..., 0] > 80) & (np.arange(120) > 26)[:, None]  # noqa: E731
        assert early.shape == (120, 400, 3)
        assert blue(late).any(axis=0).sum() > 40 > blue(early).any(axis=0).sum() > 0
        assert np.flatnonzero(blue(late).any(axis=0)).max() > 380

    def test_a_signal_that_is_not_finite(self, flat: Recording) -> None:
        broken = flat["speed"].copy()
        broken[5:9] = np.nan
        recording = replace(flat, arrays={**flat.arrays, "speed": broken})
        Panel(choose_plots(recording, 0, ["speed"]), width=200, height=80, dt=flat.dt).draw(7)


class TestStick:
    def test_bones(self, figure: Figure) -> None:
        names = {(figure.model.body(a).name, figure.model.body(b).name) for a, b in find_sticks(figure.model)}
        assert {("tibia_r", "femur_r"), ("femur_l", "pelvis"), ("talus_r", "tibia_r")} <= names

    def test_walker_is_in_the_picture_and_ground_below(self, flat: Recording, figure: Figure) -> None:
        figure.pose(flat["qpos"][10], flat["activation"][10])
        view = View(figure.pelvis + [0.0, 0.0, AIM], 3.0, 90.0, -8.0)  # noqa: RUF005
        picture = StickCanvas(figure, width=320, height=240).draw(view).astype(int)
        rows, columns = np.nonzero(picture.min(axis=2) < 110)
        assert picture.shape == (240, 320, 3)
        assert 20 < rows.min() < 60 and 180 < rows.max() < 225 and abs(columns.mean() - 160) < 30

    def test_film(self, flat: Recording, tmp_path: Path) -> None:
        path = make_stick_video(flat, 0, tmp_path / "stick.mp4", video=replace(SMALL, panel=["speed"]))
        facts, _ = probe(path)
        assert facts["codec"] == "h264" and facts["size"] == (160, 120 + 40)  # the panel is 34 % of the picture, even
        assert imageio_ffmpeg.count_frames_and_secs(str(path))[0] == 8


class TestFilm:
    @needs_gl
    def test_film(self, flat: Recording, tmp_path: Path) -> None:
        film = make_film(flat, 0, tmp_path / "walk.mp4", CameraConfig(), replace(SMALL, width=161, panel=["speed"]))
        facts, said = probe(film.path)
        assert film.note is None and film.path == tmp_path / "walk.mp4"
        assert facts["codec"] == "h264" and facts["size"] == (160, 160) and facts["fps"] == 20 and "yuv420p" in said
        assert facts["duration"] == pytest.approx(0.4)
        assert imageio_ffmpeg.count_frames_and_secs(str(film.path))[0] == 8
        assert [file.name for file in tmp_path.iterdir()] == ["walk.mp4"]

    @needs_gl
    def test_muscles_change_colour_in_the_picture(self, flat: Recording, figure: Figure) -> None:
        seen = []
        with Canvas(figure, width=320, height=240) as canvas:
            for activation in (0.0, 1.0):
                figure.pose(flat["qpos"][0], np.full(22, activation))
                picture = canvas.draw(View(figure.pelvis, 2.0, 90.0, -5.0)).astype(int)
                red, blue = picture[..., 0], picture[..., 2]
                seen.append(((red - blue > 90).sum(), (blue - red > 60).sum()))
        assert seen[0][1] > 100 > 10 * seen[1][1] and seen[1][0] > seen[0][0] + 200

    @needs_gl
    def test_shadows_darken_the_ground(self, flat: Recording, figure: Figure) -> None:
        figure.pose(flat["qpos"][0], np.zeros(22))
        view = View(figure.pelvis, 3.0, 90.0, -25.0)
        dark = []
        for shadows in (False, True):
            with Canvas(figure, width=320, height=240, shadows=shadows) as canvas:
                dark.append((canvas.draw(view)[150:].max(axis=2) < 130).sum())
        assert dark[1] > dark[0] + 50

    def test_unknown_signal_ends_before_anything_is_drawn(self, flat: Recording, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="no signal named"):
            make_film(flat, 0, tmp_path / "a.mp4", CameraConfig(), replace(SMALL, panel=["nothing"]))
        assert not list(tmp_path.iterdir())

    def test_stick_figure_stands_in(self, flat: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def nothing(*_: object, **__: object) -> Canvas:
            raise NoGraphicsError("video: nothing draws; apt install libegl1")

        monkeypatch.setattr(video, "Canvas", nothing)
        film = make_film(flat, 0, tmp_path / "walk.mp4", CameraConfig(), SMALL)
        assert film.note == "video: nothing draws; apt install libegl1" and probe(film.path)[0]["codec"] == "h264"
        monkeypatch.setattr(encoder.imageio_ffmpeg, "get_ffmpeg_exe", missing)
        film = make_film(flat, 0, tmp_path / "walk.mp4", CameraConfig(), SMALL)
        assert film.path.name == "walk.gif" and film.path.is_file()
        assert film.note and "apt install" in film.note and "no ffmpeg was found" in film.note


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="hides the libraries of Linux")
def test_a_machine_without_any_graphics_library(flat: Recording, tmp_path: Path) -> None:
    """For real: the loader finds broken files where the libraries were."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    for name in ("libEGL.so.1", "libEGL.so", "libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"):
        (hidden / name).write_text("no library")
    flat.save(tmp_path / "recording.npz")
    program = (
        "import sys; from pathlib import Path\n"
        "from myoassist.analysis.recording import load_recording\n"
        "from myoassist.config import CameraConfig, VideoConfig\n"
        "from myoassist.view.video import make_film\n"
        "video = VideoConfig(width=160, height=120, fps=20, seconds=0.4)\n"
        "film = make_film(load_recording(sys.argv[1]), 0, Path(sys.argv[2]), CameraConfig(), video)\n"
        "print(film.note); print(film.path)"
    )
    surroundings = {**os.environ, "LD_LIBRARY_PATH": str(hidden), "PYTHONPATH": str(Path(__file__).parent.parent)}
    surroundings.pop("MUJOCO_GL", None)
    command = [sys.executable, "-c", program, str(tmp_path / "recording.npz"), str(tmp_path / "walk.mp4")]
    said = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr
    note, path = said.stdout.splitlines()[-2:]
    assert note.startswith("video: no OpenGL library draws without a window here")
    assert "apt install libegl1 libgl1" in note
    assert probe(Path(path))[0]["codec"] == "h264"


@pytest.mark.slow
@needs_gl
@pytest.mark.parametrize(
    "overrides",
    [("device=osl_knee_ankle",), ("model=80muscle", "observation=walk_3d", "device=none", "terrain=rough")],
    ids=["prosthesis", "80 muscles on rough ground"],
)
def test_other_bodies_are_filmed(overrides: tuple[str, ...], tmp_path: Path) -> None:
    recording = record(*overrides)
    for make in (make_video, make_stick_video):
        assert probe(make(recording, 1, tmp_path / f"{make.__name__}.mp4", video=SMALL))[0]["size"] == (160, 120)
