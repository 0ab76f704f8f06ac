"""All checks of ``scripts/doctor.py``, at the same time, and how they are shown."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import TextIO

from myoassist.doctor.findings import NEEDED, OK, OPTIONAL, Finding, ok, on_this_system, optional
from myoassist.doctor.machine import check_cores, check_disk, check_folders
from myoassist.doctor.python import check_extras, check_packages, check_python
from myoassist.processes import run_child
from myoassist.starting import how_to_install

SECONDS = 180.0  # longest wait for one process; a machine that is busy, or loads its files over a network
AT_ONCE = 3  # processes side by side; each is busy for a second or more
GRAPHICS = {"win32": ("glfw",), "darwin": ("cgl",)}
LINUX_GRAPHICS = {  # what to install for each way to draw
    "egl": "apt install libegl1 libgl1 (Debian, Ubuntu), dnf install mesa-libEGL (Fedora)",
    "osmesa": "apt install libosmesa6 (Debian, Ubuntu), dnf install mesa-libOSMesa (Fedora)",
    "glfw": "needs a display",
}
_COLOURS = {OK: "32", OPTIONAL: "33", NEEDED: "31"}


@dataclass(frozen=True)
class Check:
    """A check: ``run`` gives its findings; where it fails as a whole, ``name`` is told to be so, needed or not."""

    name: str
    run: Callable[[], Iterable[Finding]]
    is_needed: bool = False

    def findings(self) -> list[Finding]:
        """What it finds; whatever goes wrong in the check itself is a finding too."""
        found: list[Finding] = []
        try:
            found.extend(self.run())
        except Exception as error:  # a doctor that falls ill helps nobody
            text = f"cannot be checked: {type(error).__name__}: {' '.join(str(error).split())}"[:300]
            found.append(self.failed(text))
        return found

    def failed(self, text: str, todo: str | None = None) -> Finding:
        """The finding for a check that did not come to its end."""
        return Finding(self.name, NEEDED if self.is_needed else OPTIONAL, text, todo)


def all_checks() -> list[Check]:
    """Every check, in the order in which they are shown."""
    return [
        Check("Python", check_python, is_needed=True),
        Check("packages", check_packages, is_needed=True),
        Check("cores", check_cores),
        Check("disk", check_disk),
        Check("folders", check_folders),
        _tried("learning", is_needed=True),
        _tried("models", is_needed=True),
        Check("graphics", check_graphics),
        _tried("film"),
        _tried("window"),
        _tried("browser"),
        _tried("wandb"),
        _tried("launching"),
        Check("extras", check_extras),
    ]


def examine(checks: Sequence[Check]) -> Iterator[Finding]:
    """Run the checks side by side; findings come in the order of the checks."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for findings in pool.map(Check.findings, checks):
            yield from findings


# --- in processes of their own ----------------------------------------------------------------------------------------


def _tried(probe: str, *, is_needed: bool = False) -> Check:
    return Check(probe, partial(run_probe, probe, is_needed=is_needed), is_needed)


def run_probe(probe: str, *, is_needed: bool = False, seconds: float = SECONDS) -> list[Finding]:
    """The findings of a probe of ``probes.py``; that it crashed, hung or raised is one too."""
    check = Check(probe, list, is_needed)
    try:
        done = run_child("myoassist.doctor.probes", probe, seconds=seconds)
    except subprocess.TimeoutExpired:
        return [check.failed(f"no answer in {seconds:g} s: it hangs, or this machine is too busy")]
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    findings = [Finding.read(line) for line in found if "state" in line]
    findings += [check.failed(line["problem"], line["todo"]) for line in found if "problem" in line]
    if done.returncode or not findings:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        text = f"its process ended with exit code {done.returncode}{f': {said[-1]}' if said else ''}"[:300]
        findings.append(check.failed(text, how_to_install()))
    return findings


def check_graphics() -> Iterator[Finding]:
    """Each way to draw without a window draws a picture; one is enough, and a stick figure stands in for all."""
    draws = importlib.import_module("myoassist.view.probe").draws
    names = GRAPHICS.get(sys.platform, tuple(LINUX_GRAPHICS))
    with ThreadPoolExecutor(2) as pool:
        problems = dict(zip(names, pool.map(partial(draws, seconds=SECONDS / 2), names), strict=True))
    works = [name for name, problem in problems.items() if problem is None]
    for name, problem in problems.items():
        if problem is None:
            yield ok(name, "draws pictures without a window")
        elif name == "glfw" and sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            yield optional(name, f"there is no display{'; not needed' if works else ''}")
        elif works:
            yield optional(name, f"does not draw; not needed, {works[0]} does")
        else:
            found = not problem.startswith(("No module", "import of"))  # else it is the packages that are missing
            driver = "install the driver of the graphics card"
            todo = on_this_system(windows=driver, macos=driver, linux=LINUX_GRAPHICS[name])
            text = f"does not draw ({problem}): videos show a stick figure"
            yield optional(name, text, todo if found else None)


# --- shown ------------------------------------------------------------------------------------------------------------


def as_line(finding: Finding, *, coloured: bool) -> str:
    """A finding as one line: name, state, text, and what to do."""
    state = f"{finding.state:<8}"
    state = f"\033[{_COLOURS[finding.state]}m{state}\033[0m" if coloured else state
    todo = f" -> {finding.todo}" if finding.todo else ""
    return f"{finding.name:<12} {state}  {' '.join(finding.text.split())}{todo}"


def verdict(findings: Sequence[Finding]) -> str:
    """The last line."""
    broken = [finding.name for finding in findings if finding.state == NEEDED]
    if broken:
        return f"not ready: {', '.join(broken)}; do what the lines say, then run this again"
    return "ready: python train.py experiment=smoke trains for seconds, python eval.py shows a trained walker"


def report(out: TextIO, *, as_json: bool = False) -> int:
    """Examine this machine, tell ``out``, and return the exit code: 1 where something that is needed fails."""
    coloured = out.isatty() and not os.environ.get("NO_COLOR")
    found: list[Finding] = []
    for finding in examine(all_checks()):
        found.append(finding)
        if not as_json:
            out.write(as_line(finding, coloured=coloured) + "\n")
            out.flush()
    works = all(finding.state != NEEDED for finding in found)
    if as_json:
        content = {"ready": works, "findings": [asdict(finding) for finding in found]}
        out.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    else:
        out.write(f"\n{verdict(found)}\n")
    return 0 if works else 1
