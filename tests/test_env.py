"""The environment under its three interfaces: what they promise, and that they are one and the same."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import gymnasium
import interfaces
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from interfaces import actions, assert_same, by_gym_env, by_vec_env, by_vector_env, by_walker
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3

import myoassist.env  # noqa: F401  (registers the environment)
from myoassist.config import TrainConfig
from myoassist.env.gym_env import WalkGymEnv, WalkGymVectorEnv
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, RunError
from myoassist.parsing import save_config

NAME = "MyoAssist/Walk-v0"

config = interfaces.config  # a fixture


@pytest.fixture(scope="module")
def walker(config: TrainConfig) -> Iterator[WalkEnv]:
    walker = WalkEnv(config)
    yield walker
    walker.close()


@pytest.fixture(scope="module")
def gym_env(config: TrainConfig) -> Iterator[gymnasium.Env]:
    env = gymnasium.make(NAME, config=config)
    yield env
    env.close()


class TestGymnasium:
    @pytest.mark.slow
    def test_checker_finds_nothing(self, config: TrainConfig) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            env = gymnasium.make(NAME, config=config)
            check_env(env.unwrapped)
            env.close()

    def test_checker_of_stable_baselines_finds_nothing(self, config: TrainConfig) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_env_of_sb3(WalkGymEnv(config), skip_render_check=True)  # there is nothing to render

    def test_spaces(self, gym_env: gymnasium.Env) -> None:
        assert gym_env.action_space == gymnasium.spaces.Box(-1.0, 1.0, (24,), np.float32)
        space = gym_env.observation_space
        assert isinstance(space, gymnasium.spaces.Box)
        assert (space.shape, space.dtype) == ((46,), np.float32)
        first, _ = gym_env.reset(seed=0)
        assert first in space
        for bad in (np.nan, np.inf):
            assert np.where(np.arange(46) == 3, bad, first).astype(np.float32) not in space

    def test_a_step_before_or_after_the_episode_is_refused(self, config: TrainConfig) -> None:
        env = WalkGymEnv(config)
        with pytest.raises(gymnasium.error.ResetNeeded):
            env.step(np.zeros(24))
        env.reset(seed=0)
        done = False
        while not done:
            _, _, terminated, truncated, _ = env.step(np.full(24, -1.0))
            done = terminated or truncated
        with pytest.raises(gymnasium.error.ResetNeeded):
            env.step(np.zeros(24))
        env.reset()
        env.step(np.zeros(24))
        env.close()

    def test_a_wrong_number_of_actions_is_told(self, gym_env: gymnasium.Env) -> None:
        gym_env.reset(seed=0)
        with pytest.raises(ValueError, match=r"expected \(num_envs, 24\)"):
            gym_env.unwrapped.step(np.zeros(23))
        with pytest.raises(FloatingPointError):
            gym_env.unwrapped.step(np.full(24, np.nan))

    def test_the_end_tells_how_it_ended(self, gym_env: gymnasium.Env) -> None:
        gym_env.reset(seed=0)
        rewards, info, done, truncated = [], {}, False, False
        while not done:
            assert info == {}
            _, reward, terminated, truncated, info = gym_env.step(np.full(24, -1.0, np.float32))
            rewards.append(reward)
            done = terminated or truncated
        assert info["episode"]["l"] == len(rewards)
        assert info["episode"]["r"] == pytest.approx(sum(rewards))
        assert info["episode"]["t"] == pytest.approx(len(rewards) / 30)
        assert info["reason"] == ("time_up" if truncated else info["reason"])
        assert info["reason"] in ("time_up", "fall", "out_of_trajectory")

    def test_importing_registers_and_stays_light(self) -> None:
        program = f"""
import sys, gymnasium
assert {NAME!r} not in gymnasium.registry
import myoassist.env
assert {NAME!r} in gymnasium.registry
assert not {{"torch", "stable_baselines3", "mujoco", "hydra"}} & set(sys.modules), sorted(sys.modules)
"""
        done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")

    def test_made_from_a_saved_experiment(self, config: TrainConfig, tmp_path: Path, gym_env: gymnasium.Env) -> None:
        save_config(config, tmp_path / "config.yaml")
        expected = gym_env.reset(seed=3)[0]
        for place in (tmp_path, str(tmp_path / "config.yaml")):
            env = gymnasium.make(NAME, config=place)
            assert env.reset(seed=3)[0].tobytes() == expected.tobytes()
            env.close()

    def test_made_from_nothing_or_a_broken_file(self, tmp_path: Path) -> None:
        with pytest.raises(TypeError, match="config"):
            gymnasium.make(NAME)
        with pytest.raises(RunError, match=r"nowhere\.yaml: cannot be read"):
            gymnasium.make(NAME, config=tmp_path / "nowhere.yaml")
        (tmp_path / "config.yaml").write_text("name: x")
        with pytest.raises(ConfigError, match="model: missing"):
            gymnasium.make(NAME, config=tmp_path)


class TestVectorEnv:
    def test_made_by_name(self, config: TrainConfig) -> None:
        env = gymnasium.make_vec(NAME, num_envs=3, config=config)
        assert isinstance(env.unwrapped, WalkGymVectorEnv)
        assert env.num_envs == 3
        assert env.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
        assert (env.observation_space.shape, env.action_space.shape) == ((3, 46), (3, 24))
        observation, info = env.reset(seed=1)
        assert observation in env.observation_space and info == {}
        result = env.step(env.action_space.sample())
        assert [part.shape for part in result[:4]] == [(3, 46), (3,), (3,), (3,)]
        assert [part.dtype for part in result[:4]] == [np.float32, np.float64, bool, bool]
        env.close()
        env.close()  # closing twice is allowed

    def test_statistics_wrapper_counts_episodes(self, config: TrainConfig) -> None:
        env = gymnasium.wrappers.vector.RecordEpisodeStatistics(WalkGymVectorEnv(config))
        env.reset(seed=0)
        for action in actions(30, 4):
            env.step(action)
        assert env.episode_count >= 8
        env.close()


@pytest.fixture(scope="module")
def moves() -> np.ndarray:
    return actions(60, 4)


@pytest.fixture(scope="module")
def played(walker: WalkEnv, moves: np.ndarray) -> list[tuple]:
    return by_walker(walker, moves, seed=11)


class TestOneEnvironmentThreeInterfaces:
    """The same seed and actions, over several episodes that end in both ways."""

    def test_episodes_end_in_both_ways(self, played: list[tuple]) -> None:
        terminated = np.array([step[3] for step in played[1:]])
        truncated = np.array([step[4] for step in played[1:]])
        assert (terminated | truncated)[:, 0].sum() >= 8  # also of the first walker alone
        assert terminated.any() and truncated.any()
        for observation, final, _, ended, up in played[1:]:
            done = ended | up
            assert (observation[~done] == final[~done]).all()
            assert (observation[done] != final[done]).any(axis=1).all()

    def test_gymnasium_vector_env(self, config: TrainConfig, moves: np.ndarray, played: list[tuple]) -> None:
        env = WalkGymVectorEnv(config)
        assert_same(by_vector_env(env, moves, seed=11), played, rows=4)
        env.close()

    def test_stable_baselines_vec_env(self, config: TrainConfig, moves: np.ndarray, played: list[tuple]) -> None:
        env = WalkVecEnv(WalkEnv(config))
        assert_same(by_vec_env(env, moves, seed=11), played, rows=4)
        env.close()

    def test_gymnasium_env(self, gym_env: gymnasium.Env, moves: np.ndarray, played: list[tuple]) -> None:
        assert_same(by_gym_env(gym_env, moves, seed=11), played, rows=1)

    def test_same_seed_same_rollout(self, walker: WalkEnv, moves: np.ndarray, played: list[tuple]) -> None:
        assert_same(by_walker(walker, moves, seed=11), played, rows=4)
        assert by_walker(walker, moves, seed=12)[0][0].tobytes() != played[0][0].tobytes()

    def test_twice_the_environments(self, config: TrainConfig, moves: np.ndarray, played: list[tuple]) -> None:
        walker = WalkEnv(config, num_envs=8, threads=2)
        more = np.concatenate([moves, actions(60, 4, seed=1)], axis=1)
        assert_same(by_walker(walker, more, seed=11), played, rows=4)
        walker.close()


@pytest.fixture(scope="module")
def vec_env(config: TrainConfig) -> Iterator[WalkVecEnv]:
    env = WalkVecEnv(WalkEnv(config))
    yield env
    env.close()


class TestVecEnv:
    def test_episodes_are_kept_for_the_log(self, vec_env: WalkVecEnv) -> None:
        env = vec_env
        env.seed(0)
        env.reset()
        env.drain_episodes()
        ended = 0
        for move in actions(20, 4):
            _, reward, done, infos = env.step(move)
            assert reward.dtype == np.float32
            for row in np.flatnonzero(done):
                ended += 1
                assert infos[row]["episode"]["l"] > 0
        episodes = env.drain_episodes()
        assert len(episodes) == ended >= 4
        assert env.drain_episodes() == []

    def test_attributes(self, vec_env: WalkVecEnv) -> None:
        env = vec_env
        assert env.num_envs == 4
        assert env.get_attr("render_mode") == [None] * 4
        assert env.get_attr("num_envs", indices=[0, 2]) == [4, 4]
        assert env.env_is_wrapped(gymnasium.Wrapper) == [False] * 4
        with pytest.raises(AttributeError):
            env.get_attr("no_such_thing")
        with pytest.raises(AttributeError, match="cannot be set one by one"):
            env.set_attr("seed", 3)
        with pytest.raises(AttributeError, match=r"\.walk"):
            env.env_method("reset")


class TestActionsOutsideTheSpace:
    def test_they_are_clipped_everywhere(self, walker: WalkEnv) -> None:
        walker.reset(seed=0)
        walker.step(np.full((4, 24), -3.0))
        state = walker.sim.state.copy()
        assert (walker.state.action == -1.0).all()
        walker.reset(seed=0)
        walker.step(np.full((4, 24), -1.0))
        assert walker.sim.state.tobytes() == state.tobytes()


class TestEpisodes:
    def test_numbers_of_a_real_episode(self, walker: WalkEnv) -> None:
        walker.reset(seed=3)
        walker.episodes.drain()
        rewards, episodes, distances = np.zeros(4), [], np.zeros(4)
        while not episodes:
            before = walker.state.distance.copy()
            result = walker.step(np.full((4, 24), -0.6))
            rewards += result.reward
            distances = np.where(result.done, before, walker.state.distance)
            episodes = walker.episodes.drain()
        episode = episodes[0]
        assert episode.total_reward == pytest.approx(rewards[episode.env])
        assert sum(episode.terms.values()) == pytest.approx(episode.total_reward)
        assert set(episode.terms) == set(walker.config.reward.terms)
        assert episode.distance == pytest.approx(distances[episode.env], abs=0.15)  # one step of 1/30 s later
        assert episode.mean_speed == pytest.approx(episode.distance / episode.seconds)
