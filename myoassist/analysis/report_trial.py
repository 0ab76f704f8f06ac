"""A trial as a section of a report: verdict, tiles, tables, pictures with words, and what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from myoassist.analysis.gait_metric import Metric
from myoassist.analysis.plots import PLOTS
from myoassist.analysis.report_media import Budget, Picture, Video, picture, video
from myoassist.analysis.report_metrics import (
    EACH_MUSCLE,
    Row,
    cell,
    grouped,
    label_of,
    number,
    range_text,
    split_side,
    unit_of,
    without_value,
)
from myoassist.analysis.report_ranges import SOURCES, human_range
from myoassist.analysis.report_run import Table
from myoassist.analysis.results_trial import TrialResult
from myoassist.files import read_text

ICONS = {"good": "✓", "fair": "!", "bad": "✕", "unknown": "?"}
KEY = ("speed", "distance", "cadence", "stride_length", "stance_share", "ground_force.first_peak", "cost_of_transport")
MOST_NOTES = 3  # shown at the top of a trial
MOST_OPEN = 30  # rows of a group that are shown at once; a longer one is folded up

# Metrics named in the text that stands for a plot, by the plot's name.
SPOKEN = {
    "kinematics": r"speed|(hip_flexion|knee_angle|ankle_angle)\.rom",
    "gait_cycle": r"(hip_flexion|knee_angle|ankle_angle)\.(rom|rmse)",
    "reference_deviation": r"(hip_flexion|knee_angle|ankle_angle)\.(rmse|correlation)",
    "left_right": r"symmetry\..*\.rom",
    "cyclogram": r"(hip_flexion|knee_angle|ankle_angle)\.rom",
    "steps": r"cadence|step_length|step_time|stance_share",
    "ground_force": r"ground_force\.(first_peak|second_peak|impulse)",
    "muscles": r"co_contraction\..*|activation",
    "muscle_map": r"co_contraction\..*|activation",
    "device": r".*\.device_peak_.*|device_power_.*",
    "angle_by_speed": r"speed",
    "phase_portrait": r"speed|(hip_flexion|knee_angle|ankle_angle)\.rom",
    "reward": r"distance|falls",
}
_EPISODES = (
    ("env", "Episode", "", 0),
    ("seconds", "Time", "s", 1),
    ("distance", "Distance", "m", 1),
    ("mean_speed", "Speed", "m/s", 2),
    ("steps", "Heel strikes", "", 0),
    ("peak_load", "Peak load", "BW", 2),
    ("total_reward", "Return", "", 1),
    ("reason", "Ended by", "", 0),
)


@dataclass(frozen=True)
class Tile:
    """A key number."""

    label: str
    value: str
    unit: str
    note: str
    about: str = ""
    human: str = ""
    place: str = ""


@dataclass(frozen=True)
class TrialSection:
    """Everything the page shows of one trial, as text."""

    anchor: str
    result: TrialResult
    level: str
    word: str
    headline: str
    details: list[str]
    facts: list[tuple[str, str]]
    tiles: list[Tile]
    groups: list[tuple[str, list[Row], bool]]
    pictures: list[Picture]
    videos: list[Video]
    problems: list[str]
    episodes: Table | None
    without_value: list[str]

    @property
    def icon(self) -> str:
        """A sign for the level, beside its word."""
        return ICONS[self.level]


def trial_section(
    result: TrialResult, place: int, facts: list[tuple[str, str]], *, page: Path, budget: Budget, shrink: int
) -> TrialSection:
    """The section of the ``place``-th trial; ``facts`` set it apart from others; ``shrink`` as in :func:`shrinking`."""
    level, word = result.outcome
    _, _, rest = result.verdict.partition(":")
    headline, *details = [part.strip() for part in (rest or result.verdict or result.problem).split(";")]
    pictures, broken = trial_pictures(result, shrink)
    videos = [made for path in result.videos if (made := video(path, page, budget))]
    if result.problem:
        headline, details = "This trial could not be analysed.", []
    found = grouped(result.metrics, walks=result.strides > 0)
    groups = [(title, rows, title == EACH_MUSCLE or len(rows) > MOST_OPEN) for title, rows in found]
    return TrialSection(
        anchor=f"trial-{place}",
        result=result,
        level=level,
        word=word,
        headline=headline,
        details=details,
        facts=[*facts, *trial_facts(result)],
        tiles=tiles(result),
        groups=groups,
        pictures=pictures,
        videos=videos,
        problems=[*trial_problems(result), *broken],
        episodes=episode_table(result),
        without_value=without_value(result.metrics),
    )


def trial_facts(result: TrialResult) -> list[tuple[str, str]]:
    """How this trial was recorded."""
    if not result.meta:
        return []
    mass = result.meta.get("mass")
    facts = [
        ("Actions", "deterministic" if result.meta.get("deterministic", True) else "drawn from the distribution"),
        ("Seed of the starts", str(result.meta.get("seed", ""))),
        ("Mass, with device", f"{number(float(mass), 1)} kg" if mass else ""),
        ("Recorded at", f"{result.meta.get('rate_hz', '?')} Hz"),
    ]
    return [(name, text) for name, text in facts if text]


def tiles(result: TrialResult) -> list[Tile]:
    """The numbers one looks at first."""
    found = []
    if result.recorded:
        ends = f"{result.recorded - result.completed} ended before their time"
        found.append(Tile("Episodes completed", f"{result.completed} of {result.recorded}", "", ends))
    for name in KEY:
        if (metric := result.metrics.get(name)) and metric.n:
            found.append(_tile(name, metric, walks=result.strides > 0))
    errors = [result.metrics.get(f"{joint}.rmse") for joint in ("hip_flexion", "knee_angle", "ankle_angle")]
    known = [error.mean for error in errors if error and error.n]
    if known:
        mean = number(sum(known) / len(known), 1)
        found.append(Tile("Error to reference", mean, "°", "RMS, mean of hip, knee and ankle"))
    if result.metrics:
        found.append(Tile("Strides analysed", str(result.strides), "", f"{sum(result.left_out.values())} left out"))
    return found


def _tile(name: str, metric: Metric, *, walks: bool) -> Tile:
    shown, human = cell(name, metric, walks=walks), human_range(name, metric.unit) if walks else None
    label = "First force peak" if name == "ground_force.first_peak" else label_of(name)
    note = f"± {shown.sd}, n = {metric.n}" if shown.sd else f"n = {metric.n}"
    text = range_text(name, human) if human else ""
    text += ", for orientation" if human and human.caveat else ""
    return Tile(label, shown.mean, unit_of(name, metric.unit), note, metric.about, text, shown.place)


def trial_pictures(result: TrialResult, shrink: int) -> tuple[list[Picture], list[str]]:
    """Plots in the order of :data:`PLOTS`, others after them, and a line for each that cannot be read."""
    order = [name for name in PLOTS if name in result.plots] + [name for name in result.plots if name not in PLOTS]
    pictures, broken = [], []
    for name in order:
        plot = PLOTS.get(name)
        title = plot.title if plot else name.replace("_", " ").capitalize()
        alt = f"{title}, trial {result.name}. {spoken(result, name)}".strip()
        made = picture(result.plots[name], title=title, caption=plot.caption if plot else "", alt=alt, shrink=shrink)
        if made:
            pictures.append(made)
        else:
            broken.append(f"The plot {result.plots[name].name} cannot be read.")
    return pictures, broken


def spoken(result: TrialResult, plot: str) -> str:
    """Key numbers of a plot as a sentence, for readers who do not see it."""
    pattern = SPOKEN.get(plot, "speed|cadence")
    names = [name for name in result.metrics if not split_side(name)[1] and re.fullmatch(pattern, name)]
    parts = []
    for name in names[:8]:
        metric = result.metrics[name]
        if metric.n:
            shown = cell(name, metric)
            parts.append(f"{label_of(name)} {shown.mean} {unit_of(name, metric.unit)}".strip())
    return f"{'; '.join(parts)}." if parts else ""


def trial_problems(result: TrialResult) -> list[str]:
    """What a reader should know before trusting the numbers."""
    if result.problem:
        return [result.problem]
    problems = []
    if cut := result.meta.get("cut_off"):
        problems.append(f"{cut} of {result.recorded} episodes stop in the middle: the recording was interrupted.")
    problems += filter(None, (read_text(path).strip() for path in result.videos if path.suffix == ".txt"))
    if not result.plots:
        problems.append("No plots lie in the folder of this trial.")
    shown = list(result.notes[:MOST_NOTES])
    if more := len(result.notes) - len(shown):
        shown.append(f"{more} more such notes stand at the end of this section.")
    return [*problems, *shown]


def episode_table(result: TrialResult) -> Table | None:
    """One row per recorded episode; None where there is none."""
    episodes = result.episodes
    columns = [column for column in _EPISODES if any(column[0] in episode for episode in episodes)]
    if not columns:
        return None
    rows = [[_plain(episode.get(key), digits) for key, _, _, digits in columns] for episode in episodes]
    return Table([(title, unit) for _, title, unit, _ in columns], rows)


def _plain(value: object, digits: int) -> str:
    if isinstance(value, (int, float)):
        return number(float(value), digits)
    return "–" if value is None else str(value).replace("_", " ")


def comparison(sections: Iterable[TrialSection]) -> Table:
    """One row per trial with its key numbers; empty columns are left out."""
    listed = list(sections)
    names = [name for name in KEY if any(name in s.result.metrics for s in listed)]
    units = {name: _unit(name, [s.result.metrics for s in listed]) for name in names}
    table = Table([("Trial", ""), ("Outcome", ""), ("Completed", ""), *((label_of(n), units[n]) for n in names)], [])
    for section in listed:
        result = section.result
        done = f"{result.completed} of {result.recorded}" if result.recorded else "–"
        found = [result.metrics.get(name) for name in names]
        cells = [_with_sd(name, metric) for name, metric in zip(names, found, strict=True)]
        table.rows.append([result.name, f"{section.icon} {section.word}", done, *cells])
    return table


def _with_sd(name: str, metric: Metric | None) -> str:
    if metric is None or not metric.n:
        return "–"
    shown = cell(name, metric)
    return f"{shown.mean} ± {shown.sd}" if shown.sd else shown.mean


def _unit(name: str, tables: Iterable[Mapping[str, Metric]]) -> str:
    return next(unit_of(name, metrics[name].unit) for metrics in tables if name in metrics)


def sources(sections: Iterable[TrialSection]) -> list[str]:
    """Citations of the human ranges that appear on the page, by name."""
    ranges = [row.human for s in sections for _, rows, _ in s.groups for row in rows if row.human]
    used = {name.strip() for found in ranges for name in found.source.split(";")}
    return [SOURCES[name] for name in sorted(used)]
