"""Every whole command on the pages of docs/ names programs, settings and choices that exist.

README.md, docs/commands.md and the quick start have tests of their own.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documented import Command, check, fenced, inline, read, run_folder_in
from running import REPOSITORY

from myoassist.errors import MyoAssistError

ELSEWHERE = ("commands.md", "quickstart.md", "quickstart.ko.md")
PAGES = sorted(page.name for page in (REPOSITORY / "docs").glob("*.md") if page.name not in ELSEWHERE)
LEFT_OPEN = re.compile(r"…|=<|<[^>]* [^>]*>")  # what is left out, a choice of the reader's, words for one


def commands_of(page: str) -> list[Command]:
    """Commands of this project's programs that say all that they need."""
    text = read(f"docs/{page}")
    found = [command for command in [*fenced(text), *inline(text)] if not LEFT_OPEN.search(command.text)]
    return [command for command in dict.fromkeys(found) if command.words[0] == "python" and is_whole(command.words)]


def is_whole(words: list[str]) -> bool:
    """Not the bare name of a script within a sentence, nor a module of Python."""
    return words[1] in ("train.py", "eval.py") or (len(words) > 2 and words[1] != "-m")


def test_there_are_many() -> None:
    assert sum(len(commands_of(page)) for page in PAGES) > 60


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)])
def test_commands_are_accepted(page: str, tmp_path: Path) -> None:
    run, refused = run_folder_in(tmp_path), []
    for command in commands_of(page):
        try:
            check(command.words, run)
        except (MyoAssistError, AssertionError, SystemExit) as error:
            refused.append(f"{command.text}: {error}")
    assert refused == []
