"""Draw the picture of README.md: the shipped walker beside its joint angles over the gait cycle.

  python scripts/draw_readme.py [policy=<name>] [recording=<place>] [output=<file.gif>]

It walks the policy <name> of the package (walk) for four episodes of 10 s, or reads a recording made earlier, and shows
two strides of the right leg in real time. Nothing is drawn without a graphics library (EGL or OSMesa). The picture goes
to docs/figures/walker.gif unless output says otherwise. Run it again after another walker has been shipped.
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.lines import Line2D
from PIL import Image, ImageColor, ImageDraw

from myoassist.analysis.analysis import Analysis, analyse
from myoassist.analysis.plots.cycle import (
    cycle_axis,
    draw_mean,
    draw_reference,
    draw_toe_off,
    reference_handle,
    toe_off_handle,
)
from myoassist.analysis.plots.names import Angle, sagittal
from myoassist.analysis.plots.style import SIDE_COLOURS, calm_ticks, figure, legend, look
from myoassist.analysis.recording import Recording, load_recording
from myoassist.analysis.strides import Stride
from myoassist.errors import ConfigError, RunError, unknown
from myoassist.files import written_beside
from myoassist.processes import asks_for_help, exit_code
from myoassist.view.camera import View, steady_course
from myoassist.view.colours import activation_colour
from myoassist.view.offscreen import Canvas
from myoassist.view.overlay import write_caption, write_scale
from myoassist.view.scene import Figure, figure_of

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULTS = {"policy": "walk", "recording": "", "output": str(REPOSITORY / "docs" / "figures" / "walker.gif")}
WALKER, CURVES = (400, 400), (460, 400)  # px, width and height of the two halves
FPS, STRIDES = 20, 2  # a GIF counts in hundredths of a second, so 20 or 25 pictures per second
COMMON, MUSCLES = 96, 12  # colours: of the pictures as a whole, of the muscles
CAMERA = {"distance": 2.75, "azimuth": 105.0, "elevation": -8.0}
SIDE = "r"


@dataclass(frozen=True)
class Moment:
    """One picture: ``place`` in frames of the recording (between two of them), ``percent`` of the gait cycle."""

    place: float
    percent: float


def read_arguments(arguments: Sequence[str]) -> dict[str, str]:
    """The settings of a command line over the defaults. Raises ConfigError for one that is not known or empty."""
    settings = dict(DEFAULTS)
    for argument in arguments:
        key, _, text = argument.partition("=")
        if key not in settings:
            raise ConfigError(unknown("setting", key.lstrip("-"), settings, where="command line"))
        if not text.strip():
            raise ConfigError(f"{key}: give a value, as {key}=<{'file' if key == 'output' else 'value'}>")
        settings[key] = text.strip()
    return settings


def walked(policy: str) -> Recording:
    """A fresh recording of a policy of the package, as eval.py makes it."""
    from myoassist.evaluation import record  # torch takes seconds to import
    from myoassist.learn.finding import shipped_policy
    from myoassist.replacing import replace_settings

    checkpoint = shipped_policy(policy, where="policy")
    config = replace_settings(
        checkpoint.config, ["evaluation=default", "evaluation.episodes=4", "evaluation.seconds=10"]
    )
    with tempfile.TemporaryDirectory() as folder:
        trial = next(iter(record(checkpoint, config, [], output=Path(folder) / "walk").glob("*/recording.npz")))
        return load_recording(trial)


def two_strides(analysis: Analysis) -> list[Stride]:
    """Strides of the right leg that follow each other in the first episode, from its middle.

    Raises:
        RunError: there are none, as for a walker that falls.
    """
    own = [stride for stride in analysis.of_side(SIDE) if stride.episode == 0]
    runs = [own[i : i + STRIDES] for i in range(len(own) - STRIDES + 1)]
    whole = [run for run in runs if all(a.end == b.start for a, b in itertools.pairwise(run))]
    if not whole:
        raise RunError("recording: the first episode has no two strides of the right leg in a row")
    return whole[len(whole) // 2]


def moments(strides: Sequence[Stride], dt: float) -> list[Moment]:
    """The pictures of ``strides`` in real time; ``dt``: time between frames, s."""
    made = []
    for place in np.arange(strides[0].start, strides[-1].end, 1.0 / FPS / dt):
        stride = next(s for s in reversed(strides) if s.start <= place)
        made.append(Moment(float(place), float(100.0 * (place - stride.start) / (stride.end - stride.start))))
    return made


def between(values: np.ndarray, place: float) -> np.ndarray:
    """A row of ``values`` ``(frames, …)`` at ``place``, linear between frames."""
    below = int(place)
    above, share = min(below + 1, len(values) - 1), place - below
    return (1.0 - share) * values[below] + share * values[above]


def draw_walker(recording: Recording, shown: Sequence[Moment]) -> list[Image.Image]:
    """The walker at each moment, muscles coloured by activation."""
    figure_, rows = figure_of(recording, 0), recording.episodes[0]
    qpos, activation = recording["qpos"].astype(float), recording["activation"].astype(float)
    course = steady_course(pelvis_course(figure_, qpos[rows]), dt=recording.dt)
    speed = float(np.mean(recording["speed"][int(shown[0].place) : int(shown[-1].place)]))
    pictures = []
    with Canvas(figure_, width=WALKER[0], height=WALKER[1]) as canvas:
        for moment in shown:
            figure_.pose(between(qpos, moment.place), between(activation, moment.place))
            target = between(course, moment.place - rows.start)
            picture = Image.fromarray(canvas.draw(View(target, **CAMERA)))
            write_caption(picture, left=[f"{speed:.2f} m/s, in real time"], right=[])
            write_scale(picture)
            pictures.append(picture)
    return pictures


def pelvis_course(figure_: Figure, qpos: np.ndarray) -> np.ndarray:
    """Where the pelvis is in each row of ``qpos`` ``(frames, nq)``, m ``(frames, 3)``."""
    rest, made = np.zeros(len(figure_.activation)), []
    for row in qpos:
        figure_.pose(row, rest)
        made.append(figure_.pelvis)
    return np.array(made)


def draw_curves(analysis: Analysis) -> tuple[Drawing, dict[str, Axes]]:
    """Hip, knee and ankle of the right leg over all strides, with the reference; axes by coordinate."""
    known = sagittal(analysis.recording)
    if not known:
        raise RunError("recording: it has no hip, knee or ankle angle")
    made = figure(CURVES[1] / 100)
    made.set_size_inches(CURVES[0] / 100, CURVES[1] / 100)
    layout: Any = made.get_layout_engine()
    layout.set(rect=(0.01, 0.0, 0.96, 1.0))  # room for the last tick label
    axes = dict(zip(known, made.subplots(len(known), 1, sharex=True), strict=True))
    for name, axis in axes.items():
        draw_mean(axis, known[name].cycles(analysis, SIDE), SIDE_COLOURS[SIDE])
        draw_reference(axis, known[name].reference(analysis.recording, SIDE))
        draw_toe_off(axis, analysis, SIDE)
        axis.set_ylabel(known[name].label.replace(" ", "\n") + " (°)", fontsize=9)
        calm_ticks(axis, most=4)
        cycle_axis(axis, label=axis is list(axes.values())[-1])
    walker = Line2D([], [], color=SIDE_COLOURS[SIDE], label="Walker, right leg")
    legend(made, [walker, reference_handle(), toe_off_handle()])
    return made, axes


def draw_places(analysis: Analysis, shown: Sequence[Moment]) -> list[Image.Image]:
    """The curves at each moment, with a dot at the angle the walker has then."""
    with look():
        made, axes = draw_curves(analysis)
        made.canvas.draw()
        canvas: Any = made.canvas
        paper = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
        known = sagittal(analysis.recording)
        return [_with_dots(paper, analysis, axes, known, moment) for moment in shown]


def _with_dots(
    paper: Image.Image, analysis: Analysis, axes: dict[str, Axes], known: dict[str, Angle], moment: Moment
) -> Image.Image:
    picture = paper.copy()
    draw = ImageDraw.Draw(picture)
    for name, axis in axes.items():
        column = known[name].column(SIDE)
        values = analysis.recording.column("joint_position", column or "").astype(float)
        angle = known[name].sign(SIDE) * float(np.degrees(between(values, moment.place)))
        x, y = axis.transData.transform((moment.percent, angle))
        low, high = axis.transAxes.transform((0, 0))[1], axis.transAxes.transform((0, 1))[1]
        y, low, high = (picture.height - value for value in (y, low, high))
        draw.line([(x, high), (x, low)], fill="#9a9a9a", width=1)
        draw.ellipse([x - 4, y - 4, x + 4, y + 4], fill=SIDE_COLOURS[SIDE], outline="white")
    return picture


def palette_of(pictures: Sequence[Image.Image]) -> Image.Image:
    """One palette for all pictures, so that nothing flickers; thin muscles and lines keep colours of their own."""
    some = pictures[:: max(1, len(pictures) // 8)]
    sheet = Image.new("RGB", (some[0].width, some[0].height * len(some)))
    for row, picture in enumerate(some):
        sheet.paste(picture, (0, row * picture.height))
    common = sheet.quantize(COMMON, method=Image.Quantize.MEDIANCUT).getpalette() or []
    muscles = np.round(255 * activation_colour(np.linspace(0.0, 1.0, MUSCLES))).astype(int)
    shades = [colour * light for colour in muscles for light in (1.0, 0.7)]  # in the light and in the shade
    own = [value for colour in shades for value in colour.astype(int).tolist()]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*common[: 3 * COMMON], *own, *ImageColor.getrgb(SIDE_COLOURS[SIDE])])
    return palette


def write_gif(pictures: Sequence[Image.Image], path: Path) -> None:
    """Write a film that repeats."""
    palette = palette_of(pictures)
    flat = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(path) as partial:
        flat[0].save(
            partial, format="GIF", save_all=True, append_images=flat[1:], duration=1000 // FPS, loop=0, optimize=True
        )


def draw(settings: dict[str, str]) -> Path:
    """Make the picture; returns its path."""
    place = settings["recording"]
    analysis = analyse(load_recording(place) if place else walked(settings["policy"]))
    shown = moments(two_strides(analysis), analysis.recording.dt)
    halves = zip(draw_walker(analysis.recording, shown), draw_places(analysis, shown), strict=True)
    pictures = []
    for walker, curves in halves:
        whole = Image.new("RGB", (WALKER[0] + CURVES[0], WALKER[1]), "white")
        whole.paste(walker)
        whole.paste(curves, (WALKER[0], 0))
        pictures.append(whole)
    path = Path(settings["output"])
    write_gif(pictures, path)
    return path


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code: 0, 2 for a bad request, 130 after Ctrl-C."""
    if asks_for_help(arguments):
        print(__doc__, end="")
        return 0
    return exit_code(lambda: print(f"written: {draw(read_arguments(arguments))}"))
