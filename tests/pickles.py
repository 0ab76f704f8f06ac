"""Pickles as NumPy writes them and as a forger would, in archives."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from myoassist.reference.safe_pickle import read_archive

REBUILD = np.zeros(1).__reduce__()[0]


class Call:
    """Pickles as a call and its state, without doing either."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return self.parts


def archive(path: Path, body: bytes, shape: tuple[int, ...] = ()) -> Path:
    """An ``.npz`` whose array ``x`` of objects has ``body`` as its pickle."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|O", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x.npy", head.getvalue() + body)
    return path


def loaded(tmp_path: Path, value: Any, protocol: int = 4) -> Any:
    return read_archive(archive(tmp_path / "x.npz", pickle.dumps(value, protocol)))["x"]


def dtype(code: str, *state: Any) -> Call:
    return Call(np.dtype, (code, False, True), state or (3, "<", None, None, None, -1, -1, 0))


def array(shape: Any, kind: Any, raw: Any, *, subtype: Any = np.ndarray) -> Call:
    return Call(REBUILD, (subtype, (0,), b"b"), (1, shape, kind, False, raw))
