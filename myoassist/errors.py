"""The one exception family of the project, and how names, values and commands are told in its lines."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


class MyoAssistError(Exception):
    """A request that cannot be met. The message is one line: what, where, what is allowed, the nearest name."""


class ConfigError(MyoAssistError):
    """A configuration that is not valid; raised before anything is built or written."""


class ModelError(MyoAssistError):
    """A body, device and terrain that cannot be composed, or a name the compiled model does not have."""


class ReferenceError(MyoAssistError):
    """A reference motion that cannot be read or does not fit the model."""


class RunError(MyoAssistError):
    """A run folder, checkpoint or output path that cannot be used."""


class StoppedError(RunError):
    """A run that was asked to end before its time, and did: no fault of its own."""


def nearest(name: str, allowed: Iterable[str], *, limit: int = 3) -> list[str]:
    """Return up to ``limit`` names of ``allowed`` that resemble ``name``, best first."""
    names = list(allowed)
    lowered = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower(), lowered, n=limit, cutoff=0.55)
    inside = [low for low in lowered if name.lower() in low and low not in close]
    return [lowered[low] for low in [*close, *inside][:limit]]


def unknown(kind: str, name: str, allowed: Iterable[str], *, where: str, most: int = 24) -> str:
    """Compose the one-line message for a name that does not exist.

    Args:
        kind: what the name should have been, e.g. ``"reward function"``.
        name: what was given.
        allowed: every valid name; more than ``most`` are cut short.
        where: the configuration key to change, e.g. ``"reward.terms.effort.func"``.
    """
    names = sorted(set(allowed))
    close = nearest(name, names)
    hint = f"; did you mean {' or '.join(repr(candidate) for candidate in close)}?" if close else ";"
    listed = ", ".join(names[:most]) + (f", … ({len(names)} in all)" if len(names) > most else "")
    return f"{where}: no {kind} named {name!r}{hint} Allowed: {listed or 'none'}."


def shown(value: object) -> str:
    """Write a value as YAML would, cut to a readable length."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def typed(argument: str) -> str:
    """An argument as it is typed in a shell of any system: in double quotes where it holds spaces or other signs."""
    return argument if re.fullmatch(r"[\w.,:=+/\\@%-]+", argument) else f'"{argument}"'
