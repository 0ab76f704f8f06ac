"""Compare runs: read them, write ``sweep.html`` and ``sweep.csv``, and say how they went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from myoassist.analysis.report import check_replaceable
from myoassist.errors import RunError
from myoassist.files import free_name, read_json, write_beside
from myoassist.places import SEARCH, SWEEP_PAGE, SWEEP_TABLE
from myoassist.runs.comparison import HEAD, Comparison, as_csv, as_text, compare_outcomes
from myoassist.runs.finding import OUTPUTS, is_sweep
from myoassist.runs.gathering import gather
from myoassist.runs.listing import nearby
from myoassist.runs.outcome import Outcome
from myoassist.runs.page import GENERATOR, render
from myoassist.runs.table import terminal_width


@dataclass(frozen=True)
class Written:
    """A comparison, where its page and table lie, and what to tell about it."""

    comparison: Comparison
    page: Path
    table: Path
    text: str


def compare(
    places: Sequence[Path],
    *,
    metric: str | None = None,
    minimize: bool | None = None,
    output: Path | None = None,
    now: datetime | None = None,
) -> Written:
    """Compare all runs at or below ``places`` and write the comparison.

    Args:
        metric: what to sort by, as ``eval/distance``; by default the objective of a search, else the distance of the
            last evaluation.
        minimize: whether less of it is better; None as is known of the metric.
        output: folder to write to; by default the folder of the sweep, or ``outputs/comparison_<time>`` for others.

    Raises:
        ConfigError, RunError: no run, no such metric, or files that cannot be written.
    """
    moment = now or datetime.now()
    folders = [place.resolve() for place in places]
    outcomes = gather(folders)
    if metric is None and len(folders) == 1:
        metric, minimize = _objective_of_search(folders[0], outcomes, minimize)
    comparison = compare_outcomes(outcomes, folders, metric=metric, minimize=minimize)
    folder = output or _default_folder(folders, moment)
    page, table = folder / SWEEP_PAGE, folder / SWEEP_TABLE
    check_replaceable(page, generator=GENERATOR)
    _check_table(table)
    write_beside(table, as_csv(comparison))
    write_beside(page, render(comparison, now=moment))
    text = as_text(comparison, width=terminal_width())
    return Written(comparison, page, table, f"{text}\n\ncomparison: {nearby(page)}")


def _objective_of_search(
    sweep: Path, outcomes: Sequence[Outcome], minimize: bool | None
) -> tuple[str | None, bool | None]:
    """The first objective of a search and whether less of it is better, as its ``search.json`` says; else None."""
    told = read_json(sweep / SEARCH)
    names, ways = told.get("objective"), told.get("direction")
    if not (isinstance(names, list) and isinstance(ways, list) and names and ways):
        return None, minimize
    if not any(names[0] in outcome.values for outcome in outcomes):
        return None, minimize
    return str(names[0]), ways[0] == "minimize" if minimize is None else minimize


def _default_folder(places: Sequence[Path], moment: datetime) -> Path:
    if len(places) == 1 and is_sweep(places[0]):
        return places[0]
    return free_name(OUTPUTS / f"comparison_{moment:%Y-%m-%d_%H-%M-%S}")


def _check_table(path: Path) -> None:
    """Raise RunError where ``path`` is there and is no table of a comparison."""
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8") as file:
            ours = file.readline().startswith(",".join(HEAD[:3]))
    except (OSError, UnicodeDecodeError):
        ours = False
    if not ours:
        raise RunError(f"{path}: is there and is no comparison of runs; nothing was overwritten")
