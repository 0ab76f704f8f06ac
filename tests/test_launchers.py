"""Sweeps: whatever happens to one run, the others are run, and each failure is named; cores are shared."""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from running import call, program_of, until

from myoassist.config_launch import LocalLaunch, SlurmLaunch
from myoassist.errors import RunError
from myoassist.processes import CORES, available_cores
from myoassist.sweep import apart, slurm_queue, submitted
from myoassist.sweep.jobs import JobsGoOn, error_of, failed

PROGRAM = """
import os, signal, subprocess, sys
from pathlib import Path
from myoassist import commandline
from myoassist.errors import ConfigError
from myoassist.processes import available_cores

def run(config):
    print("run", config.seed, "cores", available_cores(), flush=True)
    match config.seed:
        case 1: raise ConfigError("seed: 1 is not allowed here")
        case 2: os.kill(os.getpid(), signal.SIGKILL)
        case 3: raise MemoryError("no memory for the replay buffer")
        case 4: os._exit(7)
        case 10: raise subprocess.CalledProcessError(returncode=3, cmd="ffmpeg")  # can be pickled, not unpickled
    folder = commandline.sweep_dir()
    (folder / "whole.txt").write_text(str(config.seed))
    return 0.5

folder = Path(sys.argv.pop(1))
commandline.config_dir = lambda: folder
sys.exit(commandline.hydra_entry("train", run))
"""
RUNS = ("0", "1", "2", "3", "4", "10", "5")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A program whose runs end in every way, and the real files of conf/launch."""
    settings = "defaults: [_self_, {launch: basic}, {hydra: default}]\nseed: 0\nname: x\n"
    return program_of(tmp_path_factory.mktemp("program"), PROGRAM, settings)


# --- what happens to one run stays with it ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("launch", ["basic", "joblib", "local"])
def test_every_run_is_run_and_every_failure_named(program: list[str], tmp_path: Path, launch: str) -> None:
    done = call(program, tmp_path, "-m", f"launch={launch}", f"seed={','.join(RUNS)}", "hydra.sweep.dir=sweep")
    assert done.returncode == 1, done.stderr
    assert sorted(path.parent.name for path in tmp_path.glob("sweep/*/whole.txt")) == ["0", "6"]
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert errors[0] == "error: 5 runs failed, the others are whole"
    named = {line.split()[1]: line for line in errors[1:]}
    assert sorted(named) == ["#1", "#2", "#3", "#4", "#5"]
    assert named["#1"] == "error: #1 seed=1: seed: 1 is not allowed here"
    assert named["#2"].startswith("error: #2 seed=2: its process was killed")
    assert named["#3"] == "error: #3 seed=3: MemoryError: no memory for the replay buffer"
    assert named["#4"].startswith("error: #4 seed=4: its process ")
    told = "CalledProcessError: Command 'ffmpeg' returned non-zero exit status 3."
    assert named["#5"] == f"error: #5 seed=10: {told}"


@pytest.mark.slow
def test_runs_that_hydra_does_not_come_to_are_counted(program: list[str], tmp_path: Path) -> None:
    sweep = ("seed=1,0,5", "hydra.sweep.dir=sweep", "hydra.sweeper.max_batch_size=1")
    done = call(program, tmp_path, "-m", *sweep)
    assert done.returncode == 1
    (line, failure) = (line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert failure.startswith("error: #0 seed=1: ")
    assert line == (
        "error: 1 run failed, 2 not started (the same command with this hydra.sweep.dir starts them), "
        "the others are whole"
    )


def test_a_result_that_cannot_be_read_is_a_failed_run(tmp_path: Path) -> None:
    job: Any = SimpleNamespace(overrides=("seed=1",))
    sent: Any = SimpleNamespace(
        paths=SimpleNamespace(result_pickle=tmp_path / "result.pkl", stdout=tmp_path / "log.out")
    )
    error = subprocess.CalledProcessError(returncode=3, cmd="ffmpeg")
    sent.paths.result_pickle.write_bytes(pickle.dumps(("success", error)))
    assert "its result cannot be read (TypeError: " in str(error_of(submitted._result(job, sent)))
    sent.paths.result_pickle.write_bytes(pickle.dumps(("success", 0.5)))
    assert submitted._result(job, sent) == 0.5
    assert not sent.paths.result_pickle.exists()  # submitit names it by a PID, which another run may get


def test_runs_of_two_commands_have_logs_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    class Executor:
        def __init__(self, folder: Path, **settings: Any) -> None:
            folders.append(folder)

        def update_parameters(self, **settings: Any) -> None:
            pass

    monkeypatch.setattr(submitted.submitit, "LocalExecutor", Executor)
    assert submitted.run_local([], lambda job, result: None, LocalLaunch(), at_once=1, logs=tmp_path) == []
    assert folders[0].parent == tmp_path and folders[0].name.endswith(f"_{os.getpid()}")


def test_interrupted_program_of_slurm_jobs_says_that_they_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: Any = [SimpleNamespace(number=number, config=SimpleNamespace(name="walk")) for number in (4, 5)]
    sent: Any = [SimpleNamespace(job_id=f"99_{place}") for place in range(2)]

    def interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    executor = SimpleNamespace(update_parameters=lambda **options: None)
    monkeypatch.setattr(submitted.submitit, "SlurmExecutor", lambda **settings: executor)
    monkeypatch.setattr(submitted, "_submit", lambda executor, jobs: sent)
    monkeypatch.setattr(submitted, "_collect", interrupted)
    with pytest.raises(JobsGoOn) as left:
        submitted.run_slurm(jobs, interrupted, SlurmLaunch(), logs=tmp_path / "logs")
    assert left.value.numbers == {4, 5}
    assert [slurm_queue.read_id(tmp_path, number) for number in (3, 4, 5)] == [None, "99_0", "99_1"]


def test_run_is_interrupted_where_there_are_no_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    job: Any = functools.partial(time.sleep, 120)
    job.overrides = ()
    child = apart.Child(job, cores=1, log=None)
    until((Path(child._folder.name) / apart._READY).exists)
    monkeypatch.setattr(apart, "_WINDOWS", True)
    child.interrupt()  # the run sees the end of its input, as when its sweep is gone
    child.wait()
    result = child.result()
    assert result is not None and str(error_of(result)) == "stopped by SIGTERM"


def test_run_is_interrupted_before_it_listens(tmp_path: Path) -> None:
    job: Any = functools.partial(time.sleep, 120)
    job.overrides = ()
    child = apart.Child(job, cores=1, log=tmp_path / "0.log")
    child.interrupt()
    child.wait()
    assert (tmp_path / "0.log").read_text() == ""  # no traceback


def test_reading_a_failure_says_nothing_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    result = failed(SimpleNamespace(overrides=("seed=1",)), RunError("run_dir: is taken"))  # type: ignore[arg-type]
    with pytest.raises(RunError, match="is taken"):
        _ = result.return_value
    assert capsys.readouterr() == ("", "")
    assert str(error_of(pickle.loads(pickle.dumps(result)))) == "run_dir: is taken"


@pytest.mark.slow
def test_runs_at_a_time_share_the_cores(program: list[str], tmp_path: Path) -> None:
    sweep = ("-m", "seed=6,7,8,9", "hydra.sweep.dir=sweep")
    logs = tmp_path / "sweep" / "logs"
    assert call(program, tmp_path, *sweep, "launch=joblib", "launch.jobs=3", **{CORES: "7"}).returncode == 0
    assert [(logs / f"{n}.log").read_text() for n in range(4)] == [f"run {n + 6} cores 2\n" for n in range(4)]
    assert (
        call(program, tmp_path, *sweep, "hydra/launcher=joblib", "hydra.launcher.n_jobs=9", **{CORES: "2"}).returncode
        == 0
    )
    assert (logs / "0.log").read_text().endswith("run 6 cores 1\n")


# --- cores ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process with 8 cores, no SLURM, no container; gives the folder of its control group."""
    for name in (CORES, "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    return tmp_path


def test_cores_are_those_the_process_is_bound_to(alone: Path) -> None:
    assert available_cores(cgroup=alone) == 8


@pytest.mark.parametrize(
    ("variable", "cores"),
    [("SLURM_CPUS_PER_TASK", 3), ("SLURM_CPUS_ON_NODE", 4), (CORES, 2), ("SLURM_CPUS_PER_TASK", 64)],
)
def test_cores_of_a_job_and_of_a_share(alone: Path, monkeypatch: pytest.MonkeyPatch, variable: str, cores: int) -> None:
    monkeypatch.setenv(variable, str(cores))
    assert available_cores(cgroup=alone) == min(cores, 8)


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
    ],
)
def test_cores_of_a_container(alone: Path, files: dict[str, str], cores: int) -> None:
    for name, content in files.items():
        (alone / name).parent.mkdir(exist_ok=True)
        (alone / name).write_text(content)
    assert available_cores(cgroup=alone) == cores
