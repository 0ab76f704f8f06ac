"""Programs of this package: how they end, and how one starts another in a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from myoassist.errors import MyoAssistError


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package with the same Python."""
    return [sys.executable, "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """The environment for it: it finds this package from any folder, installed or not."""
    package = Path(__file__).resolve().parent.parent
    paths = [str(package), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def exit_code(work: Callable[[], Any]) -> int:
    """Do ``work``; 0, or 2 and one line on stderr for a bad request, 130 after Ctrl-C. Other faults pass through."""
    try:
        work()
    except MyoAssistError as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted from the keyboard\n")
        return 130
    return 0
