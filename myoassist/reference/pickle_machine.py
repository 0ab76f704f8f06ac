"""Reads a pickle of arrays and plain containers without Python's unpickler, so that nothing in it can run.

An unpickler calls what a pickle names and sets attributes on what it finds. Here the instructions are only taken apart
(``pickletools.genops``) and carried out on plain data. A name in the file is looked up in ``_KNOWN`` and stands for one
of the functions of :mod:`myoassist.reference.pickle_data`; it is itself only data, and nothing real is handed out.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

import numpy as np

from myoassist.reference import pickle_data as data
from myoassist.reference.pickle_data import Array, Dtype, Name, RefusedError

MOST_STEPS = 20_000_000  # instructions of one pickle

_KNOWN = {
    ("numpy", "ndarray"): Name("ndarray"),
    ("numpy", "dtype"): Name("dtype"),
    ("_codecs", "encode"): Name("encode"),
    ("__builtin__", "bytes"): Name("bytes"),  # empty bytes, in the protocols before 3
    ("builtins", "bytes"): Name("bytes"),
}
for _package in ("numpy.core", "numpy._core"):  # NumPy 1 and 2
    _KNOWN[f"{_package}.multiarray", "_reconstruct"] = Name("_reconstruct")
    _KNOWN[f"{_package}.multiarray", "scalar"] = Name("scalar")
    _KNOWN[f"{_package}.numeric", "_frombuffer"] = Name("_frombuffer")

_MAKE: dict[str, Callable[..., Any]] = {
    "dtype": data.make_dtype,
    "_reconstruct": data.make_empty,
    "scalar": data.make_scalar,
    "_frombuffer": data.make_from_buffer,
    "encode": data.make_bytes,
    "bytes": data.make_bytes,
}


class Machine:
    """Carries out the instructions of one pickle (protocols 0 to 5) on plain data."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks under each mark
        self.memo: dict[int, Any] = {}
        self.made = 0  # bytes of arrays and byte strings

    def run(self, content: bytes) -> Any:
        """The one value that the pickle leaves."""
        for step, (code, given, _) in enumerate(pickletools.genops(content)):
            if step > MOST_STEPS:
                raise RefusedError(f"more than {MOST_STEPS} instructions")
            if code.name in _PUSH:
                self.stack.append(given)
            elif code.name in _STEPS:
                _STEPS[code.name](self, given)
            elif code.name not in ("PROTO", "FRAME", "STOP"):
                raise RefusedError(f"it asks for {given if code.name == 'INST' else f'the instruction {code.name}'}")
        return self.stack.pop()

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def last(self, count: int) -> tuple[Any, ...]:
        if len(self.stack) < count:
            raise ValueError("nothing left on the stack")
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        return items

    def append(self, items: list[Any] | tuple[Any, ...]) -> None:
        if type(self.stack[-1]) is not list:
            raise RefusedError("it appends to what is no list")
        self.stack[-1].extend(items)

    def enter(self, items: list[Any] | tuple[Any, ...]) -> None:
        table = self.stack[-1]
        if type(table) is not dict or len(items) % 2:
            raise RefusedError("it sets items of what is no dictionary")
        for name, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(name, str):
                raise RefusedError("a dictionary whose keys are no text")
            table[str(name)] = value

    def name(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise RefusedError("it asks for a name that is no text")
        if (module, name) not in _KNOWN:
            raise RefusedError(f"it asks for {module}.{name}")
        self.push(_KNOWN[module, name])

    def reduce(self) -> None:
        what, given = self.last(2)
        if not isinstance(what, Name) or what.means not in _MAKE or type(given) is not tuple:
            raise RefusedError("it calls what is no array, number or text")
        made = _MAKE[what.means](*given)
        self.count(made)
        self.push(made)

    def build(self) -> None:
        """Give an array or a type made before its state, a tuple of plain data, once."""
        target, state = self.stack[-2], self.stack.pop()
        if type(state) is not tuple or type(target) not in (Array, Dtype):
            raise RefusedError("it sets attributes")
        if isinstance(target, Dtype):
            _, order, *structure = state
            if order not in ("<", ">", "|", "=") or len(structure) > 6 or structure[:3] != [None] * 3:
                raise RefusedError("a type that is not numbers or text")
            target.order = order
            return
        _, shape, dtype, fortran, raw = state
        if target.numbers is not None or target.objects is not None:
            raise RefusedError("an array that is filled twice")
        if isinstance(dtype, Dtype) and dtype.is_object:
            if type(raw) is not list or data.check_shape(shape) != len(raw):
                raise RefusedError("an array of pointers")
            target.objects = raw, shape
            return
        target.numbers = data.numbers_of(raw, dtype, shape, "F" if fortran else "C")
        self.count(target)

    def count(self, made: Any) -> None:
        """Refuse a small file that makes large data."""
        content = made.numbers if isinstance(made, Array) and made.numbers is not None else made
        self.made += (
            content.nbytes if isinstance(content, np.ndarray) else len(content) if type(content) is bytes else 0
        )
        if self.made > data.MOST_BYTES:
            raise RefusedError("more than 1 GiB")


_PUSH = frozenset(
    [
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    ]
)  # leave the value that stands behind them


def _memoize(machine: Machine, place: int | None) -> None:
    machine.memo[len(machine.memo) if place is None else place] = machine.stack[-1]


def _dict(machine: Machine, _: Any) -> None:
    items = machine.since_mark()
    machine.push({})
    machine.enter(items)


_STEPS: dict[str, Callable[[Machine, Any], Any]] = {
    "NONE": lambda m, _: m.push(None),
    "NEWTRUE": lambda m, _: m.push(True),
    "NEWFALSE": lambda m, _: m.push(False),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "EMPTY_TUPLE": lambda m, _: m.push(()),
    "TUPLE1": lambda m, _: m.push(m.last(1)),
    "TUPLE2": lambda m, _: m.push(m.last(2)),
    "TUPLE3": lambda m, _: m.push(m.last(3)),
    "MARK": lambda m, _: m.mark(),
    "TUPLE": lambda m, _: m.push(tuple(m.since_mark())),
    "LIST": lambda m, _: m.push(m.since_mark()),
    "DICT": _dict,
    "APPEND": lambda m, _: m.append(m.last(1)),
    "APPENDS": lambda m, _: m.append(m.since_mark()),
    "SETITEM": lambda m, _: m.enter(m.last(2)),
    "SETITEMS": lambda m, _: m.enter(m.since_mark()),
    "POP": lambda m, _: m.last(1),
    "POP_MARK": lambda m, _: m.since_mark(),
    "DUP": lambda m, _: m.push(m.stack[-1]),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), _memoize),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda m, place: m.push(m.memo[place])),
    "GLOBAL": lambda m, given: m.name(*given.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: m.name(*m.last(2)),
    "REDUCE": lambda m, _: m.reduce(),
    "BUILD": lambda m, _: m.build(),
}
