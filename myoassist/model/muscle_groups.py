"""Functional muscle groups: which muscles of the three bodies do what. A muscle may be in several.

A muscle belongs to a group when it turns the joint that way over the walking cycle (a test measures its moment arm).
Triceps surae, quadriceps and hamstrings are the anatomical ones. Names stand without their side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

from myoassist.errors import ConfigError, nearest

Value = TypeVar("Value")

GROUPS: dict[str, tuple[str, ...]] = {
    "hip_flexors": ("iliopsoas", "iliacus", "psoas", "rectfem", "recfem", "sart", "tfl"),
    "hip_extensors": (
        *("glutmax", "glmax1", "glmax2", "glmax3"),
        *("hamstrings", "bflh", "semimem", "semiten", "addmagDist", "addmagIsch"),
    ),
    "hip_abductors": ("abd", "glmed1", "glmed2", "glmed3", "glmin1", "glmin2", "glmin3", "piri", "tfl"),
    "hip_adductors": (*("add", "addbrev", "addlong", "addmagDist", "addmagIsch", "addmagMid", "addmagProx", "grac"),),
    "hip_internal_rotators": ("glmed1", "glmin1", "tfl"),
    "hip_external_rotators": ("glutmax", "glmax1", "glmax2", "glmax3", "glmed3", "piri"),
    "knee_extensors": ("vasti", "vasint", "vaslat", "vasmed", "rectfem", "recfem"),
    "knee_flexors": (
        *("hamstrings", "bifemsh", "bflh", "bfsh", "semimem", "semiten"),
        *("gastroc", "gaslat", "gasmed", "grac", "sart"),
    ),
    "plantarflexors": (
        *("gastroc", "gaslat", "gasmed", "soleus"),
        *("tibpost", "perlong", "perbrev", "fdl", "fhl"),
    ),
    "dorsiflexors": ("tibant", "edl", "ehl"),
    "invertors": ("tibant", "tibpost", "fdl", "fhl"),
    "evertors": ("perlong", "perbrev", "edl"),
    "toe_flexors": ("fdl", "fhl"),
    "toe_extensors": ("edl", "ehl"),
    "triceps_surae": ("gastroc", "gaslat", "gasmed", "soleus"),
    "quadriceps": ("vasti", "vasint", "vaslat", "vasmed", "rectfem", "recfem"),
    "hamstrings": ("hamstrings", "bflh", "semimem", "semiten"),
}

# One muscle of the bodies with 22 and 26 muscles -> those of the body with 80 that do its work.
PARTS: dict[str, tuple[str, ...]] = {
    "iliopsoas": ("iliacus", "psoas", "sart"),
    "glutmax": ("glmax1", "glmax2", "glmax3"),
    "abd": ("glmed1", "glmed2", "glmed3", "glmin1", "glmin2", "glmin3", "piri", "tfl"),
    "add": ("addbrev", "addlong", "addmagDist", "addmagIsch", "addmagMid", "addmagProx", "grac"),
    "hamstrings": ("bflh", "semimem", "semiten"),
    "rectfem": ("recfem",),
    "vasti": ("vasint", "vaslat", "vasmed"),
    "bifemsh": ("bfsh",),
    "gastroc": ("gaslat", "gasmed"),
    "soleus": ("tibpost", "perlong", "perbrev"),
    "edl": ("ehl",),
    "fdl": ("fhl",),
}
_WHOLE = {part: whole for whole, parts in PARTS.items() for part in parts}


def whole_of(muscle: str) -> str | None:
    """The muscle that does the work of ``muscle`` on a body with fewer (``glmax1_r``: ``glutmax_r``), if any."""
    name, _, side = muscle.rpartition("_")
    return f"{_WHOLE[name]}_{side}" if name in _WHOLE else None


def group_of(pattern: str) -> tuple[str, str] | None:
    """Group and side (``"r"``, ``"l"`` or ``""`` for both) that ``pattern`` names; None where it names no group."""
    if pattern in GROUPS:
        return pattern, ""
    group, _, side = pattern.rpartition("_")
    return (group, side) if group in GROUPS and side in ("r", "l") else None


def muscles_of(pattern: str, names: Iterable[str], *, where: str, complete: bool = True) -> list[str]:
    """Muscles among ``names`` that a group, a group of one side, a name or a glob means, in the order of ``names``.

    Args:
        where: configuration key, for the message.
        complete: ``names`` are all of the body's, so that a group without muscles is a mistake; where a prosthesis
            took some away it may be empty.

    Raises:
        ConfigError: nothing has that name, or the body has no muscle of that group.
    """
    names = list(names)
    group = group_of(pattern)
    if group is None:
        found = [name for name in names if fnmatchcase(name, pattern)]
        if not found:
            raise ConfigError(_no_muscle(pattern, names, where))
        return found
    stems = GROUPS[group[0]]
    found = [name for name in names if name[:-2] in stems and group[1] in ("", name[-1])]
    if complete and not found:
        has = [name for name in GROUPS if any(muscle[:-2] in GROUPS[name] for muscle in names)]
        raise ConfigError(f"{where}: this body has no {group[0]}; it has {', '.join(has)}")
    return found


def _no_muscle(pattern: str, names: list[str], where: str) -> str:
    sides = ["", "_r", "_l"] if pattern[-2:] in ("_r", "_l") else [""]
    close = nearest(pattern, [*(group + side for group in GROUPS for side in sides), *names])
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ";"
    allowed = f"a muscle's name, a glob, or a group, with _r or _l for one side: {', '.join(GROUPS)}"
    return f"{where}: no muscle named {pattern!r}{hint} Allowed: {allowed}."


def by_muscle(
    table: Mapping[str, Value], names: Iterable[str], *, where: str, complete: bool = True
) -> dict[str, Value]:
    """Value of each muscle that ``table`` names by group, name or glob; later entries win. Raises as muscles_of."""
    names, values = list(names), {}
    if table and not names:
        raise ConfigError(f"{where}: this body has no muscles, so a condition cannot be used; take condition=healthy")
    for pattern, value in table.items():
        values.update(dict.fromkeys(muscles_of(pattern, names, where=where, complete=complete), value))
    return values
