"""Who draws the settings of the next trial: one line per sampler."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler

from myoassist.config_search import SearchSettings
from myoassist.errors import ConfigError


def make_sampler(settings: SearchSettings, number: int) -> BaseSampler:
    """The sampler for the trial of that number.

    Its seed depends on the number, so that a search that goes on takes the course that it would have taken at once, and
    does not draw its first trials again.
    """
    seed = int(np.random.SeedSequence([settings.seed, number]).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if settings.sampler == "tpe":
            # those that run at the same time count as poor ones, so that not all of them look in the same place
            return optuna.samplers.TPESampler(n_startup_trials=settings.startup_trials, seed=seed, constant_liar=True)
        if settings.sampler == "gp":
            return optuna.samplers.GPSampler(n_startup_trials=settings.startup_trials, seed=seed)
        if settings.sampler == "nsga2":
            return optuna.samplers.NSGAIISampler(seed=seed)
        if settings.sampler == "quasi_random":  # one sequence, in which the study says how far it is
            return optuna.samplers.QMCSampler(seed=settings.seed, scramble=True, warn_asynchronous_seeding=False)
        return optuna.samplers.RandomSampler(seed=seed)  # also for a grid, whose values are all given


def grid(distributions: Mapping[str, BaseDistribution]) -> list[dict[str, Any]]:
    """Every combination of the values. Raises ConfigError for a range without steps."""
    for key, distribution in distributions.items():
        if not isinstance(distribution, CategoricalDistribution | IntDistribution):
            raise ConfigError(
                f"{key}: a range without steps has no grid; take another hydra.sweeper.sampler, or values"
            )
    combinations = itertools.product(*(_values(distribution) for distribution in distributions.values()))
    return [dict(zip(distributions, combination, strict=True)) for combination in combinations]


def plan_grid(study: optuna.Study, distributions: Mapping[str, BaseDistribution]) -> int:
    """Put every combination that the study does not have yet in its queue; how many there are in all."""
    combinations = grid(distributions)
    for combination in combinations:
        study.enqueue_trial(combination, skip_if_exists=True)
    return len(combinations)


def _values(distribution: Any) -> list[Any]:
    if isinstance(distribution, IntDistribution):
        return list(range(distribution.low, distribution.high + 1, distribution.step))
    return list(distribution.choices)
