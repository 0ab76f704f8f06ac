"""docs/quickstart.md and docs/quickstart.ko.md: the same steps and commands in both languages, and all of them work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from documented import NEEDS_QUOTES, Command, check, check_training, fenced, headings, inline, read, run_folder_in
from running import REPOSITORY

ENGLISH, KOREAN = read("docs/quickstart.md"), read("docs/quickstart.ko.md")
STEPS = ("set up", "test", "watch", "evaluate", "training", "change", "results", "troubleshooting", "transfer")
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
ALL = list(dict.fromkeys([*fenced(ENGLISH), *inline(ENGLISH)]))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_folder_in(tmp_path_factory.mktemp("quickstart"))


def test_steps_come_in_the_order_of_a_beginner() -> None:
    steps = [words.lower() for level, words in headings(ENGLISH) if level == 2]
    assert len(steps) == len(STEPS) + 1  # and where to go from here
    for step, wanted in zip(steps, STEPS, strict=False):
        assert wanted in step


def test_both_languages_have_the_same_steps() -> None:
    assert [level for level, _ in headings(ENGLISH)] == [level for level, _ in headings(KOREAN)]
    numbers = [re.findall(r"^## (\d)\.", text, re.MULTILINE) for text in (ENGLISH, KOREAN)]
    assert numbers[0] == numbers[1] == [str(n) for n in range(1, len(STEPS) + 1)]
    systems = [[words for level, words in headings(text) if level == 3] for text in (ENGLISH, KOREAN)]
    assert systems[0] == systems[1] == ["Linux", "macOS", "Windows (PowerShell)"]


def test_both_languages_have_the_same_blocks_and_tables() -> None:
    blocks = [re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL) for text in (ENGLISH, KOREAN)]
    assert blocks[0] == blocks[1]
    rows = [[line.count("|") for line in text.splitlines() if line.startswith("|")] for text in (ENGLISH, KOREAN)]
    assert rows[0] == rows[1]
    assert {c.text for c in inline(ENGLISH)} == {c.text for c in inline(KOREAN)}


def test_both_languages_point_to_the_same_pages() -> None:
    pages = [
        set(re.findall(r"\]\(([^)]+)\)", text)) - {"quickstart.md", "quickstart.ko.md"} for text in (ENGLISH, KOREAN)
    ]
    assert pages[0] == pages[1]
    assert [page for page in sorted(pages[0]) if not (REPOSITORY / "docs" / page.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("text", [ENGLISH, KOREAN], ids=["English", "Korean"])
def test_what_a_shell_would_take_apart_is_in_quotes(text: str) -> None:
    for command in [*fenced(text), *inline(text)]:
        if command.words[0] == "python":
            assert not NEEDS_QUOTES.search(re.sub(r"\"[^\"]*\"", "", command.text)), command.text


@pytest.mark.slow
@pytest.mark.parametrize("command", ALL, ids=lambda c: c.text)
def test_commands_are_accepted(command: Command, run_folder: Path) -> None:
    check(command.words, run_folder)


def test_the_experiment_that_is_written_down_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(YAML.findall(ENGLISH)[0])
    check_training(["experiment=mine", f"--config-dir={tmp_path}"])


def test_the_versions_of_python_are_those_of_the_package() -> None:
    versions = re.findall(r"Python :: 3\.(\d+)", read("pyproject.toml"))
    assert f"Python 3.{versions[0]} to 3.{versions[-1]}" in ENGLISH
    assert f"Python 3.{versions[0]}~3.{versions[-1]}" in KOREAN
