"""What is wrong with a request, in one line and in the words of this project instead of Hydra's."""

from __future__ import annotations

import os
import re
import types
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import hydra
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, Quote, QuotedString
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from myoassist.config import TrainConfig
from myoassist.config_search import SearchSettings
from myoassist.errors import ConfigError, nearest, unknown

COMPOSING_ERRORS = (HydraException, OmegaConfBaseException, yaml.YAMLError, ValueError)  # ValueError is Hydra's too
_NOISE = ("See https://hydra.cc", "Config search path:", "provider=", "full_key:", "object_type=", "reference_type=")
_QUOTES = "'\""
_PLUGIN_GROUPS = ("hydra/launcher", "hydra/sweeper")
_OF_SEARCH = tuple(field.name for field in fields(SearchSettings))
_OF_WANDB = "wandb_"  # files of conf/sweep that are read by W&B, not by Hydra


class Composer:
    """Hydra's tree of configuration files: composes it, and knows which names exist. Needs an initialised Hydra."""

    def __init__(self, config_name: str, extra_dir: str | None) -> None:
        self.config_name = config_name
        self.loader = GlobalHydra.instance().config_loader()
        folder = quoted_text(os.path.abspath(extra_dir or ""))
        self.search_path = [f"hydra.searchpath=[{folder}]"] if extra_dir else []

    def parse(self, overrides: Sequence[str]) -> list[Override]:
        parsed = OverridesParser.create(self.loader).parse_overrides(list(overrides))
        for override in parsed:
            name = str(override.value())
            if override.key_or_group == "sweep" and name.startswith(_OF_WANDB):
                start = f"wandb sweep conf/sweep/{name}.yaml, then the wandb agent that it names"
                raise ConfigError(f"sweep={name}: W&B itself starts the runs of this one: {start}")
        return parsed

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        return hydra.compose(self.config_name, [*self.search_path, *overrides], return_hydra_config=True)

    def tree(self, overrides: Sequence[str]) -> dict[str, Any]:
        return cast(dict[str, Any], OmegaConf.to_container(self.compose(overrides), resolve=False))

    def choices(self, group: str) -> list[str]:
        names = self.loader.get_group_options(group, config_name=self.config_name, overrides=self.search_path)
        return [name for name in names if not name.startswith(("_", _OF_WANDB))]

    def groups(self) -> list[str]:
        own = [name for name in self.loader.list_groups("") if name != "hydra"]
        return own + [f"hydra/{name}" for name in self.loader.list_groups("hydra")]


def explain(error: Exception, overrides: list[Override], composer: Composer) -> str:
    """Say in one line why these overrides cannot be composed."""
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = error.missing_cfg_file.rpartition("/")
        problem = unknown("choice", name, error.options or composer.choices(""), where=group or "--config-name")
        package = f" Others come with a package, e.g. hydra-{name}-{group[6:]}." if group in _PLUGIN_GROUPS else ""
        return problem + package
    chosen = []
    for override in overrides:
        choices, value = composer.choices(override.key_or_group), override.value()
        if choices and not isinstance(value, dict):
            chosen.append(override.input_line or "")
            if override.is_add() and str(error).startswith("Multiple values"):
                return f"{override.key_or_group}: already has a choice; replace it with {chosen[-1].lstrip('+')}"
            if not isinstance(value, str | list) and not override.is_delete():
                given = "null" if value is None else str(value)
                return unknown("choice", given, choices, where=override.key_or_group)
    try:
        tree = composer.tree(chosen)
    except COMPOSING_ERRORS:
        return one_line(error)
    changes = [override for override in overrides if override.type in (OverrideType.CHANGE, OverrideType.DEL)]
    problems = (_key_problem(override, tree, composer) for override in changes if override.input_line not in chosen)
    return next((problem for problem in problems if problem), one_line(error))


def _key_problem(override: Override, tree: dict[str, Any], composer: Composer) -> str | None:
    """Say what is wrong with an override whose key is not in ``tree``; None where the key is there."""
    key, line = override.key_or_group, override.input_line or ""
    parts = [part for part in re.split(r"[.\[\]]+", key) if part]
    depth, section = _follow(tree, parts)
    if depth == len(parts):
        value = override.value()
        new = (
            [name for name in value if name not in section]
            if isinstance(value, dict) and isinstance(section, dict)
            else []
        )
        return (
            f"{key}: the chosen files do not list {', '.join(map(str, new))}; to add it, write +{line}" if new else None
        )
    where = ".".join(parts[:depth])
    if where in ("", "hydra.sweeper") and parts[depth] in _OF_SEARCH:
        own = f"hydra.sweeper.{parts[depth]}"
        return f"{key}: is a setting of a search; give it as {own}, beside sweep=... or hydra/sweeper=optuna"
    if not isinstance(section, dict | list):
        return f"{key}: {where} is a single value, {section!r}, and has no keys"
    owners = [f"{parts[0]}={choice}" for choice in composer.choices(parts[0]) if _has(composer, parts, choice)]
    if owners and len(parts) > 1:
        chosen = tree["hydra"]["runtime"]["choices"].get(parts[0])
        return f"{key}: the chosen {parts[0]}={chosen} has no such key; it belongs to {' and '.join(owners)}"
    own = {name: value for name, value in tree.items() if (name == "hydra") == (parts[0] == "hydra")}
    groups = composer.groups() if depth == 0 else []
    close = nearest(key, [name for name in [*_dotted(own), *groups] if not key.startswith(f"{name}.")])
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ";"
    if _annotations(parts) and not override.is_delete():
        free_name = any(kind is Any or get_origin(kind) is dict for kind in _annotations(parts[:depth]))
        return f"{key}: the chosen files do not list it{hint if free_name else ';'} to add it, write +{line}"
    names = {*own, *(name for name in groups if "/" not in name)} if depth == 0 else section
    allowed = ", ".join(sorted(names) if isinstance(names, dict | set) else map(str, range(len(names))))
    return f"{key}: no such key{hint} Allowed in {where or 'the configuration'}: {allowed}."


def _follow(tree: Any, parts: list[str]) -> tuple[int, Any]:
    """Walk down ``tree`` and return how many of ``parts`` exist, and the last node reached."""
    for depth, part in enumerate(parts):
        if isinstance(tree, list) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        elif isinstance(tree, dict) and part in tree:
            tree = tree[part]
        else:
            return depth, tree
    return len(parts), tree


def _has(composer: Composer, parts: list[str], choice: str) -> bool:
    try:
        return _follow(composer.tree([f"{parts[0]}={choice}"]), parts)[0] == len(parts)
    except COMPOSING_ERRORS:
        return False  # a choice that cannot be composed alone owns nothing


def _dotted(tree: dict[str, Any], where: str = "") -> Iterator[str]:
    for name, value in tree.items():
        yield f"{where}{name}"
        if isinstance(value, dict):
            yield from _dotted(value, f"{where}{name}.")


def whole_keys(arguments: Sequence[str]) -> list[str]:
    """The command line with ``init_from=<folder>`` written out as ``init_from.path=<folder>``."""
    return [re.sub(r"^(\+{0,2})init_from=", r"\1init_from.path=", argument) for argument in arguments]


def quoted(argument: str) -> str:
    """``name=걷기`` as ``name='걷기'``: the letters of Hydra's grammar are those of ASCII.

    Only text is quoted that the grammar could not read, and that has none of its own signs.
    """
    key, equals, value = argument.partition("=")
    plain = key.isascii() and not value.isascii() and value == value.strip()
    if not equals or key.startswith("--") or not plain or set(value) & set("'\"[]{}(),=$"):
        return argument
    return f"{key}={quoted_text(value)}"


def quoted_text(text: str) -> str:
    """A text in quotes, so that Hydra's grammar takes it for one whatever is in it."""
    return QuotedString(text, Quote.single).with_quotes()


def syntax_problem(error: OverrideParseException) -> str:
    key, _, value = error.override.partition("=")
    if not value or key != key.strip() or value != value.strip():
        return f"{error.override}: cannot be read; write key=value, without spaces around the ="
    if not re.fullmatch(r"[\w.~+/@-]+", key) or value[0] in "[{":
        how = "a key has letters, digits, _ and . only; a list is key=[1,2], a mapping is key={a:1,b:2}"
        return f"{error.override}: cannot be read; {how}"
    quoted = f"\"{key}='{value.strip(_QUOTES)}'\""
    return f"{error.override}: cannot be read; text with signs other than a-z 0-9 _ - . / needs quotes: {quoted}"


def one_line(error: BaseException) -> str:
    """Shorten an error of Hydra, OmegaConf or YAML, and the one that caused it, to what a user can act on."""
    if isinstance(error, UnicodeDecodeError):
        return f"conf: one of the chosen files is not UTF-8 text; save it as UTF-8 ({error.reason})"
    if isinstance(error, MissingMandatoryValue):
        return f"{error.full_key}: missing; give it, as {error.full_key}=..."
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem_mark.name}: not valid YAML in line {error.problem_mark.line + 1}: {error.problem}"
    lines = [line.strip() for line in str(error).splitlines() if not line.strip().startswith(_NOISE)]
    text = " ".join(line for line in lines if line)
    if isinstance(error, OmegaConfBaseException) and error.full_key:
        text = f"{error.full_key}: {text}"
    if isinstance(error, HydraException) and isinstance(error.__cause__, OmegaConfBaseException):
        text = f"{text} {one_line(error.__cause__)}".strip()
    return text


def _annotations(parts: Sequence[str]) -> list[Any]:
    """Return the annotations that the schema has for a key, one for each variant of its section; none where unknown."""
    kinds: list[Any] = [TrainConfig]
    for name in parts:
        kinds = [inner for kind in kinds for inner in _inside(kind, name)]
    return kinds


def _inside(kind: Any, name: str) -> list[Any]:
    """Return the annotations that the key ``name`` of a section annotated ``kind`` may have."""
    if get_origin(kind) in (Union, types.UnionType):
        return [inner for option in get_args(kind) for inner in _inside(option, name)]
    if get_origin(kind) is dict:
        return [get_args(kind)[1]]
    if is_dataclass(kind) and name in (hints := get_type_hints(kind)):
        return [hints[name]]
    return [Any] if kind is Any else []
