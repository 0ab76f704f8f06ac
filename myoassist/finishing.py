"""From recordings to results: metrics, plots, videos and report of an evaluation, or the report of a whole run.

``python -m myoassist.finishing <folder>`` does it in a process of its own, as trainings do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from myoassist.analysis.recording import FILE, load_recording
from myoassist.config import VideoConfig
from myoassist.errors import MyoAssistError
from myoassist.files import read_json, write_beside
from myoassist.parsing import parse_config
from myoassist.places import SUMMARY, VIDEOS_FOLDER

LOG = "finishing.log"
NOTE = "note.txt"  # in the folder of the videos: why they are not what was asked for


def finish_evaluation(folder: Path, *, say: Callable[[str], Any] = lambda line: None) -> Path:
    """Analyse every trial of an evaluation folder, draw its plots, film it, write ``report.html``; returns its path.

    A trial that cannot be read or filmed costs a line, which ``say`` gets, and not the rest.
    """
    from myoassist.analysis.results import analyse_trial, write_report

    for trial in trials_in(folder):
        try:
            say(f"{trial.name}: metrics and plots ...")
            recording = load_recording(trial)
            settings = parse_config(recording.meta["experiment"]).evaluation
            result = analyse_trial(trial, plots=settings.plots)
            say(f"{trial.name}: {result.verdict}")
            film(trial, trial, settings.video, say=say)
        except MyoAssistError as error:
            say(f"{trial.name}: {error}")
    return write_report(folder)


def film(place: Path, folder: Path, video: VideoConfig, *, say: Callable[[str], Any]) -> None:
    """Make the videos of the recording at ``place`` that ``video`` asks for, in ``folder/videos``.

    Where they are not what was asked for, as without a graphics library, ``note.txt`` there says why.
    """
    if not video.episodes:
        return
    from myoassist.view.video import make_film

    recording = load_recording(place)
    camera = parse_config(recording.meta["experiment"]).evaluation.camera
    notes: dict[str, None] = {}
    for episode in range(min(video.episodes, len(recording.episodes))):
        path = folder / VIDEOS_FOLDER / f"episode_{episode}.mp4"
        say(f"{recording.name}: filming episode {episode} ...")
        made = make_film(recording, episode, path, camera, video)
        say(f"{recording.name}: {made.path}")
        if made.note:
            say(made.note)
            notes[made.note] = None
    note = folder / VIDEOS_FOLDER / NOTE
    if notes:
        write_beside(note, "\n".join(notes) + "\n")
    else:
        note.unlink(missing_ok=True)


def trials_in(folder: Path) -> list[Path]:
    """Folders of ``folder`` that hold a recording, in the order in which the trials were run."""
    asked = list(read_json(folder / SUMMARY).get("trials") or ())
    found = sorted(path.parent for path in folder.glob(f"*/{FILE}"))
    return sorted(found, key=lambda trial: asked.index(trial.name) if trial.name in asked else len(asked))


def finish_run(run: Path) -> Path:
    """Write the report of a run; returns its path."""
    from myoassist.analysis.results import write_run_report

    return write_run_report(run)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """Finish the folders named on the command line; the exit code is 1 where one could not be done."""
    if hasattr(os, "nice"):
        os.nice(10)  # training comes first
    return max(_finish(Path(folder)) for folder in sys.argv[1:])


def _finish(folder: Path) -> int:
    try:
        of_run = (folder / "checkpoints").is_dir()
        made = finish_run(folder) if of_run else finish_evaluation(folder, say=_say)
    except MyoAssistError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    _say(str(made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
