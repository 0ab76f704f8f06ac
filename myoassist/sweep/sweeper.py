"""Hydra's ``hydra/sweeper=optuna``: a thin plugin over Optuna.

The one that is published for Hydra 1.3 needs Optuna 2.10 of 2021, and a trial that gives NaN ends it. When Hydra 1.4 is
out, its own sweeper can take this one's place: then drop this file, ``search.py`` and ``space.py``.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from myoassist.config_search import SearchSettings
from myoassist.errors import ConfigError
from myoassist.explain import quoted_text
from myoassist.parsing import parse_config
from myoassist.sweep.space import merged, read_space

PLUGIN = "hydra_plugins.myoassist.SearchSweeper"  # plugins.py tells Hydra


class SearchSweeper(Sweeper):
    """Draws the settings of trials with Optuna, has the launcher run them, and tells Optuna what they gave."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        from myoassist.sweep.trial import run_trial  # loads Optuna

        self._context, self._config = hydra_context, config
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=functools.partial(run_trial, task_function), config=config
        )

    def sweep(self, arguments: list[str]) -> Any:
        """Run the search. Returns the numbers of the best trials."""
        from myoassist.sweep.search import Search

        settings = read_settings(self._config)
        assert settings is not None
        parser = OverridesParser.create(config_loader=self._context.config_loader)
        overrides = merged(settings.params, parser.parse_overrides(arguments), parser.parse_overrides)
        folder = Path(str(self._config.hydra.sweep.dir)).absolute()
        return Search(settings, read_space(overrides), folder, self._launcher).run()


def read_settings(config: DictConfig) -> SearchSettings | None:
    """The settings of the search that ``config`` asks for; None where it asks for a grid.

    Raises:
        ConfigError: a setting that is not valid, or Optuna is not installed.
    """
    if config.hydra.sweeper._target_ != PLUGIN:
        return None
    if importlib.util.find_spec("optuna") is None:
        raise ConfigError('hydra/sweeper=optuna: needs Optuna, which is not installed: pip install "myoassist[sweep]"')
    plain: Any = OmegaConf.to_container(config.hydra.sweeper, resolve=True)
    del plain["_target_"]
    return parse_config(plain, SearchSettings, "hydra.sweeper")


def check_search(config: DictConfig, overrides: list[Override], typed: list[str]) -> list[str]:
    """Check a search before its first trial: that there is something to search, its direction, and its storage.

    Returns:
        The override that sends a search which goes on to the folder of its study; none for a new one.

    Raises:
        ConfigError: the first thing that does not fit.
    """
    from myoassist.sweep.study import check_study  # loads Optuna

    settings = read_settings(config)
    assert settings is not None
    return check_study(settings, read_space(overrides), Path(str(config.hydra.sweep.dir)).absolute(), typed)


def as_trial(settings: SearchSettings) -> str:
    """The override that makes a run a trial, for the check before the first one."""
    objective = ",".join(quoted_text(name) for name in settings.objective)
    return f"++search={{objective:[{objective}],trial:0}}"
