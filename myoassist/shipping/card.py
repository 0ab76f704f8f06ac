"""The model card of a shipped policy: what its training was, and ``card.md`` from ``card.json`` and a template."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any

from myoassist.analysis.report_run import run_facts, settings_facts, value
from myoassist.commandline import config_dir
from myoassist.experiment import make_experiment
from myoassist.files import write_beside
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.evaluations import run_of
from myoassist.learn.shipped import CARD, CARD_PAGE, PREFIX
from myoassist.parsing import to_plain
from myoassist.places import STEPS

TEMPLATE = Path(__file__).resolve().parents[1] / "assets" / "policy_card.md"

# What the table of results shows: outcome or metric, words, unit, factor to that unit, digits.
_ROWS = (
    ("distance", "mean distance", "m", 1, 1),
    ("shortest_distance", "shortest distance", "m", 1, 1),
    ("speed", "mean speed", "m/s", 1, 2),
    ("target_speed", "target speed", "m/s", 1, 2),
    ("alternation", "alternating steps", "%", 100, 0),
    ("cadence", "cadence", "steps/min", 1, 0),
    ("step_length", "step length", "m", 1, 2),
    ("stance_share", "stance", "% of the stride", 100, 0),
    ("hip_flexion.rmse", "hip to the reference, RMSE", "deg", 1, 1),
    ("knee_angle.rmse", "knee to the reference, RMSE", "deg", 1, 1),
    ("ankle_angle.rmse", "ankle to the reference, RMSE", "deg", 1, 1),
    ("ground_force.first_peak", "first peak of vertical ground force", "BW", 1, 2),
    ("peak_load", "largest force on a foot, device included", "BW", 1, 1),
    ("activation", "mean muscle activation", "", 1, 3),
    ("cost_of_transport", "metabolic cost of transport", "J/kg/m", 1, 1),
)
METRICS = tuple(name for name, *_ in _ROWS)
_OF_A_PLACE = ("run_dir=", "resume=", "name=", "logging", "view")  # of a command, but not of the recipe


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write ``card.json`` and, made from it, ``card.md``."""
    write_beside(folder / CARD, json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    write_beside(folder / CARD_PAGE, render(card))


def task_of(checkpoint: Checkpoint) -> dict[str, str]:
    """What a policy was trained for, in words."""
    return {name: text for name, text in settings_facts(to_plain(checkpoint.config)) if name != "Seed"}


def network_of(checkpoint: Checkpoint) -> str | None:
    """The file of ``conf/network`` that a policy has; None where it has one of its own."""
    names = sorted(file.stem for file in (config_dir() / "network").glob("*.yaml"))
    same = (name for name in names if make_experiment(f"network={name}").network == checkpoint.config.network)
    return next(same, None)


def training_of(checkpoint: Checkpoint, *, command: str | None, machine: str | None) -> dict[str, Any]:
    """How a checkpoint was made, from its run folder; what is not known there is None.

    Args:
        command: replaces the command of the run folder, which is written without names of places.
        machine: the computer in words.
    """
    run, config = run_facts(run_of(checkpoint.path)), checkpoint.config
    rows = [row for row in run.numbers if value(row, STEPS) <= checkpoint.steps]
    git = run.environment.get("git") or {}
    versions = run.environment.get("packages") or {}
    return {
        "command": command or _recipe(run.command),
        "seed": config.seed,
        "steps": checkpoint.steps,
        "wall_time_s": replace(run, numbers=rows).seconds or None,
        "date": str(run.environment.get("started", ""))[:10] or None,
        "init_from": _without_place(config.init_from.path),
        "machine": machine,
        "commit": git.get("commit"),
        "changed": bool(git.get("changed")),
        "packages": {name: number for name, number in versions.items() if number},
    }


def _recipe(commands: str) -> str | None:
    """The first command of a run folder, for any computer: no run folder, no names of other places."""
    if not commands:
        return None
    words = shlex.split(commands.splitlines()[0])
    begin = 2 if words[0] == "python" else 1
    arguments = [word for word in words[begin:] if not word.startswith(_OF_A_PLACE)]
    return shlex.join(["python", "train.py", *(_without_folders(word) for word in arguments)])


def _without_folders(word: str) -> str:
    key, _, place = word.partition("=")
    return f"{key}={_without_place(place)}" if Path(place).is_absolute() or key.startswith("init_from") else word


def _without_place(place: str | None) -> str | None:
    """``policy:<name>`` as it is; of a folder the last parts, since the rest is one computer's own."""
    return place if place is None or place.startswith(PREFIX) else "/".join(Path(place).parts[-3:]).lstrip("/")


def render(card: dict[str, Any]) -> str:
    """The card as Markdown. ``card`` is the content of ``card.json``."""
    training, evaluation = card["training"], card["evaluation"]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=card["name"],
        title=card["title"],
        learn_on=learn_on(card),
        task=_bullets(f"{key}: {value}" for key, value in card["task"].items()),
        training=_bullets(f"{key}: {value}" for key, value in _training(training).items()),
        command=training["command"] or "not known",
        remarks="".join(f"\n{remark}\n" for remark in card["remarks"]),
        episodes=evaluation["episodes"],
        seconds=f"{evaluation['seconds']:g}",
        seed=evaluation["seed"],
        results=_results(evaluation["trials"]),
        bar=_bar(card["bar"]),
        limits=_bullets(card["limits"]),
        size=card["size_kb"],
        versions=", ".join(f"{name} {number}" for name, number in evaluation["packages"].items() if number),
    )


def learn_on(card: dict[str, Any]) -> str:
    """The command of a training that starts from the policy, on its own body and device.

    One that was itself trained from another policy goes on with its experiment; the others take the default one.
    """
    kept = ["model=", "model.", "device=", "device."]
    kept += ["experiment="] if card["training"]["init_from"] else []
    recipe = shlex.split(card["training"]["command"] or "")
    words = [word for word in recipe if word.startswith(tuple(kept))] + [f"init_from={PREFIX}{card['name']}"]
    return shlex.join(["python", "train.py", *words, *([f"network={card['network']}"] if card.get("network") else [])])


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "- none is stated"


def _training(training: dict[str, Any]) -> dict[str, str]:
    seconds = training["wall_time_s"]
    commit = training["commit"]
    said = {
        "seed": str(training["seed"]),
        "environment steps": f"{training['steps']:,}",
        "wall time": "not known" if seconds is None else f"{seconds / 60:.0f} min, evaluations included",
        "date": training["date"] or "not known",
        "started from": training["init_from"] or "random weights",
        "machine": training["machine"] or "not known",
        "code": "not known" if commit is None else commit[:12] + (", changed since" if training["changed"] else ""),
    }
    return said | {"versions": ", ".join(f"{name} {number}" for name, number in training["packages"].items())}


def _results(trials: dict[str, dict[str, Any]]) -> str:
    lines = [f"| | {' | '.join(trials)} |", "|---" * (len(trials) + 1) + "|"]
    ends = [f"{trial['completed']} of {trial['episodes']}" for trial in trials.values()]
    lines.append(f"| episodes to the end | {' | '.join(ends)} |")
    for name, words, unit, factor, digits in _ROWS:
        numbers = [trial.get(name) for trial in trials.values()]
        if any(number is not None for number in numbers):
            shown = [_number(number, unit, factor, digits) for number in numbers]
            lines.append(f"| {words} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _number(number: float | None, unit: str, factor: float, digits: int) -> str:
    return "" if number is None else f"{factor * number:.{digits}f} {unit}".strip()


def _bar(bar: list[dict[str, Any]]) -> str:
    lines = ["| | asked for | worst trial | |", "|---|---|---|---|"]
    for line in bar:
        found = "not measured" if line["found"] is None else f"{line['found']:.3g}"
        sign = "at least" if line["at_least"] else "at most"
        lines.append(
            f"| {line['about']} | {sign} {line['bar']:g} | {found} | {'met' if line['met'] else '**missed**'} |"
        )
    return "\n".join(lines)
