"""One run of a sweep as something to call in any process, and the result it has when that process is gone."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from myoassist.errors import MyoAssistError, RunError, StoppedError
from myoassist.interrupting import interruptible
from myoassist.processes import stop_signal, terminable
from myoassist.runs.jobs import note_failure
from myoassist.runs.status import STOPPED, describe_error, read_status
from myoassist.sweep.plan import as_typed, own_command, own_lines

_LOCAL = "SUBMITIT_LOCAL_JOB_ID"  # environment variable of a run that submitit started on this machine
_LONGEST_TITLE, _LONGEST_NUMBER = 120, 8  # characters


class JobsGoOn(KeyboardInterrupt):
    """Ctrl-C in a program that only waits: its jobs ``numbers`` are in the queue of a cluster, and stay there."""

    def __init__(self, numbers: Collection[int]) -> None:
        self.numbers = set(numbers)
        super().__init__()


@dataclass
class SweepJob:
    """A run of a sweep. Calling it runs it; to a process of its own it takes Hydra's state along.

    ``program`` and ``overrides`` are its command line as a run of its own. ``log``: file that stdout and stderr go to;
    None where somebody else sees to that.
    """

    number: int
    overrides: tuple[str, ...]
    context: HydraContext
    config: DictConfig
    task: TaskFunction
    state: Any
    folder: str
    program: str
    log: Path | None = None

    @property
    def title(self) -> str:
        """The run by what the sweep varies, as ``#2 model=26muscle seed=1``."""
        common = {as_typed(line).casefold() for line in self.config.hydra.overrides.task}  # Hydra writes false as False
        told = [_short(line) for line in own_lines(self.overrides) if line.casefold() not in common]
        text = " ".join([f"#{self.number}", *told])
        return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 2]} …"

    def __call__(self) -> JobReturn:
        """Run it; the result, also where it raised or was stopped."""
        if _LOCAL not in os.environ:
            return self._run()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # it was ignored while the job was sent off
        with interruptible(), terminable():  # submitit lets SIGTERM pass without a word
            return self._run()

    def _run(self) -> JobReturn:
        os.chdir(self.folder)
        sys.argv = [self.program, *own_command(self.overrides)]  # for the record of the run
        if self.log is not None:
            _redirect(self.log)
        Singleton.set_state(self.state)
        setup_globals()
        config = self.context.config_loader.load_sweep_config(self.config, list(self.overrides))
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = self.number
        HydraConfig.instance().set_config(config)
        try:
            result = run_job(
                hydra_context=self.context,
                config=config,
                task_function=self.task,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )
        except KeyboardInterrupt as interrupt:
            return self._stopped(config.hydra.sweep, str(interrupt))
        error = error_of(result)
        if error is not None and not isinstance(error, MyoAssistError):
            traceback.print_exception(error)  # a fault of the program; Hydra shows only that of the first run
        return result if error is None or _travels(error) else failed(self, RunError(describe_error(error)))

    def _stopped(self, place: DictConfig, told: str) -> JobReturn:
        """The result after Ctrl-C or SIGTERM, in the words of the training where it saved itself."""
        sweep = Path(str(place.dir))
        begun = read_status(sweep / str(place.subdir)) is not None
        reason = told or f"stopped by {stop_signal()}{'' if begun else ' before its training began'}"
        say(reason)
        note_failure(sweep, self.number, own_lines(self.overrides), reason, ended=STOPPED)
        return failed(self, StoppedError(reason))

    def checkpoint(self) -> Any:
        """What submitit queues when the run was told to leave: the same run, which finds its own folder."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def make_jobs(
    overrides: Sequence[Sequence[str]], first: int, context: HydraContext, config: DictConfig, task: TaskFunction
) -> list[SweepJob]:
    """The runs of one batch of a sweep, numbered from ``first``."""
    state, folder, program = Singleton.get_state(), os.getcwd(), sys.argv[0]
    return [
        SweepJob(first + place, tuple(lines), context, config, task, state, folder, program)
        for place, lines in enumerate(overrides)
    ]


class Failure(JobReturn):
    """The result of a run that failed. (Hydra's own writes a line of its own to stderr when it is asked.)"""

    @property
    def return_value(self) -> Any:  # type: ignore[override]
        raise self._return_value


def failed(job: SweepJob, error: BaseException) -> JobReturn:
    """The result of a run that could not give one itself."""
    return Failure(overrides=list(job.overrides), task_name="train", status=JobStatus.FAILED, _return_value=error)


def error_of(result: JobReturn) -> BaseException | None:
    """What a run raised; None where it came to its end. (Hydra's own ``return_value`` raises it.)"""
    return result._return_value if result.status == JobStatus.FAILED else None


def _short(line: str) -> str:
    """An override with its number, where it is a long one, to four digits."""
    key, _, value = line.partition("=")
    try:
        return f"{key}={float(value):.4g}" if len(value) > _LONGEST_NUMBER else line
    except ValueError:
        return line


def _travels(error: BaseException) -> bool:
    """Whether another process can read it. (Some libraries' exceptions can be written and then not be read.)"""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return True


def say(line: str) -> None:
    """A line for the user, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _redirect(log: Path) -> None:
    """Send stdout and stderr of this process to a file, what libraries and children write too."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab", buffering=0) as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number in (1, 2):
            os.dup2(file.fileno(), number)
