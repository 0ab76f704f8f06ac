"""What starting a program imports: the slow libraries come only where they are used. Sets of modules, no times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_TELL = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


def imported(code: str) -> set[str]:
    """Libraries that are there after ``code`` ran in a Python of its own."""
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_TELL}"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_the_package_alone_imports_no_library() -> None:
    assert not imported("import myoassist") & {"numpy", "hydra", "mujoco", "torch", "scipy", "matplotlib"}


def test_help_waits_for_neither_physics_nor_torch() -> None:
    help_page = "import sys; sys.argv = ['train.py', '--help']\nfrom myoassist.main import train_main\n"
    code = f"{help_page}try: train_main()\nexcept SystemExit: pass"
    assert not imported(code) & {"torch", "mujoco", "stable_baselines3", "scipy", "matplotlib", "assist_sim"}


@pytest.mark.slow
def test_checking_an_experiment_does_not_wait_for_torch() -> None:
    assert not imported("import myoassist.mdp.check") & {"torch", "scipy", "matplotlib"}


@pytest.mark.slow
def test_a_training_starts_without_the_libraries_of_plots_videos_and_motion_files() -> None:
    code = """
import sys; sys.path.insert(0, "tests")
from helpers import experiment
from myoassist.learn.training import built
with built(experiment("num_envs=2", "threads=1", "reset.bank_size=4")) as parts:
    parts.env.reset()
"""
    assert not imported(code) & {"scipy", "matplotlib", "jinja2", "imageio_ffmpeg", "viser", "wandb", "pandas"}
