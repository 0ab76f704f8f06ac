"""What happens around the jobs of a sweep: a list of them at the start, ``sweep.html`` and ``sweep.csv`` at the end.

Hydra calls :class:`SweepRecorder` (``conf/hydra/default.yaml``) at the start of a sweep, and in the process of each
job. It calls nothing at the end of a sweep that raised or was interrupted, so that ``commandline.py`` does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from myoassist.errors import RunError, StoppedError
from myoassist.explain import quoted_text
from myoassist.files import new_folder
from myoassist.processes import stop_signal
from myoassist.runs.jobs import Job, note_job, note_stopped, plan_jobs, read_jobs
from myoassist.runs.status import FAILED, FINISHED, STOPPED, describe_error
from myoassist.sweep.jobs import JobsGoOn
from myoassist.sweep.plan import Plan, named_by_time, own_lines, plan_of

_running: list[Path] = []  # folders of the sweeps that this process has started and not yet compared


class SweepRecorder(Callback):
    """Writes the list of the jobs of a sweep, and how each of them ended."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        folder = _own_folder(config)
        _running.append(folder)
        plan = _plan(config)
        plan_jobs(folder, plan.jobs, plan.search)

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if config.hydra.mode == RunMode.MULTIRUN:
            note_job(*_job_of(config))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if config.hydra.mode != RunMode.MULTIRUN:
            return
        error = None if job_return.status == JobStatus.COMPLETED else job_return._return_value  # .return_value raises
        reason = describe_error(error) if isinstance(error, BaseException) else None
        ended = FINISHED if error is None else STOPPED if isinstance(error, StoppedError) else FAILED
        note_job(*_job_of(config, ended=ended, reason=reason))


def _own_folder(config: DictConfig) -> Path:
    """The folder of a sweep; one that is named by the time is made here, as two sweeps can start in the same second."""
    folder = Path(config.hydra.sweep.dir).absolute()
    if not named_by_time(config):
        return folder
    try:
        made = new_folder(folder)
    except OSError as error:
        raise RunError(f"hydra.sweep.dir: {folder} cannot be made ({error.strerror or error})") from error
    if made != folder:
        with read_write(config), open_dict(config):
            config.hydra.sweep.dir = str(made)
            config.hydra.overrides.hydra.append(
                f"hydra.sweep.dir={quoted_text(str(made))}"
            )  # its jobs are composed anew from these
    return made


def _job_of(config: DictConfig, **how: Any) -> tuple[Path, Job]:
    overrides: Any = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    folder = Path(config.hydra.sweep.dir).absolute()
    run = os.path.relpath(config.hydra.runtime.output_dir, folder)
    return folder, Job(int(config.hydra.job.num), own_lines(map(str, overrides or ())), True, folder=run, **how)


def _plan(config: DictConfig) -> Plan:
    parser = OverridesParser.create(GlobalHydra.instance().config_loader())
    return plan_of(config, parser.parse_overrides(list(config.hydra.overrides.task)), parser.parse_overrides)


def jobs_not_started() -> int:
    """How many jobs of the sweep that this process runs were asked for and never begun; before it is compared."""
    return sum(not job.started for job in read_jobs(_running[-1]).values()) if _running else 0


def interrupted_sweep(error: BaseException) -> Path | None:
    """The folder of the sweep of this process, which ``error`` ends; what it had under way is noted as stopped there.

    None where nothing had begun. Jobs in the queue of a cluster go on.
    """
    if not _running:
        return None
    folder = _running[-1]
    if not isinstance(error, JobsGoOn):
        note_stopped(folder, f"stopped by {stop_signal()}")
    return folder


def compare_sweeps() -> None:
    """Write ``sweep.html`` and ``sweep.csv`` of the sweeps that this process has run, and tell how they went.

    It never raises: a comparison that fails costs a line, and neither the result of the sweep nor its exit code.
    """
    while _running:
        folder = _running.pop()
        try:
            from myoassist.runs.comparing import compare  # matplotlib, which trainings need not wait for

            if folder.is_dir():
                sys.stdout.write(compare([folder]).text + "\n")
        except KeyboardInterrupt:
            _warn("the comparison was interrupted", folder)
        except Exception as error:
            _warn(f"the runs could not be compared: {describe_error(error)}", folder)


def _warn(problem: str, folder: Path) -> None:
    again = f"python scripts/compare.py {os.path.relpath(folder)}"
    sys.stderr.write(f"warning: {problem}; every run is in {folder}; again: {again}\n")
