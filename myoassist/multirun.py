"""What happens around the jobs of a sweep: a list of them at the start, ``sweep.html`` and ``sweep.csv`` at the end.

Hydra calls :class:`SweepRecorder` (``conf/hydra/default.yaml``) at the start of a sweep, and in the process of each
job. It calls nothing at the end of a sweep that raised or was interrupted, so that ``commandline.py`` does.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from hydra.experimental.callback import Callback
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from myoassist.runs.jobs import Job, note_job, plan_jobs, read_jobs
from myoassist.runs.status import describe_error

_MOST_PLANNED = 10_000
_running: list[Path] = []  # folders of the sweeps that this process has started and not yet compared


class SweepRecorder(Callback):
    """Writes the list of the jobs of a sweep, and how each of them ended."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        folder = Path(config.hydra.sweep.dir).absolute()
        _running.append(folder)
        plan_jobs(folder, _planned(config))

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        if config.hydra.mode == RunMode.MULTIRUN:
            note_job(*_job_of(config))

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **kwargs: Any) -> None:
        if config.hydra.mode != RunMode.MULTIRUN:
            return
        error = None if job_return.status == JobStatus.COMPLETED else job_return._return_value  # .return_value raises
        reason = describe_error(error) if isinstance(error, BaseException) else None
        ended = "finished" if job_return.status == JobStatus.COMPLETED else "failed"
        note_job(*_job_of(config, ended=ended, reason=reason))


def _job_of(config: DictConfig, **how: Any) -> tuple[Path, Job]:
    overrides = tuple(OmegaConf.to_container(config.hydra.overrides.task, resolve=False) or ())
    folder = Path(config.hydra.sweep.dir).absolute()
    run = os.path.relpath(config.hydra.runtime.output_dir, folder)
    return folder, Job(int(config.hydra.job.num), tuple(map(str, overrides)), True, folder=run, **how)


def _planned(config: DictConfig) -> list[tuple[str, ...]]:
    """Overrides of every job of a grid, in the order of Hydra's sweeper; none where a search draws them."""
    given = config.hydra.sweeper.get("params") or {}
    lines = [*(f"{key}={value}" for key, value in given.items()), *config.hydra.overrides.task]
    values: dict[str, list[str]] = {}
    for override in OverridesParser.create().parse_overrides(lines):
        key = override.get_key_element()
        if not override.is_sweep_override():
            values[key] = [f"{key}={override.get_value_element_as_str()}"]
        elif override.is_discrete_sweep() and config.hydra.sweeper._target_.endswith("BasicSweeper"):
            values[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
        else:
            return []
    return list(itertools.islice(itertools.product(*values.values()), _MOST_PLANNED))


def jobs_not_started() -> int:
    """How many jobs of the sweep that this process runs were asked for and never begun; before it is compared."""
    return sum(not job.started for job in read_jobs(_running[-1]).values()) if _running else 0


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
