"""Bring a motion of your own into the project: read, check, preview, replay, and write it as harmonics.

  python scripts/import_motion.py motion=<file> [output=<folder>] [seconds=6] [video=true] [group=choice ...] [key=...]

<file> is a MyoAssist .npz, an OpenSim .mot or .sto, a .csv with a header, or a .yaml of harmonics; without motion= the
gait of the project is taken. Written to the folder (motions/<name> by default; an earlier one is kept):

  motion.yaml      the gait, for reference=file reference.path=<folder>/motion.yaml
  report.txt       what was changed, and what to look at; report.json has the numbers
  preview.png      every coordinate as it came, as it is now, and on the model
  replay.mp4       the gait on the model, without physics

The model is model=22muscle device=none unless you name others. What is said under reference in conf/reference/file.yaml
can be set: unit, columns, flip, begin, end, speed, cycle_seconds, cutoff_hz, symmetric.

  python scripts/import_motion.py motion=walk.mot
  python scripts/import_motion.py motion=walk.csv reference.unit=deg reference.flip=[knee_angle_r,knee_angle_l]
  python scripts/import_motion.py motion=limp.mot model=26muscle reference.symmetric=false view=browser
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

from collections.abc import Sequence
from typing import Any

from myoassist.config import TrainConfig
from myoassist.errors import ConfigError, ReferenceError, typed
from myoassist.experiment import compose as compose_tree
from myoassist.files import new_folder
from myoassist.parsing import check_consistency, parse_config
from myoassist.processes import asks_for_help, exit_code
from myoassist.reference.importing import Imported, import_motion
from myoassist.reference.motion import save_gait

OWN = ("motion", "output", "seconds", "video")
MOST_SECONDS = 120.0


def main(arguments: Sequence[str]) -> int:
    """Import what the command line asks for; returns the exit code (0, 2 for a bad request, 130)."""
    if asks_for_help(arguments):
        print(__doc__)
        return 0
    return exit_code(lambda: _import(arguments))


def _import(arguments: Sequence[str]) -> None:
    own = {key: value for key, _, value in (argument.partition("=") for argument in arguments) if key in OWN}
    seconds, film = _seconds(own.get("seconds", "6")), _truth("video", own.get("video", "true"))
    if own.get("motion") == "":  # as a shell writes motion=$FILE where FILE is not set
        raise ConfigError("motion: no file is named; write motion=<file>, or leave it out for the gait of the project")
    config = compose(own.get("motion"), [a for a in arguments if a.partition("=")[0] not in OWN])
    imported = import_motion(config.reference)  # before the model: most mistakes are in the file
    from myoassist.env.replay import reference_walk  # MuJoCo, which a mistake need not wait for

    walk = reference_walk(config)
    try:
        folder = _new_folder(Path(own["output"]) if own.get("output") else _default_folder(config))
        _write(imported, walk, folder, config, seconds=seconds if film else 0.0)
    finally:
        walk.close()
    print(imported.report.text() + f"\nwritten to {folder}")
    chosen = typed(f"reference.path={folder / 'motion.yaml'}")
    print(f"train with it: python train.py reference=file {chosen}")
    if config.view.kind != "none":
        from myoassist.env.replay_live import view_reference

        view_reference(config, config.view)


def compose(motion: str | None, overrides: Sequence[str]) -> TrainConfig:
    """The default experiment without a device and with the motion as its reference, changed by ``overrides``.

    Raises:
        ConfigError: an override that cannot be read, or a key or choice that does not exist.
    """
    given = {line.lstrip("+~").partition("=")[0] for line in overrides}
    chosen = {"device": "none", **({"reference": "file"} if motion else {})}
    lines = [*(f"{group}={choice}" for group, choice in chosen.items() if group not in given), *overrides]
    tree = compose_tree(*lines)
    if motion:
        tree["reference"]["path"] = motion
    config = parse_config(tree)
    check_consistency(config)
    if not config.reference.imitate:
        raise ConfigError("reference: none has no motion to look at; give motion=<file>")
    return config


def _new_folder(wanted: Path) -> Path:
    """Make ``wanted``, or that name with the next free number. Raises ReferenceError where it cannot be made."""
    try:
        return new_folder(wanted)
    except OSError as error:
        raise ReferenceError(f"output={wanted}: cannot be made ({error.strerror or error})") from error


def _default_folder(config: TrainConfig) -> Path:
    return Path("motions") / (Path(config.reference.path).stem if config.reference.path else config.reference.name)


def _write(imported: Imported, walk: Any, folder: Path, config: TrainConfig, *, seconds: float) -> None:
    from myoassist.analysis.plots.motion import motion_figure, save_motion_figure
    from myoassist.env.replay import replay
    from myoassist.reference.fitting import report_fit

    report, model = imported.report, walk.sim.models[0]
    report_fit(imported.gait, walk.reference, model, walk.index, report)
    save_gait(imported.gait, folder / "motion.yaml", origin=f"Imported from {config.reference.path or 'the project'}.")
    signs = {name: joint.sign for name, joint in walk.index.joints.items()}
    save_motion_figure(motion_figure(imported, walk.reference, signs), folder / "preview.png")
    if seconds:
        from myoassist.view.video import make_film

        recording = replay(walk, seconds=seconds, name=folder.name)
        film = make_film(recording, 0, folder / "replay.mp4", config.evaluation.camera, config.evaluation.video)
        if film.note:
            report.warn(film.note)
    report.save(folder)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= MOST_SECONDS:
        raise ConfigError(f"seconds: got {text!r}; a number above 0, at most {MOST_SECONDS:g}, is allowed")
    return seconds


def _truth(key: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ConfigError(f"{key}: got {text!r}; true or false is allowed")
    return text.lower() == "true"
