"""Pictures and videos as part of a page: data URIs, so that one file holds all; what is too large is linked."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image

VIDEO_BYTES = 12_000_000  # of all videos embedded in a page
PICTURE_BYTES = 6_000_000  # of all pictures as they are; beyond it they get 256 colours, far beyond half the size too
VIDEO_TYPES = {".mp4": "video/mp4", ".webm": "video/webm"}
MOVING_PICTURES = {".gif": "image/gif", ".webp": "image/webp"}  # stand-ins where no video could be made


@dataclass(frozen=True)
class Picture:
    """A plot on the page. ``source`` is a data URI; ``width`` and ``height`` in pixels."""

    name: str
    title: str
    caption: str
    alt: str
    source: str
    width: int
    height: int


@dataclass(frozen=True)
class Video:
    """A video on the page: a data URI, or the relative address of the file where ``linked``."""

    title: str
    source: str
    kind: str  # "video", or "image" for a moving picture
    linked: bool
    megabytes: float


class Budget:
    """How many bytes of videos may still be embedded."""

    def __init__(self, limit: int = VIDEO_BYTES) -> None:
        self._left = limit

    def takes(self, size: int) -> bool:
        """Whether ``size`` more bytes fit, which are then used."""
        fits = size <= self._left
        self._left -= size if fits else 0
        return fits


def shrinking(paths: Iterable[Path], limit: int = PICTURE_BYTES) -> int:
    """How much pictures have to shrink to fit a page: 0 not, 1 to 256 colours, 2 to half their width as well."""
    size = sum(path.stat().st_size for path in paths if path.is_file())
    return 0 if size <= limit else 1 if size <= 4 * limit else 2


def picture(path: Path, *, title: str, caption: str, alt: str, shrink: int = 0) -> Picture | None:
    """A PNG file for the page, see :func:`shrinking`; None where it is no picture that can be read."""
    try:
        with Image.open(path) as image:
            image.load()
            width, height = image.size
            content = _smaller(image, shrink) if shrink else path.read_bytes()
    except (OSError, ValueError, SyntaxError):  # Pillow raises SyntaxError for broken PNG files
        return None
    return Picture(path.stem, title, caption, alt, data_uri(content, "image/png"), width, height)


def _smaller(image: Image.Image, shrink: int) -> bytes:
    shown = image.convert("RGB")
    if shrink > 1:
        shown = shown.resize((max(1, shown.width // 2), max(1, shown.height // 2)), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    shown.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def video(path: Path, page: Path, budget: Budget) -> Video | None:
    """A video for ``page``, embedded while ``budget`` lasts, else linked; None for another kind of file."""
    kind = "video" if path.suffix in VIDEO_TYPES else "image"
    mime = VIDEO_TYPES.get(path.suffix) or MOVING_PICTURES.get(path.suffix)
    if mime is None:
        return None
    size = path.stat().st_size
    embedded = budget.takes(size)
    source = data_uri(path.read_bytes(), mime) if embedded else relative(path, page)
    return Video(path.stem.replace("_", " "), source, kind, not embedded, size / 1e6)


def relative(path: Path, page: Path) -> str:
    """Address of a file as seen from ``page``, percent-encoded."""
    try:
        place = os.path.relpath(path.resolve(), page.resolve().parent)
    except ValueError:  # another drive on Windows
        return path.resolve().as_uri()
    return quote(Path(place).as_posix())


def data_uri(content: bytes, mime: str) -> str:
    """``content`` as an address of its own."""
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
