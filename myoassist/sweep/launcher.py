"""How the runs of a sweep (``-m``) are started: one class for Hydra, one function per way in ``_run``.

Hydra loads plugins from packages of a fixed name only, so :func:`register` tells it of ours: ``launch=slurm`` in
``conf/launch`` chooses ``hydra/launcher=submitit_slurm``, which is :class:`SweepLauncher` with ``engine: slurm``.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, configure_log, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from myoassist.config_launch import BasicLaunch, JoblibLaunch, Launch, LocalLaunch, RayLaunch, SlurmLaunch
from myoassist.errors import ConfigError, StoppedError
from myoassist.parsing import parse_config
from myoassist.processes import available_cores
from myoassist.runs.jobs import note_failure
from myoassist.runs.status import FAILED, STOPPED, describe_error
from myoassist.sweep.jobs import SweepJob, error_of, failed, make_jobs, say
from myoassist.sweep.plan import own_lines

PLUGIN = "hydra_plugins.myoassist.SweepLauncher"
LOGS = "logs"  # in the folder of the sweep
ENGINES: dict[str, type[Launch]] = {  # Hydra's name of the launcher
    "separate": BasicLaunch,
    "joblib": JoblibLaunch,
    "submitit_local": LocalLaunch,
    "submitit_slurm": SlurmLaunch,
    "ray": RayLaunch,
}
NEEDS = {"local": ("submitit", "sweep"), "slurm": ("submitit", "sweep"), "ray": ("ray", "ray")}  # package, extra
_HYDRAS_NAMES = {("joblib", "jobs"): "n_jobs"}  # what people who know Hydra's launchers write
_failures: list[str] = []  # lines on the runs that failed in this process, since they were last asked for


class SweepLauncher(Launcher):
    """Starts the runs of a sweep in the way of ``engine``; a sweeper calls :meth:`launch` with a batch of them."""

    def __init__(self, engine: str, **settings: Any) -> None:
        cls = next(kind for kind in ENGINES.values() if kind.type == engine)
        plain = {}
        for field in fields(cls):
            value = settings.get(_key(engine, field.name))
            value = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
            if value is not None or field.default is not MISSING:
                plain[field.name] = value
        plain["type"] = engine
        self.settings: Launch = parse_config(plain, cls, "hydra.launcher")
        self._config: DictConfig | None = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self._context, self._task, self._config = hydra_context, task_function, config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> list[JobReturn]:
        """Run them all, whatever happens to some; a result for each, in their order."""
        assert self._config is not None
        setup_globals()
        configure_log(self._config.hydra.hydra_logging, self._config.hydra.verbose)
        jobs = make_jobs(job_overrides, initial_job_idx, self._context, self._config, self._task)
        folder = Path(str(self._config.hydra.sweep.dir))
        folder.mkdir(parents=True, exist_ok=True)
        say(f"{len(jobs)} run{'s' if len(jobs) > 1 else ''} in {folder}")
        begun = time.monotonic()

        def ended(job: SweepJob, result: JobReturn) -> None:
            error, how = error_of(result), "finished"
            if error is not None:
                reason, end = describe_error(error), STOPPED if isinstance(error, StoppedError) else FAILED
                how = reason if end == STOPPED else f"failed: {reason}"
                _failures.append(f"{job.title}: {reason}")
                note_failure(folder, job.number, own_lines(job.overrides), reason, ended=end)
            say(f"{job.title}: {how} ({(time.monotonic() - begun) / 60:.1f} min after the start)")

        results = self._run(jobs, ended, folder / LOGS)
        pairs = ((job, result, error_of(result)) for job, result in zip(jobs, results, strict=True))
        return [result if error is None else failed(job, error) for job, result, error in pairs]

    def _run(self, jobs: list[SweepJob], ended: Any, logs: Path) -> list[JobReturn]:
        settings = self.settings
        if isinstance(settings, SlurmLaunch):
            from myoassist.sweep.submitted import run_slurm

            return run_slurm(jobs, ended, settings, logs=logs)
        if isinstance(settings, LocalLaunch):
            from myoassist.sweep.submitted import run_local

            return run_local(jobs, ended, settings, at_once=runs_at_a_time(settings.jobs), logs=logs)
        if isinstance(settings, RayLaunch):
            from myoassist.sweep.on_ray import run_ray

            return run_ray(jobs, ended, settings, logs=logs)
        from myoassist.sweep.apart import run_apart

        if isinstance(settings, JoblibLaunch):
            return run_apart(jobs, ended, at_once=runs_at_a_time(settings.jobs), logs=logs)
        return run_apart(jobs, ended, at_once=1, logs=None)


def runs_at_a_time(asked: int) -> int:
    """So many as asked for; 0 is one per 4 cores, and two where there are 2 or 3."""
    cores = available_cores()
    return asked or max(min(2, cores), cores // 4)


def register() -> None:
    """Tell Hydra of the launchers; call it before anything is composed."""
    plugins = Plugins.instance()
    plugins.class_name_to_class[PLUGIN] = SweepLauncher
    for name, cls in ENGINES.items():
        engine = cls.type
        node: dict[str, Any] = {"_target_": PLUGIN, "engine": engine}
        for field in fields(cls):
            if field.name != "type":
                node[_key(engine, field.name)] = f"${{oc.select:launch.{field.name},{_default(field)}}}"
        ConfigStore.instance().store(group="hydra/launcher", name=name, node=node, provider="myoassist")


def check_installed(config: DictConfig) -> None:
    """Raise ConfigError, with the extra to install, where the launcher of a sweep lacks its package."""
    engine = config.hydra.launcher.get("engine")
    package, extra = NEEDS.get(engine, (None, None))
    if package and importlib.util.find_spec(package) is None:
        raise ConfigError(f'launch={engine}: needs {package}, which is not installed: pip install "myoassist[{extra}]"')


def check_cluster(config: DictConfig) -> None:
    """Raise ConfigError where the runs of a sweep would go to a SLURM that is not there, or does not take them."""
    settings = {key: value for key, value in config.hydra.launcher.items() if key != "_target_"}
    if settings.get("engine") != SlurmLaunch.type:
        return
    from myoassist.sweep.submitted import check_slurm

    launch = SweepLauncher(**settings).settings
    assert isinstance(launch, SlurmLaunch)
    check_slurm(launch)


def take_failures() -> list[str]:
    """One line on each run that failed since the last call."""
    lines = list(_failures)
    _failures.clear()
    return lines


def _key(engine: str, name: str) -> str:
    return _HYDRAS_NAMES.get((engine, name), name)


def _default(field: Any) -> str:
    return "null" if field.default in (None, MISSING) else str(field.default)  # MISSING: an empty list or mapping
