"""Sweeps: whatever happens to one run, the others are run, and each failure is named; cores are shared; runs go on."""

from __future__ import annotations

import functools
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from running import REPOSITORY, command, program_of, rows

from myoassist.commandline import hydra_entry
from myoassist.config_launch import LocalLaunch, SlurmLaunch
from myoassist.errors import ConfigError, RunError
from myoassist.explain import whole_keys
from myoassist.learn.callbacks import Stopper
from myoassist.main import read_request, run_training
from myoassist.processes import CORES, available_cores
from myoassist.runs.entry import job_status
from myoassist.runs.jobs import read_jobs
from myoassist.sweep import apart, slurm_queue, submitted
from myoassist.sweep.jobs import JobsGoOn, error_of, failed
from myoassist.sweep.launcher import ENGINES

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


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def call(program: list[str], folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
    return subprocess.run(
        [*program, *arguments], cwd=folder, env=variables, capture_output=True, text=True, timeout=240, encoding="utf-8"
    )


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


# --- before anything is started ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("launcher", [*ENGINES, "basic"])
def test_sweep_over_a_key_that_does_not_exist_starts_nothing(tmp_path: Path, launcher: str) -> None:
    done = call(command()[:2], tmp_path, "-m", f"hydra/launcher={launcher}", "modle.physics_hz=600,1200")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("launch", "package", "extra"), [("slurm", "submitit", "sweep"), ("ray", "ray", "ray")])
def test_launcher_that_is_not_installed_names_the_extra(tmp_path: Path, launch: str, package: str, extra: str) -> None:
    without = f"import sys; sys.modules[{package!r}] = None; from myoassist.main import train_main; train_main()"
    done = call([sys.executable, "-c", without], tmp_path, "-m", f"launch={launch}", "seed=1,2")
    assert done.returncode == 2
    told = f'launch={launch}: needs {package}, which is not installed: pip install "myoassist[{extra}]"'
    assert done.stderr == f"error: {told}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("sbatch", "told"),
    [
        (None, "no sbatch here"),
        (
            "echo 'sbatch: fatal: Could not establish a configuration source' >&2; exit 1",
            "no SLURM answers here (Could",
        ),
        (
            'echo "sbatch: error: $*" >&2; exit 1',
            "SLURM does not take such jobs: --test-only --time=1440 --nodes=1 --ntasks-per-node=1 --cpus-per-task=8 "
            "--mem=16384M --partition=gpu --wrap=true",
        ),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="there is no SLURM for Windows")
def test_slurm_that_is_not_there_or_refuses_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sbatch: str | None, told: str
) -> None:
    if sbatch is not None:
        (tmp_path / "sbatch").write_text(f"#!/bin/sh\n{sbatch}\n")
        (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError) as refused:
        submitted.check_slurm(SlurmLaunch(partition="gpu"))
    assert str(refused.value).startswith(f"launch=slurm: {told}")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["-m", "seed=1,2", "launch=slurm"], "launch=slurm: no sbatch here; type it on a login node of the cluster"),
        (["-m", "seed=1,2", "init_from=nowhere"], "init_from=nowhere: does not exist; give a run folder"),
        (
            ["-m", "seed=1,2", "init_from=policy:wlk"],
            "init_from: no shipped policy named 'wlk'; did you mean 'walk' or 'walk_80' or 'walk_26'?",
        ),
        (["-m", "seed=1,2", "init_from=newest"], "init_from=newest: in a sweep each run would find the one before it"),
        (["-m", "seed=1,2", "resume=nowhere"], "resume: nowhere does not exist"),
        (["init_from=nowhere"], "init_from=nowhere: does not exist; give a run folder"),
        (["search.storage=postgresql://me:secret@host/x"], "search.storage: the URL has a password"),
        (["n_trials=3"], "n_trials: is a setting of a search; give it as hydra.sweeper.n_trials, beside sweep=... or"),
        (["-m", "hydra.sweeper.n_trials=3", "seed=1,2"], "hydra.sweeper.n_trials: is a setting of a search; give it"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_written(
    argv: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    assert hydra_entry("train", run_training, argv=whole_keys(argv), check=read_request) == 2
    assert capsys.readouterr().err.startswith(f"error: {told}")
    assert not list(tmp_path.iterdir())


def test_a_single_run_is_not_sent_to_a_cluster(tmp_path: Path) -> None:
    done = call(command()[:2], tmp_path, "launch=slurm")
    assert (done.returncode, done.stderr) == (
        2,
        "error: launch=slurm: sends the runs of a sweep, so it needs -m: python train.py -m launch=slurm ...\n",
    )


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


# --- saving, stopping and going on ------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("signals", "asked"),
    [(["SIGUSR2"], "SIGUSR2"), (["SIGTERM", "SIGUSR2"], "SIGUSR2"), (["SIGUSR1", "SIGTERM", "SIGTERM"], "SIGUSR1")],
)
def test_a_clusters_warning_outweighs_what_comes_with_it(signals: list[str], asked: str) -> None:
    stopper = Stopper()
    stopper.listen()
    try:
        for name in signals:
            signal.raise_signal(signal.Signals[name])
    finally:
        stopper.restore()
    assert stopper.asked == asked


TRAINING = (
    "experiment=smoke", "num_envs=2", "reset.bank_size=16", "threads=1", "algorithm.update_threads=1",
    "logging.progress=none", "checkpoint.every_steps=0", "hydra.sweep.dir=sweep",
)  # fmt: skip


def train_sweep(folder: Path, *overrides: str) -> subprocess.Popen[str]:
    arguments = command("-m", *TRAINING, *overrides)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(arguments, cwd=folder, text=True, **pipes)  # type: ignore[call-overload]


def until_learning(run: Path, process: subprocess.Popen[str]) -> None:
    numbers, end = run / "metrics.csv", time.monotonic() + 120
    while not (numbers.exists() and len(numbers.read_text().splitlines()) > 3):
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)


def status(run: Path) -> str:
    return json.loads((run / "status.json").read_text(encoding="utf-8"))["status"]


@pytest.mark.slow
@pytest.mark.parametrize("launch", ["basic", "joblib", "local"])
def test_ctrl_c_saves_the_runs_under_way_and_the_same_command_goes_on(tmp_path: Path, launch: str) -> None:
    sweep = train_sweep(tmp_path, f"launch={launch}", "total_steps=3072", "seed=1,2")
    until_learning(tmp_path / "sweep" / "0", sweep)
    sweep.send_signal(signal.SIGINT)
    said = sweep.communicate(timeout=120)[0]
    assert sweep.returncode == 130, said
    assert status(tmp_path / "sweep" / "0") == "stopped"
    assert list((tmp_path / "sweep" / "0" / "checkpoints").glob("step_*"))

    again = train_sweep(tmp_path, f"launch={launch}", "total_steps=3072", "seed=1,2")
    said = again.communicate(timeout=240)[0]
    assert again.returncode == 0, said
    assert [status(tmp_path / "sweep" / str(number)) for number in range(2)] == ["finished"] * 2
    assert len((tmp_path / "sweep" / "0" / "resumed.jsonl").read_text().splitlines()) == 1

    before = (tmp_path / "sweep" / "0" / "metrics.csv").stat().st_mtime_ns
    assert train_sweep(tmp_path, f"launch={launch}", "total_steps=3072", "seed=1,2").wait(240) == 0
    assert (tmp_path / "sweep" / "0" / "metrics.csv").stat().st_mtime_ns == before  # it had finished

    other = train_sweep(tmp_path, f"launch={launch}", "total_steps=3072", "seed=1,2", "num_envs=4")
    said = other.communicate(timeout=240)[0]
    assert other.returncode == 2 and "holds another sweep" in said, said


@pytest.mark.slow
@pytest.mark.parametrize("launch", ["joblib", "local"])
def test_ctrl_c_while_runs_are_built_is_one_line_in_each(tmp_path: Path, launch: str) -> None:
    sweep = train_sweep(tmp_path, f"launch={launch}", "launch.jobs=1", "total_steps=100000", "seed=1,2")
    until((tmp_path / "sweep" / "jobs" / "0.json").exists)
    sweep.send_signal(signal.SIGINT)
    said = sweep.communicate(timeout=120)[0]
    assert sweep.returncode == 130, said
    assert "Traceback" not in said
    logs = [path.read_text() for pattern in ("*.log", "*/*.out") for path in (tmp_path / "sweep/logs").glob(pattern)]
    lines = [line for line in "".join(logs).splitlines() if not line.startswith("submitit")]
    assert lines == [f"stopped by {'SIGINT' if launch == 'joblib' else 'SIGTERM'} before its training began"]
    assert [job_status(job)[0] for job in read_jobs(tmp_path / "sweep").values()] == ["stopped", "not started"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_preempted_run_is_started_again_and_takes_the_same_course(tmp_path: Path) -> None:
    sweep = train_sweep(tmp_path, "launch=local", "total_steps=3072", "seed=1")
    until_learning(tmp_path / "sweep" / "0", sweep)
    os.kill(json.loads((tmp_path / "sweep" / "0" / "status.json").read_text())["pid"], signal.SIGUSR2)
    said = sweep.communicate(timeout=240)[0]
    assert sweep.returncode == 0, said
    (line,) = (tmp_path / "sweep" / "0" / "resumed.jsonl").read_text().splitlines()
    assert 0 < json.loads(line)["steps"] < 3072
    assert "#0: finished" in said
    plain = [part for part in TRAINING if not part.startswith("hydra")]
    subprocess.run(command(*plain, "total_steps=3072", "seed=1", f"run_dir={tmp_path / 'alone'}"), check=True)
    assert rows(tmp_path / "sweep" / "0") == rows(tmp_path / "alone")


@pytest.mark.slow
def test_a_sweep_that_is_killed_leaves_runs_that_save_themselves(tmp_path: Path) -> None:
    sweep = train_sweep(tmp_path, "launch=joblib", "total_steps=100000", "seed=1")
    run = tmp_path / "sweep" / "0"
    until_learning(run, sweep)
    sweep.kill()
    sweep.communicate()
    end = time.monotonic() + 60
    while status(run) == "running":
        assert time.monotonic() < end
        time.sleep(0.2)
    assert status(run) == "stopped"
    assert list((run / "checkpoints").glob("step_*"))
