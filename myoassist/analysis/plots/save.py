"""Plots as files: PNG for pages, SVG and PDF for papers."""

from __future__ import annotations

import io
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.drawing import Plot, fault
from myoassist.analysis.plots.registry import PLOTS, TRAINING_PLOTS
from myoassist.analysis.plots.style import DPI, WIDTH, look
from myoassist.errors import ConfigError, unknown
from myoassist.files import write_beside

FORMATS = ("png", "svg", "pdf")
DENSITY = 2  # pixels of a PNG per pixel of the page
_METADATA: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}  # same data, same file


def save_plots(
    analysis: Analysis, folder: str | Path, names: Iterable[str] = ("*",), formats: Sequence[str] = ("png",)
) -> dict[str, Path]:
    """Draw plots of a recording into files ``<folder>/<name>.<format>``.

    Args:
        names: names of :data:`PLOTS` or patterns such as ``muscle*``.
        formats: of ``png``, ``svg`` and ``pdf``.

    Returns:
        The file of the first format by plot, in the order of a report. What cannot be drawn is left out;
        ``PLOTS[name].applies(analysis)`` says why. A plot whose function raises is a picture of that error.

    Raises:
        ConfigError: a name or pattern that fits no plot, or an unknown format; nothing has been written then.
        RunError: a file cannot be written.
    """
    return _save(PLOTS, analysis, Path(folder), names, formats)


def save_training_plots(
    run_folder: str | Path, folder: str | Path, names: Iterable[str] = ("*",), formats: Sequence[str] = ("png",)
) -> dict[str, Path]:
    """Draw plots of a training, as :func:`save_plots` does those of a recording."""
    return _save(TRAINING_PLOTS, run_folder, Path(folder), names, formats)


def chosen(names: Iterable[str], known: Mapping[str, Plot] = PLOTS) -> list[str]:
    """Names of plots that fit any of ``names``, in their own order. Raises ConfigError for one that fits none."""
    patterns = [names] if isinstance(names, str) else list(names)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise ConfigError(unknown("plot", pattern, known, where="plots"))
    return [name for name in known if any(fnmatchcase(name, pattern) for pattern in patterns)]


def encoded(figure: Figure, form: str = "png") -> bytes:
    """A figure as the bytes of a file. Raises ConfigError for an unknown format."""
    if form not in FORMATS:
        raise ConfigError(unknown("format of a plot", form, FORMATS, where="formats"))
    buffer = io.BytesIO()
    with look():
        if form != "png":
            figure.savefig(buffer, format=form, dpi=DPI * DENSITY, metadata=_METADATA[form])
            return buffer.getvalue()
        figure.savefig(buffer, format="rgba", dpi=DPI * DENSITY)
    width = round(figure.get_size_inches()[0] * DPI * DENSITY)
    return _png(buffer.getvalue(), width=width, shaded=any(axis.images for axis in figure.axes))


def _png(pixels: bytes, *, width: int, shaded: bool) -> bytes:
    """A PNG from RGBA pixels; of 256 colours, a third of the size, unless ``shaded`` areas would show bands."""
    image = Image.frombytes("RGBA", (width, len(pixels) // (4 * width)), pixels).convert("RGB")
    if not shaded:
        image = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        image.putpalette([255 if value == 254 else value for value in image.getpalette() or ()])  # white stays white
    buffer = io.BytesIO()
    image.save(buffer, "png", dpi=(DPI * DENSITY, DPI * DENSITY))
    return buffer.getvalue()


def _drawn(plot: Plot, source: Any, formats: Sequence[str]) -> dict[str, bytes]:
    """A plot by format; where its function raises, a picture that says so, as one plot should not cost the others."""
    try:
        figure = plot(source)
        return {form: encoded(figure, form) for form in formats}
    except Exception as error:
        words = f"{plot.name}: {fault(error)}"
        sys.stderr.write(f"warning: plot not drawn: {words}\n")
        figure = Figure(figsize=(WIDTH, 1.0))
        figure.text(0.01, 0.5, "\n".join(textwrap.wrap(f"Not drawn: {words}", 100)), va="center", parse_math=False)
        return {form: encoded(figure, form) for form in formats}


def _save(
    known: Mapping[str, Plot], source: Any, folder: Path, names: Iterable[str], formats: Sequence[str]
) -> dict[str, Path]:
    wanted, formats = chosen(names, known), [formats] if isinstance(formats, str) else list(formats)
    for form in formats or [""]:
        if form not in FORMATS:
            raise ConfigError(unknown("format of a plot", form, FORMATS, where="formats"))
    saved = {}
    for name in wanted:
        if known[name].applies(source):
            continue
        for form, content in _drawn(known[name], source, formats).items():
            write_beside(folder / f"{name}.{form}", content)
        saved[name] = folder / f"{name}.{formats[0]}"
    return saved
