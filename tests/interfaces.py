"""An experiment with short episodes, and the same actions through each interface of its environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from helpers import experiment

from myoassist.config import TrainConfig
from myoassist.env.gym_env import WalkGymVectorEnv
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv

SMALL = ("reset.bank_size=16", "num_envs=4", "threads=1")


@pytest.fixture(scope="module")
def config() -> TrainConfig:
    """22 muscles with the tutorial exoskeleton; an episode lasts 0.2 s (6 control steps) at most."""
    return experiment(*SMALL, "termination.max_seconds=0.2", "command=uniform")


def actions(count: int, num_envs: int, size: int = 24, seed: int = 0) -> np.ndarray:
    """Random but gentle actions ``(count, num_envs, size)``."""
    return np.random.default_rng(seed).uniform(-1.0, 0.2, size=(count, num_envs, size)).astype(np.float32)


def play(step: Callable[[np.ndarray], tuple], first: np.ndarray, moves: np.ndarray) -> list[tuple]:
    """``(observation, final observation, reward, terminated, truncated)`` after each move, rows of the batch."""
    return [(first, first, np.zeros(len(first)), None, None), *(step(move) for move in moves)]


def by_walker(env: WalkEnv, moves: np.ndarray, seed: int) -> list[tuple]:
    def step(move: np.ndarray) -> tuple:
        r = env.step(move)
        return r.observation, r.final_observation, r.reward, r.terminated, r.truncated

    return play(step, env.reset(seed=seed), moves)


def by_vector_env(env: WalkGymVectorEnv, moves: np.ndarray, seed: int) -> list[tuple]:
    def step(move: np.ndarray) -> tuple:
        observation, reward, terminated, truncated, info = env.step(move)
        final = observation.copy()
        done = terminated | truncated
        assert ("final_obs" in info) == done.any()
        for row in np.flatnonzero(done):
            final[row] = info["final_obs"][row]
            assert info["_final_obs"][row] and info["_final_info"][row]
            assert (info["final_info"]["reason"][row] == "time_up") == truncated[row]
        assert done.any() == bool(info)
        assert not done.any() or info["_final_obs"].tolist() == done.tolist()
        return observation, final, reward, terminated, truncated

    return play(step, env.reset(seed=seed)[0], moves)


def by_vec_env(env: WalkVecEnv, moves: np.ndarray, seed: int) -> list[tuple]:
    def step(move: np.ndarray) -> tuple:
        observed, reward, done, infos = env.step(move)
        observation: Any = observed
        final, truncated = observation.copy(), np.zeros(len(done), dtype=bool)
        for row, info in enumerate(infos):
            assert ("terminal_observation" in info) == ("TimeLimit.truncated" in info) == done[row]
            if done[row]:
                final[row], truncated[row] = info["terminal_observation"], info["TimeLimit.truncated"]
        return observation, final, reward, done & ~truncated, truncated

    env.seed(seed)
    first: Any = env.reset()
    return play(step, first, moves)


def by_gym_env(env: gymnasium.Env, moves: np.ndarray, seed: int) -> list[tuple]:
    def step(move: np.ndarray) -> tuple:
        final, reward, terminated, truncated, _ = env.step(move[0])
        observation = env.reset()[0] if terminated or truncated else final
        return observation[None], final[None], np.array([reward]), np.array([terminated]), np.array([truncated])

    return play(step, env.reset(seed=seed)[0][None], moves)


def assert_same(one: list[tuple], other: list[tuple], *, rows: int) -> None:
    assert len(one) == len(other)
    for number, (a, b) in enumerate(zip(one, other, strict=True)):
        for mine, theirs in zip(a[:2], b[:2], strict=True):
            assert mine[:rows].tobytes() == theirs[:rows].tobytes(), number
        assert a[2][:rows] == pytest.approx(b[2][:rows], rel=1e-6), number
        for mine, theirs in zip(a[3:], b[3:], strict=True):
            assert mine is theirs is None or mine[:rows].tolist() == theirs[:rows].tolist(), number
