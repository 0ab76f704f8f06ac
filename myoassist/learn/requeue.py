"""Runs on a cluster: a job that must leave saves itself, is queued again, and finds its own run when it comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from myoassist.config import TrainConfig
from myoassist.errors import StoppedError, typed
from myoassist.learn.callbacks import WARNINGS
from myoassist.learn.evaluate import Evaluation
from myoassist.learn.progress import say
from myoassist.learn.resume import check_same_experiment, newest_checkpoint
from myoassist.learn.run_folder import saved_config
from myoassist.places import CONFIG, EVALUATIONS, REPORT, SUMMARY

_LONGEST_GRACE = 600.0  # s between SIGTERM and SIGKILL, at most


def begun_before(config: TrainConfig, run_dir: Path | None) -> Path | None:
    """The folder of this run where an earlier process began it; None where it is new.

    Only a run of a sweep, which ``run_dir`` says, or of a SLURM job that was queued again may go on by itself. Others
    are asked to with ``resume``, so that no run goes on in a folder that was named by mistake.
    """
    if run_dir is None and not _queued_again():
        return None
    folder = run_dir if config.run_dir is None else Path(config.run_dir)
    return folder if folder is not None and (folder / CONFIG).is_file() else None


def finished(folder: Path, config: TrainConfig) -> tuple[Path, int] | None:
    """Last checkpoint and steps of the run in ``folder`` if it is at its end; None where it has to go on.

    Raises:
        ConfigError: it is another experiment than ``config``.
    """
    asked = replace(config, resume=str(folder))
    check_same_experiment(asked, saved_config(folder))
    checkpoint, steps = newest_checkpoint(folder)
    return (checkpoint, steps) if checkpoint is not None and steps >= config.total_steps else None


def final_evaluation(folder: Path) -> Evaluation | None:
    """How the final policy of a finished run walks."""
    try:
        return Evaluation(**json.loads((folder / SUMMARY).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def half_done(folder: Path) -> list[Path]:
    """Evaluations whose plots, videos and report the end of a job cut off."""
    return sorted(path for path in (folder / EVALUATIONS).glob("step_*") if not (path / REPORT).exists())


def leave(folder: Path, steps: int, stopped_by: str, *, in_sweep: bool) -> None:
    """End a training that was stopped and saved in the way that whoever stopped it expects.

    Without a sweep or a cluster it just ends.

    Raises:
        SystemExit: SLURM ends the job; nobody shall take it for a finished one.
        KeyboardInterrupt: Ctrl-C, which ends a whole sweep.
        StoppedError: something else stopped a run of a sweep.
    """
    if stopped_by in WARNINGS:
        _queue(signal.Signals[stopped_by])
    elif stopped_by == "SIGTERM" and "SLURM_JOB_ID" in os.environ:
        time.sleep(_LONGEST_GRACE)  # the warning, or the end of the job, follows: before it SLURM has not let go of it
        raise SystemExit(128 + signal.SIGTERM)
    if in_sweep:
        told = f"stopped by {stopped_by} after {steps:,} steps and saved; go on with: {typed(f'resume={folder}')}"
        raise KeyboardInterrupt(told) if stopped_by == "SIGINT" else StoppedError(told)


def _queue(number: signal.Signals) -> None:
    """Queue this job again: by submitit's own handler of the signal, which ends this process, or by SLURM's command."""
    handler = signal.getsignal(number)
    if callable(handler):
        handler(number, None)
    elif job := os.environ.get("SLURM_JOB_ID"):
        say(f"queueing job {job} again")
        try:
            subprocess.run(["scontrol", "requeue", job], check=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            say(f"warning: the job could not be queued again ({error}); go on with resume=<run folder>")


def _queued_again() -> bool:
    return os.environ.get("SLURM_RESTART_COUNT", "0").strip() not in ("", "0")
