"""Films of recorded episodes: the walker with a camera that follows it, or a stick figure where nothing can draw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import uniform_filter1d

from myoassist.analysis.recording import Recording
from myoassist.config import CameraConfig, VideoConfig
from myoassist.errors import RunError
from myoassist.view.camera import View, steady_course
from myoassist.view.encoder import write_film
from myoassist.view.offscreen import Canvas, NoGraphicsError
from myoassist.view.overlay import write_caption, write_metres, write_scale
from myoassist.view.panel import SHARE, Panel, choose_plots
from myoassist.view.scene import Figure, figure_of
from myoassist.view.stick import StickCanvas

SPEED_SECONDS = 1.0  # s over which the speed that is written is averaged


@dataclass(frozen=True)
class Film:
    """A film and, where it is not what was asked for, one line that says why and what to install."""

    path: Path
    note: str | None = None


@dataclass(frozen=True)
class Shot:
    """One picture of a film: number of the recorded frame, time of the episode (s), and where the camera looks."""

    frame: int
    time: float
    view: View


class Episode:
    """What a film takes from one recorded episode: poses between frames, the camera's course, captions.

    Raises:
        RunError: the recording has no such episode.
    """

    def __init__(self, recording: Recording, number: int, camera: CameraConfig, video: VideoConfig) -> None:
        if not 0 <= number < len(recording.episodes):
            where = recording.path or "recording"
            raise RunError(f"{where}: no episode {number}; it has {len(recording.episodes)}, counted from 0")
        rows = recording.episodes[number]
        self._recording, self._number, self._camera = recording, number, camera
        self._qpos = recording["qpos"][rows].astype(float)
        self._activation = recording["activation"][rows].astype(float)
        self._target = recording["target_speed"][rows]
        if not np.isfinite(self._qpos).all():
            raise RunError(
                f"{recording.path or 'recording'}: episode {self._number} has poses without numbers; no film"
            )
        width = max(1, round(SPEED_SECONDS / recording.dt))
        self._speed = uniform_filter1d(recording["speed"][rows].astype(float), width, mode="nearest")
        wanted = min(video.seconds * video.speed, len(self._qpos) * recording.dt)
        self.times = np.arange(0.0, wanted - 1e-9, video.speed / video.fps)
        self._at = np.clip(self.times / recording.dt - 1.0, 0.0, len(self._qpos) - 1)  # the first frame is at dt

    def shots(self, figure: Figure) -> list[Shot]:
        """The pictures of the film; the camera goes along smoothly with the pelvis of ``figure``."""
        pelvis = []
        for place in range(len(self.times)):
            self.pose(figure, place)
            pelvis.append(figure.pelvis)
        dt = float(self.times[1] - self.times[0]) if len(self.times) > 1 else self._recording.dt
        course = steady_course(np.array(pelvis), dt=dt)
        camera = self._camera
        views = [View(target, camera.distance, camera.azimuth, camera.elevation) for target in course]
        frames = np.round(self._at).astype(int)
        return [Shot(int(f), float(t), view) for f, t, view in zip(frames, self.times, views, strict=True)]

    def pose(self, figure: Figure, place: int) -> None:
        """Put ``figure`` into the pose of picture ``place``, in between two frames where it falls there."""
        below = int(self._at[place])
        above, share = min(below + 1, len(self._qpos) - 1), self._at[place] - below
        figure.pose(
            (1 - share) * self._qpos[below] + share * self._qpos[above],
            (1 - share) * self._activation[below] + share * self._activation[above],
        )

    def captions(self, shot: Shot) -> dict[str, list[str]]:
        """What is written into the corners; the speed is the mean of the second around now."""
        target = f"target {self._target[shot.frame]:.2f} m/s"
        return {
            "left": [self._recording.name, f"episode {self._number}   {shot.time:.2f} s"],
            "right": [f"speed {self._speed[shot.frame]:.2f} m/s", target],
        }


def make_film(recording: Recording, episode: int, path: Path, camera: CameraConfig, video: VideoConfig) -> Film:
    """Film an episode; without a graphics library a stick figure stands in, and the note says what to install.

    Raises:
        ConfigError: a signal of ``video.panel`` that the recording does not have.
        RunError: there is no such episode, or the file cannot be written.
    """
    try:
        made = make_video(recording, episode, path, camera, video)
        note = None
    except NoGraphicsError as error:
        made, note = make_stick_video(recording, episode, path, camera, video), str(error)
    if made != path:
        missing = "no ffmpeg was found, so the film is a GIF; pip install imageio-ffmpeg brings one"
        note = f"{note}; {missing}" if note else f"video: {missing}"
    return Film(made, note)


def make_video(
    recording: Recording, episode: int, path: Path, camera: CameraConfig | None = None, video: VideoConfig | None = None
) -> Path:
    """Film an episode in full; returns the path of the film (``path``, or a ``.gif`` where ffmpeg is missing).

    Raises:
        NoGraphicsError: no OpenGL library draws without a window here.
        ConfigError, RunError: see :func:`make_film`.
    """
    camera, video = camera or CameraConfig(), video or VideoConfig()
    return _film(recording, episode, path, camera, video, partial(Canvas, shadows=video.shadows))


def make_stick_video(
    recording: Recording, episode: int, path: Path, camera: CameraConfig | None = None, video: VideoConfig | None = None
) -> Path:
    """The same as a stick figure, which needs no graphics library."""
    return _film(recording, episode, path, camera or CameraConfig(), video or VideoConfig(), StickCanvas)


def _film(recording: Recording, episode: int, path: Path, camera: CameraConfig, video: VideoConfig, canvas) -> Path:
    scenes = Episode(recording, episode, camera, video)
    plots = choose_plots(recording, episode, video.panel)
    figure = figure_of(recording, episode)
    width, height = _even(video.width), _even(video.height)
    strip = _even(round(SHARE * height)) if plots else 0
    panel = Panel(plots, width=width, height=strip, dt=recording.dt) if plots else None
    with canvas(figure, width=width, height=height) as drawn:
        frames = _frames(scenes, figure, drawn, panel, height + strip)
        return write_film(frames, path, width=width, height=height + strip, fps=video.fps)


def _frames(
    scenes: Episode, figure: Figure, canvas: Canvas | StickCanvas, panel: Panel | None, height: int
) -> Iterator[np.ndarray]:
    for place, shot in enumerate(scenes.shots(figure)):
        scenes.pose(figure, place)
        picture = Image.fromarray(canvas.draw(shot.view))
        write_metres(picture, shot.view, figure)
        write_scale(picture)
        write_caption(picture, **scenes.captions(shot))
        if panel is not None:
            whole = Image.new("RGB", (picture.width, height), "white")
            whole.paste(picture)
            whole.paste(panel.draw(shot.frame), (0, picture.height))
            picture = whole
        yield np.asarray(picture)


def _even(pixels: int) -> int:
    return pixels - pixels % 2
