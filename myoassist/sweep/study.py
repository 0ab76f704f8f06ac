"""The study of a search from the side of the search: made, or found again and checked to be the same search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, check_distribution_compatibility

from myoassist.config_search import Direction, SearchSettings, check_password
from myoassist.errors import ConfigError
from myoassist.explain import quoted_text
from myoassist.runs.metrics import direction_of
from myoassist.runs.study import (
    OBJECTIVE,
    SPACE,
    exists,
    folder_of,
    open_storage,
    open_study,
    remember,
    whole_storage,
)
from myoassist.sweep.plan import difference_of, plan_search
from myoassist.sweep.samplers import grid
from myoassist.sweep.space import Space, distributions


def directions(settings: SearchSettings) -> list[Direction]:
    """Which way each objective is better. Raises ConfigError where nobody says so."""
    objective, given = settings.objective, settings.direction
    if not objective:
        raise ConfigError("hydra.sweeper.objective: gives no metric; name one, as [eval/distance]")
    if given is None:
        known: dict[str, Direction] = {name: way for name in objective if (way := direction_of(name)) is not None}
        if unclear := [name for name in objective if name not in known]:
            raise ConfigError(
                f"hydra.sweeper.direction: missing for {unclear[0]}; maximize or minimize, one per objective"
            )
        return [known[name] for name in objective]
    if len(given) != len(objective):
        raise ConfigError(f"hydra.sweeper.direction: gives {len(given)} for {len(objective)} objectives; one for each")
    return given


def open_search(settings: SearchSettings, space: Space, folder: Path) -> tuple[str, optuna.Study]:
    """The storage, and the study in it that ``settings`` name, new or as it was left.

    Raises:
        ConfigError: the storage cannot be opened, the study is another search, or the folder holds other runs.
    """
    wanted = directions(settings)
    place = _place(settings, folder)
    storage = open_storage(place)
    known = {study.study_name for study in optuna.get_all_study_summaries(storage, include_best_trial=False)}
    if settings.study_name in known:
        study = open_study(storage, settings.study_name)
        _check_same(study, settings, wanted, distributions(space))
        return place, study
    check_free(folder)
    study = optuna.create_study(study_name=settings.study_name, storage=storage, directions=list(wanted))
    pruner, plan = asdict(settings.pruner), plan_search(space).search
    remember(study, pruner=pruner, folder=folder, objective=settings.objective, space=plan)
    return place, study


def check_free(folder: Path) -> None:
    """Raise ConfigError where a new study would number its runs as others that ``folder`` holds."""
    if taken := sorted(path.name for path in folder.glob("*") if path.is_dir() and path.name.isdecimal()):
        raise ConfigError(
            f"hydra.sweep.dir: {folder} holds runs of another sweep ({', '.join(taken[:3])}); take a new one"
        )


def _place(settings: SearchSettings, folder: Path) -> str:
    """The storage as processes in any folder find it. Raises ConfigError, also for a password, which would spread."""
    check_password(settings.storage, key="hydra.sweeper.storage")
    return whole_storage(settings.storage, folder)


def _check_same(
    study: optuna.Study,
    settings: SearchSettings,
    wanted: list[Direction],
    searched: Mapping[str, BaseDistribution],
) -> None:
    name = f"study {settings.study_name!r} has"
    had = [direction.name.lower() for direction in study.directions]
    other = "; to search anew give another hydra.sweeper.study_name"
    if (objective := study.user_attrs.get(OBJECTIVE)) != settings.objective or had != wanted:
        raise ConfigError(f"hydra.sweeper.objective: the {name} {objective} ({', '.join(had)}){other}")
    for trial in study.get_trials(deepcopy=False):
        for key, had_values in trial.distributions.items():
            if key not in searched:
                continue
            try:
                check_distribution_compatibility(had_values, searched[key])
            except ValueError as error:
                raise ConfigError(f"{key}: the {name} other values of it: {had_values}{other}") from error


def check_study(settings: SearchSettings, space: Space, folder: Path, typed: list[str]) -> list[str]:
    """Check what can be checked without making anything.

    Returns:
        The override that sends a search which goes on to the folder of its study, where runs are numbered on; none for
        a new study, or where the command line (``typed``) names a folder.

    Raises:
        ConfigError: as :func:`open_search`.
    """
    wanted = directions(settings)
    searched = distributions(space)
    if settings.sampler == "grid":
        grid(searched)
    place = _place(settings, folder)
    try:
        study = open_study(open_storage(place), settings.study_name) if exists(place) else None
    except KeyError:
        study = None
    if study is None:
        check_free(folder)
        return []
    _check_same(study, settings, wanted, searched)
    known = folder_of(study)
    named = any(line.startswith("hydra.sweep.dir=") for line in typed)
    if known is not None and not named:
        return [f"hydra.sweep.dir={quoted_text(str(known))}"]
    if known != folder:  # that of the study itself is checked with its own list of jobs
        _check_same_search(study, space)
    return []


def _check_same_search(study: optuna.Study, space: Space) -> None:
    """Raise ConfigError where the study, whose runs are in another folder, fixes or searches something else."""
    had = study.user_attrs.get(SPACE)
    if had and (difference := difference_of(had, plan_search(space).search or {})):
        raise ConfigError(
            f"hydra.sweeper.study_name: the study {study.study_name!r} is another search: it has {difference[0]}; "
            f"asked for is {difference[1]}; to search anew give another hydra.sweeper.study_name"
        )
