"""Joint, muscle and motor names of the shipped bodies and devices, known without building them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

NAMES_FILE = Path(__file__).parent.parent / "assets" / "names.yaml"
BODIES = ("myolegs22", "myolegs26", "myolegs")


@dataclass(frozen=True)
class Names:
    """Names that a body with a device can have; a prosthesis removes some of the body's."""

    joints: tuple[str, ...]
    muscles: tuple[str, ...]
    motors: tuple[str, ...]


@cache
def _table() -> dict:
    return yaml.safe_load(NAMES_FILE.read_text(encoding="utf-8"))


def known_names(body: str, device: str | None) -> Names:
    """Names of ``body`` with ``device`` (an assist-sim key, or None)."""
    own, added = _table()["bodies"][body], _table()["devices"].get(device, {"joints": [], "motors": []})
    return Names((*own["joints"], *added["joints"]), tuple(own["muscles"]), tuple(added["motors"]))


def whole_muscles(body: str, present: Iterable[str]) -> tuple[str, ...]:
    """Muscles of ``body`` before a prosthesis took some away; a user's own MJCF has those that are ``present``."""
    return known_names(body, None).muscles if body in BODIES else tuple(present)
