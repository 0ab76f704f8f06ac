"""``sweep.html``: a comparison as one file that opens anywhere."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from matplotlib.figure import Figure

from myoassist.analysis.page import rendered
from myoassist.analysis.plots.save import encoded
from myoassist.analysis.plots.style import DPI, look
from myoassist.analysis.report_media import Picture, data_uri
from myoassist.analysis.report_metrics import number
from myoassist.analysis.report_run import Table
from myoassist.runs.comparison import Comparison, alike_text, count_text, spread_text
from myoassist.runs.groups import compact, short_names, statuses, title
from myoassist.runs.importance import FEW
from myoassist.runs.listing import nearby
from myoassist.runs.metrics import FALLBACK, OBJECTIVE, SHARE_COMPLETED, Measure, measure_of
from myoassist.runs.plots import curves_of, importance_bars, is_smoothed, learning_curves, parallel_coordinates

GENERATOR = "MyoAssist comparison of runs"
_CURVES = (OBJECTIVE, SHARE_COMPLETED, FALLBACK, "episode/return")
_MOST_AXES = 15
_GOOD, _FAIR = "good", "fair"


def render(comparison: Comparison, *, now: datetime) -> str:
    """The page as HTML."""
    best, missed = comparison.groups[0] if comparison.best is not None else None, comparison.failures
    return rendered(
        "sweep.html.j2",
        generator=GENERATOR,
        title=", ".join(place.name for place in comparison.places),
        made=f"{now:%Y-%m-%d %H:%M}",
        level=(_FAIR if missed else _GOOD) if best else "bad",
        counts=count_text(comparison.outcomes),
        objective=comparison.objective,
        alike=alike_text(comparison) if comparison.alike else "",
        fallback=comparison.fallback,
        repeated=comparison.repeated,
        best=title([compact(value) for value in best.setting], comparison.differing) if best else "",
        best_value=spread_text(comparison.spread(best, comparison.objective), comparison.objective) if best else "",
        best_runs=len(best.counted) if best else 0,
        best_label=comparison.outcomes[comparison.best].label if comparison.best is not None else "",
        command=comparison.command,
        settings=settings_table(comparison),
        runs=runs_table(comparison),
        failures=[(o.label, o.status, o.reason or "no reason is known", shlex.join(o.lines)) for o in missed],
        importances=importance_table(comparison),
        guide=importance_guide(comparison),
        along=[(p.key, ", ".join(p.along)) for p in comparison.differing if p.along],
        curves=curves_picture(comparison),
        parallel=parallel_picture(comparison),
        bars=bars_picture(comparison),
        places=[nearby(place) for place in comparison.places],
    )


def settings_table(comparison: Comparison) -> Table:
    """One row per setting, best first: objective and status, the setting, other metrics as mean ± SD over its seeds."""
    first, others = comparison.measures[0], comparison.measures[1:]
    columns = [("Rank", ""), *_titles([first]), ("Runs", ""), *_names(comparison), *_titles(others)]
    rows = []
    for place, group in enumerate(comparison.groups, start=1):
        goal, *told = [spread_text(comparison.spread(group, measure), measure) for measure in comparison.measures]
        rows.append([str(place), goal, statuses(group, comparison.outcomes), *map(compact, group.setting), *told])
    return Table(columns, rows)


def runs_table(comparison: Comparison) -> Table:
    """One row per run or job, in their order: objective and status, the setting, other metrics."""
    first, others = comparison.measures[0], comparison.measures[1:]
    columns = [("Run", ""), *_titles([first]), ("Status", ""), *_names(comparison), ("Seed", ""), ("Steps", "")]
    rows = []
    for place, outcome in enumerate(comparison.outcomes):
        goal, *values = [
            number(outcome.values.get(measure.key, math.nan) * measure.factor, measure.digits)
            for measure in comparison.measures
        ]
        settings = [compact(parameter.values[place]) for parameter in comparison.differing]
        steps = number(outcome.steps, 0)
        rows.append([outcome.label, goal, outcome.status, *settings, outcome.seed, steps, *values])
    return Table([*columns, *_titles(others)], rows)


def _names(comparison: Comparison) -> list[tuple[str, str]]:
    return [(name, "") for name in short_names([parameter.key for parameter in comparison.differing])]


def _titles(measures: Sequence[Measure]) -> list[tuple[str, str]]:
    return [(measure.title, measure.unit) for measure in measures]


def importance_guide(comparison: Comparison) -> str:
    """What to know of the importances: why there are none, that few runs tell, that settings changed together."""
    shares = [one.share for one in comparison.importances if math.isfinite(one.share)]
    if not shares:
        return "Nothing can be said yet: " + "; ".join(dict.fromkeys(one.note for one in comparison.importances)) + "."
    runs = int(np.isfinite(comparison.goals).sum())
    few = f"Only {runs} runs count here: a rough guide, which a few more runs can turn round."
    together = "The shares come to more than 100 %: settings changed together, as in a search, and share the credit."
    return " ".join([few] * (runs < FEW) + [together] * (sum(shares) > 1.0))


def importance_table(comparison: Comparison) -> Table | None:
    """What each setting matters; None where the runs do not tell."""
    if not any(math.isfinite(one.share) for one in comparison.importances):
        return None
    rows = [
        [
            one.key,
            f"{100 * one.share:.0f} %" if math.isfinite(one.share) else "–",
            str(one.levels),
            number(one.trend, 2),
            one.note,
        ]
        for one in comparison.importances
    ]
    columns = [("Setting", ""), ("Explains alone", ""), ("Levels", ""), ("Rank correlation", "")]
    noted = any(row[-1] for row in rows)
    return Table([*columns, ("Note", "")], rows) if noted else Table(columns, [row[:-1] for row in rows])


def curves_picture(comparison: Comparison) -> Picture | None:
    """Learning curves of the objective and of what is most often asked for."""
    keys = list(dict.fromkeys([comparison.objective.key, *_CURVES]))
    curves = {key: curves_of(comparison.outcomes, key) for key in keys}
    measures = [measure_of(key) for key in keys if curves[key]]
    if not measures:
        return None
    with look(), np.errstate(invalid="ignore"):
        made = learning_curves(comparison.outcomes, comparison.groups, comparison.differing, measures)
    text = "Mean over the seeds of each setting, band: ± 1 standard deviation, over the steps that all of them have."
    if any(is_smoothed(curves[key], key) for key in keys):
        text += (
            " Of numbers of the training, mean and standard deviation are drawn as running means over a twentieth"
            " of the training; evaluations as they are."
        )
    return _picture("curves", "Learning curves", text, made)


def parallel_picture(comparison: Comparison) -> Picture | None:
    """Settings and objective of every run, where runs with a value have more than one of both."""
    told = [place for place in range(len(comparison.outcomes)) if math.isfinite(comparison.goal(place))]
    order = {one.key: place for place, one in enumerate(comparison.importances)}
    differing = [p for p in comparison.differing if len({p.values[place] for place in told}) > 1]
    shown = sorted(differing, key=lambda parameter: order[parameter.key])[:_MOST_AXES]
    if not shown:
        return None
    with look():
        made = parallel_coordinates(comparison.outcomes, shown, comparison.objective)
    few = f" The {len(shown)} of {len(differing)} settings" if len(shown) < len(differing) else " Settings"
    text = f"Each line is a run; bright ones are better.{few} that matter most are on top, the outcome is at the end."
    return _picture("parallel", "Settings and outcome of every run", text, made)


def bars_picture(comparison: Comparison) -> Picture | None:
    """What each setting matters, where the runs tell."""
    if not any(math.isfinite(one.share) for one in comparison.importances):
        return None
    with look():
        made = importance_bars(comparison.importances, comparison.objective)
    text = (
        "Share of the variance of the objective over runs that a setting explains by itself, without what chance would "
        "give (epsilon squared, Kelley 1935). What is missing to 100 % is interaction of settings, seeds and chance."
    )
    return _picture("importance", "What matters", text, made)


def _picture(name: str, heading: str, caption: str, made: Figure) -> Picture:
    width, height = (round(float(size) * DPI) for size in made.get_size_inches())
    source = data_uri(encoded(made), "image/png")
    return Picture(name, heading, caption, f"{heading}. {caption}", source, width, height)
