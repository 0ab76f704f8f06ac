"""What SLURM says of jobs, and which job a run of a sweep is: ``jobs/<number>.slurm`` has its id."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection
from pathlib import Path

from myoassist.errors import RunError
from myoassist.files import write_beside
from myoassist.places import JOBS_FOLDER

GONE = "GONE"  # SLURM has forgotten it
ENDS = {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "TIMEOUT", GONE}


def queue_states(ids: Collection[str] | None = None) -> dict[str, str] | None:
    """State of each job that SLURM still knows, by its id; None where SLURM does not answer.

    (``sacct`` would need an accounting database.)

    Args:
        ids: of jobs of any user; None asks for all of this user.
    """
    which = f"--user={os.getuid()}" if ids is None else f"--jobs={','.join(sorted(ids))}"
    command = ["squeue", "--noheader", "--array", "--states=all", which, "--format=%i %T"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    if told.returncode != 0:  # a single job that it has forgotten is an error to squeue
        return {} if ids and "invalid job id" in told.stderr.lower() else None
    lines = (line.split() for line in told.stdout.splitlines())
    return {line[0]: line[1] for line in lines if len(line) == 2}


def note_id(sweep: Path, number: int, job_id: str) -> None:
    """Note as which job run ``number`` was submitted. What cannot be written is left out: the job is in the queue."""
    try:
        write_beside(_place(sweep, number), f"{job_id}\n")
    except RunError:
        return


def read_id(sweep: Path, number: int) -> str | None:
    """The job that run ``number`` was submitted as the last time; None where it never was."""
    try:
        return _place(sweep, number).read_text(encoding="utf-8").strip() or None
    except (OSError, ValueError):
        return None


def _place(sweep: Path, number: int) -> Path:
    return sweep / JOBS_FOLDER / f"{number}.slurm"
