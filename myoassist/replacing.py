"""A saved experiment with some of its groups and values replaced on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import Override, OverrideType
from omegaconf import OmegaConf

from myoassist.config import TrainConfig
from myoassist.errors import ConfigError, unknown
from myoassist.experiment import asked
from myoassist.explain import COMPOSING_ERRORS, Composer, explain
from myoassist.parsing import check_consistency, parse_config, to_plain, with_whole_paths


def replace_settings(saved: TrainConfig, overrides: Sequence[str]) -> TrainConfig:
    """``saved`` with ``overrides`` applied: ``terrain=rough`` replaces the whole group, ``command.speed=1`` one value.

    Raises:
        ConfigError: an override that cannot be read, a choice or key that does not exist, or a value that is not valid.
    """
    if not overrides:
        return saved
    with asked(overrides) as (composer, _, parsed):
        groups = [override for override in parsed if composer.choices(override.key_or_group)]
        values = [override for override in parsed if override not in groups]
        tree = to_plain(saved)
        if groups:
            tree.update(_chosen(groups, composer))
    for override in values:
        _set(tree, override)
    config = parse_config(tree)
    check_consistency(config)
    return with_whole_paths(config)


def _chosen(groups: list[Override], composer: Composer) -> dict[str, Any]:
    """The sections that the group choices give, by name."""
    lines = [override.input_line or "" for override in groups]
    if any(override.key_or_group == "experiment" for override in groups):
        raise ConfigError("experiment: replaces the whole experiment; name the groups to replace, as terrain=rough")
    try:
        tree = composer.tree(lines)
    except COMPOSING_ERRORS as error:
        raise ConfigError(explain(error, groups, composer)) from error
    return {override.key_or_group: tree[override.key_or_group] for override in groups}


def _set(tree: dict[str, Any], override: Override) -> None:
    key = override.key_or_group
    *sections, last = key.split(".")
    place: Any = tree
    for depth, name in enumerate(sections):
        if not isinstance(place, dict) or name not in place:
            raise ConfigError(
                unknown(
                    "key", name, place if isinstance(place, dict) else (), where=".".join(sections[:depth]) or "the run"
                )
            )
        place = place[name]
    if not isinstance(place, dict) or (last not in place and override.type is OverrideType.CHANGE):
        raise ConfigError(
            unknown("key", last, place if isinstance(place, dict) else (), where=".".join(sections) or "the run")
        )
    if override.type is OverrideType.DEL:
        place.pop(last, None)
    else:
        place[last] = OmegaConf.to_container(OmegaConf.create({"value": override.value()}))["value"]  # type: ignore[index,call-overload]
