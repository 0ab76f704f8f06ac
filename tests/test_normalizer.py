"""What a network sees of a signal: the same in training and evaluation, whatever its values were before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import experiment

from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.learn.normalizer import Normalizer, normalized


def test_a_signal_that_begins_to_change_late_is_not_cut_off() -> None:
    """Target speeds that were 1.25 m/s for all walkers until one in fifty gets 1.34 m/s, as a curriculum does."""
    walk = WalkEnv(experiment("num_envs=50", "reset.bank_size=1", "threads=1"))
    env = normalized(WalkVecEnv(walk), walk.config.algorithm.normalize, discount=0.99)
    column = [signal.name for signal in walk.observer.signals].index("target_speed")
    seen: Any = np.zeros((50, len(walk.observer.signals)))
    statistics: Any = env.obs_rms
    seen[:, column] = 1.25
    for _ in range(4_000):
        statistics.update(seen)
    seen[0, column] = 1.34
    statistics.update(seen)
    shown: Any = env.normalize_obs(seen)
    assert shown[0, column] == pytest.approx(0.09 / 0.1, rel=0.01)
    assert Normalizer.of(env)(seen)[0, column] == pytest.approx(0.09 / 0.1, rel=0.01), "an evaluation sees the same"
    back: Any = env.unnormalize_obs(shown)
    np.testing.assert_allclose(back, seen, atol=1e-6)
    env.close()


def test_a_checkpoint_keeps_which_statistics_are_held_and_older_ones_hold_none(tmp_path: Path) -> None:
    held = Normalizer(
        True,
        10.0,
        np.zeros(2),
        np.ones(2),
        np.full(2, 9.0),
        0.0,
        1.0,
        9.0,
        np.array([0.1, 0.0]),
        np.array([True, False]),
    )
    held.save(tmp_path / "now.npz")
    again = Normalizer.load(tmp_path / "now.npz")
    assert again.least.tolist() == [0.1, 0.0] and again.held.tolist() == [True, False]
    values = {key: value for key, value in held.__dict__.items() if key not in ("least", "held")}
    np.savez(tmp_path / "before.npz", **{**values, "count": 9.0})  # one count for all
    before = Normalizer.load(tmp_path / "before.npz")
    assert not before.held.any() and before.count.tolist() == [9.0]


def test_a_signal_that_never_changed_counts_in_its_own_unit() -> None:
    """A policy trained at one speed must not see the largest value there is when asked for a little more."""
    normalizer = Normalizer(True, 10.0, np.array([1.25, 1.0]), np.array([1e-10, 4.0]), np.full(2, 9.0), 0.0, 1.0, 9.0)
    assert normalizer(np.array([[1.25, 1.0], [1.5, 3.0]])) == pytest.approx(
        np.array([[0.0, 0.0], [0.25, 1.0]]), abs=1e-6
    )
