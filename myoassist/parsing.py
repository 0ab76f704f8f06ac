"""Plain data to typed configuration and back, and the rules that tie several settings together.

``parse_config`` checks every value against its own field of ``myoassist/config.py``; ``check_consistency`` checks the
settings against each other. To add a rule, write one small function below and call it in ``check_consistency``.
"""

from __future__ import annotations

import math
import operator
import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from myoassist.config import RoughTerrain, TrainConfig, UniformCommand
from myoassist.errors import ConfigError, RunError, unknown

Section = TypeVar("Section")
Metadata = Mapping[str, Any]

_BOUNDS = {"ge": (">=", operator.ge), "gt": (">", operator.gt), "le": ("<=", operator.le), "lt": ("<", operator.lt)}
_KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "null"}
_WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789")}


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


def _parse_section(data: Any, variants: list[Any], where: str) -> Any:
    """Fill the dataclass that ``data`` asks for; several ``variants`` are told apart by their field ``type``."""
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where or 'configuration'}: got {_shown(data)}; expected a section with keys of its own")
    cls = _choose_variant(data, variants, where)
    kinds = get_type_hints(cls)
    for name in data:
        if name not in kinds:
            key = _join(where, name)
            if owners := " and ".join(f"type={_type_of(other)}" for other in variants if name in get_type_hints(other)):
                allowed = f"type={_type_of(cls)} allows {', '.join(kinds)}"
                raise ConfigError(f"{key}: got {_shown(data[name])}, but this key belongs to {owners}; {allowed}")
            raise ConfigError(unknown("key", str(name), kinds, where=key))
    values = {}
    for setting in fields(cls):
        name, key, kind = setting.name, _join(where, setting.name), kinds[setting.name]
        required = setting.default is MISSING and setting.default_factory is MISSING
        if name in data and data[name] != "???":  # OmegaConf's mark for a value still to be given
            values[name] = _parse_value(data[name], kind, key, setting.metadata)
        elif name in data or required:
            raise ConfigError(f"{key}: missing; required: {_allowed(kind, setting.metadata)}")
    return cls(**values)


def _choose_variant(data: Mapping[str, Any], variants: list[Any], where: str) -> Any:
    by_type = {_type_of(cls): cls for cls in variants}
    if len(variants) == 1 and (None in by_type or "type" not in data):
        return variants[0]
    given = data["type"] if isinstance(data.get("type"), str) else _shown(data.get("type"))
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
    if is_dataclass(options[0]):
        return _parse_section(value, options, key)
    kind, arguments = options[0], get_args(options[0])
    if get_origin(kind) is Literal:
        if isinstance(value, str) and value in arguments:
            return value
        raise ConfigError(unknown("choice", value if isinstance(value, str) else _shown(value), arguments, where=key))
    if get_origin(kind) is list and isinstance(value, list):
        return [_parse_value(item, arguments[0], f"{key}[{i}]", metadata) for i, item in enumerate(value)]
    if get_origin(kind) is dict and isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {name: _parse_value(item, arguments[1], _join(key, name), metadata) for name, item in value.items()}
    return _parse_scalar(value, kind, metadata, f"{key}: got {_shown(value)}; expected {allowed}")


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
    raise ConfigError(f"{key}: got {_shown(value)}; expected text, numbers, lists or mappings with text keys")


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
    bounds = [f"{sign} {metadata[name]}" for name, (sign, _) in _BOUNDS.items() if metadata.get(name) is not None]
    words = [_KIND_NAMES.get(kind, "a section with keys of its own"), " and ".join(bounds), metadata.get("unit", "")]
    return " ".join(word for word in words if word)


def _alternatives(kind: Any) -> list[Any]:
    return list(get_args(kind)) if get_origin(kind) in (Union, types.UnionType) else [kind]


def _join(where: str, name: Any) -> str:
    return f"{where}.{name}" if where else str(name)


def _shown(value: Any) -> str:
    """Write a value as YAML would, cut to a readable length."""
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def check_consistency(config: TrainConfig) -> None:
    """Check the rules that tie settings together. Raises ConfigError for the first one that is broken."""
    _name_can_be_a_folder(config)
    _physics_rate_is_multiple_of_control_rate(config)
    _environments_divide_transitions(config)
    _batch_divides_transitions(config)
    _command_range_is_ordered(config)
    _rough_ground_fits_its_course(config)
    _reference_is_a_readable_file(config)
    _torch_device_is_known(config)
    _strength_names_muscles(config)


def _name_can_be_a_folder(config: TrainConfig) -> None:
    name, safe = config.name, "letters of any language, digits, spaces, - and _ are safe on every system"
    if bad := sorted({letter for letter in name if letter in '<>:"/\\|?*' or not letter.isprintable()}):
        raise ConfigError(f"name: {name!r} has {' '.join(map(repr, bad))}, which a folder's name cannot have; {safe}")
    if name != name.strip() or name.endswith(".") or name.split(".")[0].strip().lower() in {"", *_WINDOWS_DEVICES}:
        why = "empty, a space or dot at an end, or a Windows device"
        raise ConfigError(f"name: {name!r} cannot be a folder's name ({why}); {safe}")
    if (size := len(name.encode())) > 200:  # folder names end at 255 bytes, and the run folder puts the time in front
        raise ConfigError(f"name: {_shown(name)} is {size} bytes long; at most 200, where a Korean letter takes 3")


def _physics_rate_is_multiple_of_control_rate(config: TrainConfig) -> None:
    physics, control = config.model.physics_hz, config.model.control_hz
    if physics % control:
        problem = f"{physics} is not a whole multiple of model.control_hz={control}"
        raise ConfigError(f"model.physics_hz: {problem}; nearest: {_nearest_multiples(control, physics)}")


def _environments_divide_transitions(config: TrainConfig) -> None:
    total, envs = config.algorithm.transitions_per_update, config.num_envs
    if total % envs:
        problem = f"{envs} does not divide algorithm.transitions_per_update={total}"
        nearest = f"nearest: {_nearest_divisors(total, envs)}"
        other = f"or algorithm.transitions_per_update={_nearest_multiples(envs, total)}"
        raise ConfigError(f"num_envs: {problem}; {nearest}; {other}")


def _batch_divides_transitions(config: TrainConfig) -> None:
    total, batch = config.algorithm.transitions_per_update, config.algorithm.batch_size
    if total % batch:
        problem = f"{batch} does not divide algorithm.transitions_per_update={total}"
        raise ConfigError(f"algorithm.batch_size: {problem}; nearest: {_nearest_divisors(total, batch, smallest=2)}")


def _command_range_is_ordered(config: TrainConfig) -> None:
    command = config.command
    if isinstance(command, UniformCommand) and command.low > command.high:
        raise ConfigError(f"command.low: got {command.low}; at most command.high={command.high}")


def _rough_ground_fits_its_course(config: TrainConfig) -> None:
    ground = config.terrain
    if isinstance(ground, RoughTerrain):
        if ground.safe_zone >= ground.length:
            raise ConfigError(f"terrain.safe_zone: got {ground.safe_zone}; less than terrain.length={ground.length}")
        if ground.grid > ground.width / 2:
            raise ConfigError(f"terrain.grid: got {ground.grid}; at most half of terrain.width={ground.width}")
        if ground.smoothing > ground.length / 10:
            limit = f"at most a tenth of terrain.length={ground.length}, or no hills are left"
            raise ConfigError(f"terrain.smoothing: got {ground.smoothing}; {limit}")


def _reference_is_a_readable_file(config: TrainConfig) -> None:
    try:
        if config.reference.path is not None:
            Path(config.reference.path).open("rb").close()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = f"cannot be read from {Path.cwd()} ({getattr(error, 'strerror', error)})"
        raise ConfigError(f"reference.path: {config.reference.path!r} {reason}; a file or null is allowed") from error


def _torch_device_is_known(config: TrainConfig) -> None:
    if config.algorithm.device not in ("auto", "cpu", "cuda"):
        raise ConfigError(unknown("device", config.algorithm.device, ("auto", "cpu", "cuda"), where="algorithm.device"))


def _strength_names_muscles(config: TrainConfig) -> None:
    for glob in config.condition.strength:
        if not re.fullmatch(r"[\w*?\[\]!-]+", glob):
            raise ConfigError(
                f"condition.strength: got {glob!r}; a muscle's name or a glob such as 'soleus_*' is allowed"
            )


def _nearest_multiples(step: int, size: int) -> str:
    below = size // step * step
    return " or ".join(str(multiple) for multiple in (below, below + step) if multiple)


def _nearest_divisors(total: int, size: int, smallest: int = 1) -> str:
    small = [divisor for divisor in range(1, math.isqrt(total) + 1) if total % divisor == 0]
    divisors = sorted(divisor for divisor in {*small, *(total // divisor for divisor in small)} if divisor >= smallest)
    nearest = [d for d in divisors if d < size][-1:] + [d for d in divisors if d > size][:1]
    return " or ".join(map(str, nearest))
