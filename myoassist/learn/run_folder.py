"""The run folder: the truth about a run. Made once, never shared, never overwritten."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import sys
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from myoassist.config import TrainConfig
from myoassist.errors import RunError
from myoassist.files import flush, free_name, new_folder
from myoassist.parsing import load_config, save_config
from myoassist.places import COMMAND, CONFIG, ENVIRONMENT, SUMMARY

RESUMED = "resumed.jsonl"  # one line per resumption
LAYOUT = "layout.json"  # in a checkpoint, not in a run folder
RUN_TIME = (  # settings that may change when a run goes on; all others stay as they were saved
    "total_steps",
    "threads",
    "logging",
    "checkpoint",
    "view",
    "launch",
    "search",
    "algorithm.device",
    "algorithm.update_threads",
)
PACKAGES = (
    "myoassist",
    "assist_sim",
    "myo_sim",
    "mujoco",
    "gymnasium",
    "stable_baselines3",
    "torch",
    "numpy",
    "hydra-core",
    "omegaconf",
    "wandb",
)


def choose_run_folder(config: TrainConfig, *, now: datetime | None = None) -> Path:
    """``config.run_dir``, else ``outputs/<date>/<time>_<name>`` in the current folder, numbered if it is taken.

    Raises:
        RunError: the configured folder already holds something, or cannot be made.
    """
    if config.run_dir is not None:
        folder = Path(config.run_dir)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            what = "already holds a run" if (folder / CONFIG).exists() else "is there and is not an empty folder"
            raise RunError(f"run_dir: {folder} {what}; choose another folder, nothing was overwritten")
        return folder
    moment = now or datetime.now()
    return free_name(Path("outputs") / f"{moment:%Y-%m-%d}" / f"{moment:%H-%M-%S}_{config.name}")


def check_writable(folder: Path) -> None:
    """Raise ``RunError`` where ``folder`` could not be made; leaves nothing behind."""
    parent = folder.absolute()
    while not parent.exists():
        parent = parent.parent
    try:
        probe = parent / f".write-test-{datetime.now():%H%M%S%f}"
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise RunError(f"run_dir: cannot write to {parent}: {error.strerror or error}") from error


def make_run_folder(folder: Path, config: TrainConfig, *, named: bool = True) -> Path:
    """Create the folder with the resolved configuration, the command and the versions of everything.

    Args:
        named: somebody chose this folder; else it takes the next number where another run has it by now.

    Raises:
        RunError: it exists by now, or cannot be written.
    """
    record = json.dumps(environment(), indent=2)  # takes a second with git; a kill leaves no half-made folder meanwhile
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not named:
            folder = new_folder(folder)
        elif not (folder.is_dir() and not any(folder.iterdir())):
            folder.mkdir()
    except FileExistsError as error:
        raise RunError(f"run_dir: {folder} already exists; choose another folder, nothing was overwritten") from error
    except OSError as error:
        raise RunError(f"run_dir: cannot write {folder}: {error.strerror or error}") from error
    try:
        (folder / COMMAND).write_text(_command(), encoding="utf-8")
        (folder / ENVIRONMENT).write_text(record, encoding="utf-8")
        write_config(folder, config)  # last: a folder that has it is a run
    except BaseException as error:  # no room, or Ctrl-C
        for name in (COMMAND, ENVIRONMENT, f".{CONFIG}.partial"):
            (folder / name).unlink(missing_ok=True)  # so that the same command works later
        if not isinstance(error, OSError | RunError):
            raise
        reason = (error.strerror or error) if isinstance(error, OSError) else error
        raise RunError(f"run_dir: cannot write {folder}: {reason}") from error
    return folder


def write_config(folder: Path, config: TrainConfig) -> None:
    """Write the resolved configuration whole or not at all."""
    partial = folder / f".{CONFIG}.partial"
    save_config(config, partial)
    flush(partial)
    partial.replace(folder / CONFIG)
    flush(folder)


def saved_config(folder: Path) -> TrainConfig:
    """The experiment of the run in ``folder``.

    Raises:
        RunError: there is no run.
    """
    if not (folder / CONFIG).is_file() or (folder / LAYOUT).exists():
        inside = " is a checkpoint" if (folder / LAYOUT).exists() else f" holds no run ({CONFIG} is missing)"
        what = inside if folder.is_dir() else " is not a folder" if folder.exists() else " does not exist"
        raise RunError(f"resume: {folder}{what}; give the run's own folder, as outputs/<date>/<time>_<name>")
    return load_config(folder / CONFIG)


def note_resumption(folder: Path, config: TrainConfig, *, steps: int) -> None:
    """Add the command and the versions to the record of a run that goes on after ``steps``, with its new settings.

    Raises:
        RunError: the folder cannot be written.
    """
    try:
        write_config(folder, config)
        (folder / SUMMARY).unlink(missing_ok=True)  # the final policy is another one from now on; metrics.csv keeps it
        with (folder / COMMAND).open("a", encoding="utf-8") as file:
            file.write(_command())
        with (folder / RESUMED).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"steps": steps, **environment()}) + "\n")
    except OSError as error:
        raise RunError(f"resume: cannot write {folder}: {error.strerror or error}") from error


def _command() -> str:
    program = Path(sys.argv[0]).name
    return shlex.join([*(["python"] if program.endswith(".py") else []), program, *sys.argv[1:]]) + "\n"


def environment() -> dict[str, object]:
    """Versions, machine and git revision, for the record."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return {
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": versions,
        "git": git_revision(),
    }


def git_revision() -> dict[str, object] | None:
    """Commit of the code and whether it was changed since; None outside a checkout or without git."""
    root = Path(__file__).resolve().parents[2]
    try:
        if not (root / ".git").exists():
            return None
        commit = _git(root, "rev-parse", "HEAD")
        changed = bool(_git(root, "status", "--porcelain"))
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "changed": changed}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
