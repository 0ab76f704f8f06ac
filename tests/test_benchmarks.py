"""The programs of ``benchmarks/`` that measure speed run as a user starts them and give every number."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from running import REPOSITORY

pytestmark = pytest.mark.slow


def measured(program: str, *arguments: str) -> str:
    """What a program of ``benchmarks/`` prints, in a process of its own: nothing else has told Hydra of our plugins."""
    command = [sys.executable, str(REPOSITORY / "benchmarks" / program), "--models", "22muscle", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_throughput_gives_ratios_in_a_table_and_in_a_file(tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.json"
    few = ("--terrains", "flat", "--batch", "4", "--repeats", "2", "--seconds", "0.05", "--threads", "1")
    shown = measured("throughput.py", "--parts", "env", "physics", *few, "--json", str(numbers))
    kept = json.loads(numbers.read_text(encoding="utf-8"))
    assert [case["scenario"] for case in kept["env"]] == ["untrained", "no resets"]
    for case in (*kept["env"], *kept["physics"]):
        assert len(case["ratios"]) == 2 and all(0.1 < ratio < 10.0 for ratio in case["ratios"])
    assert kept["begun"]["cores"] >= 1 and shown.count("22muscle") == 3


def test_terrains_are_compared_with_flat_ground() -> None:
    shown = measured("terrains.py", "--terrains", "rough", "--num-envs", "2", "--rounds", "1", "--threads", "1")
    assert "22muscle" in shown and "rough" in shown
