"""The doctor names what is missing and what to do, whatever is broken, and never falls ill itself."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from myoassist.doctor import examine, machine, python
from myoassist.doctor.examine import Check, as_line, check_graphics, run_probe, verdict
from myoassist.doctor.findings import NEEDED, OK, OPTIONAL, Finding, needed, ok, optional

ROOT = Path(__file__).resolve().parent.parent
HIDING = (
    "import os, sys\n"
    "for name in filter(None, os.environ.get('HIDDEN', '').split(',')): sys.modules[name] = None\n"
    "if os.environ.get('CRASHES'): os.kill(os.getpid(), 11)\n"
    "if os.environ.get('HANGS'): __import__('time').sleep(60)\n"
)


@pytest.fixture
def hiding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Processes that are started find no module that the variable HIDDEN names, crash with CRASHES, hang with HANGS."""
    (tmp_path / "sitecustomize.py").write_text(HIDING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return monkeypatch


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.name: finding.state for finding in findings}


# --- what it says -----------------------------------------------------------------------------------------------------


def test_a_line_has_name_state_text_and_what_to_do() -> None:
    assert as_line(ok("Python", "3.12"), coloured=False) == "Python       ok        3.12"
    line = as_line(needed("disk", "0 GB\nfree", "make room"), coloured=False)
    assert line == "disk         needed    0 GB free -> make room"
    assert "\033[31mneeded" in as_line(needed("disk", "full"), coloured=True)


def test_only_what_is_needed_keeps_from_being_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(*findings: Finding) -> tuple[int, str]:
        monkeypatch.setattr(examine, "all_checks", lambda: [Check("all", lambda: findings)])
        out = io.StringIO()
        return examine.report(out), out.getvalue()

    code, text = told(ok("Python", "3.12"), optional("ffmpeg", "not found", "pip"))
    assert code == 0 and text.splitlines()[-1].startswith("ready: ")
    code, text = told(ok("Python", "3.12"), needed("disk", "full", "make room"))
    assert code == 1 and text.splitlines()[-1].startswith("not ready: disk;")
    assert "\033" not in text
    assert verdict([needed("a", ""), needed("b", "")]).startswith("not ready: a, b;")


def test_json_holds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "all_checks", lambda: [Check("all", lambda: [needed("disk", "full", "make room")])])
    out = io.StringIO()
    assert examine.report(out, as_json=True) == 1
    finding = {"name": "disk", "state": "needed", "text": "full", "todo": "make room"}
    assert json.loads(out.getvalue()) == {"ready": False, "findings": [finding]}


def test_a_check_that_fails_itself_is_a_line_and_keeps_what_it_had_found() -> None:
    def run():
        yield ok("first", "works")
        raise ZeroDivisionError("by\nzero")

    found = Check("mine", run, is_needed=True).findings()
    assert states(found) == {"first": OK, "mine": NEEDED}
    assert found[1].text == "cannot be checked: ZeroDivisionError: by zero"
    assert states(Check("mine", run).findings())["mine"] == OPTIONAL


# --- packages ---------------------------------------------------------------------------------------------------------


def test_this_python_has_all_it_needs() -> None:
    found = {finding.name: finding for finding in [*python.check_python(), *python.check_packages()]}
    assert found["Python"].state == OK and sys.executable in found["Python"].text
    assert found["packages"].state == OK
    assert len(python.needed_packages()) > 20 and python.needed_packages()["mujoco"] == "<3.12,>=3.11"


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"mujoco": "3.12.1"}, "mujoco 3.12.1 does not fit <3.12,>=3.11"),
        ({"torch": None}, "torch is not installed"),
        ({"torch": None, "viser": "0.2"}, "torch is not installed; viser 0.2 does not fit <2,>=1.1"),
    ],
)
def test_a_package_that_is_missing_or_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, versions: dict[str, str | None], said: str
) -> None:
    real = python.version

    def version(name: str) -> str:
        if name in versions and versions[name] is None:
            raise python.PackageNotFoundError(name)
        return versions.get(name) or real(name)

    monkeypatch.setattr(python, "version", version)
    (found,) = python.check_packages()
    assert (found.state, found.text) == (NEEDED, said)
    assert (found.todo and "pip install" in found.todo) or ".venv" in str(found.todo)


def test_a_package_whose_files_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "viser", None)
    (found,) = python.check_packages()
    assert found.state == NEEDED and "viser" in found.text and "its files are not there" in found.text


def test_other_versions_than_tested_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python, "constraints", lambda: {"torch": ["2.13.0"], "pyyaml": ["6.0.3"]})
    versions = {"torch": "2.13.0+cpu", "PyYAML": "6.0.2", "numpy": "2.4.6"}
    assert list(python.untested(versions)) == [("PyYAML", "6.0.2", "6.0.3")]


def test_an_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python, "_is_there", lambda name: name != "optuna")
    monkeypatch.setattr(python, "version", lambda name: "1.0")
    found = {finding.name: finding for finding in python.check_extras()}
    assert found["[sweep]"].state == OPTIONAL and found["[sweep]"].text.startswith("optuna not installed")
    assert found["[sweep]"].todo == 'python -m pip install -e ".[sweep]" -c constraints.txt'


# --- the machine ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("free", "state"), [(0.1e9, NEEDED), (2e9, OPTIONAL), (90e9, OK)])
def test_disk(monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage)
    (found,) = machine.check_disk()
    assert found.state == state
    assert (found.todo is None) == (state == OK)


def test_folders_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MYOASSIST_CACHE", str(tmp_path / "cache"))
    assert set(states(list(machine.check_folders())).values()) == {OK}
    assert not list(tmp_path.iterdir())
    (tmp_path / "outputs").write_text("in the way")
    (tmp_path / "cache").write_text("in the way")
    found = list(machine.check_folders())
    assert states(found) == {"outputs/": NEEDED, "cache": OPTIONAL}
    assert all("is a file" in finding.text and finding.todo for finding in found)


def test_cores_say_who_limits_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 64)
    monkeypatch.setenv("MYOASSIST_CORES", "4")
    (found,) = machine.check_cores()
    assert found == ok("cores", "4 of 64 (MYOASSIST_CORES=4); threads=0 uses them")


def test_graphics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine.sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)

    def found(**problems: str | None) -> dict[str, Finding]:
        monkeypatch.setattr("myoassist.view.probe.draws", lambda name, **_: problems.get(name, "no library"))
        return {finding.name: finding for finding in check_graphics()}

    some = found(egl=None)
    assert {name: finding.state for name, finding in some.items()} == {
        "egl": OK, "osmesa": OPTIONAL, "glfw": OPTIONAL,
    }  # fmt: skip
    assert some["osmesa"].text == "does not draw; not needed, egl does" and some["osmesa"].todo is None
    none = found()
    assert "stick figure" in none["egl"].text and "apt install libegl1 libgl1" in str(none["egl"].todo)
    assert found(egl="No module named 'mujoco'")["egl"].todo is None


# --- in processes -----------------------------------------------------------------------------------------------------


def test_a_probe_without_its_package(hiding: pytest.MonkeyPatch) -> None:
    hiding.setenv("HIDDEN", "imageio_ffmpeg")
    (found,) = run_probe("film")
    assert (found.state, found.text) == (OPTIONAL, "needs the package imageio_ffmpeg, which is not installed")


@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_a_probe_that_crashes_or_hangs(hiding: pytest.MonkeyPatch) -> None:
    hiding.setenv("CRASHES", "1")
    (found,) = run_probe("models", is_needed=True)
    assert found.state == NEEDED and "its process ended with exit code -11" in found.text
    hiding.delenv("CRASHES")
    hiding.setenv("HANGS", "1")
    (found,) = run_probe("learning", seconds=0.5)
    assert (found.state, found.text) == (OPTIONAL, "no answer in 0.5 s: it hangs, or this machine is too busy")


@pytest.mark.slow
def test_graphics_variable_that_is_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "nonsense")
    found = run_probe("models", is_needed=True)
    assert states(found) == {"settings": OK, "models": NEEDED}
    assert "MUJOCO_GL=nonsense" in found[1].text and "unset it" in found[1].text and found[1].todo is None
    (window,) = run_probe("window")
    assert window.state == OPTIONAL and "MUJOCO_GL=nonsense" in window.text and window.todo is None


def test_ffmpeg_and_what_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert states(run_probe("film")) == {"ffmpeg": OK}
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nothing"))
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = run_probe("film")
    assert (found.name, found.state, found.text) == ("ffmpeg", OPTIONAL, "not found: films are GIFs")
    assert found.todo is not None and "unset IMAGEIO_FFMPEG_EXE" in found.todo


@pytest.mark.slow
def test_the_program_on_this_machine(tmp_path: Path) -> None:
    """From a folder with nothing in it, without the package installed or in PYTHONPATH."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, str(ROOT / "scripts" / "doctor.py"), "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    found = {finding["name"]: finding["state"] for finding in told["findings"]}
    works = ("Python", "packages", "learning", "settings", "22muscle", "26muscle", "80muscle", "sweeps", "browser")
    assert told["ready"] and {name: found[name] for name in works} == dict.fromkeys(works, OK)
    assert not list(tmp_path.iterdir()) and not done.stderr


@pytest.mark.parametrize("flag", ["--help", "--jsn"])
def test_flags(flag: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "doctor.py"), flag], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr.count("\n")) == ((0, 0) if flag == "--help" else (2, 1))
