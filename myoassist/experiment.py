"""An experiment from Python: what ``train.py`` composes from its command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import hydra
from hydra.core.override_parser.types import Override
from hydra.errors import OverrideParseException
from omegaconf import OmegaConf

from myoassist.commandline import config_dir
from myoassist.config import TrainConfig
from myoassist.errors import ConfigError
from myoassist.explain import COMPOSING_ERRORS, Composer, explain, quoted, syntax_problem, whole_keys
from myoassist.parsing import check_consistency, parse_config, with_whole_paths
from myoassist.sweep.plugins import register


def make_experiment(*overrides: str) -> TrainConfig:
    """The experiment of ``python train.py <overrides>``, typed and checked: ``make_experiment("model=80muscle")``.

    Raises:
        ConfigError: an override that cannot be read, a key or choice that does not exist, or a value that is not valid.
    """
    config = parse_config(compose(*overrides))
    check_consistency(config)
    return with_whole_paths(config)


def compose(*overrides: str) -> dict[str, Any]:
    """The files of ``conf/`` as ``overrides`` choose and change them, not yet checked.

    Raises:
        ConfigError: an override that cannot be read, or a key or choice that does not exist.
    """
    with asked(overrides) as (composer, lines, parsed):
        try:
            tree = composer.compose(lines)
            own = OmegaConf.masked_copy(tree, [str(key) for key in tree if key != "hydra"])
            return cast(dict[str, Any], OmegaConf.to_container(own, resolve=True))
        except COMPOSING_ERRORS as error:
            raise ConfigError(explain(error, parsed, composer)) from error


@contextmanager
def asked(overrides: Sequence[str]) -> Iterator[tuple[Composer, tuple[str, ...], list[Override]]]:
    """Hydra, ready to compose, with ``overrides`` as it takes them and as it has read them.

    Raises:
        ConfigError: an override that cannot be read.
    """
    register()
    lines = tuple(quoted(override) for override in whole_keys(overrides))
    with hydra.initialize_config_dir(str(config_dir()), version_base="1.3", job_name="train"):
        composer = Composer("train", None)
        try:
            parsed = composer.parse(lines)
        except OverrideParseException as error:
            raise ConfigError(syntax_problem(error)) from error
        yield composer, lines, parsed
