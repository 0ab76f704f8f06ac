"""Tables of functions by their own names, in which no name may stand for two."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any, TypeVar

from myoassist.errors import ConfigError

T = TypeVar("T")


def enter(table: MutableMapping[str, T], name: str, entry: T, *, kind: str) -> None:
    """Add ``entry`` to a table. Raises ConfigError where ``name`` already stands for another one."""
    known = table.get(name, entry)
    if known is not entry:
        raise ConfigError(
            f"two {kind}s are named {name!r}: {_place(known)} and {_place(entry)}; give one of them another name"
        )
    table[name] = entry


def by_name(entries: Iterable[Any], *, kind: str) -> dict[str, Any]:
    """Functions, classes or plots by name, in their order. Raises ConfigError for a name that comes twice."""
    table: dict[str, Any] = {}
    for entry in entries:
        enter(table, getattr(entry, "__name__", None) or entry.name, entry, kind=kind)
    return table


def _place(entry: object) -> str:
    """Module and line of a function, class or plot, as far as they are known."""
    function = getattr(entry, "function", entry)
    code = getattr(function, "__code__", None)
    return getattr(function, "__module__", "?") + (f", line {code.co_firstlineno}" if code else "")
