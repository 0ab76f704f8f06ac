"""``report.html``: one file with everything in it, made from trials that were analysed before. See ``results.py``."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from myoassist.analysis.page import rendered
from myoassist.analysis.plots import TRAINING_PLOTS
from myoassist.analysis.report_media import Budget, Picture, picture, shrinking
from myoassist.analysis.report_metrics import number
from myoassist.analysis.report_run import (
    RunFacts,
    evaluation_command,
    evaluations_table,
    settings_facts,
    training_command,
    version_facts,
)
from myoassist.analysis.report_trial import TrialSection, comparison, sources, trial_section
from myoassist.analysis.results_trial import TrialResult
from myoassist.errors import RunError
from myoassist.files import write_beside
from myoassist.places import REPORT

GENERATOR = (
    "MyoAssist report"  # stands in the head of the page; by it a later report knows that it may replace the file
)
Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Content:
    """What a report is made of.

    ``kind``: ``evaluation`` or ``run``. ``place``: the folder it is about. ``summary``: of ``evaluation.json``.
    ``training_plots``: PNG file by name. ``missing``: what could not be shown and why, in words.
    """

    kind: str
    place: Path
    trials: Sequence[TrialResult]
    run: RunFacts = field(default_factory=RunFacts)
    summary: Mapping[str, Any] = field(default_factory=dict)
    training_plots: Mapping[str, Path] = field(default_factory=dict)
    missing: Sequence[str] = ()


def write_page(content: Content, path: Path, *, now: datetime | None = None) -> Path:
    """Write the page, whole or not at all; returns ``path``. The same content gives the same page apart from the date.

    Raises:
        RunError: it cannot be written, or ``path`` is a file that no report was.
    """
    check_replaceable(path)
    page = render(content, path, now=now or datetime.now().astimezone())
    write_beside(path, page)
    return path


def check_replaceable(path: Path, *, generator: str = GENERATOR) -> None:
    """Raise ``RunError`` where ``path`` is there and is not a page of this program, made by ``generator``."""
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            ours = generator in file.read(2000)
    except OSError:
        ours = False
    if not ours:
        raise RunError(f"{path}: is there and is no report of this program; nothing was overwritten")


def render(content: Content, path: Path, *, now: datetime) -> str:
    """The page as HTML; ``path`` is where it will lie, to which links are relative."""
    pictures = [file for trial in content.trials for file in trial.plots.values()]
    shrink, budget = shrinking([*pictures, *content.training_plots.values()]), Budget()
    common, apart = settings_by_trial(content.trials)
    sections = [
        trial_section(trial, place, apart[place - 1], page=path, budget=budget, shrink=shrink)
        for place, trial in enumerate(content.trials, start=1)
    ]
    return rendered(
        "report.html.j2",
        generator=GENERATOR,
        kind=content.kind,
        title=title_of(content),
        made=f"{now:%Y-%m-%d %H:%M}",
        place=content.place.name,
        missing=list(content.missing),
        facts=[*common, *training_facts(content)],
        versions=version_facts(content.run.environment),
        sections=sections,
        comparison=comparison(sections) if len(sections) > 1 else None,
        curves=training_pictures(content.training_plots, shrink),
        evaluations=evaluations_table(content.run.numbers) if content.kind == "run" else None,
        configurations=configurations(content),
        commands=commands(content),
        sources=sources(sections),
    )


def title_of(content: Content) -> str:
    """Name of the experiment, else of the first trial."""
    names = [str((trial.meta.get("experiment") or {}).get("name") or "") for trial in content.trials]
    known = [name for name in names if name]
    return known[0] if known else (content.run.folder or content.place).name


def settings_by_trial(trials: Sequence[TrialResult]) -> tuple[Facts, list[Facts]]:
    """Settings that all trials share, and those that set each apart."""
    settings = [settings_facts(trial.meta.get("experiment") or {}) for trial in trials]
    known = [facts for facts in settings if facts]
    common = [fact for fact in known[0] if all(fact in facts for facts in known)] if known else []
    return common, [[fact for fact in facts if fact not in common] for facts in settings]


def training_facts(content: Content) -> Facts:
    """Steps trained and the time they took."""
    facts = []
    trained = content.summary.get("steps") or next((t.meta["steps"] for t in content.trials if "steps" in t.meta), None)
    if content.kind == "run" and content.run.steps:
        trained = content.run.steps
    if isinstance(trained, (int, float)):
        planned = next(
            (t.meta["experiment"].get("total_steps") for t in content.trials if "experiment" in t.meta), None
        )
        of = f" of {number(planned, 0)} planned" if isinstance(planned, (int, float)) else ""
        facts.append(("Trained", f"{number(float(trained), 0)} steps{of}"))
    if content.run.seconds:
        facts.append(("Training took", f"{timedelta(seconds=round(content.run.seconds))} (h:min:s)"))
    return facts


def configurations(content: Content) -> Facts:
    """The configuration of the training, and those that were evaluated, each once, as YAML."""
    found = [("Configuration of the training", content.run.config)] if content.run.config else []
    for trial in content.trials:
        if experiment := trial.meta.get("experiment"):
            text = yaml.safe_dump(experiment, sort_keys=False, allow_unicode=True)
            if text not in [known for _, known in found]:
                found.append((f"Configuration of the trial {trial.name}", text))
    return found


def training_pictures(plots: Mapping[str, Path], shrink: int) -> list[Picture]:
    """Plots of the training, in the order of :data:`TRAINING_PLOTS`."""
    found = []
    for name in [*(n for n in TRAINING_PLOTS if n in plots), *(n for n in plots if n not in TRAINING_PLOTS)]:
        plot = TRAINING_PLOTS.get(name)
        title, caption = (plot.title, plot.caption) if plot else (name.replace("_", " ").capitalize(), "")
        made = picture(plots[name], title=title, caption=caption, alt=f"{title}. {caption}", shrink=shrink)
        found += [made] if made else []
    return found


def commands(content: Content) -> list[tuple[str, str]]:
    """How to do it again: title and command line."""
    analyse = shlex.join(["python", "scripts/analyse.py", f"recording={content.place}"])
    listed = [
        ("Train, as it was run", training_command(content.run.command)),
        ("Evaluate", evaluation_command(content.summary)),
        ("Analyse the recordings again", analyse if content.trials else ""),
    ]
    return [(title, command) for title, command in listed if command]


__all__ = ["REPORT", "Content", "TrialSection", "check_replaceable", "render", "write_page"]
