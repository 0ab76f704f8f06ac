"""Results of an evaluation from its recordings: metrics, plots, and the report of a trial, an evaluation or a run.

``analyse_trial`` computes and draws, ``write_report`` and ``write_run_report`` put together what lies there. All of it
can be made again later, elsewhere, from recordings alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from myoassist.analysis.plots import save_training_plots
from myoassist.analysis.plots.save import FORMATS, chosen
from myoassist.analysis.recording import FILE
from myoassist.analysis.report import REPORT, Content, check_replaceable, write_page
from myoassist.analysis.report_run import CONFIG, EVALUATIONS, SUMMARY, run_facts, run_of_evaluation
from myoassist.analysis.results_trial import (
    PLOTS_FOLDER,
    TrialResult,
    analyse_trial,
    check_output,
    failed_trial,
    find_trials,
    read_trial,
    with_videos,
)
from myoassist.errors import ConfigError, MyoAssistError, RunError, unknown
from myoassist.files import read_json

__all__ = [
    "TrialResult",
    "analyse_again",
    "analyse_trial",
    "failed_trial",
    "find_trials",
    "read_trial",
    "write_report",
    "write_run_report",
]


def write_report(
    place: Path,
    *,
    results: Sequence[TrialResult] | None = None,
    output: Path | None = None,
    now: datetime | None = None,
) -> Path:
    """Write ``report.html`` of an evaluation folder, or of a single trial; returns its path.

    Args:
        place: folder of the evaluation, of one trial, or a recording.
        results: of its trials, if they are at hand; else they are read from their folders. A trial whose recording is
            missing or cut off costs a line in the report.
        output: folder of the report; by default that of ``place``.
        now: date to be shown.

    Raises:
        RunError: there is no trial, or the report cannot be written.
    """
    folder = place if place.is_dir() else place.parent
    summary = read_json(folder / SUMMARY) or read_json(folder.parent / SUMMARY)
    trials = list(results) if results is not None else [read_trial(trial) for trial in find_trials(place)]
    trials = in_order(trials, summary)
    run = run_of_evaluation(folder) or run_of_evaluation(folder.parent)
    missing = [] if run else ["The run folder is not here: training command, versions and curves are left out."]
    content = Content("evaluation", place, trials, run_facts(run), summary, missing=missing)
    return write_page(content, (output or folder) / REPORT, now=now)


def analyse_again(
    place: Path,
    *,
    output: Path | None = None,
    plots: Sequence[str] = ("*",),
    formats: Sequence[str] = ("png",),
    say: Callable[[str], Any] = lambda line: None,
    film: Callable[[Path, Path], Any] = lambda recording, folder: None,
) -> Path:
    """Make metrics, plots and report of a recording, a trial or an evaluation anew; returns the path of the report.

    Results go beside their recordings, those of a file of another name than ``recording.npz`` into ``<name>_analysis``,
    or into ``output``. Only results of the same trial are replaced. ``say`` gets a line for each step, ``film``
    the place of each recording and the folder of its results.

    Raises:
        ConfigError: a plot or format that does not exist.
        RunError: no trial can be read, or something else lies where results should go; nothing has been written then.
    """
    chosen(plots)
    for form in formats:
        if form not in FORMATS:
            raise ConfigError(unknown("format of a plot", form, FORMATS, where="formats"))
    trials = find_trials(place)
    if output is None and place.is_file() and place.name != FILE:
        output = place.with_name(f"{place.stem}_analysis")
    several = trials != [place]
    folders = [None if output is None else output / trial.name if several else output for trial in trials]
    base = place if place.is_dir() else place.parent
    check_replaceable((output or base) / REPORT)
    for trial, folder in zip(trials, folders, strict=True):
        check_output(trial, folder)
    pairs, alone = zip(trials, folders, strict=True), len(trials) == 1
    results = [_again(trial, folder, plots, formats, say, alone=alone) for trial, folder in pairs]
    results = [_filmed(trial, result, film) for trial, result in zip(trials, results, strict=True)]
    if all(result.problem for result in results):
        raise RunError(f"{place}: none of its {len(results)} trials can be analysed")
    return write_report(place, results=results, output=output)


def _again(
    trial: Path,
    folder: Path | None,
    plots: Sequence[str],
    formats: Sequence[str],
    say: Callable[[str], Any],
    *,
    alone: bool,
) -> TrialResult:
    try:
        result = analyse_trial(trial, plots, formats, output=folder)
        say(f"{result.name}: {len(result.metrics)} metrics, {len(result.plots)} plots in {result.folder}")
        say(f"{result.name}: {result.verdict}")
    except RunError as error:
        if alone:
            raise
        result = failed_trial(trial, str(error), output=folder)
        say(f"{result.name}: {error}")
    return result


def _filmed(trial: Path, result: TrialResult, film: Callable[[Path, Path], Any]) -> TrialResult:
    if result.problem:
        return result
    film(trial, result.folder)
    return with_videos(result)


def write_run_report(run: Path, *, now: datetime | None = None) -> Path:
    """Write ``report.html`` of a run: its training, all evaluations in numbers, the newest one in full.

    Raises:
        RunError: ``run`` is no run folder, or the report cannot be written.
    """
    if not (run / CONFIG).is_file():
        raise RunError(f"{run}: holds no run ({CONFIG} is missing)")
    evaluation, missing = newest_evaluation(run), []
    if evaluation is None:
        missing.append("There is no evaluation with a recording yet: evaluate the run to see how it walks.")
    try:
        plots = save_training_plots(run, run / PLOTS_FOLDER)
    except MyoAssistError as error:
        plots = {}
        missing.append(f"The training curves could not be drawn: {error}.")
    summary: dict[str, Any] = read_json(evaluation / SUMMARY) if evaluation else {}
    trials = in_order([read_trial(trial) for trial in find_trials(evaluation)], summary) if evaluation else []
    content = Content("run", evaluation or run, trials, run_facts(run), summary, plots, missing)
    return write_page(content, run / REPORT, now=now)


def newest_evaluation(run: Path) -> Path | None:
    """The evaluation of the most trained policy that holds a recording, the last made of several; None without one."""
    held = {path.parent.parent for path in (run / EVALUATIONS).glob(f"*/*/{FILE}")}
    folders = [folder for folder in held if not folder.name.startswith(".")]
    return max(folders, key=lambda folder: (steps_of(folder), folder.stat().st_mtime, folder.name), default=None)


def steps_of(folder: Path) -> int:
    """Steps trained when an evaluation was made; 0 where nothing says so."""
    steps = read_json(folder / SUMMARY).get("steps")
    if isinstance(steps, int):
        return steps
    digits = folder.name.removeprefix("step_").partition("_")[0]
    return int(digits) if digits.isdigit() else 0


def in_order(trials: Sequence[TrialResult], summary: dict[str, Any]) -> list[TrialResult]:
    """Trials in the order in which they were run, as ``evaluation.json`` tells; others after them."""
    said = list(summary.get("trials") or {})
    return sorted(trials, key=lambda trial: said.index(trial.name) if trial.name in said else len(said))
