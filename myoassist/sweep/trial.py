"""One trial of a search in the process that runs it."""

from __future__ import annotations

import sys
from typing import Any

from hydra.types import TaskFunction
from omegaconf import DictConfig, OmegaConf

from myoassist.config_search import SearchConfig
from myoassist.runs.study import Link


def run_trial(task: TaskFunction, config: DictConfig) -> Any:
    """Run ``task`` and leave its values with the study as well, for the day that the search is gone when it ends."""
    value = task(config)
    try:
        told: Any = OmegaConf.to_container(config.search, resolve=True)
        link = Link.to(SearchConfig(**told))
        if link is not None and value is not None:
            link.note(values=as_values(value))
    except Exception as error:  # the search takes the value that is returned
        line = " ".join(str(error).split())[:200]
        sys.stderr.write(f"warning: the storage of the search did not take the values of this trial ({line})\n")
    return value


def as_values(value: Any) -> list[float]:
    """What a run returned as a list of numbers. Raises TypeError or ValueError where it is none."""
    return [float(number) for number in (value if isinstance(value, list | tuple) else [value])]
