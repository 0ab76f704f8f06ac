"""What is shipped and installed: exact versions of everything, and a licence for each file that is not code."""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatchcase

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from running import REPOSITORY

ASSETS = REPOSITORY / "myoassist" / "assets"
NOTICE = (REPOSITORY / "NOTICE").read_text(encoding="utf-8")
PROJECT = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
UNPINNED = {"myoassist", "ray"}  # ray has constraints of its own, and is no part of dev
PYTHONS = ("3.10", "3.11", "3.12", "3.13")

PINS = [
    Requirement(line)
    for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def asked_for() -> list[Requirement]:
    """Every requirement of pyproject.toml, of its extras too."""
    tables = PROJECT[PROJECT.index("dependencies = [") : PROJECT.index("[project.scripts]")]
    lists = re.findall(r"= \[(.*?)\](?=\n)", tables, re.DOTALL)
    found = [Requirement(text) for block in lists for text in re.findall(r'"([^"]+)"', block)]
    return [requirement for requirement in found if canonicalize_name(requirement.name) not in UNPINNED]


def pins(python: str, system: str = "linux") -> dict[str, str]:
    """The versions that pip would take with this Python."""
    place = {**default_environment(), "python_version": python, "python_full_version": f"{python}.9"}
    place |= {
        "sys_platform": system,
        "os_name": "nt" if system == "win32" else "posix",
        "implementation_name": "cpython",
    }
    chosen = [pin for pin in PINS if pin.marker is None or pin.marker.evaluate(place)]
    twice = [name for name, count in Counter(canonicalize_name(pin.name) for pin in chosen).items() if count > 1]
    assert not twice, f"two versions at once: {twice}"
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in chosen}


def test_pins_are_exact() -> None:
    assert len(PINS) > 100
    assert [str(pin) for pin in PINS if [s.operator for s in pin.specifier] != ["=="]] == []


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("python", PYTHONS)
def test_all_that_is_asked_for_is_pinned_within_its_range(python: str, system: str) -> None:
    pinned = pins(python, system)
    assert len(asked_for()) > 30
    for requirement in asked_for():
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not in constraints.txt"
        assert requirement.specifier.contains(version, prereleases=True), (
            f"{requirement}: constraints.txt has {version}"
        )


def test_the_pythons_are_those_that_the_package_promises() -> None:
    assert tuple(re.findall(r"Python :: (3\.\d+)", PROJECT)) == PYTHONS


class TestNotice:
    PATTERNS = re.findall(r"^  (myoassist/assets/\S+)", NOTICE, re.MULTILINE)
    FILES = sorted(path.relative_to(REPOSITORY).as_posix() for path in ASSETS.rglob("*") if path.is_file())

    def test_covers_every_file_of_the_assets(self) -> None:
        assert len(self.PATTERNS) >= 5 and len(self.FILES) >= 10
        assert [file for file in self.FILES if not any(fnmatchcase(file, p) for p in self.PATTERNS)] == []

    def test_names_nothing_that_is_gone(self) -> None:
        assert [p for p in self.PATTERNS if not any(fnmatchcase(file, p) for file in self.FILES)] == []

    def test_names_the_sources_with_licence_and_version(self) -> None:
        pinned = pins("3.11")
        for name, package in (("assist-sim", "assist-sim"), ("myo-sim", "myo-sim"), ("MuJoCo", "mujoco")):
            line = next(line for line in NOTICE.splitlines() if line.startswith(f"{name} "))
            version = line.split()[1]
            assert pinned[package].startswith(version), f"{line}: constraints.txt has {pinned[package]}"
            assert "Apache License 2.0" in line and "https://" in line

    def test_no_font_script_or_mesh_of_others_slips_in(self) -> None:
        strange = (".ttf", ".otf", ".woff", ".woff2", ".js", ".stl", ".obj", ".msh")
        inside = [p.relative_to(REPOSITORY).as_posix() for p in (REPOSITORY / "myoassist").rglob("*")]
        assert [file for file in inside if file.endswith(strange)] == []
