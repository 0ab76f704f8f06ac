"""Arrays and plain containers out of a NumPy archive whose writer pickled them; nothing in it can run.

``numpy.savez`` pickles dictionaries. A pickle may ask for any function to be called while it is read; here only the few
that rebuild NumPy arrays and scalars are known, and everything else is refused.
"""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from myoassist.errors import ReferenceError

MOST_BYTES = 2**30  # of one array; a walking motion has less than 10 MB


def _encode(text: str, codec: str = "latin1") -> bytes:
    """Bytes as Python 2's pickles write them; no other codec is looked up."""
    if codec != "latin1":
        raise pickle.UnpicklingError(f"codec {codec}")
    return text.encode("latin1")


def _allowed() -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("_codecs", "encode"): _encode,
    }
    rebuild, scalar = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]  # wherever this NumPy keeps them
    for package in ("numpy.core.multiarray", "numpy._core.multiarray"):
        found[package, "_reconstruct"], found[package, "scalar"] = rebuild, scalar
    return found


_KNOWN = _allowed()


class _PlainUnpickler(pickle.Unpickler):
    """Knows arrays, their types, numbers, text, lists, tuples and dictionaries."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _KNOWN[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError("it refers to something outside")


def read_archive(path: Path) -> dict[str, Any]:
    """Every array of a ``.npz`` file by name; one that holds a single object gives that object.

    Raises:
        ReferenceError: it is no such archive, or an array holds more than numbers, text and containers of them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            large = [name for name in names if archive.getinfo(name).file_size > MOST_BYTES]
            if large:
                raise ReferenceError(f"reference.path: {path}: {large[0]} is larger than 1 GiB")
            return {name[:-4]: _array(archive.read(name)) for name in names}
    except pickle.UnpicklingError as error:
        why = f"{error}, and reading a file never runs code; save plain arrays"
        raise ReferenceError(f"reference.path: {path} holds more than numbers: {why}") from error
    except OSError as error:
        raise ReferenceError(f"reference.path: cannot read {path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, TypeError, KeyError, IndexError) as error:
        raise ReferenceError(f"reference.path: {path} is damaged or no .npz file ({error})") from error
    except (AttributeError, ImportError, MemoryError, NotImplementedError, RuntimeError) as error:
        raise ReferenceError(f"reference.path: {path} is damaged ({type(error).__name__})") from error


def _array(content: bytes) -> Any:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    _, _, dtype = read(file)
    if not dtype.hasobject:
        return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    value = _PlainUnpickler(file).load()
    return value.item() if isinstance(value, np.ndarray) and value.dtype.hasobject and value.ndim == 0 else value
