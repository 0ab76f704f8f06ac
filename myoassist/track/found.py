"""What a run folder holds beside its rows: finished evaluations, checkpoints, the report."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from myoassist.files import read_json
from myoassist.places import EVALUATIONS, PLOTS_FOLDER, REPORT, SUMMARY, VIDEOS_FOLDER
from myoassist.runs.checkpoints import LAYOUT, list_checkpoints, read_best

SETTLED = 3.0  # s after which it is known whether a new checkpoint is the best: that is noted just after it
QUIET = 180.0  # s without any change in an evaluation that nobody works on any more
METRICS = "metrics.json"


@dataclass(frozen=True)
class Outcome:
    """A finished evaluation made in training.

    ``numbers``: ``gait/[<trial>/]<metric>``, mean over strides or episodes in the unit of ``metrics.json``. ``plots``
    and ``videos``: files by ``plots/[<trial>/]<plot>`` and ``video/[<trial>/]<episode>``; trials are named where there
    are several.
    """

    name: str
    steps: int
    numbers: dict[str, float]
    plots: dict[str, Path]
    videos: dict[str, Path]


def finished_evaluations(run: Path, known: list[str], *, all_there: bool) -> list[Outcome]:
    """Evaluations made in training that are not ``known``, oldest first.

    Its report is made last: one without is taken only if ``all_there`` says that nothing more is made.
    """
    found = []
    for folder in sorted((run / EVALUATIONS).glob("step_*")):
        if folder.name not in known and _made_in_training(folder) and (all_there or (folder / REPORT).is_file()):
            found.append(_outcome(folder))
    return found


def evaluations_in_work(run: Path, *, now: float | None = None) -> bool:
    """Whether plots, videos or the report of an evaluation are still being made by another process."""
    folders = [folder for folder in (run / EVALUATIONS).glob("step_*") if _made_in_training(folder)]
    if all((folder / REPORT).is_file() for folder in folders):
        return False
    newest = max(map(_changed, (run / EVALUATIONS).rglob("*")))  # of all: some wait for their turn
    return (time.time() if now is None else now) - newest < QUIET


def checkpoints(run: Path, known: list[str], *, all_there: bool) -> list[Path]:
    """Whole checkpoints that are not ``known`` and are old enough that :func:`best_name` is right about them."""
    now = time.time()
    new = [path for path in list_checkpoints(run / "checkpoints") if path.name not in known]
    return [path for path in new if all_there or now - _changed(path / LAYOUT) > SETTLED]


def best_name(run: Path) -> str | None:
    """Folder name of the checkpoint that walks best."""
    best = read_best(run / "checkpoints")
    return Path(best["checkpoint"]).name if best else None


def layout_of(checkpoint: Path) -> dict[str, list[str]]:
    """Names of the signals a policy sees and of the actions it gives."""
    content = read_json(checkpoint / LAYOUT)
    return {
        "signals": [str(signal[0]) for signal in content.get("signals") or ()],
        "actions": [str(action) for action in content.get("actions") or ()],
    }


def digest(path: Path) -> str | None:
    """SHA-256 of a file; None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _made_in_training(folder: Path) -> bool:
    summary = read_json(folder / SUMMARY)
    return bool(summary.get("in_training")) and isinstance(summary.get("steps"), int)


def _outcome(folder: Path) -> Outcome:
    summary = read_json(folder / SUMMARY)
    outcome = Outcome(folder.name, summary["steps"], {}, {}, {})
    trials = list(summary.get("trials") or {})
    for trial in trials:
        place, of = folder / trial, f"{trial}/" if len(trials) > 1 else ""
        for name, metric in (read_json(place / METRICS).get("metrics") or {}).items():
            mean = metric.get("mean") if isinstance(metric, dict) else None
            if isinstance(mean, int | float):
                outcome.numbers[f"gait/{of}{name}"] = mean
        outcome.plots.update((f"plots/{of}{path.stem}", path) for path in sorted((place / PLOTS_FOLDER).glob("*.png")))
        films = [path for path in sorted((place / VIDEOS_FOLDER).glob("*")) if path.suffix in (".mp4", ".gif", ".webm")]
        outcome.videos.update((f"video/{of}{path.stem}", path) for path in films if not path.name.startswith("."))
    return outcome


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
