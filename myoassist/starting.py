"""How ``train.py`` and ``eval.py`` begin: a Python that is too old, or lacks packages, is told in one line.

Only the standard library is imported here, in the syntax of older Pythons, so that they get as far as the line.
"""

import importlib
import os
import sys
from pathlib import Path

OLDEST = (3, 10)
WINDOWS = os.name == "nt"
VENV_PYTHON = ".venv/Scripts/python.exe" if WINDOWS else ".venv/bin/python"
NEW_PYTHON = {
    "win32": "winget install Python.Python.3.12",
    "darwin": "brew install python@3.12",
    "linux": "apt install python3.12 python3.12-venv (Debian, Ubuntu), dnf install python3.12 (Fedora), or with uv",
}


def train() -> None:
    """``train.py`` and ``myoassist-train``."""
    begin("train_main")


def evaluate() -> None:
    """``eval.py`` and ``myoassist-eval``."""
    begin("eval_main")


def begin(program: str) -> None:
    """Run ``program`` of ``myoassist/main.py`` and leave; exit code 2 where this Python cannot run it."""
    if sys.version_info[:2] < OLDEST:
        leave(2, too_old())
    from myoassist.interrupting import EXIT_CODE, INTERRUPTED, at_the_end, interruptible

    try:
        with interruptible():
            getattr(importlib.import_module("myoassist.main"), program)()
    except KeyboardInterrupt:
        leave(EXIT_CODE, INTERRUPTED)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "myoassist") or os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        leave(2, not_installed(name))
    finally:
        at_the_end()


def leave(code: int, line: str) -> None:
    """End the process with one line on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.exit(code)


def too_old() -> str:
    """The line for a Python that is too old."""
    has, needed = (".".join(map(str, version)) for version in (sys.version_info[:2], OLDEST))
    here = f"this is {has} ({sys.executable})"
    return f"error: Python {needed} or newer is needed, {here}; {how_to_install(too_old=True)}"


def not_installed(name: str) -> str:
    """The line for a package that this Python does not have."""
    return f"error: the package {name} is not installed in this Python ({sys.executable}); {how_to_install()}"


def how_to_install(*, too_old: bool = False) -> str:
    """What to do about a Python that cannot run this: use the one of the repository, or set it up."""
    root = Path(__file__).resolve().parent.parent
    if (root / VENV_PYTHON).exists() and Path(sys.prefix).resolve() != (root / ".venv").resolve():
        activate = ".venv\\Scripts\\activate" if WINDOWS else f". {root / '.venv/bin/activate'}"
        return f"activate the environment of the repository: {activate}"
    if too_old:
        return f"install one: {NEW_PYTHON.get(sys.platform, NEW_PYTHON['linux'])}"
    if (root / "pyproject.toml").exists():
        return f"install what it needs, in {root}: python -m pip install -e . -c constraints.txt"
    return "install it again: python -m pip install myoassist"
