"""Ctrl-C at any moment, also in an import: one line, and nothing half done is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from omegaconf.errors import ConfigAttributeError
from programs import ROOT, TINY, assert_one_line, run

from myoassist.commandline import hydra_entry
from myoassist.interrupting import EXIT_CODE, INTERRUPTED, interruptible

POSIX = pytest.mark.skipif(os.name == "nt", reason="sends signals as Linux and macOS do")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a module that Ctrl-C hits while it is imported."""
    code = "import signal\nsignal.raise_signal(signal.SIGINT)\nsurvived = True\n"
    (tmp_path / "hit_by_ctrl_c.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "hit_by_ctrl_c", raising=False)
    return "hit_by_ctrl_c"


def rest() -> None:
    """Python code that goes on until the interrupt comes."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        time.sleep(0.01)


def test_ctrl_c_waits_for_the_end_of_an_import(module: str) -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        imported = __import__(module)
        assert imported.survived
        rest()
    assert sys.modules[module].survived
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_elsewhere_is_at_once() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), interruptible():
        signal.raise_signal(signal.SIGINT)
        reached.append(1)
    assert not reached


def test_ctrl_c_in_a_finaliser_is_not_lost() -> None:
    class Dying:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), interruptible():
        dying = Dying()
        del dying
        rest()


def test_ctrl_c_that_a_library_answers_with_a_fault_is_still_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt), interruptible():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            raise KeyError("half done")


def test_ctrl_c_that_the_composing_answers_with_a_fault_is_still_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    def half_done(config: object) -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            raise ConfigAttributeError("half done")

    assert hydra_entry("train", half_done, argv=["experiment=smoke"]) == EXIT_CODE
    assert capsys.readouterr().err == f"{INTERRUPTED}\n"


def test_who_listens_already_goes_on_listening() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with interruptible():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


@POSIX
def test_a_second_press_in_an_import_ends_at_once(tmp_path: Path) -> None:
    (tmp_path / "hit_twice.py").write_text("import signal\n" + "signal.raise_signal(signal.SIGINT)\n" * 2)
    code = "from myoassist.interrupting import interruptible\nwith interruptible():\n    import hit_twice"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (EXIT_CODE, f"{INTERRUPTED}\n")


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("library", ["hydra", "numpy", "mujoco", "torch", "scipy"])
def test_ctrl_c_while_a_training_loads_is_one_line_and_leaves_nothing(tmp_path: Path, library: str) -> None:
    done = run("train.py", "experiment=smoke", "run_dir=run", folder=tmp_path, PRESS_AT=library)
    if done.returncode == 0:  # this library was not imported before the run began: the training was stopped and saved
        assert "stopped by SIGINT" in done.stdout or "finished" in done.stdout
        return
    assert_one_line(done, EXIT_CODE, INTERRUPTED)
    assert not (tmp_path / "run").exists()


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("library", ["hydra", "numpy", "torch", "matplotlib"])
def test_ctrl_c_while_an_evaluation_loads_is_one_line_and_keeps_recordings(tmp_path: Path, library: str) -> None:
    done = run("eval.py", *TINY, "output=results", folder=tmp_path, PRESS_AT=library)
    assert_one_line(done, EXIT_CODE, INTERRUPTED)
    if library == "matplotlib":  # only plots need it
        assert "the recordings are whole; go on with: python scripts/analyse.py recording=results" in done.stdout
        again = run("scripts/analyse.py", "recording=results", "plots=[reward]", folder=tmp_path, PYTHONPATH=str(ROOT))
        assert again.returncode == 0 and (tmp_path / "results" / "report.html").is_file(), again.stderr
    else:
        assert not (tmp_path / "results").exists()
