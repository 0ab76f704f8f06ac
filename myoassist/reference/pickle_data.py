"""Arrays, numbers and byte strings out of what a pickle says, each checked; used by ``pickle_machine``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

MOST_BYTES = 2**30  # of one file, unpacked; a walking motion has less than 10 MB
MOST_AXES = 32

_NUMBERS_OR_TEXT = re.compile(r"b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|[SU]\d{1,6}", re.ASCII)
_OBJECTS = re.compile(r"O[48]?", re.ASCII)


class RefusedError(Exception):
    """The content asks for more than plain data."""


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name of ``_KNOWN``; only data."""

    means: str


@dataclass(slots=True, eq=False)
class Dtype:
    """The type of an array: a checked code such as ``f8`` and an order of bytes."""

    code: str
    order: str = ""

    @property
    def is_object(self) -> bool:
        return self.code.startswith("O")


@dataclass(slots=True, eq=False)
class Array:
    """An array whose content comes later: numbers or text, or a list of values with a shape."""

    numbers: np.ndarray | None = None
    objects: tuple[list[Any], tuple[int, ...]] | None = None


def said(text: str, most: int = 120) -> str:
    """What a file or an error says, in one printable line."""
    line = "".join(c if c.isprintable() else " " for c in text[: 2 * most])
    return line if len(line) <= most else line[: most - 3] + "..."


def make_dtype(code: Any, *_: Any) -> Dtype:
    """``dtype("f8", False, True)``: numbers, text or objects."""
    if type(code) is not str or not (_NUMBERS_OR_TEXT.fullmatch(code) or _OBJECTS.fullmatch(code)):
        raise RefusedError(f"an array of type {code if type(code) is str else 'unknown'}")
    return Dtype(code)


def make_empty(kind: Any, *_: Any) -> Array:
    """``_reconstruct(ndarray, (0,), b"b")``: an array that is filled afterwards; no subclass."""
    if not isinstance(kind, Name) or kind.means != "ndarray":
        raise RefusedError("an array that is no ndarray")
    return Array()


def make_scalar(dtype: Any, raw: Any = b"") -> Any:
    """``scalar(dtype, bytes)``: one number or text as NumPy has them."""
    return numbers_of(raw, dtype, ())[()]


def make_from_buffer(raw: Any, dtype: Any, shape: Any, order: Any, axes: Any = None) -> Array:
    """``_frombuffer(bytes, dtype, shape, order)``: protocol 5."""
    if (
        order == "K"
        and type(axes) is tuple
        and all(type(n) is int for n in axes)
        and sorted(axes) == list(range(len(axes)))
    ):
        return Array(numbers_of(raw, dtype, shape).transpose(axes))
    return Array(numbers_of(raw, dtype, shape, "F" if order == "F" else "C"))


def make_bytes(*given: Any) -> bytes:
    """``bytes()`` and ``encode(text, "latin1")``: byte strings in the protocols before 3."""
    if not given:
        return b""
    text, codec = given
    if type(text) is not str or codec != "latin1":
        raise RefusedError("text in another codec than latin1")
    return text.encode("latin1")


def check_shape(shape: Any) -> int:
    """The number of values in an array of this shape."""
    if type(shape) is not tuple or len(shape) > MOST_AXES or any(type(n) is not int or n < 0 for n in shape):
        raise RefusedError("an array whose shape is no tuple of whole numbers")
    return math.prod(shape)


def numbers_of(raw: Any, dtype: Any, shape: Any, order: Literal["C", "F"] = "C") -> np.ndarray:
    """An own copy of ``raw`` as an array of numbers or text. Text as ``raw`` is what Python 2 wrote for bytes."""
    raw = raw.encode("latin1") if type(raw) is str else raw
    if not isinstance(dtype, Dtype) or dtype.is_object or type(raw) not in (bytes, bytearray):
        raise RefusedError("an array of pointers")
    kind, count = np.dtype(dtype.order + dtype.code), check_shape(shape)
    if count * kind.itemsize != len(raw) or (not kind.itemsize and count > 1):
        raise RefusedError(f"an array of {len(raw)} bytes where its shape needs {count * kind.itemsize}")
    if not raw:
        return np.zeros(shape, kind)
    if kind.kind == "U" and np.frombuffer(raw, kind.byteorder + "u4").max() > 0x10FFFF:
        raise RefusedError("text that is no Unicode")
    flat = np.frombuffer(raw, np.uint8) != 0 if kind.kind == "b" else np.frombuffer(raw, kind).copy()
    return flat.reshape(shape, order=order)
