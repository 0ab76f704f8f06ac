"""A stop in the middle of a collection leaves nothing of it behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from stable_baselines3.common.logger import Logger

from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.learn.algorithms import make_algorithm
from myoassist.learn.callbacks import BetweenUpdates, EpisodeStatistics, Stopper, Tasks
from myoassist.learn.normalizer import normalized
from myoassist.learn.training_state import Progression, take_state
from tests.wired_networks import walker

SAC = (
    "algorithm=sac", "algorithm.transitions_per_update=16", "algorithm.gradient_steps=1", "algorithm.batch_size=8",
    "algorithm.warmup=16",
)  # fmt: skip


class StopAt(BetweenUpdates):
    """Asks to stop after so many control steps."""

    steps = 0

    def _on_step(self) -> bool:
        self.steps -= 1
        if not self.steps:
            self._stopper.asked = "SIGTERM"
        return super()._on_step()


def stopped(model: Any, env: Any, *, after: int, begin: Any = None) -> None:
    """Learn until ``after`` control steps, and undo the collection that they are in."""
    tasks = Tasks(lambda moment: False, lambda state: None, 1, 0)
    between = StopAt(env, EpisodeStatistics(env.venv), Stopper(), tasks, begin=begin)
    between.steps = after
    model.learn(10_000, callback=between, reset_num_timesteps=begin is None)
    assert between.rewind() is not None


@pytest.mark.parametrize("size", [16, 4096])
def test_the_replay_buffer_keeps_nothing_of_a_collection_that_was_cut_short(size: int) -> None:
    """Also where it is full, and the collection of a resumed run took the places of what was learned from."""
    walk = walker(*SAC, f"algorithm.buffer_size={size}")
    algorithm = walk.config.algorithm
    env = normalized(WalkVecEnv(walk), algorithm.normalize, discount=algorithm.discount)
    model: Any = make_algorithm(algorithm, walk.config.network, env, seed=0)
    model.set_logger(Logger(None, []))
    stopped(model, env, after=5)
    buffer = model.replay_buffer
    assert (model.num_timesteps, buffer.pos, buffer.full) == (0, 0, False)
    assert not buffer.observations.any()

    rng = np.random.default_rng(0)
    buffer.observations[:] = rng.normal(size=buffer.observations.shape)
    buffer.pos, buffer.full = 3, True
    before, state = buffer.observations.copy(), take_state(model, env, Progression(), last=False)
    stopped(model, env, after=7, begin=state)
    assert (buffer.pos, buffer.full) == (3, True)
    np.testing.assert_array_equal(buffer.observations, before)
