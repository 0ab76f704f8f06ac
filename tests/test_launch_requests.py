"""What cannot be launched is refused in one line, before anything is started or written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from running import call, command

from myoassist.commandline import hydra_entry
from myoassist.config_launch import SlurmLaunch
from myoassist.errors import ConfigError
from myoassist.explain import whole_keys
from myoassist.main import read_request, run_training
from myoassist.sweep import submitted
from myoassist.sweep.launcher import ENGINES


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
