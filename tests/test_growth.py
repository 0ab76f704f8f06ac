"""A training takes no more memory the longer it lasts."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pytest
from helpers import experiment
from stable_baselines3.common.callbacks import BaseCallback

from myoassist.learn import training

STATM = Path("/proc/self/statm")
UPDATES, WARM_UP = 1_000, 200
MOST = 1.5  # MB from one half to the next: 4 KB that each update left behind would be 1.6 MB


def resident() -> float:
    """Memory of this process in MB."""
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


class Meter(BaseCallback):
    """Notes the memory at every update."""

    def __init__(self) -> None:
        super().__init__()
        self.megabytes: list[float] = []

    def _on_rollout_start(self) -> None:
        if len(self.megabytes) % 50 == 0:
            gc.collect()
        self.megabytes.append(resident())

    def _on_step(self) -> bool:
        return True


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="reads Linux's account of memory")
def test_a_thousand_updates_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meter, run = Meter(), training._run

    def metered(parts: training.Parts, callbacks: list[BaseCallback], *, fresh: bool) -> None:
        run(parts, [*callbacks, meter], fresh=fresh)

    monkeypatch.setattr(training, "_run", metered)
    monkeypatch.chdir(tmp_path)
    training.train(
        experiment(
            *("num_envs=2", "threads=2", f"total_steps={8 * UPDATES}", f"run_dir={tmp_path / 'run'}"),
            *("algorithm.transitions_per_update=8", "algorithm.batch_size=8", "algorithm.epochs=1"),
            *("reset.bank_size=4", "termination.max_seconds=0.2", "evaluation.every_steps=0"),
            *(f"checkpoint.every_steps={4 * UPDATES}", "logging.tensorboard=false"),
        )
    )
    assert len(meter.megabytes) >= UPDATES
    early, late = np.array_split(np.array(meter.megabytes[WARM_UP:UPDATES]), 2)
    assert np.median(late) - np.median(early) < MOST
