"""The programs of ``benchmarks/`` that measure speed, and the pictures of docs/, run as a user starts them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from running import REPOSITORY

from scripts import draw_docs

pytestmark = pytest.mark.slow


def measured(program: str, *arguments: str) -> str:
    """What a program of ``benchmarks/`` prints, in a process of its own: nothing else has told Hydra of our plugins."""
    command = [sys.executable, str(REPOSITORY / "benchmarks" / program), "--models", "22muscle", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_throughput_gives_ratios_in_a_table_and_in_a_file(tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.json"
    few = ("--terrains", "flat", "--batch", "3", "--repeats", "2", "--seconds", "0.05", "--threads", "1")
    shown = measured("throughput.py", "--parts", "env", "physics", *few, "--json", str(numbers))
    kept = json.loads(numbers.read_text(encoding="utf-8"))
    assert [case["scenario"] for case in kept["env"]] == ["untrained", "no resets"]
    for case in (*kept["env"], *kept["physics"]):
        assert len(case["ratios"]) == 2 and all(0.1 < ratio < 10.0 for ratio in case["ratios"])
    assert kept["begun"]["cores"] >= 1 and shown.count("22muscle") == 3


@pytest.mark.parametrize(
    ("program", "wrong", "said"),
    [
        ("terrains.py", ("--num-envs", "0"), "got '0'; expected a whole number >= 1"),
        ("throughput.py", ("--repeats", "0"), "got '0'; expected a whole number >= 1"),
        ("throughput.py", ("--json", "nowhere/numbers.json"), "--json nowhere/numbers.json: there is no such folder"),
        ("throughput.py", ("--terrains", "flatt"), "invalid choice: 'flatt'"),
    ],
)
def test_a_wrong_request_is_one_line(program: str, wrong: tuple[str, ...], said: str) -> None:
    command = [sys.executable, str(REPOSITORY / "benchmarks" / program), *wrong]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 2 and said in ended.stderr and ended.stderr.count("\n") == 1, ended.stderr


def test_terrains_are_compared_with_flat_ground() -> None:
    shown = measured("terrains.py", "--terrains", "rough", "--num-envs", "2", "--rounds", "1", "--threads", "1")
    assert "22muscle" in shown and "rough" in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("devices", "terains"), "did you mean 'terrains'"),
        (("terrains", "run=nowhere"), "run=nowhere: no such folder"),
    ],
)
def test_pictures_are_asked_for_before_the_first_is_drawn(
    wrong: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("draw_devices", "draw_terrains"):
        monkeypatch.setattr(draw_docs, name, lambda: pytest.fail("drew over the pictures"))
    assert draw_docs.main(wrong) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
