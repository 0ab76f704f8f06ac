"""The schema of ``conf/launch``: where the runs of a sweep (``-m``) run. ``config.py`` offers every name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from myoassist.fields import setting


@dataclass(frozen=True, kw_only=True)
class BasicLaunch:
    """One run after the other on this machine, each in a process of its own."""

    type: Literal["basic"] = "basic"


@dataclass(frozen=True, kw_only=True)
class JoblibLaunch:
    """Several runs at a time on this machine; they share its cores."""

    type: Literal["joblib"] = "joblib"
    jobs: int = setting(
        0, ge=0, le=1024, help="runs at a time; 0 takes one per 4 cores, and two where there are 2 or 3"
    )


@dataclass(frozen=True, kw_only=True)
class LocalLaunch:
    """The way of a cluster on this machine: submitit starts the runs, logs them, and starts them again."""

    type: Literal["local"] = "local"
    jobs: int = setting(
        0, ge=0, le=1024, help="runs at a time; 0 takes one per 4 cores, and two where there are 2 or 3"
    )
    hours: float = setting(
        168.0, unit="h", gt=0, help="longest time of a run; then it saves itself and is started again"
    )
    warn_seconds: int = setting(120, unit="s", ge=1, help="how long before that it is told to save itself")
    requeues: int = setting(3, ge=0, le=5, help="how often a run that was out of time is started again")


@dataclass(frozen=True, kw_only=True)
class SlurmLaunch:
    """One SLURM job per run, in one array."""

    type: Literal["slurm"] = "slurm"
    partition: str | None = setting(None, help="partition; null takes the cluster's default")
    account: str | None = setting(None, help="account that is charged")
    qos: str | None = setting(None, help="quality of service")
    constraint: str | None = setting(None, help="features that a node must have")
    hours: float = setting(24.0, unit="h", gt=0, help="time limit of a job; a run that needs more is queued again")
    cpus: int = setting(8, ge=1, le=1024, help="cores of each run")
    gpus: int = setting(0, ge=0, le=64, help="graphics cards of each run; the default algorithm needs none")
    memory_gb: float | None = setting(
        16.0, unit="GB", gt=0, help="memory of each run; null takes the cluster's default"
    )
    at_once: int = setting(256, ge=1, help="runs at a time, at most")
    warn_seconds: int = setting(120, unit="s", ge=1, help="how long before the time limit a run is told to save itself")
    requeues: int = setting(20, ge=0, help="how often a run that was out of time is queued again")
    setup: list[str] = setting([], help="shell commands of the job before the run, e.g. [module load cuda]")
    options: dict[str, Any] = setting({}, help="further options of sbatch by name, e.g. {mail-type: END}")


@dataclass(frozen=True, kw_only=True)
class RayLaunch:
    """One Ray task per run, in a running Ray cluster or in one started on this machine."""

    type: Literal["ray"] = "ray"
    address: str | None = setting(None, help="the cluster, e.g. auto or ray://head:10001; null starts one here")
    cpus: int = setting(2, ge=1, le=1024, help="cores of each run")
    gpus: float = setting(0.0, ge=0, le=64, help="graphics cards of each run; two runs share one with 0.5")


Launch = BasicLaunch | JoblibLaunch | LocalLaunch | SlurmLaunch | RayLaunch
