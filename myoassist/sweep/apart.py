"""Runs of a sweep on this machine, each in a process of its own, so many at a time.

A process that is killed, for example because memory ran out, then takes neither the sweep nor another run with it.
(In a shared pool, as joblib's, one dead worker ends the work of all.)
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cloudpickle
from hydra.core.utils import JobReturn

from myoassist.errors import RunError
from myoassist.interrupting import interruptible
from myoassist.processes import (
    available_cores,
    child_environment,
    python_command,
    share_of_cores,
    stop_signal,
    terminable,
)
from myoassist.runs.status import describe_error
from myoassist.sweep.jobs import SweepJob, error_of, failed

_LOOK_EVERY = 0.1  # s
_READY = "ready"  # file of a run that listens to signals
_WINDOWS = os.name == "nt"  # where no process can send another one a signal that it can handle
Ended = Callable[[SweepJob, JobReturn], None]


class Child:
    """A run in a process of its own. When the sweep's process is gone, the run saves itself and stops."""

    def __init__(self, job: SweepJob, *, cores: int, log: Path | None) -> None:
        self.job = job
        self._folder = tempfile.TemporaryDirectory(prefix="myoassist-")
        (Path(self._folder.name) / "job").write_bytes(cloudpickle.dumps(job))
        output = None if log is None else log.open("ab")
        self._process = subprocess.Popen(
            python_command("myoassist.sweep.apart", self._folder.name),
            env={**child_environment(), **share_of_cores(cores)},
            stdin=subprocess.PIPE,  # closed by the system when this process ends, however it ends
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C comes once, from the sweep
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
        )
        if output is not None:
            output.close()

    def result(self) -> JobReturn | None:
        """What the run gave; None while it runs."""
        code = self._process.poll()
        if code is None:
            return None
        try:
            return pickle.loads((Path(self._folder.name) / "result").read_bytes())
        except FileNotFoundError:
            return failed(self.job, RunError(_how_it_died(code)))
        except Exception as error:
            return failed(self.job, RunError(f"its result cannot be read ({describe_error(error)})"))
        finally:
            self._folder.cleanup()

    def interrupt(self) -> None:
        """Ask the run to save itself and stop, with the signal that this process got; asked twice, it stops at once."""
        if self._process.poll() is not None:
            return
        if not (Path(self._folder.name) / _READY).exists():
            self._process.terminate()  # Python itself is still starting: there is nothing to save
        elif not _WINDOWS:
            self._process.send_signal(signal.Signals[stop_signal()])
        elif self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()  # as when this process were gone
        else:
            self._process.terminate()

    def wait(self) -> None:
        self._process.wait()


def run_apart(jobs: Sequence[SweepJob], ended: Ended, *, at_once: int, logs: Path | None) -> list[JobReturn]:
    """Run all ``jobs``, ``at_once`` at a time, with the cores divided among them; results in the order of ``jobs``.

    Args:
        ended: called with each result as it comes.
        logs: folder for ``<number>.log`` of each; None leaves the output where that of this process goes.

    Raises:
        KeyboardInterrupt: after Ctrl-C or SIGTERM, when every run that was under way has saved itself.
    """
    at_once = min(at_once, len(jobs))
    if logs is not None:
        logs.mkdir(parents=True, exist_ok=True)
    waiting, running = list(jobs), dict[int, Child]()
    results: dict[int, JobReturn] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.pop(0)
                log = None if logs is None else logs / f"{job.number}.log"
                running[job.number] = Child(job, cores=max(1, available_cores() // at_once), log=log)
            for number, child in list(running.items()):
                if (result := child.result()) is not None:
                    results[number] = result
                    del running[number]
                    ended(child.job, result)
            time.sleep(_LOOK_EVERY)
    except KeyboardInterrupt:
        _stop(list(running.values()))
        raise
    return [results[job.number] for job in jobs]


def _stop(children: Sequence[Child]) -> None:
    """Have all save themselves, and wait for them; each further Ctrl-C asks again."""
    while True:
        try:
            for child in children:
                child.interrupt()
            for child in children:
                child.wait()
            return
        except KeyboardInterrupt:
            continue


def _how_it_died(code: int) -> str:
    if code - 128 in (signal.SIGINT, signal.SIGTERM):
        return f"stopped by {signal.Signals(code - 128).name}"
    if code >= 0:
        return f"its process ended with exit code {code} and no result"
    name = signal.Signals(-code).name
    hint = ", as the system does when memory runs out" if name == "SIGKILL" else ""
    return f"its process was killed by {name}{hint}"


def _leave_with_parent() -> None:
    """Stop this run, saved, when the process that waits for it is gone."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        if _WINDOWS:
            signal.raise_signal(signal.SIGTERM)  # os.kill would end it unsaved
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main(folder: Path) -> int:
    """Run the job in ``folder`` and leave its result there."""
    with interruptible(), terminable():
        (folder / _READY).touch()
        try:
            return _work(folder)
        except KeyboardInterrupt:  # before or after the run, which returns what stopped it
            return 128 + signal.Signals[stop_signal()]


def _work(folder: Path) -> int:
    job: SweepJob = pickle.loads((folder / "job").read_bytes())  # written a moment ago by the sweep, in its own folder
    _leave_with_parent()
    result = job()
    partial = folder / "partial"
    try:
        content = cloudpickle.dumps(result)
        pickle.loads(content)
    except Exception as error:  # what some library gives may not be sent, or not be read where it arrives
        content = cloudpickle.dumps(failed(job, RunError(describe_error(error_of(result) or error))))
    partial.write_bytes(content)
    partial.replace(folder / "result")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
