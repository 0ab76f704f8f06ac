"""Runs of a sweep as Ray tasks."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray  # type: ignore[import-not-found]
import ray.exceptions  # type: ignore[import-not-found]
from hydra.core.utils import JobReturn

from myoassist.config_launch import RayLaunch
from myoassist.errors import RunError
from myoassist.processes import available_cores, child_environment, share_of_cores
from myoassist.sweep.apart import Ended
from myoassist.sweep.jobs import SweepJob, failed

ANSWERS_IN = 5.0  # s


def run_ray(jobs: Sequence[SweepJob], ended: Ended, settings: RayLaunch, *, logs: Path) -> list[JobReturn]:
    """Run all ``jobs`` as Ray tasks, as many at a time as the cluster has cores for; results in their order.

    Raises:
        RunError: there is no cluster at the address, or none of its machines has that many cores.
    """
    here = not ray.is_initialized()
    cpus = settings.cpus
    if here:
        cpus = _connect(settings)
    try:
        task = ray.remote(
            num_cpus=cpus,
            num_gpus=settings.gpus,
            max_calls=1,  # a process of its own for each
            max_retries=0,
            runtime_env={"env_vars": {"PYTHONPATH": child_environment()["PYTHONPATH"], **share_of_cores(cpus)}},
        )(_call)
        pending = {task.remote(replace(job, log=(logs / f"{job.number}.log").absolute())): job for job in jobs}
        return _gather(pending, ended)
    finally:
        if here:
            ray.shutdown()


def _connect(settings: RayLaunch) -> int:
    """Start Ray or connect to it; returns the cores of a run."""
    own = settings.address is None
    _check_answer(settings.address or "")
    cores = available_cores() if own else None
    try:
        ray.init(
            address=settings.address or "local",
            num_cpus=cores,
            log_to_driver=False,
            include_dashboard=False if own else None,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = settings.address or "this machine"
        raise RunError(f"launch.address: no Ray on {where}: {' '.join(str(error).split())[:200]}") from error
    most = max(int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"])
    if settings.cpus > most and not own:
        ray.shutdown()
        raise RunError(f"launch.cpus: {settings.cpus} asked for, but no machine of the cluster has more than {most}")
    return min(settings.cpus, most)


def _call(job: SweepJob) -> JobReturn:
    return job()


def _gather(pending: dict[Any, SweepJob], ended: Ended) -> list[JobReturn]:
    order = [job.number for job in pending.values()]
    results: dict[int, JobReturn] = {}
    while pending:
        ready, _ = ray.wait(list(pending), num_returns=1)
        for reference in ready:
            job = pending.pop(reference)
            try:
                results[job.number] = ray.get(reference)
            except ray.exceptions.RayError as error:
                kind = "its process was killed" if "Crash" in type(error).__name__ else type(error).__name__
                results[job.number] = failed(job, RunError(f"{kind}; its log is {job.log}"))
            ended(job, results[job.number])
    return [results[number] for number in order]


def _check_answer(address: str) -> None:
    """Raise ``RunError`` where nothing listens on ``host:port``: Ray itself tries for many minutes.

    Other addresses, as ``auto``, are Ray's to judge.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or "/" in host or not port.isdigit():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWERS_IN).close()
    except OSError as error:
        raise RunError(f"launch.address: no Ray on {address}: {error.strerror or error}") from error
