"""Settings of runs as flat keys, and which of them differ between runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from myoassist.errors import ConfigError, unknown
from myoassist.places import CONFIG

SEED = "seed"
TOTAL_STEPS = "total_steps"
# Settings that leave the course of a training as it is, and names; runs that differ in nothing else share a setting.
NOT_LEARNED = (
    "name", "seed", "run_dir", "resume", "threads", "logging", "view", "checkpoint", "search", "launch",
    "evaluation.video", "evaluation.camera", "evaluation.plots", "evaluation.recorded_in_training", "algorithm.device",
    "algorithm.update_threads",
)  # fmt: skip
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # five times as fast where it was compiled
Settings = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A setting that differs between runs: its key, and the keys that always change together with it."""

    key: str
    along: tuple[str, ...] = ()


def read_settings(folder: Path) -> Settings:
    """Every setting of the run in ``folder`` by its dotted key; empty where its configuration cannot be read."""
    try:
        tree = yaml.load((folder / CONFIG).read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError):
        return {}
    return flat(tree) if isinstance(tree, dict) else {}


def flat(tree: Mapping[str, Any], under: str = "") -> Settings:
    """A tree of settings by dotted keys; lists and empty sections are values."""
    found: Settings = {}
    for name, part in tree.items():
        key = f"{under}.{name}" if under else str(name)
        found.update(flat(part, key) if isinstance(part, dict) and part else {key: part})
    return found


def is_learned(key: str) -> bool:
    """Whether a setting can change the course of a training."""
    return not any(key == name or key.startswith(f"{name}.") for name in NOT_LEARNED)


def changes(runs: Sequence[Settings]) -> list[Change]:
    """Settings that differ between ``runs``, the seed and what is not learned left out.

    Keys whose values change together count once, as those of a group do of which another was chosen: under the shortest
    name or type among them, else the first. Where every run has its own value that is no sign of belonging together,
    and only keys of a section whose name or type changed along are put together.
    """
    keys = list(dict.fromkeys(key for run in runs for key in run if is_learned(key)))
    patterns = {key: _pattern([shown_value(run.get(key, "")) for run in runs]) for key in keys}
    chosen = {key.split(".")[0] for key in keys if _is_choice(key) and max(patterns[key], default=0) > 0}
    together: dict[tuple[Any, ...], list[str]] = {}
    for key, pattern in patterns.items():
        if max(pattern, default=0) > 0:
            section = key.split(".")[0]
            apart = max(pattern) == len(runs) - 1 and len(runs) > 2
            own = (section if section in chosen else key) if apart else ""
            together.setdefault((pattern, own), []).append(key)
    return [_change(group) for group in together.values()]


def _is_choice(key: str) -> bool:
    return key.count(".") == 1 and key.rsplit(".", 1)[-1] in ("name", "type")


def _change(group: list[str]) -> Change:
    named = [key for key in group if key.rsplit(".", 1)[-1] in ("name", "type")]
    first = min(named, key=len) if named else group[0]
    return Change(first, tuple(key for key in group if key != first))


def _pattern(values: Sequence[str]) -> tuple[int, ...]:
    """Which values are alike: 0 for the first, 1 for the next other one …"""
    numbers: dict[str, int] = {}
    return tuple(numbers.setdefault(value, len(numbers)) for value in values)


def shown_value(value: Any) -> str:
    """A value as it is typed on a command line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, list):
        return "[" + ",".join(shown_value(part) for part in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{shown_value(part)}" for key, part in value.items()) + "}"
    return str(value)


def plain_value(text: str) -> str:
    """What was typed, as a configuration would show it: ``1e-4`` is ``0.0001``, ``[1, 2]`` is ``[1,2]``."""
    for kind in (int, float):
        try:
            return shown_value(kind(text))
        except ValueError:
            continue
    if text.lower() in ("true", "false", "null", "none"):
        return "null" if text.lower() == "none" else text.lower()
    if text.startswith("["):
        try:
            return shown_value(_plain_parts(yaml.load(text, Loader=_LOADER)))
        except yaml.YAMLError:
            return text
    return text


def _plain_parts(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain_parts(part) for part in value]
    return plain_value(value) if isinstance(value, str) else value  # YAML takes 1e-4 for a word


def parse_conditions(lines: Sequence[str]) -> list[tuple[str, str]]:
    """``model.name=22*`` as key and pattern. Raises ConfigError for one without a key or value."""
    found = []
    for line in lines:
        key, equals, pattern = line.partition("=")
        if not (key and equals and pattern):
            raise ConfigError(f"--where: got {line!r}; give <key>=<value>, as --where model.name=22muscle")
        found.append((key, pattern))
    return found


def fits(settings: Settings, conditions: Sequence[tuple[str, str]]) -> bool:
    """Whether every condition holds: the value as typed fits the pattern, or is the same number."""
    return all(key in settings and _fits(settings[key], pattern) for key, pattern in conditions)


def _fits(value: Any, pattern: str) -> bool:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):  # of a job as typed: a word
        try:
            return float(pattern.replace("_", "")) == float(value)
        except ValueError:
            pass
    return fnmatchcase(shown_value(value), pattern)


def check_conditions(conditions: Sequence[tuple[str, str]], runs: Sequence[Settings]) -> None:
    """Raise ConfigError for a key that no run has."""
    known = {key for run in runs for key in run}
    for key, _ in conditions:
        if known and key not in known:
            raise ConfigError(unknown("setting", key, known, where="--where", most=8))
