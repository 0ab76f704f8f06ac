"""What a sweep is asked to run. It is noted in its folder, so that no other sweep goes on there."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from myoassist.errors import ConfigError
from myoassist.explain import quoted_text
from myoassist.learn.run_folder import RUN_TIME
from myoassist.places import CONFIG, JOBS, SEARCH, SEARCH_JOURNAL
from myoassist.runs.jobs import planned_search, read_jobs
from myoassist.runs.typed import alone
from myoassist.sweep.space import Space, merged, read_space

_MOST_PLANNED = 10_000
_STARTING = ("launch", "hydra", "search")  # keys of how and where a run is started, not of the run itself
_OF_TRIALS = ("total_steps",)  # may change when a run goes on, but not from trial to trial


@dataclass(frozen=True)
class Plan:
    """``jobs``: overrides of every job of a grid, in its order. ``search``: ``fixed`` and ``searched`` overrides."""

    jobs: tuple[tuple[str, ...], ...] = ()
    search: dict[str, list[str]] | None = None


def plan_of(config: DictConfig, typed: Iterable[Override], parse: Callable[[list[str]], list[Override]]) -> Plan:
    """What the sweep of ``config`` runs, with the overrides that were ``typed``; empty for a sweeper of others."""
    own = [override for override in typed if not override.is_hydra_override()]
    sweeper = config.hydra.sweeper
    params = sweeper.get("params") or {}
    if sweeper._target_.endswith("BasicSweeper"):
        return plan_grid([*parse([f"{key}={value}" for key, value in params.items()]), *own])
    if sweeper._target_.endswith("SearchSweeper"):
        return plan_search(read_space(merged(params, own, parse)))
    return Plan()


def plan_grid(overrides: Iterable[Override]) -> Plan:
    """The jobs of a grid in the order of Hydra's sweeper; none where it is not one."""
    values: dict[str, list[str]] = {}
    for override in overrides:
        key = override.get_key_element()
        if not override.is_sweep_override():
            values[key] = [f"{key}={override.get_value_element_as_str()}"]
        elif override.is_discrete_sweep():
            values[key] = [f"{key}={value}" for value in override.sweep_string_iterator()]
        else:
            return Plan()
    jobs = itertools.islice(itertools.product(*values.values()), _MOST_PLANNED)
    return Plan(tuple(own_lines(job) for job in jobs))


def plan_search(space: Space) -> Plan:
    """What a search searches, and what it leaves as it is."""
    searched = [override.input_line or "" for override in space.searched.values()]
    return Plan(search={"fixed": list(own_lines(space.fixed)), "searched": searched})


def own_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """The overrides of a run itself as a user would type them, without those of how it is started."""
    return tuple(as_typed(line) for line in lines if _key(line).partition(".")[0].partition("/")[0] not in _STARTING)


def own_command(lines: Sequence[str]) -> list[str]:
    """The overrides that do a run of a sweep again, alone."""
    return alone(own_lines(lines))


def as_typed(line: str) -> str:
    """An override as a user would type it: Hydra hands on ``policy:walk`` as ``policy\\:walk``."""
    key, equals, value = line.partition("=")
    key = re.sub(r"^(\+{0,2})init_from\.path$", r"\1init_from", key)
    if "\\" not in value:
        return f"{key}{equals}{value}"
    meant = _value(f"x={value}")
    plain = re.sub(r"\\(.)", r"\1", value)
    if isinstance(meant, str) and _value(f"x={plain}") != meant:
        plain = quoted_text(meant)
    return f"{key}={plain if isinstance(meant, str) else value}"


def _value(line: str) -> object:
    """What Hydra reads there; None where it cannot, or reads several values."""
    try:
        (override,) = OverridesParser.create().parse_overrides([line])
    except HydraException:
        return None
    value = None if override.is_sweep_override() else override.value()
    return value.text if isinstance(value, QuotedString) else value


# --- is the folder free, or that of the same sweep? -------------------------------------------------------------------


def named_by_time(config: DictConfig) -> bool:
    """Whether the folder of the sweep of ``config`` is named by the second in which it begins, so that it is new."""
    wanted: Any = OmegaConf.to_container(config.hydra.sweep, resolve=False)
    return re.search(r"\$\{now:[^}]*%S", wanted["dir"]) is not None


def check_folder(folder: Path, plan: Plan) -> None:
    """Raise ConfigError where ``folder`` holds another sweep than ``plan``; nothing is written.

    The same jobs in the same order go on, with others after them too; so does a search of the same space.
    """
    had, jobs = planned_search(folder), read_jobs(folder)
    searched = had is not None or any((folder / name).exists() for name in (SEARCH, SEARCH_JOURNAL))
    if (folder / CONFIG).is_file():
        raise _taken(folder, "a single run", "a sweep")
    if searched and plan.search is None:
        raise _taken(folder, "a search" + _told(had), f"a grid of {_counted(len(plan.jobs))}")
    if searched:
        _check_search(folder, had, plan.search or {})
    elif plan.search is not None and jobs:
        raise _taken(folder, f"a grid of {_counted(len(jobs))}", "a search")
    elif jobs and plan.jobs:
        _check_jobs(folder, [job.overrides for job in jobs.values()], plan.jobs)
    elif not jobs and (runs := sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}"))):
        raise _taken(folder, f"runs of another sweep ({', '.join(runs[:3])})", f"one that has no {JOBS} there")


def _check_jobs(folder: Path, had: Sequence[Sequence[str]], asked: Sequence[Sequence[str]]) -> None:
    for number, (old, new) in enumerate(zip(had, asked, strict=False)):
        if _compared(old, grid=True) != _compared(new, grid=True):
            raise _taken(folder, f"another sweep: its run {number} is {shlex.join(old)}", shlex.join(new))
    if len(asked) < len(had):
        raise _taken(folder, f"a sweep of {_counted(len(had))}", f"only the first {len(asked)} of them")


def _check_search(folder: Path, had: dict[str, list[str]] | None, asked: dict[str, list[str]]) -> None:
    if had and (difference := difference_of(had, asked)):
        raise _taken(folder, f"another search: it has {difference[0]}", difference[1])


def difference_of(had: dict[str, list[str]], asked: dict[str, list[str]]) -> tuple[str, str] | None:
    """The first override that two searches (:attr:`Plan.search`) do not share, as each has it; or None."""
    for part in ("searched", "fixed"):
        old, new = (_compared(lines.get(part, ()), grid=False) for lines in (had, asked))
        if differing := sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)):
            key = differing[0]
            one, other = (f"{key}={lines[key]}" if key in lines else f"no {key}" for lines in (old, new))
            return one, other
    return None


def _compared(lines: Iterable[str], *, grid: bool) -> dict[str, str]:
    """What two runs must have in common to be one, by key."""
    free = [key for key in RUN_TIME if grid or key not in _OF_TRIALS]
    found = {}
    for line in own_lines(lines):
        key = _key(line)
        if not any(key == name or key.startswith(f"{name}.") for name in free):
            found[f"~{key}" if line.startswith("~") else key] = line.partition("=")[2].strip()
    return found


def _taken(folder: Path, there: str, asked: str) -> ConfigError:
    what = "nothing was overwritten; take a new folder, or give the command that this one was begun with"
    return ConfigError(f"hydra.sweep.dir: {folder} holds {there}; asked for is {asked}; {what}")


def _told(search: dict[str, list[str]] | None) -> str:
    return f" of {', '.join(map(_key, search['searched']))}" if search and search.get("searched") else ""


def _counted(number: int) -> str:
    return f"{number} run{'s' if number != 1 else ''}"


def _key(line: str) -> str:
    return line.lstrip("+~").partition("=")[0]
