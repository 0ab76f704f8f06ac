"""Draw the pictures of ``docs/``: devices on the body, grounds under it, and what an evaluation leaves behind.

  python scripts/draw_docs.py [devices] [terrains] [evaluation] [evaluation=<folder>] [run=<run folder>]

Without a word it draws the first three. ``evaluation`` walks the policy ``walk`` of the package, or takes an evaluation
made earlier: its plots, a frame of its video and its report (where Chromium is installed). ``run`` draws the two plots
of a training, from a run with ``terrain=curriculum``. Pictures go to docs/figures, small enough for a repository.
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

import io
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import imageio_ffmpeg
import numpy as np
import yaml
from PIL import Image

from myoassist.analysis.plots.save import save_training_plots
from myoassist.config import CurriculumTerrain, DeviceConfig, FlatTerrain, ModelConfig, Terrain
from myoassist.errors import ConfigError, unknown
from myoassist.files import write_beside
from myoassist.model.build import build_model, ground_generator
from myoassist.parsing import parse_config
from myoassist.processes import asks_for_help, exit_code
from myoassist.view.camera import View
from myoassist.view.offscreen import Canvas
from myoassist.view.scene import Figure

ROOT = Path(__file__).resolve().parent.parent
FIGURES, CONF = ROOT / "docs" / "figures", ROOT / "conf"
Body = Literal["myolegs22", "myolegs26"]
PLANAR: Body = "myolegs22"
THREE_D: Body = "myolegs26"
WIDTH, LARGEST = 900, 80_000  # px and bytes of a picture
KINDS = {"ankle": (0.32, 1.15), "hip": (0.88, 1.35), "knee": (0.42, 1.5)}  # m: height and distance of the close view
CLOSE = {"hippo": "hip", "hmedi": "hip", "osl_knee_ankle": "knee"}  # the others are at the ankle
STANDS = {"rough": 3.0, "harmonic": 3.3, "slope": 4.0, "stairs": 2.55, "curriculum": 3.0}  # m along the course
BETWEEN_TILES = 19.5  # m along a course of tiles: between two of them
EVALUATION = ("evaluation.episodes=4", "evaluation.seconds=10", "evaluation.video.seconds=3")
PANEL = "evaluation.video.panel=[device_torque.*,ground_force.up_*]"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """The part of an experiment that a file of conf/terrain is."""

    terrain: Terrain


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code."""
    if asks_for_help(arguments):
        print(__doc__)
        return 0
    return exit_code(lambda: draw(arguments))


def draw(arguments: Sequence[str]) -> None:
    """Draw what is asked for. Raises ConfigError for a word that is not known."""
    drawing = {"devices": draw_devices, "terrains": draw_terrains, "evaluation": walk_and_draw}
    from_folder = {"evaluation": draw_evaluation, "run": draw_training}
    asked = []
    for argument in arguments or drawing:
        name, given, folder = argument.partition("=")
        known = from_folder if given else drawing
        if name not in known:
            raise ConfigError(unknown("picture", name, known, where="command line"))
        if given and not Path(folder).is_dir():
            raise ConfigError(f"{argument}: no such folder")
        asked.append(partial(known[name], *([Path(folder).resolve()] if given else [])))
    for one in asked:
        one()


def draw_devices() -> None:
    """Each device on the 22-muscle body: the whole walker, and the device from near."""
    for name, choice in choices("device"):
        device = parse_config(choice, DeviceConfig)
        figure = standing(device, FlatTerrain(), body=PLANAR)
        height, distance = KINDS[CLOSE.get(name, "ankle")]
        far = look(figure, View(np.array([0.0, 0.0, 0.86]), 2.75, 125.0, -8.0), width=240, height=400)
        near = look(figure, View(np.array([0.02, -0.04, height]), distance, 125.0, -10.0), width=400, height=400)
        gap = np.full((400, 6, 3), 255, dtype=np.uint8)
        keep(Image.fromarray(np.concatenate([far, gap, near], axis=1)), f"devices/{name}.jpg")


def draw_terrains() -> None:
    """Each ground with the 26-muscle body on it, beyond the level start; of a curriculum three of its levels."""
    for name, choice in choices("terrain"):
        narrow = {} if name == "flat" else {"width": 2.4}  # m: to see it in profile
        terrain = parse_config({"terrain": {**choice, **narrow}}, Grounds).terrain
        if isinstance(terrain, CurriculumTerrain) and terrain.tiles:
            levels = (0, terrain.levels // 2, terrain.levels - 1)
            seen = [on_ground(name, terrain, level * terrain.variants, height=220) for level in levels]
        else:
            seen = [on_ground(name, terrain, 0, height=320)]
        keep(Image.fromarray(np.concatenate(seen)), f"terrains/{name}.jpg")


def on_ground(name: str, terrain: Terrain, which: int, *, height: int) -> np.ndarray:
    """A walker on ground number ``which``."""
    figure = standing(DeviceConfig(name="none"), terrain, body=THREE_D, which=which)
    tiles = getattr(terrain, "tile_length", 65.0) < 10.0
    place = BETWEEN_TILES if tiles else STANDS.get(name, 0.0)
    pose = figure.index.standing_qpos.copy()
    feet = place + np.linspace(-0.1, 0.2, 7)
    pose[figure.index.joints["pelvis_tx"].qpos] = place
    pose[figure.index.joints["pelvis_ty"].qpos] += figure.ground_height(feet, np.zeros(7)).max()
    figure.pose(pose, np.zeros(len(figure.index.muscles)))
    far = 2.0 if tiles else 1.0
    target = np.array([place + 1.6 * far, 0.0, 0.7])
    return look(figure, View(target, 5.5 * far, 104.0, -11.0), width=720, height=height)


def walk_and_draw() -> None:
    """What ``eval.py`` leaves behind for the policy of the package."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "walk"
        subprocess.run([sys.executable, ROOT / "eval.py", *EVALUATION, PANEL, f"output={output}"], check=True)
        draw_evaluation(output)


def draw_evaluation(folder: Path) -> None:
    """Plots, the last frame of the video, and the report of an evaluation whose trial is called ``walk``."""
    for plot in sorted((folder / "walk" / "plots").glob("*.png")):
        keep(Image.open(plot), f"evaluation/{plot.name}")
    keep(last_frame(folder / "walk" / "videos" / "episode_0.mp4"), "evaluation/video.jpg")
    draw_page(folder / "report.html", "evaluation/report.png")


def draw_training(run: Path) -> None:
    """The plots of a training."""
    with tempfile.TemporaryDirectory() as folder:
        for plot in save_training_plots(run, folder).values():
            keep(Image.open(plot), f"evaluation/{plot.name}")


def draw_page(page: Path, name: str) -> None:
    """The top of a page as a browser shows it; nothing where no Chromium is installed."""
    browser = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if browser is None:
        print(f"{name}: no Chromium here; the picture stays as it is")
        return
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "page.png"
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1200,1500"]
        subprocess.run([browser, *options, f"--screenshot={shot}", page.as_uri()], check=True, capture_output=True)
        keep(Image.open(shot), name)


def last_frame(film: Path) -> Image.Image:
    """The last picture of a film."""
    frames = imageio_ffmpeg.read_frames(film)
    size = next(frames)["size"]
    *_, last = frames
    return Image.frombytes("RGB", size, last)


def choices(group: str) -> Iterator[tuple[str, dict]]:
    """Names and settings of the files of a group of ``conf/``; for devices without the one that is none."""
    for file in sorted((CONF / group).glob("*.yaml")):
        if (group, file.stem) != ("device", "none"):
            yield file.stem, yaml.safe_load(file.read_text(encoding="utf-8"))


def standing(device: DeviceConfig, terrain: Terrain, *, body: Body, which: int = 0) -> Figure:
    """A walker that stands at the start of ground number ``which``."""
    options = {"grounds": which + 1, "rng": ground_generator(1), "drawing": True, "only": which}
    figure = Figure(build_model(ModelConfig(name=body, body=body), device, terrain, **options))
    figure.which = which
    return figure


def look(figure: Figure, view: View, *, width: int, height: int) -> np.ndarray:
    """A picture ``(height, width, 3)`` of a walker."""
    with Canvas(figure, width=width, height=height) as canvas:
        return canvas.draw(view)


def keep(picture: Image.Image, name: str) -> None:
    """Save a picture as docs/figures/<name>, at most ``WIDTH`` wide and smaller than ``LARGEST``."""
    picture = picture.convert("RGB")
    if picture.width > WIDTH:
        size = (WIDTH, round(picture.height * WIDTH / picture.width))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    encode = photo if name.endswith(".jpg") else drawing
    content = next(content for content in encode(picture) if len(content) < LARGEST)
    write_beside(FIGURES / name, content)
    print(f"docs/figures/{name}  {len(content) / 1000:.0f} kB", flush=True)


def photo(picture: Image.Image) -> Iterator[bytes]:
    """A JPEG, smaller and smaller."""
    for quality in (88, 80, 70, 60, 50):
        content = io.BytesIO()
        picture.save(content, "jpeg", quality=quality, optimize=True)
        yield content.getvalue()


def drawing(picture: Image.Image) -> Iterator[bytes]:
    """A PNG of few colours, smaller and smaller; rare colours, as those of thin lines, stay apart."""
    for share, colours in itertools.product((1.0, 0.85, 0.7, 0.6, 0.5), (160, 64, 32)):
        content = io.BytesIO()
        smaller = picture.resize([round(share * side) for side in picture.size], Image.Resampling.LANCZOS)
        few = smaller.quantize(colours, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(content, "png", optimize=True)
        yield content.getvalue()
