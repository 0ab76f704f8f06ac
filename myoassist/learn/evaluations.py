"""What an evaluation leaves behind: ``evaluations/step_<n>`` with one folder per trial, put in place whole."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from myoassist.analysis.recording import FILE, Recording
from myoassist.env.episodes import Episode
from myoassist.errors import RunError
from myoassist.files import free_name, read_json, write_beside
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.evaluate import Evaluation, summarize
from myoassist.learn.shipped import shipped_name
from myoassist.places import CONFIG, EPISODES, EVALUATIONS, SUMMARY
from myoassist.runs.checkpoints import checkpoint_name
from myoassist.runs.finding import OUTPUTS
from myoassist.track.artifacts import artifact_cache

_PARTIAL, _EARLIER, _LOCK = ".partial", ".earlier", ".lock"


def run_of(checkpoint: Path) -> Path:
    """The run folder that a checkpoint belongs to; the checkpoint itself where it lies alone."""
    folder = checkpoint.parent if checkpoint.is_file() else checkpoint
    return folder.parent.parent if folder.parent.name == "checkpoints" else folder


def results_folder(place: Path, name: str, *, overwrite: bool) -> Path:
    """Folder ``place/name`` for results, or ``place/name_2`` … where that is taken and must stay.

    What evaluations that were killed left in ``place`` is removed.
    """
    remove_leftovers(place)
    return place / name if overwrite else free_name(place / name)


def results_of(checkpoint: Checkpoint, output: Path | None, *, overwrite: bool) -> Path:
    """Folder for the results of a policy: ``output``, or ``evaluations/step_<n>`` of its run; of a shipped one, which
    has no run, ``outputs/<date>/<time>_eval_<name>`` in the current folder.

    Those of an artifact go to ``outputs/artifacts/<entity>/<project>/<name>/<version>``, not into the cache.

    Raises:
        RunError: ``output`` is there and is no evaluation.
    """
    if output is not None:
        check_results(output)
        return results_folder(output.parent, output.name, overwrite=overwrite)
    if (shipped := shipped_name(checkpoint.path)) is not None:
        now = datetime.now()
        return free_name(Path("outputs") / f"{now:%Y-%m-%d}" / f"{now:%H-%M-%S}_eval_{shipped}")
    name = checkpoint_name(checkpoint.steps)
    run, cache = run_of(checkpoint.path), artifact_cache()
    if cache in run.parents:
        run = OUTPUTS / "artifacts" / run.relative_to(cache)
    return results_folder(run / EVALUATIONS, name, overwrite=overwrite)


def check_results(folder: Path) -> None:
    """Raise ``RunError`` where ``folder`` is there and holds no evaluation."""
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder}: is a file; choose another folder, nothing was overwritten")
    if folder.exists() and ("trials" not in read_summary(folder) or (folder / CONFIG).exists()):
        raise RunError(f"{folder}: is there and holds no evaluation; choose another folder, nothing was overwritten")


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """A folder to fill that takes the name, and the place, of ``folder`` in the end; nothing stays of one cut short.

    Of a process that is killed stays what :func:`remove_leftovers` removes.

    Raises:
        RunError: it cannot be written, or ``folder`` is there and is not one of results.
    """
    check_results(folder)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}{_PARTIAL}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _held(partial):
            partial.mkdir()
            yield partial
            if folder.exists():
                folder.replace(partial.with_suffix(_EARLIER))
            partial.replace(folder)
    except OSError as error:
        raise RunError(f"{folder}: the results cannot be written ({error.strerror or error})") from error


def remove_leftovers(place: Path) -> None:
    """Remove what evaluations that were killed left in ``place``; those that still run are left alone.

    Earlier results that were just making way for new ones get their name back.
    """
    for lock in place.glob(f".*{_PARTIAL}{_LOCK}"):
        with suppress(OSError), _held(lock.with_suffix("")):  # held by a living process, or not ours to change
            pass


@contextmanager
def _held(partial: Path) -> Iterator[None]:
    """Hold the lock beside ``partial``, of which the system lets go however a process ends; tidy up before and after.

    Raises:
        OSError: another process holds it, or it cannot be written.
    """
    lock = Path(f"{partial}{_LOCK}")
    with FileLock(lock, timeout=0):
        try:
            _tidy(partial)
            yield
        finally:
            _tidy(partial)
            with suppress(PermissionError):  # on Windows, where it goes when it is let go
                lock.unlink(missing_ok=True)


def _tidy(partial: Path) -> None:
    folder, earlier = partial.with_name(partial.stem[1:].rpartition(".")[0]), partial.with_suffix(_EARLIER)
    if earlier.exists() and not folder.exists():
        earlier.replace(folder)
    for left in (earlier, partial):
        shutil.rmtree(left, ignore_errors=True)


def write_trial(folder: Path, episodes: list[Episode], recording: Recording | None) -> None:
    """Fill the folder of one trial: a row for each episode, and the recording where there is one."""
    folder.mkdir(parents=True)
    rows = [asdict(episode) for episode in episodes]
    for row in rows:
        row.update({f"reward.{name}": value for name, value in row.pop("terms").items()})
    with (folder / EPISODES).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    if recording is not None:
        recording.save(folder / FILE)


def write_summary(folder: Path, trials: dict[str, list[Episode]], **facts: Any) -> Evaluation:
    """Write ``evaluation.json``: ``facts``, the outcome of each trial, and that over all of them, which it returns."""
    over_all = summarize([episode for episodes in trials.values() for episode in episodes])
    outcomes = {name: asdict(summarize(episodes)) for name, episodes in trials.items()}
    write_beside(folder / SUMMARY, json.dumps({**facts, **asdict(over_all), "trials": outcomes}, indent=1))
    return over_all


def read_summary(folder: Path) -> dict[str, Any]:
    """What :func:`write_summary` wrote; empty where there is nothing that can be read."""
    return read_json(folder / SUMMARY)
