"""README.md and docs/commands.md: every command is accepted; those of the README run and print what it says."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from documented import FEW_STEPS, NEEDS_QUOTES, SHORT_LOOK, Command, check, fenced, inline, pattern, read, run_folder_in
from own_bodies import biped
from PIL import Image
from running import REPOSITORY

from myoassist.learn.shipped import DEFAULT, POLICIES
from myoassist.learn.training import describe

README = read("README.md")
COMMANDS = inline(read("docs/commands.md"))
SHOWN = [command for command in fenced(README) if command.words[0] == "python"]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder_in(tmp_path_factory.mktemp("documented"))


def test_the_first_thing_is_a_picture_then_two_commands_then_ten() -> None:
    picture, start, ten = (README.index(part) for part in ("![", "## Start", "## The ten things"))
    assert picture < start < ten
    assert [command.words[:2] for command in fenced(README)][:2] == [["make", "eval"], ["make", "train"]]
    assert len(fenced(README[ten : README.index("## Where results")])) == 10


@pytest.mark.slow
@pytest.mark.parametrize("command", [*fenced(README), *inline(README)], ids=lambda c: c.text)
def test_commands_of_the_readme_are_accepted(command: Command, run_folder: Path) -> None:
    check(command.words, run_folder)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.text)
def test_commands_of_the_list_are_accepted(command: Command, run_folder: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(run_folder)
    (run_folder / "my_walker.xml").write_text(biped(muscles=True))
    (run_folder / "walk.mot").touch()
    check(command.words, run_folder)


@pytest.mark.parametrize("command", [*SHOWN, *inline(README), *COMMANDS], ids=lambda c: c.text)
def test_what_a_shell_would_take_apart_is_in_quotes(command: Command) -> None:
    bare = re.sub(r"\"[^\"]*\"|\$\{.*?\}", "", command.text)
    assert not NEEDS_QUOTES.search(bare), "PowerShell splits at commas, zsh takes [] and * for file names"


def test_numbers_of_the_shipped_walker_are_those_of_its_card() -> None:
    card = json.loads((POLICIES / DEFAULT / "card.json").read_text(encoding="utf-8"))
    facts: Any = SimpleNamespace(**card["evaluation"]["trials"]["walk"])
    assert f"# {describe(facts)}" in README, "another walker was shipped: this line, and scripts/draw_readme.py"


def test_the_picture_is_small_and_moves() -> None:
    path = REPOSITORY / "docs" / "figures" / "walker.gif"
    assert path.stat().st_size < 1.5e6
    with Image.open(path) as picture:
        assert getattr(picture, "n_frames", 1) > 20 and picture.width < 1000


def test_files_that_it_names_exist() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [link for link in links if not (REPOSITORY / link).exists()] == []
    places = re.findall(r"`((?:myoassist|conf|scripts)/[^`<>*{}]+)`", README)
    assert [place for place in places if not (REPOSITORY / place).exists()] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands run, one after the other, with a run from before that can be resumed and evaluated."""
    folder = tmp_path_factory.mktemp("readme")
    first = started(["train.py", *FEW_STEPS, "run_dir=outputs/2026-01-31/12-00-00_walk"], folder)
    assert first.wait(timeout=300) == 0, text_of(first)
    return folder


class TestTheyRun:
    """Each command of the README as the user types it, made short by settings behind it; one folder for all."""

    pytestmark = pytest.mark.slow

    @pytest.mark.parametrize("command", SHOWN, ids=lambda c: c.text)
    def test_command(self, command: Command, folder: Path) -> None:
        text = re.sub(r"outputs/<date>/<time>_<name>", "outputs/2026-01-31/12-00-00_walk", command.text)
        words = [*Command(text).words[1:], *shortened(command.words)]
        printed = live(words, folder) if "view=browser" in words else finished(words, folder)
        for line in command.prints:
            assert pattern(line).search(printed), f"{line!r} is not in\n{printed}"


def shortened(words: Sequence[str]) -> Sequence[str]:
    """What makes a command of the README a matter of seconds."""
    program = words[1]
    if program == "eval.py":
        return ("view.port=8470",) if "view=browser" in words else SHORT_LOOK
    if program != "train.py":
        return ()
    if any(word.startswith("resume=") for word in words):
        return ("total_steps=256",)
    return FEW_STEPS


def started(words: Sequence[str], folder: Path) -> subprocess.Popen[str]:
    surroundings = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1", "WANDB_MODE": "offline"}
    return subprocess.Popen(
        [sys.executable, str(REPOSITORY / words[0]), *words[1:]],
        cwd=folder,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )


def text_of(process: subprocess.Popen[str]) -> str:
    return process.stdout.read() if process.stdout else ""


def finished(words: Sequence[str], folder: Path) -> str:
    process = started(words, folder)
    printed, _ = process.communicate(timeout=600)
    assert process.returncode == 0, printed
    return printed


def live(words: Sequence[str], folder: Path) -> str:
    """What is printed until the address of the page; Ctrl-C then ends it."""
    process = started(words, folder)
    assert process.stdout
    printed, until = "", time.monotonic() + 120
    try:
        while "http://" not in printed and time.monotonic() < until and (line := process.stdout.readline()):
            printed += line
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
    return printed
