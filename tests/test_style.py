"""Small files, small functions, and none of the habits that hide errors. Read from the source; nothing is run."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES, FUNCTION_LINES = 300, 40  # both are one too many
FOLDERS = ("myoassist", "scripts", "benchmarks")
FILES = sorted([*ROOT.glob("*.py"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAY_ASK = ("scripts/runs.py",)  # before it removes something, and only where there is a terminal
MAY_PRINT = ("myoassist/commandline.py", "scripts/", "benchmarks/")  # the errors of a command line; programs


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=FILES, ids=name)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture()
def tree(path: Path) -> ast.Module:
    return parsed(path)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def long_functions(tree: ast.Module) -> list[str]:
    functions = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    sizes = {f"{f.name} (line {f.lineno})": (f.end_lineno or 0) - f.lineno + 1 for f in functions}
    return [f"{function}: {size} lines" for function, size in sizes.items() if size >= FUNCTION_LINES]


def calls(tree: ast.Module, function: str) -> list[int]:
    """Lines that call a builtin."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    return [call.lineno for call in found if isinstance(call.func, ast.Name) and call.func.id == function]


def swallowing(tree: ast.Module) -> list[int]:
    """Lines of bare excepts, and of handlers of every exception that do nothing."""
    handlers = [n for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler)]
    return [
        handler.lineno
        for handler in handlers
        if handler.type is None
        or (
            isinstance(handler.type, ast.Name)
            and handler.type.id in ("Exception", "BaseException")
            and all(isinstance(statement, (ast.Pass, ast.Continue)) for statement in handler.body)
        )
    ]


def test_files_were_found() -> None:
    assert len(FILES) > 40
    assert {"train.py", "eval.py", "myoassist/env/walk.py"} <= {name(path) for path in FILES}


def test_files_are_short() -> None:
    lines = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in (*FILES, *TESTS)}
    assert {file: count for file, count in lines.items() if count >= FILE_LINES} == {}


def test_functions_are_short(tree: ast.Module) -> None:
    assert long_functions(tree) == []


def test_no_error_is_swallowed(tree: ast.Module) -> None:
    assert swallowing(tree) == []


def test_nobody_is_asked(path: Path, tree: ast.Module) -> None:
    if name(path) not in MAY_ASK:
        assert calls(tree, "input") == []  # a program that waits for a key hangs on a cluster


def test_no_print(path: Path, tree: ast.Module) -> None:
    if not name(path).startswith(MAY_PRINT):
        assert calls(tree, "print") == []


def test_modules_say_what_they_are_for(path: Path, tree: ast.Module) -> None:
    assert not tree.body or ast.get_docstring(tree), f"{name(path)} has no docstring"


class TestTheseChecks:
    """Each finds what it looks for."""

    def test_long_functions(self) -> None:
        body = "\n".join("    x = 1" for _ in range(39))
        assert long_functions(ast.parse(f"def f():\n{body}")) == ["f (line 1): 40 lines"]
        assert long_functions(ast.parse(f"class A:\n  async def f():\n{body}")) == ["f (line 2): 40 lines"]
        assert long_functions(ast.parse("def f():\n" + "\n".join("    x = 1" for _ in range(38)))) == []

    def test_calls(self) -> None:
        source = "print('a')\nclass A:\n    def f(self):\n        print('b')\n        self.print('c')"
        assert calls(ast.parse(source), "print") == [1, 4]

    def test_swallowing(self) -> None:
        source = "try:\n    f()\nexcept{}:\n    {}"
        assert swallowing(ast.parse(source.format("", "raise"))) == [3]
        assert swallowing(ast.parse(source.format(" Exception", "pass"))) == [3]
        assert swallowing(ast.parse(source.format(" Exception", "raise"))) == []
        assert swallowing(ast.parse(source.format(" KeyError", "pass"))) == []
