"""Cores, disk and folders of this machine."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from myoassist.doctor.findings import Finding, needed, ok, on_this_system, optional
from myoassist.places import cache_root
from myoassist.processes import CORES, available_cores

OUTPUTS = "outputs"
SCARCE, TOO_LITTLE = 5.0, 0.5  # GB: a long training with videos, and one that cannot save itself


def check_cores() -> Iterable[Finding]:
    """How many this process may use, and who says so."""
    may, has = available_cores(), os.cpu_count() or 1
    why = f" ({_who_limits()})" if may < has else ""
    text = f"{may} of {has}{why}; threads=0 uses them"
    if may == 1 and has > 1:
        return [optional("cores", f"1 of {has}{why}: training is slow", "give the job or container more cores")]
    return [ok("cores", text)]


def _who_limits() -> str:
    for name in (CORES, "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        if os.environ.get(name):
            return f"{name}={os.environ[name]}"
    bound = hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) < (os.cpu_count() or 1)
    return "bound to them" if bound else "limit of the container"


def check_disk() -> Iterable[Finding]:
    """Room where runs are written."""
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    where = f"{free:,.1f} GB free in {Path.cwd()}"
    if free >= SCARCE:
        return [ok("disk", where)]
    todo = "make room, or run in a folder on another disk: python scripts/runs.py --prune removes old checkpoints"
    return [needed("disk", where, todo) if free < TOO_LITTLE else optional("disk", f"{where}: little", todo)]


def check_folders() -> Iterator[Finding]:
    """Whether runs and composed models can be written."""
    runs = Path.cwd() / OUTPUTS
    problem = why_not_writable(runs)
    if problem is None:
        yield ok(f"{OUTPUTS}/", f"can be written: {runs}")
    else:
        yield needed(f"{OUTPUTS}/", f"{runs}: {problem}", "start in a folder of your own, or give run_dir=<folder>")
    cache = cache_root()
    problem = why_not_writable(cache)
    if problem is None:
        yield ok("cache", f"can be written: {cache}")
    else:
        setting = on_this_system(windows="set MYOASSIST_CACHE=<folder>", macos=_EXPORT, linux=_EXPORT)
        text = f"{cache}: {problem}; a temporary folder stands in"
        yield optional("cache", text, f"{setting}, with a folder that you may write")


_EXPORT = "export MYOASSIST_CACHE=<folder>"


def why_not_writable(folder: Path) -> str | None:
    """None where files can be made in ``folder``, or in the nearest one above that exists; leaves nothing behind."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        return f"{place} is a file"
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"myoassist")
    except OSError as error:
        return error.strerror or str(error)
    return None
