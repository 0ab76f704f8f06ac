"""Films: what is coded, what is drawn where, and what happens where nothing can draw."""

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
from helpers import experiment
from PIL import Image

from myoassist.analysis.recording import Recording
from myoassist.config import CameraConfig, VideoConfig
from myoassist.env.recorder import Recorder
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, RunError
from myoassist.model.looks import ground_tile
from myoassist.view import encoder, video
from myoassist.view.camera import AIM, Follower, View, steady_course
from myoassist.view.colours import activation_colour, muscle_radius
from myoassist.view.encoder import write_film
from myoassist.view.offscreen import Canvas, NoGraphicsError, graphics_library
from myoassist.view.overlay import write_caption
from myoassist.view.panel import Panel, choose_plots, signals
from myoassist.view.scene import Figure, figure_of, tendon_path
from myoassist.view.stick import StickCanvas, find_sticks
from myoassist.view.video import Episode, make_film, make_stick_video, make_video

ENVS, SECONDS, SEED = 2, 0.5, 7
SMALL = VideoConfig(width=160, height=120, fps=20, seconds=0.4)


def draws() -> bool:
    try:
        return bool(graphics_library())
    except NoGraphicsError:
        return False


needs_gl = pytest.mark.skipif(not draws(), reason="no OpenGL library draws without a window on this machine")


def record(*overrides: str) -> Recording:
    """Walkers that hold still, two episodes of half a second."""
    config = experiment("termination=fall", f"termination.max_seconds={SECONDS}", "reset.bank_size=2", *overrides)
    walk = WalkEnv(config, num_envs=ENVS, seed=SEED, threads=1)
    recorder = Recorder(walk, record_hz=120, envs=ENVS)
    walk.watchers.append(recorder)
    walk.reset()
    finished = {}
    while len(finished) < ENVS:
        walk.step(np.zeros((ENVS, len(walk.action_map))))
        finished |= {e.env: e for e in walk.episodes.drain() if e.env not in finished}
    walk.close()
    described = {"name": "walk", "checkpoint": "", "steps": 0, "seed": SEED, "deterministic": True}
    return recorder.recording([finished[env] for env in range(ENVS)], **described)


@pytest.fixture(scope="module")
def flat() -> Recording:
    return record()


@pytest.fixture(scope="module")
def figure(flat: Recording) -> Figure:
    return figure_of(flat, 0)


def probe(path: Path) -> tuple[dict, str]:
    """Facts of a film, and all that ffmpeg says of it."""
    reader = imageio_ffmpeg.read_frames(str(path))
    facts = next(reader)
    reader.close()
    said = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True).stderr
    return facts, said


class TestEncoder:
    def frames(self, count: int = 12) -> list[np.ndarray]:
        return [np.full((48, 64, 3), 20 * number, dtype=np.uint8) for number in range(count)]

    def test_film_is_h264_that_plays_everywhere(self, tmp_path: Path) -> None:
        path = write_film(self.frames(), tmp_path / "a" / "film.mp4", width=64, height=48, fps=24)
        facts, said = probe(path)
        assert path == tmp_path / "a" / "film.mp4"
        assert facts["codec"] == "h264" and facts["size"] == (64, 48) and facts["fps"] == 24
        assert facts["duration"] == pytest.approx(0.5) and "yuv420p" in said and "Audio" not in said
        assert imageio_ffmpeg.count_frames_and_secs(str(path))[0] == 12
        data = path.read_bytes()
        assert 0 < data.index(b"moov") < data.index(b"mdat")  # the index in front: it plays while it loads

    def test_pictures_come_back(self, tmp_path: Path) -> None:
        path = write_film(self.frames(), tmp_path / "film.mp4", width=64, height=48, fps=24)
        reader = imageio_ffmpeg.read_frames(str(path))
        next(reader)
        means = [np.frombuffer(frame, dtype=np.uint8).mean() for frame in reader]
        np.testing.assert_allclose(means, 20.0 * np.arange(12), atol=4.0)

    def test_a_film_that_fails_leaves_the_earlier_one(self, tmp_path: Path) -> None:
        path = tmp_path / "film.mp4"
        path.write_text("earlier")

        def broken():
            yield from self.frames(2)
            raise ValueError("no more")

        with pytest.raises(ValueError, match="no more"):
            write_film(broken(), path, width=64, height=48, fps=24)
        assert path.read_text() == "earlier" and [file.name for file in tmp_path.iterdir()] == ["film.mp4"]

    def test_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(RunError, match=r"film\.mp4: cannot be written"):
            write_film(self.frames(), tmp_path / "file" / "film.mp4", width=64, height=48, fps=24)

    def test_gif_where_ffmpeg_is_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(encoder.imageio_ffmpeg, "get_ffmpeg_exe", _missing)
        path = write_film(self.frames(), tmp_path / "film.mp4", width=64, height=48, fps=30)
        with Image.open(path) as image:
            assert path.name == "film.gif" and image.format == "GIF"
            assert image.n_frames == 6  # type: ignore[attr-defined]  # every second one: 15 per second
            assert image.info["duration"] == pytest.approx(1000 / 15, abs=10)


def _missing() -> str:
    raise RuntimeError("No ffmpeg exe could be found.")


class TestColours:
    def test_ends_and_middle(self) -> None:
        colours = activation_colour(np.array([0.0, 0.25, 0.5, 1.0, 1.7, -1.0]))
        np.testing.assert_allclose(colours[0], [0.15, 0.35, 0.78])
        np.testing.assert_allclose(colours[1], [0.405, 0.295, 0.68])  # halfway from 0 to 0.5
        np.testing.assert_allclose(colours[2], [0.66, 0.24, 0.58])
        np.testing.assert_allclose(colours[3], [0.98, 0.33, 0.10])
        np.testing.assert_allclose(colours[4:], colours[[3, 0]])

    def test_red_grows_and_blue_falls(self) -> None:
        red, _, blue = activation_colour(np.linspace(0, 1, 21)).T
        assert (np.diff(red) > 0).all() and (np.diff(blue) < 0).all()

    def test_radius(self) -> None:
        np.testing.assert_allclose(muscle_radius(np.array([0.0, 0.5, 1.0]), slack=0.005), [0.005, 0.008, 0.011])

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
    def test_a_point_looked_at_is_in_the_middle(self) -> None:
        view = View(np.array([1.0, 2.0, 3.0]), 4.0, 37.0, -20.0)
        np.testing.assert_allclose(view.project([[1.0, 2.0, 3.0]], width=200, height=100), [[100, 50, 4.0]])

    def test_azimuth_90_sees_the_right_side_with_forward_to_the_right(self) -> None:
        view = View(np.zeros(3), 3.0, 90.0, 0.0)
        forward, up, right_hand = view.project([[1, 0, 0], [0, 0, 1], [0, -1, 0]], width=200, height=200)
        assert forward[0] > 100 and forward[1] == pytest.approx(100)
        assert up[1] < 100 and up[0] == pytest.approx(100)
        assert right_hand[2] == pytest.approx(2.0)  # the walker's right is nearer than its middle

    def test_scale_in_pixels(self) -> None:
        """At 3 m a picture of 40 degrees shows 2 * 3 * tan(20°) = 2.184 m from top to bottom."""
        top = View(np.zeros(3), 3.0, 90.0, 0.0).project([[0, 0, 1.0919]], width=200, height=200)[0]
        assert top[1] == pytest.approx(0.0, abs=0.05)

    def test_180_sees_the_front(self) -> None:
        seen = View(np.zeros(3), 3.0, 180.0, 0.0).project([[0.5, 0, 0], [0, 0.5, 0]], width=200, height=200)
        assert seen[0, 2] == pytest.approx(2.5) and seen[1, 0] > 100  # a walker's left is on the right

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

    def test_course_goes_along_without_lag_or_bobbing(self) -> None:
        time = np.arange(0, 6, 1 / 30)
        bob = 0.03 * np.sin(2 * np.pi * 2 * time)
        pelvis = np.stack([1.2 * time, 0.02 * np.sin(2 * np.pi * time), 0.9 + bob], axis=1)
        course = steady_course(pelvis, dt=1 / 30)
        np.testing.assert_allclose(course[:, 0], pelvis[:, 0], atol=0.01)
        np.testing.assert_allclose(course[:, 2], 0.9 + AIM, atol=0.015)
        assert np.ptp(course[30:-30, 2]) < 0.002

    def test_course_sinks_with_a_fall(self) -> None:
        height = np.where(np.arange(120) < 60, 0.9, 0.2)
        course = steady_course(np.stack([np.zeros(120), np.zeros(120), height], axis=1), dt=1 / 30)
        assert course[-1, 2] == pytest.approx(0.2 + AIM, abs=0.02) and course[0, 2] == pytest.approx(
            0.9 + AIM, abs=0.02
        )

    def test_live_camera_keeps_up(self) -> None:
        follow = Follower(np.array([0.0, 0.0, 0.9]))
        for step in range(1, 300):
            target = follow(np.array([1.25 * step / 30, 0.0, 0.9]), 1 / 30)
            assert abs(target[0] - 1.25 * step / 30) < 0.4
        np.testing.assert_allclose(follow(np.array([0.0, 0.0, 0.9]), 1 / 30)[:2], [0.0, 0.0])  # began anew


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


def test_ground_has_a_line_at_each_metre_of_the_course() -> None:
    for begin in (0.0, 31.0, 14.15):  # where MuJoCo begins to lay the tile: the middle of the ground
        tile = ground_tile(begin).astype(int)
        along = begin + (np.arange(512) + 0.5) / 256  # m of each column; the tile is 2 m
        row = tile[20, :, 0]
        dark = row < 175
        np.testing.assert_array_equal(dark, np.abs(along - np.round(along)) < 0.010)
        shades = {int(metre) % 2: set() for metre in (0, 1)}
        for metre, grey in zip(along, row, strict=True):
            if 0.1 < metre % 0.5 < 0.4:
                shades[int(metre) % 2].add(int(grey))
        assert all(len(grey) == 1 for grey in shades.values()) and shades[0] != shades[1]


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


def test_long_names_do_not_run_into_each_other() -> None:
    image = Image.new("RGB", (300, 200), "white")
    write_caption(image, left=["m" * 80], right=["w" * 80])
    dark = (np.asarray(image).min(axis=2) < 128).any(axis=0)
    assert dark.any() and not dark[146:154].any()


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
        monkeypatch.setattr(encoder.imageio_ffmpeg, "get_ffmpeg_exe", _missing)
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
