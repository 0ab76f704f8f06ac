"""What a newcomer meets first: the wrong Python, names and paths of every language, folders that cannot be written."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from programs import ROOT, TINY, assert_one_line, run
from running import mounted

from myoassist import starting
from myoassist.errors import ConfigError, typed
from myoassist.experiment import compose, make_experiment

SCRIPTS = sorted(path for path in (ROOT / "scripts").glob("*.py") if path.stem != "doctor")


# --- the wrong Python -------------------------------------------------------------------------------------------------


# What makes a program need a package; scripts/doctor.py needs none (test_doctor.py).
PROGRAMS: dict[str, tuple[str, ...]] = {
    **{path.relative_to(ROOT).as_posix(): () for path in (ROOT / "train.py", ROOT / "eval.py", *SCRIPTS)},
    "scripts/analyse.py": ("recording=.",),
    "scripts/compare.py": (".",),
    "scripts/ship_policy.py": ("run=.", "name=walk"),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_package_that_is_not_installed_is_one_line(tmp_path: Path, program: str) -> None:
    bare = [sys.executable, "-I", "-S"]  # without site-packages, PYTHONPATH and the folder of the program
    line = [*bare, str(ROOT / program), *PROGRAMS[program]]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert_one_line(done, 2, "is not installed in this Python (")
    assert "pip install -e . -c constraints.txt" in done.stderr or ".venv" in done.stderr
    assert not done.stdout and not list(tmp_path.iterdir())


@pytest.mark.parametrize("program", [*PROGRAMS, "scripts/doctor.py", "myoassist/starting.py", "myoassist/__init__.py"])
def test_an_old_python_gets_as_far_as_the_line_that_says_so(program: str) -> None:
    """Down to 3.6, which clusters still have; ``ast`` knows the syntax of 3.7, the other line what 3.6 lacks of it."""
    text = (ROOT / program).read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 7))
    assert "from __future__" not in text
    if program in PROGRAMS and program.startswith("scripts/"):
        head = [node for node in ast.parse(text).body if not isinstance(node, ast.Expr)][:3]
        assert [ast.unparse(node) for node in head[:2]] == ["import sys", "from pathlib import Path"]
        assert isinstance(head[2], ast.If) and "script(__file__)" in ast.unparse(head[2])


@pytest.mark.parametrize("start", [starting.train, starting.evaluate, lambda: starting.script("runs.py")])
def test_python_that_is_too_old_is_one_line(
    start: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(starting, "OLDEST", (9, 9))
    with pytest.raises(SystemExit) as ended:
        start()
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1
    assert said.startswith("error: Python 9.9 or newer is needed, this is 3.")


def test_the_environment_of_the_repository_is_named_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "myoassist").mkdir()
    monkeypatch.setattr(starting, "__file__", str(tmp_path / "myoassist" / "starting.py"))
    assert starting.how_to_install() == "install it again: python -m pip install myoassist"
    (tmp_path / "pyproject.toml").touch()
    assert f"in {tmp_path}: python -m pip install -e . -c constraints.txt" in starting.how_to_install()
    monkeypatch.setattr(starting.sys, "platform", "darwin")
    assert starting.how_to_install(too_old=True) == "install one: brew install python@3.12"
    python = tmp_path / starting.VENV_PYTHON
    python.parent.mkdir(parents=True)
    python.touch()
    assert starting.how_to_install().startswith("activate the environment of the repository: ")


# --- paths and names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [r"C:\data\walk.mot", r"D:\걷기 자료\walk.mot", "D:\\걷기\\", r"'C:\data\my walk.mot'", r'"D:\걷기 자료\walk.mot"'],
)
def test_a_windows_path_keeps_its_backslashes(written: str) -> None:
    found = compose("reference=file", f"reference.path={written}")["reference"]["path"]
    assert found == written.strip("'\"")


def test_a_windows_path_that_is_not_there_is_one_line() -> None:
    with pytest.raises(ConfigError) as refused:
        make_experiment("reference=file", r"reference.path=Z:\no such\walk.mot")
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("reference.path: ") and "walk.mot' cannot be read from" in str(refused.value)


@pytest.mark.parametrize(
    ("argument", "as_typed"),
    [
        ("resume=outputs/2026-01-31/12-00-00_걷기", "resume=outputs/2026-01-31/12-00-00_걷기"),
        ("resume=걷기 첫 번째", '"resume=걷기 첫 번째"'),
        (r"checkpoint=D:\runs\first", r"checkpoint=D:\runs\first"),
        ("recording=a (2)/walk", '"recording=a (2)/walk"'),
    ],
)
def test_a_command_that_is_told_can_be_typed(argument: str, as_typed: str) -> None:
    assert typed(argument) == as_typed


def test_a_folder_of_any_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "보행 연구" / "자료 (1)"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    shutil.copy(ROOT / "myoassist" / "assets" / "normal_walking.yaml", place / "내 걸음.yaml")
    config = make_experiment("reference=file", "reference.path=내 걸음.yaml", "run_dir=결과 1", "name=첫걸음")
    assert config.reference.path == str(place / "내 걸음.yaml")
    assert (config.run_dir, config.name) == ("결과 1", "첫걸음")


@pytest.mark.slow
def test_a_clone_and_a_run_with_spaces_and_korean_letters(tmp_path: Path) -> None:
    clone, elsewhere = tmp_path / "한글 폴더" / "my clone", tmp_path / "다른 폴더"
    for name in ("myoassist", "conf", "scripts"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("train.py", "eval.py"):
        shutil.copy(ROOT / name, clone / name)
    elsewhere.mkdir()

    def works(program: str, *arguments: str) -> str:
        done = run(program, *arguments, folder=elsewhere, root=clone, MYOASSIST_CACHE=str(tmp_path / "임시 cache"))
        assert done.returncode == 0, done.stderr
        return done.stdout

    works("train.py", "experiment=smoke", "run_dir=걷기 첫 번째", "name=걷기", "logging.tensorboard=false")
    assert "resumed after 512 steps" in works("train.py", "resume=걷기 첫 번째", "total_steps=640")
    assert "report: 걷기 첫 번째/evaluations/" in works("eval.py", "checkpoint=걷기 첫 번째", *TINY)
    started = works("train.py", "experiment=smoke", "init_from=걷기 첫 번째", "total_steps=128", "run_dir=둘")
    assert "finished: 128 steps" in started
    assert (elsewhere / "둘" / "config.yaml").is_file()
    for script in SCRIPTS:
        assert script.name in works(f"scripts/{script.name}", "--help")
    assert "걷기" in works("scripts/runs.py", ".") and "2 runs: 2 finished" in works("scripts/compare.py", ".")
    works("scripts/analyse.py", "recording=걷기 첫 번째/evaluations/step_0000000640", "plots=[reward]", "output=그림")
    assert (elsewhere / "그림" / "report.html").is_file()


# --- folders that cannot be written -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_read_only_folder_is_one_line(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    with mounted(place, "ro"):
        done = run("train.py", "experiment=smoke", "run_dir=disk/run", folder=tmp_path)
        assert_one_line(done, 2, f"run_dir: cannot write to {place}: Read-only file system")
        done = run("eval.py", *TINY, "output=disk/results", folder=tmp_path)
        assert_one_line(done, 2, "Read-only file system")
