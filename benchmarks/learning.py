"""How fast an experiment learns: its learning curve over steps and wall time, several seeds, with quartiles.

    python benchmarks/learning.py --experiment quickstart --seeds 1,2,3 --steps 2_000_000 --output curves/base
    python benchmarks/learning.py --experiment quickstart --seeds 1,2 --output curves/b -- algorithm.learning_rate=1e-4
    python benchmarks/learning.py --runs two=curves/base/seed_1,curves/base/seed_2 --runs outputs/... --output both

The seeds are trained one after the other, each in ``<output>/seed_<n>``, a run folder like any other. The same command
again goes on where it was stopped or killed: finished seeds are kept, a broken one is resumed. More seeds or steps may
be asked for; another experiment or other settings need another folder. What is measured is the deterministic policy at
the evaluations of the training (``evaluation.every_steps``); wall time holds those evaluations.

Written to ``<output>``: ``learning.png`` (median and interquartile range, a thin line per seed), ``quartiles.csv``, and
``learning.csv`` with every evaluation. Printed: how many seeds reached ``--distance``, after what steps and minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from learning_curves import Curve, draw, reaching, read_curve, write_tables

from myoassist.errors import ConfigError, RunError, unknown
from myoassist.experiment import make_experiment
from myoassist.files import write_beside
from myoassist.learn.checkpoint import find_checkpoint
from myoassist.learn.evaluate import Evaluation
from myoassist.learn.run_folder import saved_config
from myoassist.places import CONFIG
from myoassist.processes import ArgumentParser, child_environment, exit_code, python_command

CAMPAIGN = "campaign.json"


def read_options(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The options, and after ``--`` the settings of the experiment."""
    own, settings = list(arguments), []
    if "--" in own:
        place = own.index("--")
        own, settings = own[:place], own[place + 1 :]
    parser = ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", help="name of conf/experiment to train")
    parser.add_argument("--seeds", type=_seeds, default=[1, 2, 3], help="as 1,2,3")
    parser.add_argument("--steps", type=int, help="environment steps of each seed; the experiment's own by default")
    parser.add_argument("--distance", type=float, default=20.0, help="m, whose time and steps are printed")
    parser.add_argument("--metric", default="distance", help="what is drawn: a number of an evaluation")
    parser.add_argument(
        "--runs", action="append", default=[], help="<label>=<folder>,... of finished trainings to draw"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for runs, tables and the figure")
    options = parser.parse_args(own)
    if options.experiment is None and not options.runs:
        parser.error("give --experiment to train one, or --runs to draw finished trainings")
    return options, settings


def _seeds(text: str) -> list[int]:
    try:
        seeds = [int(part) for part in text.split(",")]
    except ValueError:
        seeds = [-1]
    if len(set(seeds)) < len(seeds) or min(seeds) < 0:
        raise argparse.ArgumentTypeError(f"got {text!r}; expected different whole numbers >= 0, as 1,2,3")
    return seeds


def check_request(options: argparse.Namespace, settings: list[str], label: str, groups: Iterable[str]) -> None:
    """Refuse before hours of training what could not be drawn after them.

    Raises:
        ConfigError: an experiment or setting that does not exist or never evaluates, an unknown number, two labels.
    """
    config = make_experiment(*_choices(options, settings))
    if config.evaluation.every_steps == 0:
        raise ConfigError(f"--experiment {options.experiment}: never evaluates; add -- evaluation.every_steps=50_000")
    numbers = [field.name for field in fields(Evaluation) if field.name not in ("terms", "levels")]
    if options.metric not in numbers:
        raise ConfigError(unknown("number", options.metric, numbers, where="--metric"))
    if label in groups:
        raise ConfigError(f"--runs {label}=…: the trained curve has that label; give the finished one another")


def _choices(options: argparse.Namespace, settings: list[str]) -> list[str]:
    return [f"experiment={options.experiment}", *settings, *_steps(options)]


def _steps(options: argparse.Namespace) -> list[str]:
    return [] if options.steps is None else [f"total_steps={options.steps}"]


def train_seeds(options: argparse.Namespace, settings: list[str]) -> list[Path]:
    """Train what is not trained yet; the run folders of all seeds.

    Raises:
        RunError: the folder holds another campaign, or a training failed.
    """
    asked = {"experiment": options.experiment, "settings": settings}
    note = options.output / CAMPAIGN
    if note.is_file() and (earlier := json.loads(note.read_text(encoding="utf-8"))) != asked:
        raise RunError(
            f"--output {options.output}: holds the curve of {earlier}, not of {asked}; choose another folder"
        )
    write_beside(note, json.dumps(asked))
    folders = [options.output / f"seed_{seed}" for seed in options.seeds]
    for seed, folder in zip(options.seeds, folders, strict=True):
        arguments = next_command(folder, seed, options, settings)
        if arguments is None:
            print(f"seed {seed}: finished, {folder}", flush=True)
            continue
        print(f"seed {seed}: train.py {' '.join(arguments)}", flush=True)
        done = subprocess.run(python_command("myoassist.main", *arguments), env=child_environment())
        if done.returncode:
            raise RunError(
                f"seed {seed}: the training ended with exit code {done.returncode}; the same command goes on"
            )
        if next_command(folder, seed, options, settings) is not None:
            raise KeyboardInterrupt  # it was asked to stop, and saved what it had
    return folders


def next_command(folder: Path, seed: int, options: argparse.Namespace, settings: list[str]) -> list[str] | None:
    """Arguments of train.py for what is left of a seed: all, the rest, or None where nothing is."""
    if not (folder / CONFIG).is_file():
        return [*_choices(options, settings), f"seed={seed}", f"run_dir={folder.resolve()}"]
    total = options.steps or saved_config(folder).total_steps
    return None if steps_done(folder) >= total else [f"resume={folder.resolve()}", *_steps(options)]


def steps_done(folder: Path) -> int:
    """Environment steps of the newest checkpoint of a run folder; 0 where there is none yet."""
    try:
        return int(find_checkpoint(folder).name.rpartition("_")[2])
    except RunError:
        return 0


def read_groups(named: Sequence[str]) -> dict[str, list[Curve]]:
    """Curves by label from ``label=folder,folder``; without a label it is the name of the first folder.

    Raises:
        ConfigError, RunError: two of the same label, or a folder without a training.
    """
    groups: dict[str, list[Curve]] = {}
    for text in named:
        label, equals, places = text.rpartition("=")
        folders = [Path(place) for place in places.split(",")]
        label = label if equals else folders[0].name
        if label in groups:
            raise ConfigError(f"--runs {text}: {label!r} is there already; name it, as --runs another={places}")
        groups[label] = [read_curve(folder) for folder in folders]
    return groups


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code: 0, 2 for a bad request, 130 after Ctrl-C."""
    return exit_code(lambda: _main(arguments))


def _main(arguments: Sequence[str]) -> None:
    options, settings = read_options(arguments)
    groups = read_groups(options.runs)
    if options.output.exists() and not options.output.is_dir():
        raise ConfigError(f"--output {options.output}: is a file; give a folder")
    if options.experiment is not None:
        label = " ".join([options.experiment, *settings])
        check_request(options, settings, label, groups)
        folders = train_seeds(options, settings)
        groups = {label: [read_curve(folder) for folder in folders], **groups}
    write_tables(options.output, groups, options.metric)
    draw(groups, options.metric, options.distance, options.output / "learning.png")
    for label, curves in groups.items():
        print(reaching(label, curves, options.distance))
    print(f"written to {options.output}: learning.png, quartiles.csv, learning.csv")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
