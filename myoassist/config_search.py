"""The schema of a search for settings: ``conf/hydra/sweeper/optuna.yaml``, and what each of its trials is told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from myoassist.errors import ConfigError
from myoassist.fields import setting

Direction = Literal["maximize", "minimize"]
EVALUATED = (  # numbers of an evaluation, as eval/<name>
    "episodes", "completed", "completed_share", "distance", "shortest_distance", "time", "speed", "speed_error",
    "alternation", "steps_per_second", "peak_load", "activation", "total_reward",
)  # fmt: skip


_PASSWORD = re.compile(r"(://[^:/@]*:)[^@/]*@")


@dataclass(frozen=True, kw_only=True)
class SearchConfig:
    """The trial of a search that a training is. The search sets all of it; a training of its own has no trial."""

    objective: list[str] = setting(["eval/distance"], help="metrics that are the trial's values, as in metrics.csv")
    storage: str | None = setting(None, help="where the study is: a journal file, a URL, or env:<variable> that has it")
    study: str | None = setting(None, help="name of the study in the storage")
    trial: int | None = setting(None, ge=0, help="number of the trial in the study")
    minutes: float | None = setting(None, unit="min", gt=0, help="longest time of the trial; null has no limit")


@dataclass(frozen=True, kw_only=True)
class PrunerConfig:
    """When a trial that does badly is ended before its time, at one of its evaluations in training."""

    type: Literal["median", "halving", "none"] = setting(
        "median", help="median: worse than the median trial so far; halving: only the best share of each stage goes on"
    )
    startup_trials: int = setting(5, ge=0, help="median: trials that come to their end before any is ended")
    warmup_steps: int = setting(0, ge=0, help="environment steps of a trial before it may be ended")
    keep: int = setting(3, ge=2, help="halving: one of so many goes on to a stage that is so many times as long")


@dataclass(frozen=True, kw_only=True)
class SearchSettings:
    """A search: ``hydra.sweeper`` where ``hydra/sweeper=optuna``."""

    sampler: Literal["tpe", "random", "quasi_random", "gp", "nsga2", "grid"] = setting("tpe", help="draws the trials")
    startup_trials: int = setting(10, ge=1, help="tpe, gp: random trials before the sampler learns from them")
    seed: int = setting(1, ge=0, help="of the sampler; the training's own seed is seed")
    n_trials: int = setting(50, ge=1, help="trials of the study in all, those of earlier commands among them")
    n_jobs: int = setting(1, ge=1, le=10_000, help="trials given to the launcher at a time")
    objective: list[str] = setting(
        ["eval/distance"], help="metrics to optimise, as in metrics.csv; several: trade-offs"
    )
    direction: list[Direction] | None = setting(None, help="of each metric; null: that which is better")
    storage: str | None = setting(
        None,
        help="journal file, folder of a search, sqlite:///…, URL, env:<variable>; null: in the folder of the sweep",
    )
    study_name: str = setting("search", help="name of the study in the storage; the same one goes on")
    timeout: float | None = setting(None, unit="h", gt=0, help="no trial begins after that; null has no limit")
    trial_timeout: float | None = setting(None, unit="min", gt=0, help="longest training of a trial; null: no limit")
    max_failures: int | None = setting(None, ge=1, help="failed trials of this command that end the search; null: none")
    take_over: bool = setting(False, help="trials that a search on another machine left running have failed")
    pruner: PrunerConfig = setting(PrunerConfig(), help="ends trials that do badly")
    params: dict[str, Any] = setting({}, help="what to search, by key: as on the command line")


def shown_storage(place: str) -> str:
    """``place`` without the password that a URL may have."""
    return _PASSWORD.sub(r"\1***@", place)


def check_password(place: str | None, *, key: str) -> None:
    """Raise ConfigError where the storage ``place`` that the setting ``key`` names is a URL with a password."""
    if place is not None and "://" in place and (shown_storage(place) != place or "password=" in place.lower()):
        raise ConfigError(
            f"{key}: the URL has a password, which every run would save and upload; put the URL in a "
            f"variable of the environment: {key}=env:NAME"
        )
