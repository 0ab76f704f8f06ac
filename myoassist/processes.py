"""Python programs of this package in processes of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package with the same Python."""
    return [sys.executable, "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """The environment for it: it finds this package from any folder, installed or not."""
    package = Path(__file__).resolve().parent.parent
    paths = [str(package), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
