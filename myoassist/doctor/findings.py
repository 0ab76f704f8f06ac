"""What a check says: one line on one thing, and what to do where it does not work."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

OK, OPTIONAL, NEEDED = "ok", "optional", "needed"


@dataclass(frozen=True)
class Finding:
    """``state``: ``ok``; ``needed`` or ``optional`` where it does not work. ``todo``: what to do then."""

    name: str
    state: str
    text: str
    todo: str | None = None

    @staticmethod
    def read(content: dict[str, Any]) -> Finding:
        """The finding that another process wrote as JSON."""
        return Finding(content["name"], content["state"], content["text"], content.get("todo"))


def ok(name: str, text: str) -> Finding:
    """It works."""
    return Finding(name, OK, text)


def optional(name: str, text: str, todo: str | None = None) -> Finding:
    """It does not work; training and evaluating do without."""
    return Finding(name, OPTIONAL, text, todo)


def needed(name: str, text: str, todo: str | None = None) -> Finding:
    """It does not work, and nothing useful does without."""
    return Finding(name, NEEDED, text, todo)


def on_this_system(*, windows: str, macos: str, linux: str) -> str:
    """What to do, for the system at hand."""
    return {"win32": windows, "darwin": macos}.get(sys.platform, linux)
