"""How ``train.py``, ``eval.py`` and ``scripts/`` begin: a Python too old, or without packages, is told in one line.

Only the standard library is imported here, in the syntax of older Pythons, so that they get as far as the line.
"""

import importlib
import importlib.util
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    begin(lambda: importlib.import_module("myoassist.main").train_main())


def evaluate() -> None:
    """``eval.py`` and ``myoassist-eval``."""
    begin(lambda: importlib.import_module("myoassist.main").eval_main())


def script(file: str) -> None:
    """A program of ``scripts/``: run the ``main`` of ``file``, which gives the exit code, with the command line."""
    begin(lambda: sys.exit(_loaded(Path(file)).main(sys.argv[1:])))


def _loaded(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(file.stem, str(file))
    assert spec is not None and spec.loader is not None
    module = sys.modules[file.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def begin(program: "Callable[[], object]") -> None:
    """Run ``program`` and leave; exit code 2 where this Python cannot run it."""
    if sys.version_info[:2] < OLDEST:
        leave(2, too_old())
    from myoassist.interrupting import EXIT_CODE, INTERRUPTED, at_the_end, interruptible

    try:
        with interruptible():
            program()
    except KeyboardInterrupt:
        leave(EXIT_CODE, INTERRUPTED)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "myoassist") or os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        leave(2, not_installed(name))
    except (RuntimeError, ImportError, AttributeError, OSError):
        told = graphics_variable()
        if told is None:
            raise
        leave(2, told)
    finally:
        at_the_end()


def leave(code: int, line: str) -> None:
    """End the process with one line on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.exit(code)


def graphics_variable() -> Any:
    """The line for a MUJOCO_GL with which MuJoCo does not load, where that is so, else None."""
    from myoassist.errors import ConfigError
    from myoassist.model.library import check_mujoco

    try:
        check_mujoco()
    except ConfigError as error:
        return f"error: {error}"
    return None


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
        activate = ".venv\\Scripts\\activate" if WINDOWS else f". {shlex.quote(str(root / '.venv/bin/activate'))}"
        return f"activate the environment of the repository: {activate}"
    if too_old:
        return f"install one: {NEW_PYTHON.get(sys.platform, NEW_PYTHON['linux'])}"
    if (root / "pyproject.toml").exists():
        return f"install what it needs, in {root}: python -m pip install -e . -c constraints.txt"
    return "install it again: python -m pip install myoassist"
