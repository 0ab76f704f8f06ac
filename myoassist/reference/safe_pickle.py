"""Arrays and plain containers out of a NumPy archive whose writer pickled them; nothing in it can run.

``numpy.savez`` pickles dictionaries. :mod:`myoassist.reference.pickle_machine` reads them in place of Python's
unpickler; here is the archive around it, and the check that nothing but plain data comes out.
"""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from myoassist.errors import ReferenceError
from myoassist.reference.pickle_data import MOST_BYTES, Array, RefusedError, said
from myoassist.reference.pickle_machine import Machine

DEEPEST = 50  # containers in containers
NODE_BYTES = 64  # what a number or container counts as


def read_archive(path: Path) -> dict[str, Any]:
    """Every array of a ``.npz`` file by name; one of Python objects gives the object, or lists of them by its shape.

    What was pickled comes back as arrays of numbers or text, numbers, text, bytes, None, and lists, tuples and
    dictionaries (with text as keys) of these; plain arrays as ``numpy.load`` gives them with ``allow_pickle=False``.

    Raises:
        ReferenceError: no such archive, it is damaged or too large, or it holds anything else; one line.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            if sum(info.file_size for info in files) > MOST_BYTES:
                raise ReferenceError(f"reference.path: {path} is larger than 1 GiB")
            return {info.filename[:-4]: _array(archive.read(info)) for info in files}
    except ReferenceError:
        raise
    except RefusedError as error:
        why = f"{said(str(error))}, and reading a file never runs code; save plain arrays"
        raise ReferenceError(f"reference.path: {path} holds more than numbers: {why}") from error
    except OSError as error:
        raise ReferenceError(f"reference.path: cannot read {path}: {error.strerror or said(str(error))}") from error
    except Exception as error:  # zip, NumPy and this file's reader fail on damaged bytes in a dozen ways
        why = said(f"{type(error).__name__}: {error}")
        raise ReferenceError(f"reference.path: {path} is damaged or no .npz file ({why})") from error


def _array(content: bytes) -> Any:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.kind == "O":
        return _Plain().value(Machine().run(content[file.tell() :]))
    if dtype.hasobject:
        raise RefusedError(f"an array of {dtype}")
    if min(shape, default=0) < 0 or math.prod(shape) * max(dtype.itemsize, 1) > len(content):
        raise ValueError("fewer bytes than its shape needs")
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)


class _Plain:
    """Copies what a pickle held, and refuses all but plain data, cycles, and small files that stand for large data."""

    def __init__(self) -> None:
        self.size = 0  # bytes so far; what is shared counts each time

    def value(self, value: Any, depth: int = 0) -> Any:
        if depth > DEEPEST:
            raise RefusedError(f"containers more than {DEEPEST} deep, or one that holds itself")
        if isinstance(value, Array):
            return self.array(value, depth)
        self.count(len(value) if isinstance(value, (str, bytes)) else 0)
        if type(value) is dict:
            return {name: self.value(item, depth + 1) for name, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(self.value(item, depth + 1) for item in value)
        if type(value) is int and value.bit_length() > 64:
            raise RefusedError("a whole number of more than 64 bits")
        if value is None or type(value) in (bool, int, float, str, bytes) or isinstance(value, np.generic):
            return value
        raise RefusedError(f"a {type(value).__name__.lower()} where data should be")

    def array(self, array: Array, depth: int) -> Any:
        if array.numbers is not None:
            self.count(array.numbers.nbytes)
            return array.numbers
        if array.objects is None:
            raise RefusedError("an array without content")
        items, shape = array.objects
        if 0 in shape:
            return []
        for length in reversed(shape[1:]):
            items = [items[i : i + length] for i in range(0, len(items), length)]
        return self.value(items if shape else items[0], depth + 1)

    def count(self, size: int) -> None:
        self.size += NODE_BYTES + size
        if self.size > MOST_BYTES:
            raise RefusedError("more than 1 GiB")
