"""What films are made of, without a walker: coding, colours, the camera, lines on the ground, captions."""

from __future__ import annotations

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from films import missing, probe
from PIL import Image

from myoassist.errors import RunError
from myoassist.model.looks import ground_tile
from myoassist.view import encoder
from myoassist.view.camera import AIM, Follower, View, steady_course
from myoassist.view.colours import activation_colour, muscle_radius
from myoassist.view.encoder import write_film
from myoassist.view.overlay import write_caption


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
        monkeypatch.setattr(encoder.imageio_ffmpeg, "get_ffmpeg_exe", missing)
        path = write_film(self.frames(), tmp_path / "film.mp4", width=64, height=48, fps=30)
        with Image.open(path) as image:
            assert path.name == "film.gif" and image.format == "GIF"
            assert image.n_frames == 6  # type: ignore[attr-defined]  # every second one: 15 per second
            assert image.info["duration"] == pytest.approx(1000 / 15, abs=10)


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


def test_long_names_do_not_run_into_each_other() -> None:
    image = Image.new("RGB", (300, 200), "white")
    write_caption(image, left=["m" * 80], right=["w" * 80])
    dark = (np.asarray(image).min(axis=2) < 128).any(axis=0)
    assert dark.any() and not dark[146:154].any()
