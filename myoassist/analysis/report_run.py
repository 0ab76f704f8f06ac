"""What a report says of the run behind an evaluation: settings, versions, commands, and its evaluations so far."""

from __future__ import annotations

import csv
import math
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from myoassist.analysis.report_metrics import number
from myoassist.files import read_json, read_text
from myoassist.places import COMMAND, CONFIG, ENVIRONMENT, EVALUATIONS, STEPS, SUMMARY, TRAINING_NUMBERS

ELAPSED = "time/time_elapsed"
_NUMBER = re.compile(r"[\d\s.,+±%eE−–-]*( of \d+)?")  # of a cell, perhaps with its SD; empty too
_UNITS = {"speed": "m/s", "low": "m/s", "high": "m/s", "amplitude": "m", "length": "m", "width": "m"}

# Columns of the table of all evaluations: name in metrics.csv, title, unit, factor, digits.
_EVALUATED = (
    ("eval/completed", "Completed", "", 1.0, 0),
    ("eval/distance", "Distance", "m", 1.0, 1),
    ("eval/shortest_distance", "Shortest", "m", 1.0, 1),
    ("eval/time", "Time", "s", 1.0, 1),
    ("eval/speed", "Speed", "m/s", 1.0, 2),
    ("eval/speed_error", "Speed error (RMS)", "m/s", 1.0, 2),
    ("eval/alternation", "Steps that alternate", "%", 100.0, 0),
    ("eval/peak_load", "Peak load", "BW", 1.0, 2),
    ("eval/activation", "Activation", "%", 100.0, 1),
    ("eval/total_reward", "Return", "", 1.0, 1),
)


@dataclass(frozen=True)
class Table:
    """A table of text; ``columns`` as (title, unit), the first names the rows."""

    columns: list[tuple[str, str]]
    rows: list[list[str]]

    @property
    def words(self) -> set[int]:
        """Columns that hold words, and are flush left."""
        columns = enumerate(zip(*self.rows, strict=True))
        return {place for place, cells in columns if not all(map(_NUMBER.fullmatch, cells))}


@dataclass(frozen=True)
class RunFacts:
    """What lies in a run folder; what is not there is empty."""

    folder: Path | None = None
    config: str = ""
    command: str = ""
    environment: dict[str, Any] = field(default_factory=dict)
    numbers: list[dict[str, str]] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Environment steps trained so far."""
        return int(max((value(row, STEPS) for row in self.numbers), default=0.0))

    @property
    def seconds(self) -> float:
        """Time spent in training, over all resumptions, s."""
        total = last = 0.0
        for row in self.numbers:
            elapsed = value(row, ELAPSED)
            if math.isfinite(elapsed):
                total, last = total + (last if elapsed < last else 0.0), elapsed
        return total + last


def run_facts(folder: Path | None) -> RunFacts:
    """Read a run folder; files that are not there or broken are left out."""
    if folder is None:
        return RunFacts()
    environment = read_json(folder / ENVIRONMENT)
    return RunFacts(
        folder=folder,
        config=read_text(folder / CONFIG),
        command=read_text(folder / COMMAND).strip(),
        environment=environment,
        numbers=read_rows(folder / TRAINING_NUMBERS),
    )


def run_of_evaluation(folder: Path) -> Path | None:
    """The run an evaluation folder lies in, or that its ``evaluation.json`` names; None where that is not here."""
    near = folder.resolve().parent
    checkpoint = Path(str(read_json(folder / SUMMARY).get("checkpoint") or ""))
    named = checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else None
    for run in (near.parent if near.name == EVALUATIONS else None, named):
        if run is not None and (run / CONFIG).is_file():
            return run
    return None


def evaluations_table(numbers: Iterable[Mapping[str, str]]) -> Table | None:
    """Every evaluation of a training, one row each; None where there was none."""
    rows = [row for row in numbers if row.get("eval/episodes") or row.get("eval/distance")]
    known = [column for column in _EVALUATED if any(row.get(column[0]) for row in rows)]
    if not known:
        return None
    table = Table([("Steps", ""), *((title, unit) for _, title, unit, _, _ in known)], [])
    for row in rows:
        cells = [number(value(row, STEPS), 0)]
        for name, _, _, factor, digits in known:
            text = number(value(row, name) * factor, digits)
            if name == "eval/completed" and row.get("eval/episodes"):
                text += f" of {value(row, 'eval/episodes'):.0f}"
            cells.append(text)
        table.rows.append(cells)
    return table


def settings_facts(experiment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name, body, device, terrain … of an experiment, in words."""
    groups = {name: experiment.get(name) or {} for name in ("model", "device", "terrain", "condition", "reference")}
    strength = groups["condition"].get("strength") or {}
    facts = [
        ("Body", _named(groups["model"], "body")),
        ("Device", _named(groups["device"], "assist_sim")),
        ("Muscles", ", ".join(f"{m} × {f}" for m, f in strength.items()) or groups["condition"].get("name", "")),
        ("Terrain", choice(groups["terrain"])),
        ("Command", choice(experiment.get("command") or {})),
        ("Reference", str(groups["reference"].get("name", ""))),
        ("Aid", ", ".join((experiment.get("aid") or {}).get("joints") or {})),
        ("Network", _network(experiment.get("network") or {})),
        ("Algorithm", str((experiment.get("algorithm") or {}).get("type", "")).upper().replace("_", " ")),
        ("Seed", str(experiment.get("seed", ""))),
    ]
    return [(name, text) for name, text in facts if text]


def choice(section: Mapping[str, Any], only: tuple[str, ...] | None = None) -> str:
    """A section chosen by ``type`` in words: ``fixed, speed 1.25 m/s``."""
    parts = [str(section.get("type") or section.get("name") or "")]
    for name, setting in section.items():
        plain = isinstance(setting, (int, float, str)) or (only and isinstance(setting, list))
        if name not in ("type", "name") and plain and (only is None or name in only):
            text = " × ".join(map(str, setting)) if isinstance(setting, list) else str(setting)
            parts.append(" ".join(filter(None, (name.replace("_", " "), text, _UNITS.get(name, "")))))
    return ", ".join(part for part in parts if part)


def _network(section: Mapping[str, Any]) -> str:
    """A network in words: ``shared, actor 128 × 128, critic 128 × 128``."""
    actors: Mapping[str, Any] = section.get("actors") or {}
    if not actors:
        return choice(section, only=("actor", "critic"))
    parts = []
    for name, actor in actors.items():
        layers = " × ".join(map(str, actor.get("layers") or []))
        parts.append(f"{name} {layers}" + (" (the same for both sides)" if actor.get("per_side") else ""))
    return ", ".join(parts)


def _named(section: Mapping[str, Any], detail: str) -> str:
    name, more = str(section.get("name") or ""), str(section.get(detail) or "")
    return f"{name} ({more})" if more and more != name else name


def version_facts(environment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Start, versions, machine and git revision of a run, in words."""
    packages = environment.get("packages") or {}
    git = environment.get("git") or {}
    commit = str(git.get("commit") or "")[:12]
    facts = [
        ("Started", str(environment.get("started") or "").replace("T", " ")),
        ("Git", f"{commit}, with changes not committed" if commit and git.get("changed") else commit),
        ("Versions", ", ".join(f"{name} {number}" for name, number in packages.items() if number)),
        ("Python", str(environment.get("python") or "")),
        ("Machine", str(environment.get("platform") or "")),
    ]
    return [(name, text) for name, text in facts if text]


def evaluation_command(summary: Mapping[str, Any]) -> str:
    """The command that makes an evaluation again; empty where its checkpoint is not known or no longer there."""
    if not summary.get("checkpoint") or not Path(summary["checkpoint"]).exists():
        return ""
    return shlex.join(["python", "eval.py", f"checkpoint={summary['checkpoint']}", *summary.get("replaced", [])])


def training_command(command: str) -> str:
    """The first line of ``command.txt`` as it is typed, and those of its resumptions."""
    return "\n".join(line if line.startswith("python ") else f"python {line}" for line in command.splitlines() if line)


# --- files that may not be there ----------------------------------------------------------------------------------


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file; none where it cannot be read."""
    return list(csv.DictReader(read_text(path).splitlines()))


def value(row: Mapping[str, str], name: str) -> float:
    """A number of a row; nan where it is empty or none."""
    try:
        return float(row.get(name) or "nan")
    except (TypeError, ValueError):
        return float("nan")
