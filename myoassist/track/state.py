"""What Weights & Biases has of a run already: ``wandb/state.json`` in the run folder."""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from myoassist.files import write_beside

FOLDER = "wandb"  # in the run folder: everything that W&B writes
STATE = "state.json"
WARNING = "warning: W&B: "  # begins the one line that a training says when something fails
OFFLINE = ("W&B: offline", "it goes on offline")  # in a line of the follower: from now on nothing is sent
_LETTERS = string.ascii_lowercase + string.digits


@dataclass
class Ledger:
    """What was sent: the rows up to ``steps``, evaluations and checkpoints by folder name, digest of the report.

    ``best``: the checkpoint that has the alias ``best``.
    """

    steps: int = -1
    evaluations: list[str] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)
    best: str | None = None
    report: str | None = None


@dataclass
class State:
    """One run of W&B: its id, what was sent to the server, and what was written into offline runs.

    Only sessions that ended well are noted, so that the rest is sent again. ``unfinished``: offline runs, as folder
    names, of sessions that did not; a later one holds the same. ``url``: of the run, once it was online.
    """

    id: str
    online: Ledger = field(default_factory=Ledger)
    offline: Ledger = field(default_factory=Ledger)
    unfinished: list[str] = field(default_factory=list)
    url: str | None = None

    @property
    def policy(self) -> str:
        """Name of the artifact that holds the checkpoints."""
        return f"policy-{self.id}"


def new_id() -> str:
    """A fresh id for a run, as W&B makes them."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


def read_state(run: Path) -> State | None:
    """State of the run in the folder ``run``; None where it never was with W&B, or its state cannot be read."""
    try:
        content = json.loads((run / FOLDER / STATE).read_text(encoding="utf-8"))
        return State(
            id=str(content["id"]),
            online=_ledger(content.get("online")),
            offline=_ledger(content.get("offline")),
            unfinished=[str(name) for name in content.get("unfinished") or ()],
            url=content.get("url") and str(content["url"]),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_state(run: Path, state: State) -> None:
    """Note the state whole or not at all. Raises RunError where it cannot be written."""
    write_beside(run / FOLDER / STATE, json.dumps(asdict(state), indent=1) + "\n")


def _ledger(content: Any) -> Ledger:
    known = {field.name for field in fields(Ledger)}
    ledger = Ledger(**{name: value for name, value in (content or {}).items() if name in known})
    ledger.steps = int(ledger.steps)
    ledger.evaluations, ledger.checkpoints = list(ledger.evaluations), list(ledger.checkpoints)
    return ledger
