"""The command line that does the best run again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from myoassist.files import read_text
from myoassist.places import COMMAND
from myoassist.runs.groups import UNKNOWN, Parameter
from myoassist.runs.outcome import Outcome
from myoassist.runs.settings import TOTAL_STEPS, plain_value, shown_value
from myoassist.runs.typed import SWEEP_FLAGS, UNTYPED, alone, by_key, key_of, typed_lines

_OF_THE_SWEEP = ("launch", "hydra", "search", "run_dir", "resume")  # of how it was started, or a folder that is taken


def command_of(outcomes: Sequence[Outcome], place: int, differing: Sequence[Parameter]) -> str:
    """The command that trains as run ``place`` did, quoted for a shell.

    As it was started, where that is known; else as its folder says, with the settings that set it apart.
    """
    outcome = outcomes[place]
    if outcome.lines:
        lines = [line for line in _with_own_steps(outcome, differing) if not _of_the_sweep(line)]
        return shlex.join(["python", "train.py", *alone(lines)])
    told = shlex.split(read_text(outcome.folder / COMMAND).partition("\n")[0]) if outcome.folder else []
    of_sweep = not told or any(flag in told for flag in SWEEP_FLAGS)  # else it is the command of this run alone
    own = {parameter.key: parameter.values[place] for parameter in differing} if of_sweep else {}
    if of_sweep and outcome.seed:
        own["seed"] = outcome.seed
    given = [part for part in told[1:] if "=" in part and key_of(part) not in own and not _of_the_sweep(part)]
    added = [f"{key}={value}" for key, value in own.items() if value not in (UNKNOWN, UNTYPED)]
    return shlex.join(["python", "train.py", *alone([*given, *added])])


def _with_own_steps(outcome: Outcome, differing: Sequence[Parameter]) -> list[str]:
    """Its lines with the steps that it has by now: they alone can be others than were typed, where it was resumed."""
    steps, typed = outcome.settings.get(TOTAL_STEPS), outcome.overrides.get(TOTAL_STEPS)
    resumed = by_key(typed_lines(outcome.folder, outcome.settings)) if outcome.folder else {}
    told = typed is not None or TOTAL_STEPS in resumed or any(one.key == TOTAL_STEPS for one in differing)
    if steps is None or not told or (typed is not None and plain_value(typed) == shown_value(steps)):
        return list(outcome.lines)
    return [*(line for line in outcome.lines if key_of(line) != TOTAL_STEPS), f"{TOTAL_STEPS}={shown_value(steps)}"]


def _of_the_sweep(line: str) -> bool:
    return key_of(line).partition(".")[0].partition("/")[0] in _OF_THE_SWEEP
