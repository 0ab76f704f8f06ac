"""What each signal or action of another body starts from: its namesake, or the muscle that it is a part of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from myoassist.model.muscle_groups import whole_of


class Pair(NamedTuple):
    """Place ``there`` and ``here`` of two that line up, and the share of the old one that the new one stands for."""

    there: int
    here: int
    share: float


def line_up(there: Sequence[str], here: Sequence[str]) -> list[Pair]:
    """Pairs of names that are the same, or of which the one here is part of the muscle there.

    Several muscles that were one share it evenly: what a network saw of the one, it sees of their mean.
    """
    places = {name: place for place, name in enumerate(there)}
    origins = {place: origin for place, name in enumerate(here) if (origin := origin_of(name, places)) is not None}
    heirs = Counter(origins.values())
    return [Pair(places[origin], place, 1.0 / heirs[origin]) for place, origin in origins.items()]


def origin_of(name: str, there: Sequence[str] | dict[str, int]) -> str | None:
    """``name`` itself where it is known there, or the same of the muscle it is part of; None where neither is."""
    if name in there:
        return name
    start = max(name.rfind("."), name.rfind(" ")) + 1  # activation.soleus_r, "action soleus_r"
    whole = whole_of(name[start:])
    return name[:start] + whole if whole and name[:start] + whole in there else None
