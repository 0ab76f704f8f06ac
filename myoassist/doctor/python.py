"""Python and its packages, from their metadata: nothing is imported."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import util
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path

from myoassist.doctor.findings import Finding, needed, ok, optional
from myoassist.starting import OLDEST, how_to_install, too_old

ROOT = Path(__file__).resolve().parent.parent.parent
NEWEST_TESTED = (3, 13)
EXTRAS = {
    "sweep": ("submitit", "optuna"),
    "ray": ("ray",),
    "dashboard": ("wandb-workspaces",),
}
FOR = {
    "sweep": "searches (sweep=..., hydra/sweeper=optuna) and launch=slurm",
    "ray": "launch=ray",
    "dashboard": "scripts/dashboard.py",
}


def check_python() -> Iterable[Finding]:
    """Its version, and where it is."""
    here = f"{platform.python_version()}, {sys.executable}"
    if sys.version_info[:2] < OLDEST:
        return [needed("Python", here, too_old().partition("; ")[2])]
    newest = ".".join(map(str, NEWEST_TESTED))
    newer = f", newer than the last one that is tested ({newest})" if sys.version_info[:2] > NEWEST_TESTED else ""
    return [ok("Python", here + newer)]


def check_packages() -> Iterator[Finding]:
    """Every package that is needed: there, importable by name, and within the bounds."""
    try:
        lines = needed_packages()
    except ImportError as error:
        yield needed("packages", f"{error.name} is not installed", how_to_install())
        return
    problems, versions = [], {}
    for name, bounds in lines.items():
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            problems.append(f"{name} is not installed")
            continue
        if not _within(versions[name], bounds):
            problems.append(f"{name} {versions[name]} does not fit {bounds}")
        elif not _can_be_found(name):
            problems.append(f"{name} {versions[name]} is installed, but its files are not there")
    if problems:
        yield needed("packages", "; ".join(problems), how_to_install())
        return
    others = [f"{name} {has} ({tested})" for name, has, tested in untested(versions)]
    told = f"; other than tested: {', '.join(others)}" if others else ", the versions that are tested"
    yield ok("packages", f"all {len(versions)}{told if constraints() else ''}")


def check_extras() -> Iterator[Finding]:
    """Packages that only some things need."""
    for extra, names in EXTRAS.items():
        missing = [name for name in names if not _is_there(name)]
        if missing:
            text = f"{' and '.join(missing)} not installed; for {FOR[extra]}"
            yield optional(f"[{extra}]", text, f"python -m pip install {installable(extra)}")
        else:
            yield ok(f"[{extra}]", f"{', '.join(f'{name} {version(name)}' for name in names)}: {FOR[extra]}")


def installable(extra: str) -> str:
    """What pip is told to install with an extra: this clone, or the package by name."""
    is_clone = (ROOT / "pyproject.toml").exists()
    return f'-e ".[{extra}]" -c constraints.txt' if is_clone else f'"myoassist[{extra}]"'


def needed_packages() -> dict[str, str]:
    """Names of the packages that are needed, with their bounds. Raises ImportError where they cannot be read."""
    from packaging.requirements import Requirement

    found = {}
    for line in _declared():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            found[requirement.name] = str(requirement.specifier)
    return found


def _declared() -> list[str]:
    """Lines as in ``dependencies`` of pyproject.toml, which is newer than what was installed from it."""
    project = ROOT / "pyproject.toml"
    if project.is_file():
        text = project.read_text(encoding="utf-8")
        section = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.DOTALL | re.MULTILINE)
        if section:
            return re.findall(r'^\s*"([^"]+)"', section[1], re.MULTILINE)
    return requires("myoassist") or []


def constraints() -> dict[str, list[str]]:
    """Versions in ``constraints.txt`` by package, those for another Python left out; empty without the file."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    path, found = ROOT / "constraints.txt", {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        if line.strip() and not line.startswith("#"):
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate():
                found[canonicalize_name(requirement.name)] = [spec.version for spec in requirement.specifier]
    return found


def untested(versions: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Name, version here and version in ``constraints.txt`` where they differ; a local part (+cpu) does not count."""
    from packaging.utils import canonicalize_name

    tested = constraints()
    for name, has in versions.items():
        pinned = tested.get(canonicalize_name(name))
        if pinned and has.partition("+")[0] not in pinned:
            yield name, has, pinned[0]


def _within(has: str, bounds: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(bounds).contains(has, prereleases=True)


def _is_there(name: str) -> bool:
    try:
        return bool(version(name)) and _can_be_found(name)
    except PackageNotFoundError:
        return False


def _can_be_found(name: str) -> bool:
    """Whether a module of a package is found; a folder that was moved or half removed still has its metadata."""
    modules = _modules(name)
    return not modules or any(_found(module) for module in modules)


def _found(module: str) -> bool:
    try:
        return util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _modules(name: str) -> list[str]:
    """Importable names of an installed package."""
    installed = distribution(name)
    listed = (installed.read_text("top_level.txt") or "").split()
    parts = [file.parts for file in installed.files or ()] if not listed else []
    inside = {part[0] for part in parts if len(part) == 2 and part[1] == "__init__.py"}
    return [module for module in (*listed, *sorted(inside)) if module.isidentifier() and not module.startswith("_")]
