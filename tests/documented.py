"""Commands as the documentation shows them: read from Markdown, shortened so that they can run, and checked."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from helpers import experiment
from hydra.core.global_hydra import GlobalHydra
from running import REPOSITORY

from myoassist.commandline import _check_request, _read_flags
from myoassist.errors import ConfigError
from myoassist.evaluation import own_settings
from myoassist.explain import whole_keys
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.finding import find_policy
from myoassist.main import read_request
from myoassist.parsing import save_config
from myoassist.replacing import replace_settings
from myoassist.sweep.plugins import register

PROGRAMS = ("python", "make", "pip", "tensorboard", "wandb")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(rf"`((?:{'|'.join(PROGRAMS)}) [^`]+)`")
_SHELLS = ("bash", "sh", "powershell")
NEEDS_QUOTES = re.compile(r"[\[\]{}*,]")  # PowerShell splits at commas, zsh takes [] and * for file names
PLACEHOLDERS = re.compile(r"<(\w+)>")

# Makes a training a matter of seconds; put behind what the user types, where the last of a setting counts.
FEW_STEPS = (
    "total_steps=128", "num_envs=2", "threads=2", "reset.bank_size=8", "algorithm.transitions_per_update=128",
    "algorithm.batch_size=64", "algorithm.epochs=1", "algorithm.update_threads=1", "logging.line_seconds=0",
    "evaluation.every_steps=0", "evaluation.episodes=1", "evaluation.seconds=0.3",
)  # fmt: skip
SHORT_LOOK = (
    "evaluation.episodes=1",
    "evaluation.seconds=0.5",
    "evaluation.video.episodes=0",
    "evaluation.plots=[steps]",
)


@dataclass(frozen=True)
class Command:
    """A command line, and the lines below it that say what it prints."""

    text: str
    prints: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)


def read(path: str) -> str:
    return (REPOSITORY / path).read_text(encoding="utf-8")


def fenced(text: str, languages: tuple[str, ...] = _SHELLS) -> list[Command]:
    """Commands of the code blocks of a shell; lines ``# …`` below a command are what it prints."""
    found: list[Command] = []
    for language, block in _FENCE.findall(text):
        if language not in languages:
            continue
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("# ") and found:
                found[-1] = Command(found[-1].text, (*found[-1].prints, line[2:]))
            elif line.strip() and not line.startswith("#"):
                found.append(Command(line.strip()))
    return found


def inline(text: str) -> list[Command]:
    """Whole commands within sentences and tables; those with … are not."""
    return [Command(command) for command in _INLINE.findall(_FENCE.sub("", text)) if "…" not in command]


def headings(text: str) -> list[tuple[int, str]]:
    """Level and words of every heading."""
    return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.*)$", _FENCE.sub("", text), re.MULTILINE)]


def pattern(line: str) -> re.Pattern[str]:
    """What a line of a printed example has to look like: any number for a number, anything for … and <name>."""
    parts = re.split(r"(\s*…\s*|\s+|<\w+>|\d[\d.,:]*)", line.strip())
    made = [
        r"\s+"
        if part.isspace()
        else ".*"
        if part.strip() == "…"
        else r"[^/\s]+"
        if PLACEHOLDERS.fullmatch(part)
        else r"[\d.,:]+"
        if part[:1].isdigit()
        else re.escape(part)
        for part in parts
        if part
    ]
    return re.compile("".join(made))


# --- whether a command would be accepted ------------------------------------------------------------------------------


def check(words: Sequence[str], run: Path) -> None:
    """Fail where a command names a program, a setting or a choice that does not exist; nothing is built or run.

    ``run``: a run folder that stands where the reader puts one of their own; for eval.py the shipped walker does.
    """
    program, *arguments = words
    here = {"python": _check_python, "make": _check_make, "pip": _check_pip}.get(program)
    if here:
        here([_filled(argument, run) for argument in arguments])
    elif program == "wandb":
        assert arguments[0] == "sweep" and (REPOSITORY / arguments[1]).is_file(), words


def _filled(argument: str, run: Path) -> str:
    """An argument with a run folder for ``<run>`` and that of an example, and a word for any other placeholder."""
    argument = re.sub(r"outputs/(<date>|[\d-]+)/(<time>|[\d-]+)_(<\w+>|\w+)(/best)?|<run>", run.as_posix(), argument)
    return PLACEHOLDERS.sub(r"\1", argument)


def _check_python(arguments: Sequence[str]) -> None:
    if arguments[0] == "-m":
        assert arguments[1] == "venv", arguments
        return
    program, *rest = arguments
    assert (REPOSITORY / program).is_file(), f"{program}: no such program"
    if program == "train.py":
        check_training(rest)
    elif program == "eval.py":
        check_evaluation(rest)
    elif program == "scripts/sim_minimal.py":
        check_training(rest)
    elif program.startswith("scripts/"):
        module = importlib.import_module(program[:-3].replace("/", "."))
        getattr(module, "read_arguments", list)(rest)


def check_training(arguments: Sequence[str]) -> None:
    """Raise where train.py would refuse the request."""
    register()
    flags = _read_flags(whole_keys(list(arguments)))
    if flags.help or flags.cfg or flags.info:
        return
    flags.multirun = True  # a single run is checked as a sweep of one
    try:
        _check_request("train", flags, read_request)
    except ConfigError as error:
        none_here = ("launch=slurm: no sbatch here", "launch=slurm: no SLURM answers")  # where the tests run
        if not str(error).startswith(none_here):
            raise
    finally:
        GlobalHydra.instance().clear()


def check_evaluation(arguments: Sequence[str]) -> None:
    """Raise where eval.py would refuse the request for the shipped walker."""
    if "--help" not in arguments:
        _own, replaced = own_settings(arguments)
        replace_settings(_walker().config, replaced)


@cache
def _walker() -> Checkpoint:
    return find_policy(None)


def _check_make(arguments: Sequence[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    assert arguments[0] in targets, f"make {arguments[0]}: no such target"


def _check_pip(arguments: Sequence[str]) -> None:
    """Extras and files exist, and a version is the one that is tested."""
    assert arguments[0] == "install", arguments
    project = read("pyproject.toml").partition("[project.optional-dependencies]")[2].partition("\n[project")[0]
    extras = set(re.findall(r"^(\w+) = \[", project, re.MULTILINE))
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == "-c":
            assert (REPOSITORY / following).is_file(), following
        if "==" in argument:
            assert argument in read("constraints.txt").splitlines(), f"{argument}: constraints.txt has another version"
        for names in re.findall(r"\[(.*)\]", argument):
            assert set(names.split(",")) <= extras, argument


def run_folder_in(place: Path) -> Path:
    """As much of a run folder as a request is checked against."""
    folder = place / "run"
    folder.mkdir()
    save_config(experiment(), folder / "config.yaml")
    return folder
