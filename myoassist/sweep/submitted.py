"""Runs of a sweep through submitit: as SLURM jobs, or in the same way on this machine.

submitit writes the job script, sends the run to its node, keeps its logs, and queues it again when SLURM preempts it or
its time is over; the run then finds its own folder and goes on (``learn/requeue.py``).
"""

from __future__ import annotations

import math
import os
import pickle
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import submitit
from hydra.core.utils import JobReturn
from submitit.core.utils import FailedJobError, UncompletedJobError

from myoassist.config_launch import LocalLaunch, SlurmLaunch
from myoassist.errors import ConfigError, RunError
from myoassist.processes import available_cores, child_environment, share_of_cores
from myoassist.runs.status import describe_error
from myoassist.sweep.apart import Ended
from myoassist.sweep.jobs import JobsGoOn, SweepJob, failed, say
from myoassist.sweep.slurm_queue import ENDS, GONE, note_id, queue_states

_LOOK_EVERY = 0.5  # s, at the files of results
_ASK_EVERY = 15.0  # s, SLURM
_LONGEST_ANSWER = 60  # s
_SILENT = re.compile("configuration source|[Uu]nable to contact|[Cc]onnect|timed out|Zero Bytes")
# A session of its own for each run: Ctrl-C comes once, from the sweep. (macOS has no command setsid.)
_SESSION = shlex.join(
    [
        sys.executable,
        "-c",
        "import os, sys; os.setsid(); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])",
    ]
)
Submitted = submitit.Job[JobReturn]


def run_local(
    jobs: Sequence[SweepJob], ended: Ended, settings: LocalLaunch, *, at_once: int, logs: Path
) -> list[JobReturn]:
    """Run all ``jobs`` on this machine, ``at_once`` at a time; results in their order."""
    folder = (
        logs / f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{os.getpid()}"
    )  # submitit names files by PIDs, which come again
    executor = submitit.LocalExecutor(folder=folder, max_num_timeout=settings.requeues, python=_SESSION)
    executor.update_parameters(
        timeout_min=settings.hours * 60, signal_delay_s=settings.warn_seconds, stderr_to_stdout=True
    )
    at_once = min(at_once, len(jobs))
    waiting, running = list(jobs), dict[int, tuple[SweepJob, Submitted]]()
    results: dict[int, JobReturn] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop(0)
                with _environment(**share_of_cores(max(1, available_cores() // at_once))):
                    running[job.number] = (job, _submit(executor, [job])[0])
            results |= _collect(running, ended, _local_end)
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        for _, sent in running.values():
            sent._process.terminate()  # type: ignore[attr-defined]  # its SIGTERM alone is passed on; the run saves itself
        for _, sent in running.values():
            sent._process.wait()  # type: ignore[attr-defined]
        raise
    return [results[job.number] for job in jobs]


def run_slurm(jobs: Sequence[SweepJob], ended: Ended, settings: SlurmLaunch, *, logs: Path) -> list[JobReturn]:
    """Submit all ``jobs`` as one array and wait for them; results in their order.

    Raises:
        RunError: SLURM is not here, or refuses them.
        JobsGoOn: Ctrl-C. The jobs stay in the queue.
    """
    try:
        executor = submitit.SlurmExecutor(folder=logs, max_num_timeout=settings.requeues)
        executor.update_parameters(**slurm_options(settings, name=jobs[0].config.name))
        with _environment():
            submitted = _submit(executor, jobs)
            for job, sent in zip(jobs, submitted, strict=True):
                note_id(logs.parent, job.number, sent.job_id)
    except (RuntimeError, UncompletedJobError, FailedJobError) as error:
        raise RunError(f"launch: SLURM did not take the jobs: {' '.join(str(error).split())[-300:]}") from error
    running = {job.number: (job, sent) for job, sent in zip(jobs, submitted, strict=True)}
    results: dict[int, JobReturn] = {}
    queue = SlurmQueue()
    try:
        while running:
            results |= _collect(running, ended, queue.end_of)
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt as error:
        left = " ".join(sorted({sent.job_id.split("_")[0] for _, sent in running.values()}))
        say(f"The jobs go on without this program; to end them: scancel {left}")
        raise JobsGoOn(running) from error
    return [results[job.number] for job in jobs]


def check_slurm(settings: SlurmLaunch) -> None:
    """Ask SLURM whether it would take such a job; nothing is submitted.

    Raises:
        ConfigError: SLURM is not installed here, does not answer, or refuses.
    """
    try_here = "; type it on a login node of the cluster, or run on this machine with launch=joblib"
    if shutil.which("sbatch") is None:
        raise ConfigError(f"launch=slurm: no sbatch here{try_here}")
    own = ("job_name", "signal_delay_s", "array_parallelism", "setup", "stderr_to_stdout", "srun_args")
    options = slurm_options(settings, name="test")
    options |= {key: value for key, value in options.pop("additional_parameters").items() if key != "requeue"}
    given = {key.replace("_", "-"): value for key, value in options.items() if key not in own and value is not None}
    flags = [f"--{key}" if value is True else f"--{key}={value}" for key, value in given.items() if value is not False]
    try:
        told = subprocess.run(
            ["sbatch", "--test-only", *flags, "--wrap=true"], capture_output=True, text=True, timeout=_LONGEST_ANSWER
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"launch=slurm: SLURM does not answer within {_LONGEST_ANSWER} s{try_here}") from None
    if told.returncode == 0:
        return
    lines = told.stderr.splitlines()
    problem = "; ".join(re.sub(r"^(sbatch: |error: |fatal: |allocation failure: )+", "", line) for line in lines)
    if _SILENT.search(problem):
        raise ConfigError(f"launch=slurm: no SLURM answers here ({problem.rpartition('; ')[2]}){try_here}")
    raise ConfigError(f"launch=slurm: SLURM does not take such jobs: {problem[:300]}")


def slurm_options(settings: SlurmLaunch, *, name: str) -> dict[str, Any]:
    """The parameters of submitit's job script that ``settings`` ask for."""
    plain = {key: getattr(settings, key) for key in ("partition", "account", "qos", "constraint")}
    memory = settings.memory_gb
    return {
        "job_name": name,
        "time": math.ceil(settings.hours * 60),
        "nodes": 1,
        "ntasks_per_node": 1,
        "cpus_per_task": settings.cpus,
        "gpus_per_node": settings.gpus or None,
        "mem": None if memory is None else f"{math.ceil(memory * 1024)}M",
        "signal_delay_s": settings.warn_seconds,
        "array_parallelism": settings.at_once,
        "setup": list(settings.setup) or None,
        "stderr_to_stdout": True,
        "srun_args": [f"--cpus-per-task={settings.cpus}", "--open-mode=append"],  # a step does not inherit them
        "additional_parameters": {"requeue": True, **settings.options},
        **plain,
    }


def _submit(executor: Any, jobs: Sequence[SweepJob]) -> list[Submitted]:
    with executor.batch():
        sent = [executor.submit(job) for job in jobs]
    for job, one in zip(jobs, sent, strict=True):
        say(f"{job.title}: job {one.job_id}, log {os.path.relpath(one.paths.stdout)}")
    return sent


class SlurmQueue:
    """What SLURM says of the jobs of this user, asked now and then."""

    def __init__(self) -> None:
        self._asked = time.monotonic()
        self._before: dict[str, str] | None = None
        self._now: dict[str, str] | None = None

    def end_of(self, job: Submitted) -> str | None:
        """How a job without a result came to its end; None where it did not, or may have a moment ago."""
        if time.monotonic() > self._asked + _ASK_EVERY:
            self._before, self._now, self._asked = self._now, queue_states(), time.monotonic()
        if self._before is None or self._now is None:
            return None
        before, now = (states.get(job.job_id, GONE) for states in (self._before, self._now))
        return now if before in ENDS and now in ENDS else None  # twice: a file may come later than the news


def _local_end(job: Submitted) -> str | None:
    return "its process was killed" if job.done() and not job.paths.result_pickle.exists() else None


def _collect(
    running: dict[int, tuple[SweepJob, Submitted]], ended: Ended, end_of: Callable[[Submitted], str | None]
) -> dict[int, JobReturn]:
    """Take the runs that have ended out of ``running``; ``end_of`` says how one without a result did."""
    results = {}
    for number, (job, sent) in list(running.items()):
        if sent.paths.result_pickle.exists():
            results[number] = _result(job, sent)
        elif (how := end_of(sent)) is not None:
            how = f"SLURM says {how}" if how.isupper() else how
            results[number] = failed(job, RunError(f"{how}; its log is {os.path.relpath(sent.paths.stdout)}"))
        else:
            continue
        del running[number]
        ended(job, results[number])
    return results


def _result(job: SweepJob, sent: Submitted) -> JobReturn:
    """What the run left, which is taken away; where submitit itself failed, the last line of what it says."""
    file = sent.paths.result_pickle
    try:
        outcome, result = pickle.loads(file.read_bytes())  # of our own job, in the folder of the sweep
        file.unlink()
        if outcome == "success":
            return result
        problem = str(result).strip().splitlines()[-1]
    except Exception as error:
        problem = f"its result cannot be read ({describe_error(error)})"
    return failed(job, RunError(f"{problem}; its log is {os.path.relpath(sent.paths.stdout)}"))


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """What submitted jobs take over: they find this package from any folder, and no Ctrl-C reaches them."""
    before, main = dict(os.environ), threading.current_thread() is threading.main_thread()
    os.environ.update({**child_environment(), **variables})
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None  # their controllers leave Ctrl-C to us
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        if main:
            signal.signal(signal.SIGINT, handler)
