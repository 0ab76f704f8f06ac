"""Policies that come with the package, by name.

Each is a folder ``myoassist/assets/policies/<name>``: a checkpoint without what only its training needs, and its model
card, of which ``card.json`` holds what was measured and ``card.md`` says it in words. ``scripts/ship_policy.py``
makes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from myoassist.errors import RunError, unknown

POLICIES = Path(__file__).resolve().parent.parent / "assets" / "policies"
PREFIX = "policy:"  # checkpoint=policy:walk, init_from=policy:walk
DEFAULT = "walk"
CARD, CARD_PAGE = "card.json", "card.md"


def policy_names() -> list[str]:
    """Names of the shipped policies, the default first."""
    names = [path.parent.name for path in POLICIES.glob(f"*/{CARD}")]
    return sorted(names, key=lambda name: (name != DEFAULT, name))


def policy_folder(name: str, *, where: str) -> Path:
    """Folder of the shipped policy ``name``; ``where`` is the setting that asks for it, for the message.

    Raises:
        RunError: there is none of that name.
    """
    if name not in policy_names():
        raise RunError(unknown("shipped policy", name, policy_names(), where=where))
    return POLICIES / name


def shipped_name(path: Path) -> str | None:
    """Name of the shipped policy that lies at ``path``; None for any other checkpoint."""
    return path.name if path.resolve().parent == POLICIES else None


def read_card(folder: Path) -> dict[str, Any]:
    """What ``card.json`` of a shipped policy holds. Raises RunError where it cannot be read."""
    try:
        return json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{folder / CARD}: cannot be read ({error})") from error
