"""Plain data to typed configuration and back, and the rules that tie several settings together.

``parse_config`` checks every value against its own field of ``myoassist/config.py``; ``check_consistency`` checks the
settings against each other. To add a rule, write one small function below and list it in ``RULES``.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from myoassist.config import RoughTerrain, TrainConfig, UniformCommand
from myoassist.errors import ConfigError, RunError, unknown

Section = TypeVar("Section")

_NOT_GIVEN = "???"  # OmegaConf's mark for a value that must still be given
_COMPARISONS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "ge": (">=", lambda value, bound: value >= bound),
    "gt": (">", lambda value, bound: value > bound),
    "le": ("<=", lambda value, bound: value <= bound),
    "lt": ("<", lambda value, bound: value < bound),
}
_KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_RESERVED_CHARACTERS = '<>:"/\\|?*'
_RESERVED_NAMES = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in "123456789¹²³")}
_LONGEST_NAME = 200  # bytes; folder names end at 255, and the run folder puts the time in front


# --- plain data to dataclasses ----------------------------------------------------------------------------------------


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


def _parse_section(data: Any, variants: list[type], where: str) -> Any:
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where or 'configuration'}: got {_shown(data)}; expected a section with keys of its own")
    cls = _choose_variant(data, variants, where)
    kinds = get_type_hints(cls)
    for name in data:
        if name not in kinds:
            raise ConfigError(_unknown_key(str(name), data[name], cls, variants, where))
    values = {}
    for setting in fields(cls):
        key = _join(where, setting.name)
        required = setting.default is MISSING and setting.default_factory is MISSING
        if _is_given(data, setting.name):
            values[setting.name] = _parse_value(data[setting.name], kinds[setting.name], key, setting.metadata)
        elif required or setting.name in data:
            raise ConfigError(f"{key}: missing; required: {_allowed(kinds[setting.name], setting.metadata)}")
    return cls(**values)


def _choose_variant(data: Mapping[str, Any], variants: list[type], where: str) -> type:
    """Return the dataclass of ``variants`` whose ``type`` is the one that ``data`` names."""
    by_type = {_type_of(cls): cls for cls in variants}
    if len(variants) == 1 and (None in by_type or "type" not in data):
        return variants[0]
    given, key = data.get("type", _NOT_GIVEN), _join(where, "type")
    if not isinstance(given, str) or given == _NOT_GIVEN:
        problem = "missing" if given == _NOT_GIVEN else f"got {_shown(given)}"
        raise ConfigError(f"{key}: {problem}; allowed: {', '.join(map(str, by_type))}")
    if given not in by_type:
        raise ConfigError(unknown("type", given, map(str, by_type), where=key))
    return by_type[given]


def _type_of(cls: type) -> str | None:
    """Return the value of the field ``type`` that tells ``cls`` from its alternatives, or None."""
    kind = get_type_hints(cls).get("type")
    return get_args(kind)[0] if get_origin(kind) is Literal else None


def _unknown_key(name: str, value: Any, cls: type, variants: list[type], where: str) -> str:
    key, chosen = _join(where, name), _type_of(cls)
    owners = [f"type={_type_of(other)}" for other in variants if other is not cls and name in get_type_hints(other)]
    if owners:
        return (
            f"{key}: got {_shown(value)}, but type={chosen} has no such key; it belongs to {' and '.join(owners)}; "
            f"allowed with type={chosen}: {', '.join(get_type_hints(cls))}"
        )
    return unknown("key", name, get_type_hints(cls), where=key)


def _parse_value(value: Any, kind: Any, key: str, metadata: Mapping[str, Any]) -> Any:
    """Check one value against its annotation ``kind`` and its bounds, and return it in its proper type."""
    if kind is Any:
        return _plain(value, key)
    if get_origin(kind) in (Union, types.UnionType):
        if value is None and type(None) in get_args(kind):
            return None
        alternatives = [option for option in get_args(kind) if option is not type(None)]
        if len(alternatives) > 1:
            return _parse_section(value, alternatives, key)
        kind = alternatives[0]
    if is_dataclass(kind):
        return _parse_section(value, [kind], key)  # type: ignore[list-item]
    if get_origin(kind) is Literal:
        return _parse_choice(value, get_args(kind), key)
    if get_origin(kind) in (list, dict):
        return _parse_container(value, kind, key, metadata)
    return _parse_scalar(value, kind, key, metadata)


def _parse_choice(value: Any, choices: tuple[Any, ...], key: str) -> Any:
    if isinstance(value, str) and value in choices:
        return value
    given = value if isinstance(value, str) else _shown(value)
    raise ConfigError(unknown("choice", given, map(str, choices), where=key))


def _parse_container(value: Any, kind: Any, key: str, metadata: Mapping[str, Any]) -> Any:
    if get_origin(kind) is list and isinstance(value, list):
        (item_kind,) = get_args(kind)
        return [_parse_value(item, item_kind, f"{key}[{i}]", metadata) for i, item in enumerate(value)]
    if get_origin(kind) is dict and isinstance(value, Mapping):
        item_kind = get_args(kind)[1]
        for name in value:
            if not isinstance(name, str):
                raise ConfigError(f"{key}: got the key {_shown(name)}; expected keys that are text")
        return {name: _parse_value(item, item_kind, _join(key, name), metadata) for name, item in value.items()}
    raise ConfigError(f"{key}: got {_shown(value)}; expected {_allowed(kind, metadata)}")


def _parse_scalar(value: Any, kind: type, key: str, metadata: Mapping[str, Any]) -> Any:
    wrong = ConfigError(f"{key}: got {_shown(value)}; expected {_allowed(kind, metadata)}")
    if kind is float and isinstance(value, str):  # YAML reads 1e-4, without a point, as text
        try:
            value = float(value)
        except ValueError:
            raise wrong from None
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)  # 1e6 is how people write a million
    if kind is float and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**1000:
        value = float(value)
    if type(value) is not kind:
        quote = f"; quote a number that is meant as text: \"{key}='{value}'\"" if kind is str else ""
        raise ConfigError(f"{wrong}{quote}")
    if kind in (int, float):
        bounds = ((name, test) for name, (_, test) in _COMPARISONS.items() if metadata.get(name) is not None)
        if not math.isfinite(value) or not all(test(value, metadata[name]) for name, test in bounds):
            raise wrong
    return value


def _plain(value: Any, key: str) -> Any:
    """Copy data that has no schema, made of mappings with text keys, lists and scalars."""
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {name: _plain(item, _join(key, name)) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, f"{key}[{i}]") for i, item in enumerate(value)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ConfigError(f"{key}: got {_shown(value)}; expected plain data: text, numbers, lists, mappings with text keys")


def _allowed(kind: Any, metadata: Mapping[str, Any]) -> str:
    """Describe in words what a setting accepts."""
    origin, options = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        named = [_allowed(option, metadata) for option in options if option is not type(None)]
        return " or ".join(dict.fromkeys([*named, *(["null"] if type(None) in options else [])]))
    if origin is Literal:
        return "one of " + ", ".join(map(str, options))
    if origin is list:
        return f"a list, each item {_allowed(options[0], metadata)}"
    if origin is dict:
        return f"a mapping from names, each value {_allowed(options[1], metadata)}"
    if kind in (int, float):
        bounds = [f"{sign} {metadata[name]}" for name, (sign, _) in _COMPARISONS.items() if metadata.get(name) is not None]
        unit = f", in {metadata['unit']}" if metadata.get("unit") else ""
        return f"{_KIND_NAMES[kind]} {' and '.join(bounds)}".rstrip() + unit
    return _KIND_NAMES.get(kind, "a section with keys of its own")


def _is_given(data: Mapping[str, Any], name: str) -> bool:
    return name in data and not (isinstance(data[name], str) and data[name] == _NOT_GIVEN)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _shown(value: Any) -> str:
    """Write a value the way YAML users know it, cut to a readable length."""
    text = {None: "null", True: "true", False: "false"}[value] if value is None or value is True or value is False else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def is_setting(key: str, cls: type = TrainConfig) -> bool:
    """Tell whether the dotted ``key`` exists in the schema ``cls``, in any variant of its sections."""
    kinds: list[Any] = [cls]
    for name in key.split("."):
        found: list[Any] = []
        for kind in kinds:
            if kind is Any:
                found.append(Any)
            elif get_origin(kind) is dict:
                found.append(get_args(kind)[1])
            elif is_dataclass(kind) and name in get_type_hints(kind):
                found.append(get_type_hints(kind)[name])
        kinds = [option for kind in found for option in _alternatives(kind)]
    return bool(kinds)


def _alternatives(kind: Any) -> Iterable[Any]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
