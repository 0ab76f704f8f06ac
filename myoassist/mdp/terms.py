"""How a term of the YAML becomes a function: its name looked up, its parameters checked, its names resolved once.

A term is a function ``f(state, *, parameter=default, …)``, or a class: ``__init__(task, *, parameter=…)`` and
``__call__(state)``. Rewards and terminations, called once per control step, may have memory and then ``reset(rows)``;
observations remember nothing. What ``numbers()`` of a termination returns is in the log, as ``curriculum/<name>``.
A parameter annotated :class:`Joints`, :class:`TrackedJoints`, :class:`ReferenceJoints`, :class:`Muscles` or
:class:`Motors` takes names or globs in the YAML and reaches the term as addresses.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import numpy as np

from myoassist.config import TermConfig
from myoassist.errors import ConfigError, unknown
from myoassist.mdp.state import Task, WalkState
from myoassist.model.muscle_groups import muscles_of
from myoassist.model.naming import LEG_SIDEWAYS, ROOT_SIDEWAYS


def match(patterns: object, names: Iterable[str], *, kind: str, where: str) -> list[str]:
    """Names matched by a name, a glob or a list of them, in the order of ``names``.

    Raises:
        ConfigError: a pattern matches nothing, or is no text.
    """
    listed, all_names = _listed(patterns, kind, where), list(names)
    for pattern in listed:
        if not any(fnmatchcase(name, pattern) for name in all_names):
            raise ConfigError(_no_such(kind, pattern, all_names, where))
    return [name for name in all_names if any(fnmatchcase(name, pattern) for pattern in listed)]


def _no_such(kind: str, pattern: str, names: list[str], where: str) -> str:
    planar = "pelvis_tilt" in names and "pelvis_tz" not in names
    if kind == "joint" and planar and any(coordinate in pattern for coordinate in (*ROOT_SIDEWAYS, *LEG_SIDEWAYS)):
        return (
            f"{where}: no joint named {pattern!r}, as this body moves in the sagittal plane; take model=26muscle or "
            f"80muscle, or what suits a planar body: walk in place of walk_3d, imitation in place of imitation_3d, "
            f"aid=none. Allowed: {', '.join(sorted(names))}."
        )
    return unknown(kind, pattern, names, where=where, most=100)


def _listed(patterns: object, kind: str, where: str) -> list[str]:
    listed = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(listed, (list, tuple)) or not listed or not all(isinstance(p, str) for p in listed):
        raise ConfigError(f"{where}: {kind} names must be a name, a glob or a list of them, not {patterns!r}")
    return list(listed)


def muscle_names(patterns: object, names: Iterable[str], *, where: str, complete: bool = True) -> list[str]:
    """As :func:`match`, for muscles, which a group such as ``plantarflexors_r`` may mean too.

    ``complete``: ``names`` are all of the body's, so that a group without muscles is a mistake.
    """
    all_names = list(names)
    listed = _listed(patterns, "muscle", where)
    chosen = {n for pattern in listed for n in muscles_of(pattern, all_names, where=where, complete=complete)}
    return [name for name in all_names if name in chosen]


@dataclass(frozen=True)
class Joints:
    """Joints by name with their addresses ``(n,)``."""

    names: tuple[str, ...]
    qpos: np.ndarray
    dof: np.ndarray

    @classmethod
    def resolve(cls, value: object, task: Task, where: str) -> Joints:
        joints = task.index.joints
        names = match(value, joints, kind="joint", where=where)
        return cls(tuple(names), np.array([joints[n].qpos for n in names]), np.array([joints[n].dof for n in names]))


@dataclass(frozen=True)
class TrackedJoints:
    """Joints that the reference has, each with a number (a weight or a limit): addresses and columns ``(n,)``."""

    names: tuple[str, ...]
    qpos: np.ndarray
    dof: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    @classmethod
    def resolve(cls, value: object, task: Task, where: str) -> TrackedJoints:
        if not isinstance(value, dict) or not value:
            raise ConfigError(f"{where}: must map joint names or globs to numbers, not {value!r}")
        chosen: dict[str, float] = {}
        for pattern, number in value.items():
            if not _is_number(number):
                raise ConfigError(f"{where}.{pattern}: must be a number, not {number!r}")
            names = match(str(pattern), task.reference.joints, kind="joint of the reference", where=where)
            chosen.update(dict.fromkeys(names, float(number)))
        joints, order = task.index.joints, list(task.reference.joints)
        return cls(
            names=tuple(chosen),
            qpos=np.array([joints[name].qpos for name in chosen]),
            dof=np.array([joints[name].dof for name in chosen]),
            columns=np.array([order.index(name) for name in chosen]),
            values=np.array(list(chosen.values())),
        )


@dataclass(frozen=True)
class ReferenceJoints:
    """Joints that the reference has: columns ``(n,)`` of its arrays."""

    names: tuple[str, ...]
    columns: np.ndarray

    @classmethod
    def resolve(cls, value: object, task: Task, where: str) -> ReferenceJoints:
        order = list(task.reference.joints)
        names = match(value, order, kind="joint of the reference", where=where)
        return cls(tuple(names), np.array([order.index(name) for name in names]))


@dataclass(frozen=True)
class Actuators:
    """Muscles or motors by name: actuator ids, and columns of the muscles or motors in their own order, ``(n,)``."""

    names: tuple[str, ...]
    ids: np.ndarray
    columns: np.ndarray


class Muscles(Actuators):
    """Muscles by name, glob or group; ``*`` is none on a body that has motors only."""

    @classmethod
    def resolve(cls, value: object, task: Task, where: str) -> Muscles:
        if value in ("*", ["*"]) and not task.index.muscles:
            return cls((), np.zeros(0, dtype=int), np.zeros(0, dtype=int))
        names = muscle_names(value, task.index.muscles, where=where, complete=False)
        return _actuators(cls, task.index.muscles, names)


class Motors(Actuators):
    """Motors of the device by name; ``*`` is none where the device has no motor."""

    @classmethod
    def resolve(cls, value: object, task: Task, where: str) -> Motors:
        if value in ("*", ["*"]) and not task.index.motors:
            return cls((), np.zeros(0, dtype=int), np.zeros(0, dtype=int))
        return _actuators(cls, task.index.motors, match(value, task.index.motors, kind="motor", where=where))


def _actuators(cls: Any, table: dict, names: list[str]) -> Any:
    order = list(table)
    ids = np.array([table[name].id for name in names], dtype=int)
    return cls(tuple(names), ids, np.array([order.index(name) for name in names], dtype=int))


RESOLVED = (Joints, TrackedJoints, ReferenceJoints, Muscles, Motors)


def parameters(term: Callable) -> dict[str, inspect.Parameter]:
    """Keyword parameters of a term, by name, with evaluated annotations."""
    function = term.__init__ if inspect.isclass(term) else term
    hints = typing.get_type_hints(function)
    found = inspect.signature(function).parameters.values()
    return {p.name: p.replace(annotation=hints.get(p.name, Any)) for p in found if p.kind is p.KEYWORD_ONLY}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))


def _is_whole(value: object) -> bool:
    return _is_number(value) and float(value) == int(value)  # type: ignore[arg-type]  (a number)


def _are_different_numbers(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value)) and len(set(value)) == len(value)


PLAIN: dict[Any, tuple[Callable[[object], bool], str]] = {  # annotations of parameters that need no model
    float: (_is_number, "a number"),
    int: (_is_whole, "a whole number"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    str: (lambda value: isinstance(value, str), "text"),
    list[float]: (_are_different_numbers, "a list of different numbers"),
}


def _check_value(kind: Any, value: object, where: str) -> None:
    """Raise ConfigError for a value that does not suit a plain annotation; of ``float | None`` null does too."""
    if type(None) in typing.get_args(kind):
        if value is None:
            return
        kind = next(one for one in typing.get_args(kind) if one is not type(None))
    suits, words = PLAIN.get(kind, (lambda _: True, ""))
    if not suits(value):
        raise ConfigError(f"{where}: must be {words}, not {value!r}")


def _check_named(term: Callable, config: TermConfig, where: str) -> None:
    """Raise ConfigError for a parameter that can only be given by its place, which a YAML cannot do."""
    for parameter in list(inspect.signature(term).parameters.values())[1:]:
        wanted = parameter.name in config.params or parameter.default is parameter.empty
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and wanted:
            raise ConfigError(
                f"{where}.params: {config.func} takes {parameter.name!r} by its place; put * before it in the "
                f"definition: {config.func}({next(iter(inspect.signature(term).parameters))}, *, {parameter.name}, …)"
            )


def check_term(registry: dict[str, Callable], config: TermConfig, *, kind: str, where: str) -> Callable:
    """Return the term named by ``config`` after checking its name and parameters; needs no model.

    Raises:
        ConfigError: unknown function, unknown or missing parameter, one without ``*`` before it, or a plain parameter
            of the wrong type.
    """
    if config.func not in registry:
        raise ConfigError(unknown(kind, config.func, registry, where=f"{where}.func"))
    term = registry[config.func]
    _check_named(term, config, where)
    known = parameters(term)
    for name, value in config.params.items():
        if name not in known:
            raise ConfigError(unknown(f"parameter of {config.func}", name, known, where=f"{where}.params"))
        _check_value(known[name].annotation, value, f"{where}.params.{name}")
    missing = [name for name, p in known.items() if p.default is p.empty and name not in config.params]
    if missing:
        raise ConfigError(f"{where}.params: {config.func} needs {', '.join(missing)}")
    return term


@dataclass(frozen=True)
class BoundTerm:
    """A term ready to call: ``call(state)``; ``reset(rows)`` clears the memory of those that have one."""

    name: str
    call: Callable[..., np.ndarray]
    arguments: dict[str, Any]

    def values(self, state: WalkState) -> np.ndarray:
        """What it says of each environment, ``(num_envs,)``. Raises ConfigError for another shape."""
        values = np.asarray(self.call(state))
        if values.shape != (state.num_envs,):
            raise ConfigError(f"term {self.name!r} returned shape {values.shape}; it must return ({state.num_envs},)")
        return values

    def reset(self, rows: np.ndarray) -> None:
        forget = getattr(self.call, "reset", None)
        if forget is not None:
            forget(rows)


def bind(
    registry: dict[str, Callable], config: TermConfig, task: Task, *, name: str, kind: str, where: str
) -> BoundTerm:
    """Check a term and resolve its names on the compiled model.

    Raises:
        ConfigError: as :func:`check_term`, or a joint, muscle or motor that the model does not have.
    """
    term: Any = check_term(registry, config, kind=kind, where=where)
    arguments = {}
    for key, parameter in parameters(term).items():
        value: Any = config.params.get(key, parameter.default)
        if parameter.annotation in RESOLVED:
            value = parameter.annotation.resolve(value, task, f"{where}.params.{key}")
        elif parameter.annotation is int:
            value = int(value)  # 3.0 may be a size too
        arguments[key] = value
    call = term(task, **arguments) if isinstance(term, type) else partial(term, **arguments)
    return BoundTerm(name=name, call=call, arguments=arguments)
