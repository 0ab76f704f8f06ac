"""Frames into a film: H.264 in an mp4 by ffmpeg, or an animated GIF by Pillow where ffmpeg is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from PIL import Image

from myoassist.errors import RunError
from myoassist.files import written_beside

QUALITY = 20  # ffmpeg's constant rate factor: 18 looks like the original, each 6 more halve the file
_ROOM = 65_536  # bytes: a disk with less is full
GIF_WIDTH, GIF_FPS = 480, 15  # a GIF grows fast


def ffmpeg_works() -> bool:
    """Whether imageio-ffmpeg has or finds an ffmpeg."""
    try:
        return shutil.which(imageio_ffmpeg.get_ffmpeg_exe()) is not None  # IMAGEIO_FFMPEG_EXE may name anything
    except RuntimeError:
        return False


def write_film(frames: Iterable[np.ndarray], path: Path, *, width: int, height: int, fps: int) -> Path:
    """Write ``frames`` ``(height, width, 3)`` uint8, beside first and then renamed; returns the path of the film.

    That is ``path``, an mp4 that plays everywhere (yuv420p, even sizes, index in front), or its name with ``.gif``.

    Raises:
        RunError: the file cannot be written.
    """
    coded = ffmpeg_works()
    path = path if coded else path.with_suffix(".gif")
    with written_beside(path) as partial:
        partial.touch()  # where that may not be written, it is said before anything is drawn
        try:
            if coded:
                _write_mp4(frames, partial, width=width, height=height, fps=fps)
            else:
                _write_gif(frames, partial, fps=fps)
        except OSError as error:
            raise RunError(f"{path}: the film cannot be written ({_reason(error, path.parent)})") from error
    return path


def _reason(error: OSError, folder: Path) -> str:
    """Why ffmpeg gave up, which the pipe to it does not say."""
    if shutil.disk_usage(folder).free < _ROOM:
        return "No space left on device"
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.strip().endswith(":")]
    return lines[-1] if lines else "ffmpeg failed"


def _write_mp4(frames: Iterable[np.ndarray], path: Path, *, width: int, height: int, fps: int) -> None:
    write: Any = imageio_ffmpeg.write_frames
    writer = write(
        str(path),
        (width, height),
        fps=fps,
        codec="libx264",
        pix_fmt_out="yuv420p",
        quality=None,
        macro_block_size=2,
        ffmpeg_log_level="error",
        output_params=["-crf", str(QUALITY), "-preset", "fast", "-movflags", "+faststart"],
    )
    writer.send(None)
    try:
        for frame in frames:
            writer.send(np.ascontiguousarray(frame))
    finally:
        writer.close()


def _write_gif(frames: Iterable[np.ndarray], path: Path, *, fps: int) -> None:
    every = max(1, round(fps / GIF_FPS))
    small = _small(frame for number, frame in enumerate(frames) if number % every == 0)
    first = next(small)
    first.save(path, format="GIF", save_all=True, append_images=small, duration=round(1000 * every / fps), loop=0)


def _small(frames: Iterable[np.ndarray]) -> Iterator[Image.Image]:
    for frame in frames:
        image = Image.fromarray(frame)
        size = (GIF_WIDTH, round(GIF_WIDTH * image.height / image.width))
        yield image.resize(size, Image.Resampling.BOX).quantize(128)
