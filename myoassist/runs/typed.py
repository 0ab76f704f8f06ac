"""What was typed to start a run: the overrides of its command, and the choices of groups among them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from myoassist.files import read_text
from myoassist.places import COMMAND
from myoassist.runs.settings import Settings, shown_value

SWEEP_FLAGS = ("-m", "--multirun")
READY = "sweep"  # the group of ready sweeps: each sets what it likes, and asks for several runs
UNTYPED = "default"  # the choice of a group that was left to train.yaml or to the experiment
EXPERIMENT = "experiment"  # the group whose choices may set anything
_NO_EXPERIMENT = {EXPERIMENT: "null"}


def typed_lines(folder: Path, settings: Settings) -> tuple[str, ...]:
    """Overrides of the command that started the run in ``folder``, and of those that resumed it, as typed.

    Of each key the last; what is no key of ``settings`` is left out. None where the command was that of a whole sweep.
    """
    lines: dict[str, str] = {}
    for command in read_text(folder / COMMAND).splitlines():
        try:
            words = shlex.split(command)[1:]
        except ValueError:  # a line that was cut short
            continue
        if any(flag in words for flag in SWEEP_FLAGS):
            return ()
        lines |= {key_of(word): word for word in words if _is_setting(word, settings)}
    return tuple(lines.values())


def key_of(line: str) -> str:
    """``model`` of ``+model=22muscle``."""
    return line.lstrip("+~").partition("=")[0]


def alone(lines: Sequence[str]) -> list[str]:
    """The overrides ``lines`` of a run of a sweep as those of a single run, which a ready sweep among them is not."""
    return [*lines, *(["hydra.mode=RUN"] if any(key_of(line) == READY for line in lines) else [])]


def by_key(lines: Sequence[str]) -> dict[str, str]:
    """``("model=22muscle", "+seed=1")`` as values by key; a removed key has the value ``removed``."""
    found = {}
    for line in lines:
        value = line.partition("=")[2]
        found[key_of(line)] = value if "=" in line and not line.startswith("~") else "removed"
    return found


def choice(key: str, typed: Mapping[str, str], settings: Settings) -> str | None:
    """The choice of the group ``key`` in a run: as typed, else as its configuration names it; None for no group."""
    if key in _NO_EXPERIMENT:
        return typed.get(key, _NO_EXPERIMENT[key])
    if not any(name.startswith(f"{key}.") for name in settings):
        return None
    named = (settings[name] for name in (f"{key}.name", f"{key}.type") if name in settings)
    return typed.get(key) or next(map(shown_value, named), UNTYPED)


def with_choices(settings: Settings, folder: Path) -> Settings:
    """Settings of the run in ``folder`` with the choice of each group beside them, as ``model`` and ``network``."""
    typed = by_key(typed_lines(folder, settings))
    groups = dict.fromkeys([*_NO_EXPERIMENT, *(key.partition(".")[0] for key in settings if "." in key)])
    return settings | {key: told for key in groups if (told := choice(key, typed, settings)) is not None}


def _is_setting(word: str, settings: Settings) -> bool:
    key = key_of(word)
    known = key in settings or key in (*_NO_EXPERIMENT, READY) or any(name.startswith(f"{key}.") for name in settings)
    return word.startswith("~") or ("=" in word and not word.startswith("-") and known)
