"""One trial of an evaluation: its recording analysed, its plots drawn, and what a report needs to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from myoassist.analysis.analysis import Analysis, Metric, analyse, verdict, write_analysis
from myoassist.analysis.gait_files import METRICS, STRIDES
from myoassist.analysis.plots import PLOTS, save_plots
from myoassist.analysis.recording import FILE, TIME_UP, load_recording
from myoassist.errors import RunError, shown
from myoassist.files import read_json
from myoassist.places import EPISODES, PLOTS_FOLDER, VIDEOS_FOLDER


@dataclass(frozen=True)
class TrialResult:
    """What is known of a trial, without its signals.

    ``problem``: why it could not be analysed, in words; empty if it was. ``verdict``: one line for a human. ``meta``:
    of the recording. ``plots``: PNG file by name. ``not_drawn``: why a plot is missing, by name. ``videos``: files.
    """

    name: str
    folder: Path
    problem: str = ""
    verdict: str = ""
    meta: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    strides: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    plots: dict[str, Path] = field(default_factory=dict)
    not_drawn: dict[str, str] = field(default_factory=dict)
    videos: tuple[Path, ...] = ()

    @property
    def episodes(self) -> list[dict[str, Any]]:
        """Length, distance, reason of the end … of each recorded episode."""
        return list(self.meta.get("episodes") or [])

    @property
    def completed(self) -> int:
        """Episodes that lasted to the end."""
        falls = self.metrics.get("falls")
        return round(falls.n * (1.0 - falls.mean)) if falls and falls.n else 0

    @property
    def outcome(self) -> tuple[str, str]:
        """How it went as a level (``good``, ``fair``, ``bad``, ``unknown``) and in a word or two."""
        said = self.verdict.partition(":")[0].strip()
        if self.problem or ":" not in self.verdict:
            return "unknown", "No result"
        if said == "walks" and self.completed < self.recorded:
            return "fair", "Walks, with falls"
        return ("good" if said == "walks" else "bad"), said.capitalize()

    @property
    def recorded(self) -> int:
        """Episodes of the recording."""
        return self.metrics["falls"].n if "falls" in self.metrics else len(self.episodes)


def analyse_trial(
    place: Path, plots: Sequence[str] = ("*",), formats: Sequence[str] = ("png",), *, output: Path | None = None
) -> TrialResult:
    """Analyse a trial and write ``metrics.json``, ``strides.csv`` and ``plots/``; the recording is all that is read.

    Args:
        place: folder of the trial, or its recording.
        plots: names or globs of the plots to draw.
        formats: of the plots, such as ``png``, ``svg``.
        output: folder for the results; that of the recording by default.

    Raises:
        RunError: the recording cannot be read, or a plot or format is not known.
    """
    analysis = analyse(load_recording(place))
    source = place if place.is_dir() else place.parent
    folder = output or source
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder}: the results cannot be written ({error.strerror or error})") from error
    drawn = ["png", *(form for form in formats if form != "png")]  # the report shows PNG files
    write_analysis(analysis, folder)  # first: it tells whose the plots are, should the drawing be interrupted
    saved = save_plots(analysis, folder / PLOTS_FOLDER, list(plots), drawn)
    return _result(analysis, source, folder, saved)


def check_output(place: Path, output: Path | None) -> None:
    """Raise ``RunError`` where results of the trial ``place`` would replace anything but its own earlier results."""
    folder = output or (place if place.is_dir() else place.parent)
    if folder.exists() and not folder.is_dir():
        raise RunError(f"output: {folder} is a file; give a folder")
    taken = [name for name in (METRICS, STRIDES) if (folder / name).exists()]
    drawn = [path for path in (folder / PLOTS_FOLDER).glob("*") if path.stem in PLOTS]
    if (folder / FILE).is_file():
        drawn = [path for path in drawn if not _is_picture(path)]  # of this trial, whose drawing was interrupted
    if not taken and not drawn:
        return
    earlier = read_json(folder / METRICS)
    if not {"trial", "left_out", "metrics"} <= set(earlier):
        what = taken[0] if taken else f"{PLOTS_FOLDER}/{drawn[0].name}"
        raise RunError(f"{folder}: {what} there is not of this program; choose another output, nothing was overwritten")
    try:
        meta = load_recording(place).meta
    except RunError:
        return  # it becomes a line of the report
    if any(
        earlier.get(key) != meta.get(name) for key, name in (("trial", "name"), ("steps", "steps"), ("seed", "seed"))
    ):
        said = shown(earlier.get("trial"))
        raise RunError(
            f"{folder}: holds results of another trial ({said}); choose another output, nothing was overwritten"
        )


def _is_picture(path: Path) -> bool:
    """Whether a file begins as a plot of its format does."""
    try:
        with path.open("rb") as file:
            return file.read(8).startswith((b"\x89PNG", b"<?xml", b"%PDF"))
    except OSError:
        return False


def read_trial(place: Path, *, output: Path | None = None) -> TrialResult:
    """What a report says of a trial analysed before; a recording that cannot be read becomes its ``problem``."""
    source = place if place.is_dir() else place.parent
    try:
        folder = output or source
        drawn = {path.stem: path for path in sorted((folder / PLOTS_FOLDER).glob("*.png"))}
        return _result(analyse(load_recording(place)), source, folder, drawn)
    except RunError as error:
        return failed_trial(place, str(error), output=output)


def failed_trial(place: Path, problem: str, *, output: Path | None = None) -> TrialResult:
    """A trial without results, and why."""
    source = place if place.is_dir() else place.parent
    made = TrialResult(name=source.name, folder=output or source, problem=problem)
    return replace(made, videos=_videos(source))


def with_videos(result: TrialResult) -> TrialResult:
    """The same with the videos that now lie beside the results; those beside the recording where there are none."""
    return replace(result, videos=_videos(result.folder) or result.videos)


def find_trials(place: Path) -> list[Path]:
    """The trials of ``place``: itself if it is or holds a recording, else the folders in it that hold one, by name.

    A folder with ``episodes.csv`` alone counts: its recording was not made, or is lost, which a report should say.

    Raises:
        RunError: there is none.
    """
    if place.is_file() or (place / FILE).is_file():
        return [place]
    held = {path.parent for name in (FILE, EPISODES) for path in place.glob(f"*/{name}")}
    if not held:
        what = "holds no recording" if place.is_dir() else "is not there"
        raise RunError(f"recording={place}: {what}; give {FILE}, its folder, or the folder of an evaluation")
    return sorted(folder for folder in held if not folder.name.startswith("."))


def _result(analysis: Analysis, source: Path, folder: Path, drawn: dict[str, Path]) -> TrialResult:
    recording = analysis.recording
    return TrialResult(
        name=recording.name,
        folder=folder,
        verdict=verdict(analysis),
        meta={**recording.meta, "cut_off": _cut_off(analysis)},
        metrics=dict(analysis.metrics),
        strides=len(analysis.strides),
        left_out=dict(analysis.left_out),
        notes=tuple(analysis.notes),
        plots=drawn,
        not_drawn={name: why for name, plot in PLOTS.items() if name not in drawn and (why := plot.applies(analysis))},
        videos=_videos(source),
    )


def _videos(source: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in (source / VIDEOS_FOLDER).glob("*") if not path.name.startswith(".")))


def _cut_off(analysis: Analysis) -> int:
    """Recorded episodes whose last frame does not say how they ended."""
    done = analysis.recording["done"]
    return sum(int(done[part.stop - 1]) not in (1, TIME_UP) for part in analysis.recording.episodes)
