"""``scripts/sync.py``: send to Weights & Biases what is not there yet, run by run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from myoassist.errors import MyoAssistError, RunError
from myoassist.places import REPORT, TRAINING_NUMBERS
from myoassist.processes import exit_code
from myoassist.runs.entry import last_steps
from myoassist.runs.finding import OUTPUTS, find_runs
from myoassist.track.follow import NO_SESSION, SENT
from myoassist.track.found import checkpoints, digest, finished_evaluations
from myoassist.track.session import has_login, settings_of
from myoassist.track.start import LOG, start_following
from myoassist.track.state import WARNING, State, read_state

USAGE = """Send runs to Weights & Biases (W&B), or what is not there yet of them.

  python scripts/sync.py [--dry-run] [<folder> ...]

Without a folder: every run in outputs/ that was trained with W&B, offline or cut off. With folders: every run at or
below them, whatever it was logged with. A run keeps its id, so that nothing is doubled. --dry-run tells and sends not.

Exit code: 0 if all is there, 1 if something could not be sent, 2 for a bad request."""


@dataclass(frozen=True)
class Missing:
    """What W&B does not have of a run."""

    run: Path
    rows: bool
    evaluations: int
    checkpoints: int
    report: bool

    @property
    def text(self) -> str:
        """In words; empty where it has all."""
        parts = ["numbers"] if self.rows else []
        for count, what in ((self.evaluations, "evaluation"), (self.checkpoints, "checkpoint")):
            parts += [f"{count} {what}{'s' if count > 1 else ''}"] if count else []
        return ", ".join(parts + (["report"] if self.report else []))


def sync_command(arguments: Sequence[str], *, say: Callable[[str], object]) -> int:
    """Send what the command line asks for; returns the exit code.

    Raises:
        MyoAssistError: a folder or flag that does not exist, or no login.
    """
    if {"-h", "--help"} & set(arguments):
        say(USAGE)
        return 0
    if flags := [word for word in arguments if word.startswith("-") and word != "--dry-run"]:
        raise RunError(f"{flags[0]}: no such flag; allowed: --dry-run, --help")
    places = [Path(word) for word in arguments if not word.startswith("-")]
    waiting = [missing for run in _runs(places, say) if (missing := _told(run, say)) and missing.text]
    if not waiting:
        say("nothing to send")
        return 0
    if "--dry-run" in arguments:
        for missing in waiting:
            say(f"{missing.run}: would send {missing.text}")
        return 0
    if not has_login():
        raise RunError("W&B: there is no login on this machine; wandb login, or set WANDB_API_KEY; nothing was sent")
    return _send(waiting, say)


def what_is_missing(run: Path) -> Missing:
    """What W&B does not have of a run, as far as this machine knows.

    Raises:
        MyoAssistError: the folder holds no run that can be read.
    """
    config, _ = settings_of(run)
    sent = (read_state(run) or State("")).online
    page = digest(run / REPORT)
    return Missing(
        run,
        rows=last_steps(run) > max(sent.steps, 0),
        evaluations=len(finished_evaluations(run, sent.evaluations, all_there=True)),
        checkpoints=len(checkpoints(run, sent.checkpoints, all_there=True)) if config.checkpoints else 0,
        report=config.checkpoints and page is not None and page != sent.report,
    )


def _runs(places: Sequence[Path], say: Callable[[str], object]) -> list[Path]:
    if places:
        return find_runs(places)
    found = find_runs([OUTPUTS]) if OUTPUTS.is_dir() else []
    ours = [run for run in found if read_state(run) is not None or _wanted(run)]
    if len(ours) < len(found):
        count = len(found) - len(ours)
        said, them = ("1 run {} was", "it") if count == 1 else (f"{count} runs {{}} were", "them")
        say(f"{said.format(f'in {OUTPUTS}')} trained without W&B: name {them} to send {them} too")
    return ours


def _wanted(run: Path) -> bool:
    """Whether it should have gone to W&B and never came to it."""
    try:
        config, _ = settings_of(run)
    except MyoAssistError:
        return False
    return config.wandb and config.mode != "disabled"


def _told(run: Path, say: Callable[[str], object]) -> Missing | None:
    try:
        return what_is_missing(run)
    except MyoAssistError as error:
        say(f"{run}: left out: {error}")
        return None


def _send(waiting: Sequence[Missing], say: Callable[[str], object]) -> int:
    failed = 0
    for place, missing in enumerate(waiting):
        code, last = _follow(missing.run)
        last = last.removeprefix(WARNING).removeprefix("W&B: ").partition(f"; {TRAINING_NUMBERS}")[0]
        if code == SENT:
            say(f"{missing.run}: sent {missing.text}: {last.removeprefix('all sent: ')}")
            continue
        failed += 1
        say(f"{missing.run}: not sent: {last}")
        if code == NO_SESSION and place + 1 < len(waiting):
            left = len(waiting) - place - 1
            say(f"{left} more run{'s were' if left > 1 else ' was'} not tried: W&B did not answer")
            return 1
    return 1 if failed else 0


def _follow(run: Path) -> tuple[int, str]:
    """Bring a run to W&B now; exit code and last line of the process that does it."""
    process = start_following(run, "--mode", "online")
    try:
        said = process.communicate()[0].decode("utf-8", "replace").splitlines()
    except KeyboardInterrupt:
        process.terminate()
        raise
    return process.returncode, said[-1] if said else f"see {run / LOG}"


def sync_main(arguments: Sequence[str]) -> int:
    """``scripts/sync.py``; returns the exit code: 1 where something was not sent, 2 for a bad request."""
    codes: list[int] = []
    return exit_code(lambda: codes.append(sync_command(arguments, say=_print))) or codes[0]


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
