"""The command line that does the best run again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from myoassist.analysis.report_run import read_text
from myoassist.places import COMMAND
from myoassist.runs.groups import UNKNOWN, Parameter
from myoassist.runs.outcome import Outcome
from myoassist.runs.typed import SWEEP_FLAGS, UNTYPED, key_of

_OF_THE_SWEEP = (
    "launch",
    "sweep",
    "search",
    "run_dir",
    "resume",
)  # they belong to the sweep or to a folder that is taken


def command_of(outcomes: Sequence[Outcome], place: int, differing: Sequence[Parameter]) -> str:
    """The command that trains as run ``place`` did, quoted for a shell.

    As it was started, where that is known; else as its folder says, with the settings that set it apart.
    """
    outcome = outcomes[place]
    if outcome.lines:
        lines = [line for line in outcome.lines if not _of_the_sweep(line)]
        return shlex.join(["python", "train.py", *lines])
    told = shlex.split(read_text(outcome.folder / COMMAND).partition("\n")[0]) if outcome.folder else []
    of_sweep = not told or any(flag in told for flag in SWEEP_FLAGS)  # else it is the command of this run alone
    own = {parameter.key: parameter.values[place] for parameter in differing} if of_sweep else {}
    if of_sweep and outcome.seed:
        own["seed"] = outcome.seed
    given = [part for part in told[1:] if "=" in part and key_of(part) not in own and not _of_the_sweep(part)]
    added = [f"{key}={value}" for key, value in own.items() if value not in (UNKNOWN, UNTYPED)]
    return shlex.join(["python", "train.py", *given, *added])


def _of_the_sweep(line: str) -> bool:
    return key_of(line).partition(".")[0] in _OF_THE_SWEEP
