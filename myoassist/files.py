"""Files that are there whole or not at all, whenever the process or the machine stops."""

from __future__ import annotations

import json
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from myoassist.errors import RunError

# What numpy.load can raise for a file that was cut off, damaged, or is another kind of file.
DAMAGED = (
    OSError,
    EOFError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    OverflowError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def flush(path: Path) -> None:
    """Have a file or folder written to disk; folders only where the system can."""
    try:
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    except PermissionError:  # a folder on Windows
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write, which takes its name, flushed, in the end; nothing stays of one cut short.

    The folder is made if need be. Raises RunError where it cannot be written.
    """
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        flush(partial)
        partial.replace(path)
        flush(path.parent)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        if partial.exists():
            partial.unlink()


def write_beside(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; text as UTF-8 with plain line ends. Raises RunError where it cannot."""
    with written_beside(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def free_name(wanted: Path) -> Path:
    """``wanted``, or that name with the next number where it is taken: ``walk``, ``walk_2``, ``walk_3`` …"""
    path, number = wanted, 2
    while path.exists():
        path, number = wanted.with_name(f"{wanted.name}_{number}"), number + 1
    return path


def new_folder(wanted: Path) -> Path:
    """Make folder ``wanted``, or the next free name, and never one that another process makes at the same moment."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    while True:
        folder = free_name(wanted)
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder


def read_text(path: Path) -> str:
    """Content of a text file; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def read_json(path: Path) -> dict[str, Any]:
    """Content of a JSON file that holds an object; empty where it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
