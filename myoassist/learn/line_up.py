"""What each signal or action of another body starts from: its namesake, or the muscle that it is a part of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from myoassist.learn.layout import Layout
from myoassist.model.muscle_groups import whole_of


class Pair(NamedTuple):
    """Place ``there`` and ``here`` of two that line up.

    ``share`` is how much of the old one the new one stands for; it is negative where they have opposite signs.
    """

    there: int
    here: int
    share: float

    @property
    def sign(self) -> float:
        return 1.0 if self.share > 0 else -1.0


def line_up(there: Sequence[str], here: Sequence[str], turned: Collection[str] = ()) -> list[Pair]:
    """Pairs of names that are the same, or of which the one here is part of the muscle there.

    Several muscles that were one share it evenly: what a network saw of the one, it sees of their mean. What is in
    ``turned`` has the opposite sign there.
    """
    places = {name: place for place, name in enumerate(there)}
    origins = {place: origin for place, name in enumerate(here) if (origin := origin_of(name, places)) is not None}
    heirs = Counter(origins.values())
    return [
        Pair(places[origin], place, (-1.0 if origin in turned else 1.0) / heirs[origin])
        for place, origin in origins.items()
    ]


def turned_between(there: Layout, here: Layout) -> set[str]:
    """Signals whose positive directions are opposite; none where a checkpoint does not say what its are."""
    return set() if there.turned is None or here.turned is None else set(there.turned) ^ set(here.turned)


def origin_of(name: str, there: Sequence[str] | dict[str, int]) -> str | None:
    """``name`` itself where it is known there, or the same of the muscle it is part of; None where neither is."""
    if name in there:
        return name
    start = max(name.rfind("."), name.rfind(" ")) + 1  # activation.soleus_r, "action soleus_r"
    whole = whole_of(name[start:])
    return name[:start] + whole if whole and name[:start] + whole in there else None
