"""Plain data to typed configuration and back.

``parse_config`` checks every value against its own field of ``myoassist/config.py``; ``check_consistency``
(``myoassist/rules.py``) checks the settings against each other.
"""

from __future__ import annotations

import math
import operator
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from myoassist.config import TrainConfig
from myoassist.errors import ConfigError, RunError, shown, unknown
from myoassist.rules import check_consistency as check_consistency

Section = TypeVar("Section")
Metadata = Mapping[str, Any]

_BOUNDS = {"ge": (">=", operator.ge), "gt": (">", operator.gt), "le": ("<=", operator.le), "lt": ("<", operator.lt)}
_KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "null"}


def parse_config(data: Any, cls: type[Section] = TrainConfig, where: str = "") -> Section:
    """Turn plain data into the dataclass ``cls``, checking names, types, choices and bounds.

    Args:
        data: nested mappings, lists and scalars, as Hydra or YAML give them.
        cls: the dataclass to fill.
        where: dotted key of ``data`` in the whole configuration, for the messages.

    Raises:
        ConfigError: the first value that does not fit, named by its dotted key.
    """
    return _parse_section(data, [cls], where)


def to_plain(config: Any) -> dict[str, Any]:
    """Return a configuration as plain data, which ``parse_config`` turns back into an equal one."""
    return asdict(config)


def with_whole_paths(config: TrainConfig) -> TrainConfig:
    """The experiment with the paths of the user's own files made absolute, so that it can go on from any folder."""

    def whole(path: str | None) -> str | None:
        return path and str(Path(path).expanduser().resolve())

    model, reference = config.model, config.reference
    return replace(
        config,
        model=replace(model, path=whole(model.path)),
        reference=replace(reference, path=whole(reference.path)),
    )


def save_config(config: Any, path: str | Path) -> None:
    """Write a configuration as YAML. Raises RunError where the file cannot be written."""
    try:
        Path(path).write_text(OmegaConf.to_yaml(to_plain(config)), encoding="utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror})") from error


def load_config(path: str | Path, cls: type[Section] = TrainConfig) -> Section:
    """Read a configuration that ``save_config`` wrote; references and code in the file are not followed.

    Raises:
        RunError: the file cannot be read.
        ConfigError: its content is not YAML, or not a valid configuration.
    """
    try:
        data = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not a UTF-8 text file") from error
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (yaml.YAMLError, OmegaConfBaseException) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    try:
        return parse_config(data, cls)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def _parse_section(data: Any, variants: list[Any], where: str, bounds: Metadata | None = None) -> Any:
    """Fill the dataclass that ``data`` asks for; several ``variants`` are told apart by their field ``type``.

    ``bounds`` replace those of its fields: the ends of a schedule obey the setting that it is for, and may reach its
    lower bound.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where or 'configuration'}: got {shown(data)}; expected a section with keys of its own")
    cls = _choose_variant(data, variants, where)
    kinds = get_type_hints(cls)
    for name in data:
        if name not in kinds:
            key = _join(where, name)
            if owners := " and ".join(f"type={_type_of(other)}" for other in variants if name in get_type_hints(other)):
                allowed = f"type={_type_of(cls)} allows {', '.join(kinds)}"
                raise ConfigError(f"{key}: got {shown(data[name])}, but this key belongs to {owners}; {allowed}")
            raise ConfigError(unknown("key", str(name), kinds, where=key))
    values = {}
    for setting in fields(cls):
        name, key, kind = setting.name, _join(where, setting.name), kinds[setting.name]
        required = setting.default is MISSING and setting.default_factory is MISSING
        if name in data and data[name] != "???":  # OmegaConf's mark for a value still to be given
            values[name] = _parse_value(data[name], kind, key, bounds or setting.metadata)
        elif name in data or required:
            raise ConfigError(f"{key}: missing; required: {_allowed(kind, setting.metadata)}")
    return cls(**values)


def _choose_variant(data: Mapping[str, Any], variants: list[Any], where: str) -> Any:
    by_type = {_type_of(cls): cls for cls in variants}
    if len(variants) == 1 and (None in by_type or "type" not in data):
        return variants[0]
    given = data["type"] if isinstance(data.get("type"), str) else shown(data.get("type"))
    if given not in by_type:
        raise ConfigError(unknown("type", given, map(str, by_type), where=_join(where, "type")))
    return by_type[given]


def _type_of(cls: Any) -> str | None:
    """Return the value of the field ``type`` that tells ``cls`` from its alternatives, or None."""
    kind = get_type_hints(cls).get("type")
    return get_args(kind)[0] if get_origin(kind) is Literal else None


def _parse_value(value: Any, kind: Any, key: str, metadata: Metadata) -> Any:
    """Check one value against its annotation and its bounds, and return it in its proper type."""
    if kind is Any:
        return _parse_plain(value, key)
    options, allowed = _alternatives(kind), _allowed(kind, metadata)
    if value is None and type(None) in options:
        return None
    options = [option for option in options if option is not type(None)]
    sections = [option for option in options if is_dataclass(option)]
    if len(sections) == len(options):
        return _parse_section(value, options, key)
    if sections and isinstance(value, Mapping):
        return _parse_section(value, sections, key, {**metadata, "gt": None, "ge": metadata["ge"] or metadata["gt"]})
    kind, arguments = options[0], get_args(options[0])
    if get_origin(kind) is Literal:
        if isinstance(value, bool):
            value = str(value).lower()  # of a choice such as auto, true, false
        if isinstance(value, str) and value in arguments:
            return value
        raise ConfigError(unknown("choice", value if isinstance(value, str) else shown(value), arguments, where=key))
    if get_origin(kind) is list and isinstance(value, list):
        return [_parse_value(item, arguments[0], f"{key}[{i}]", metadata) for i, item in enumerate(value)]
    if get_origin(kind) is dict and isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {name: _parse_value(item, arguments[1], _join(key, name), metadata) for name, item in value.items()}
    return _parse_scalar(value, kind, metadata, f"{key}: got {shown(value)}; expected {allowed}")


def _parse_scalar(value: Any, kind: type, metadata: Metadata, problem: str) -> Any:
    """Check a number, truth value or text; anything that was not a list or mapping but should be also ends here."""
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)  # 1e6 is how people write a million
    if kind is float and isinstance(value, int | str) and not isinstance(value, bool):
        try:
            value = float(value)  # YAML reads 1e-4, which has no point, as text
        except (ValueError, OverflowError):
            raise ConfigError(problem) from None
    if type(value) is not kind:
        hint = f"; to use the number as text, quote it twice: \"'{value}'\""
        raise ConfigError(problem + (hint if kind is str and isinstance(value, int | float) else ""))
    if kind in (int, float):
        bounds = [(test, metadata[name]) for name, (_, test) in _BOUNDS.items() if metadata.get(name) is not None]
        if (kind is float and not math.isfinite(value)) or not all(test(value, bound) for test, bound in bounds):
            raise ConfigError(problem)
    return value


def _parse_plain(value: Any, key: str) -> Any:
    """Copy data that has no schema: mappings with text keys, lists and scalars."""
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {name: _parse_plain(item, _join(key, name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_parse_plain(item, f"{key}[{i}]") for i, item in enumerate(value)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ConfigError(f"{key}: got {shown(value)}; expected text, numbers, lists or mappings with text keys")


def _allowed(kind: Any, metadata: Metadata) -> str:
    """Describe in words what a setting accepts."""
    options, arguments = _alternatives(kind), get_args(kind)
    if len(options) > 1:
        return " or ".join(dict.fromkeys(_allowed(option, metadata) for option in options))
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(arguments)
    if get_origin(kind) is list:
        return f"a list, each item {_allowed(arguments[0], metadata)}"
    if get_origin(kind) is dict:
        return f"a mapping from names, each value {_allowed(arguments[1], metadata)}"
    if kind is type(None):
        return _KIND_NAMES[kind]
    bounds = [f"{sign} {metadata[name]}" for name, (sign, _) in _BOUNDS.items() if metadata.get(name) is not None]
    words = [_KIND_NAMES.get(kind, "a section with keys of its own"), " and ".join(bounds), metadata.get("unit", "")]
    return " ".join(word for word in words if word)


def _alternatives(kind: Any) -> list[Any]:
    return list(get_args(kind)) if get_origin(kind) in (Union, types.UnionType) else [kind]


def _join(where: str, name: Any) -> str:
    return f"{where}.{name}" if where else str(name)
