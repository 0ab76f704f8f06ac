"""What a search searches: from Hydra's override syntax to Optuna's distributions and back to a command line.

``key=interval(a,b)`` is a number between the ends, ``int(interval(a,b))`` a whole one; the ends belong to them.
``tag(log,interval(a,b))`` looks at each power of ten alike. ``a,b``, ``choice(a,b)``, ``glob(...)`` and
``range(a,b,step)`` list their values, of which ``range`` leaves ``b`` out; everything else is fixed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, QuotedString, RangeSweep

from myoassist.errors import ConfigError


@dataclass(frozen=True)
class Space:
    """``fixed``: overrides of every trial, as typed. ``searched``: those that name several values, by key."""

    fixed: tuple[str, ...]
    searched: Mapping[str, Override]

    def lines(self, params: Mapping[str, Any]) -> list[str]:
        """The command line of a trial with the drawn ``params``."""
        return [*self.fixed, *(f"{key}={params[key]}" for key in self.searched)]


def read_space(overrides: Sequence[Override]) -> Space:
    """Sort the overrides of a search. Raises ConfigError where nothing is left to search, or a range is not one."""
    searched = {override.get_key_element(): override for override in overrides if override.is_sweep_override()}
    if not searched:
        how = "give a space, as sweep=ppo, or a range, as algorithm.learning_rate=tag(log,interval(1e-5,1e-3))"
        raise ConfigError(f"hydra/sweeper=optuna: nothing to search; {how}")
    fixed = [override.input_line or "" for override in overrides if not override.is_sweep_override()]
    return Space(tuple(fixed), searched)


def merged(params: Mapping[str, Any], overrides: list[Override], parse: Callable[[list[str]], list[Override]]) -> Any:
    """Overrides of ``hydra.sweeper.params`` and of the command line, which replaces those of the same key."""
    typed = {override.get_key_element().lstrip("+~") for override in overrides}
    lines = [f"{key}={_text(value)}" for key, value in params.items() if key.lstrip("+~") not in typed]
    return [*overrides, *parse(lines)]


def _text(value: Any) -> str:
    return Override._get_value_element_as_str(value) if not isinstance(value, str) else value


def values_of(override: Override) -> list[str]:
    """What an override may put on the command line of a run: each of its values; of an interval both ends and, where
    it is not one of whole numbers, a number that is not whole."""
    if override.is_interval_sweep():
        low, high = ends(override)
        between = [] if isinstance(low, int) and isinstance(high, int) else [str(low + (high - low) / math.e)]
        return [str(low), *between, str(high)]
    values = list(override.sweep_string_iterator())
    if not values:
        raise ConfigError(f"{override.input_line}: matches nothing, so there is nothing to run")
    return values


def ends(override: Override) -> tuple[float, float]:
    """Lowest and highest value of an interval. Raises ConfigError where they are not in order, or log meets 0."""
    interval = override.value()
    assert isinstance(interval, IntervalSweep)
    low, high = interval.start, interval.end
    assert low is not None and high is not None
    if not low < high:
        raise ConfigError(f"{override.input_line}: the lower end comes first and is below the other")
    if "log" in interval.tags and low <= 0:
        raise ConfigError(f"{override.input_line}: on a logarithmic scale both ends are above 0")
    return low, high


def runs_to_check(overrides: Sequence[Override], *, search: bool) -> Iterator[tuple[str, ...]]:
    """Command lines whose validity stands for all runs: of a grid every run; of a search every value once, beside the
    first values of all others, and all last values together."""
    values = []
    for override in overrides:
        if override.is_sweep_override():
            key = override.get_key_element()
            values.append([f"{key}={value}" for value in values_of(override)])
        else:
            values.append([override.input_line or ""])
    if not search:
        yield from itertools.product(*values)
        return
    first = tuple(options[0] for options in values)
    yield first
    for place, options in enumerate(values):
        for option in options[1:]:
            yield (*first[:place], option, *first[place + 1 :])
    yield tuple(options[-1] for options in values)


def distribution(override: Override) -> Any:
    """Optuna's distribution of a searched key. Listed values keep the text that they have on a command line."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    value = override.value()
    if isinstance(value, IntervalSweep):
        low, high = ends(override)
        log = "log" in value.tags
        if isinstance(low, int) and isinstance(high, int):
            return IntDistribution(low, high, log=log)
        return FloatDistribution(float(low), float(high), log=log)
    if isinstance(value, RangeSweep) and "log" not in value.tags:
        numbers = [number for number in override.sweep_iterator() if isinstance(number, int)]
        step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
        if len(numbers) == len(values_of(override)) and step > 0:
            return IntDistribution(numbers[0], numbers[-1], step=step)
    return CategoricalDistribution([_category(item) for item in override.sweep_iterator()])


def distributions(space: Space) -> dict[str, Any]:
    """Optuna's distributions of all searched keys."""
    return {key: distribution(override) for key, override in space.searched.items()}


def _category(value: Any) -> Any:
    """A listed value as Optuna stores it: numbers as numbers, all else as its text on a command line."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return value.with_quotes() if isinstance(value, QuotedString) else Override._get_value_element_as_str(value)
