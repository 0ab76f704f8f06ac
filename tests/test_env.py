"""The environment under its three interfaces: what they promise, and that they are one and the same."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from helpers import experiment, stand_in_state, stand_in_task
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3

import myoassist.env  # noqa: F401  (registers the environment)
from myoassist.config import RewardConfig, RewardTermConfig, TerminationConfig, TrainConfig
from myoassist.env.episodes import EpisodeLog
from myoassist.env.gym_env import WalkGymEnv, WalkGymVectorEnv
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, RunError
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.state import Task, WalkState
from myoassist.parsing import save_config

NAME = "MyoAssist/Walk-v0"
SMALL = ("reset.bank_size=16", "num_envs=4", "threads=1")


@pytest.fixture(scope="module")
def config() -> TrainConfig:
    """22 muscles with the tutorial exoskeleton; an episode lasts 0.2 s (6 control steps) at most."""
    return experiment(*SMALL, "termination.max_seconds=0.2", "command=uniform")


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


def actions(count: int, num_envs: int, size: int = 24, seed: int = 0) -> np.ndarray:
    """Random but gentle actions ``(count, num_envs, size)``."""
    return np.random.default_rng(seed).uniform(-1.0, 0.2, size=(count, num_envs, size)).astype(np.float32)


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


class TestSeeds:
    def test_the_seed_of_the_experiment_is_the_default(self, config: TrainConfig) -> None:
        first, second = WalkEnv(config, seed=7), WalkEnv(config, seed=7)
        begun = first.reset()
        assert begun.tobytes() == second.reset(seed=7).tobytes()
        assert first.reset().tobytes() != begun.tobytes()  # the next episodes are others
        other = WalkEnv(config, seed=8)
        assert other.reset().tobytes() != begun.tobytes()
        for walker in (first, second, other):
            walker.close()

    def test_environments_start_differently(self, config: TrainConfig) -> None:
        walker = WalkEnv(experiment("reset.bank_size=256", "command=uniform"), num_envs=32, threads=1)
        walker.reset(seed=0)
        assert len(set(walker.state.phase)) > 25
        assert len(set(walker.state.target_speed)) == 32
        walker.close()

    def test_rough_ground_of_the_first_does_not_depend_on_the_others(self) -> None:
        rough = experiment(*SMALL, "terrain=rough", "terrain.length=10")
        few, many = WalkEnv(rough, num_envs=2), WalkEnv(rough, num_envs=4)
        assert few.task.ground.grid is not None and many.task.ground.grid is not None
        assert few.task.ground.grid.heights.tobytes() == many.task.ground.grid.heights[:2].tobytes()
        moves = actions(8, 4)
        assert_same(by_walker(few, moves[:, :2], seed=2), by_walker(many, moves, seed=2), rows=2)
        for walker in (few, many):
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


class TestTime:
    def test_the_end_of_the_time_truncates(self) -> None:
        config = experiment(*SMALL)
        walker = WalkEnv(replace(config, termination=TerminationConfig(max_seconds=0.2)))
        walker.reset(seed=0)
        for number in range(1, 14):
            result = walker.step(np.zeros((4, 24)))
            assert not result.terminated.any()
            assert result.truncated.tolist() == [number % 6 == 0] * 4  # 0.2 s at 30 Hz are 6 steps
        episodes = walker.episodes.drain()
        assert [(e.env, e.reason, e.length) for e in episodes] == 2 * [(env, "time_up", 6) for env in range(4)]
        assert episodes[0].seconds == pytest.approx(0.2)
        walker.close()

    def test_a_fall_in_the_last_step_is_a_fall(self) -> None:
        one_step = ("termination.max_seconds=0.0333", "termination.terms.fall.params.fraction=1.5")
        walker = WalkEnv(experiment(*SMALL, *one_step))
        walker.reset(seed=0)
        result = walker.step(np.zeros((4, 24)))
        assert result.terminated.all() and not result.truncated.any()
        assert {episode.reason for episode in walker.episodes.drain()} == {"fall"}
        walker.close()


class TestReward:
    def test_total_is_the_sum_of_the_weighted_terms(self, config: TrainConfig) -> None:
        terms = {
            "up": RewardTermConfig(func="alive", weight=3.0),
            "cost": RewardTermConfig(func="activation", weight=10.0, params={"exponent": 2.0}),
            "off": RewardTermConfig(func="step_duration", weight=0.0),
        }
        free = replace(config, reward=RewardConfig(terms=terms), termination=TerminationConfig(max_seconds=9.0))
        walker = WalkEnv(free)
        walker.reset(seed=0)
        result = walker.step(np.full((4, 24), 0.5))
        effort = np.mean(walker.state.activation**2, axis=1)
        assert result.reward == pytest.approx((3.0 - 10.0 * effort) / 30)  # control steps of 1/30 s
        assert effort.min() > 0.01
        walker.close()

    def test_a_term_with_memory_forgets_when_an_episode_ends(
        self, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class calls:  # noqa: N801  (named like the terms)
            """How often it was called in this episode."""

            def __init__(self, task: Task) -> None:
                self.count = np.zeros(task.num_envs)

            def __call__(self, state: WalkState) -> np.ndarray:
                self.count += 1
                return self.count.copy()

            def reset(self, rows: np.ndarray) -> None:
                self.count[rows] = 0

        monkeypatch.setitem(REWARDS, "calls", calls)
        terms = {"calls": RewardTermConfig(func="calls")}
        ends = TerminationConfig(max_seconds=0.1)  # 3 steps
        walker = WalkEnv(replace(config, reward=RewardConfig(terms=terms), termination=ends))
        walker.reset(seed=0)
        earned = [walker.step(np.zeros((4, 24))).reward.tolist() for _ in range(5)]
        walker.reset()
        earned.append(walker.step(np.zeros((4, 24))).reward.tolist())
        assert earned == [[number] * 4 for number in (1, 2, 3, 1, 2, 1)]
        walker.close()


DEVICES = {
    # signals observed, muscles, motors: a prosthesis takes a leg's muscles and joints away
    "none": (46, 22, ()),
    "tutorial": (46, 22, ("Exo_R", "Exo_L")),
    "hmedi": (46, 22, ("HMEDI_L1_Exo_R", "HMEDI_L1_Exo_L")),
    "osl_knee_ankle": (38, 15, ("osl_knee_torque_actuator", "osl_ankle_torque_actuator")),
    "kfoot": (43, 18, ()),
    "utankle": (46, 22, ("UTAnkleExo_L2_part2part3act_dx", "UTAnkleExo_L2_part2part3act_sx")),
}


def walks(walker: WalkEnv, steps: int = 6) -> None:
    """Reset and step without a number that is not finite; the feet carry something."""
    first = walker.reset(seed=0)
    assert np.isfinite(first).all()
    loads = []
    for move in actions(steps, walker.num_envs, len(walker.action_map)):
        result = walker.step(move)
        assert np.isfinite(result.observation).all() and np.isfinite(result.reward).all()
        loads.append(walker.state.foot_load.sum())
    assert max(loads) > 0
    assert "physics_failed" not in {episode.reason for episode in walker.episodes.drain()}
    walker.close()


class TestCompositions:
    @pytest.mark.slow
    @pytest.mark.parametrize("device", DEVICES)
    def test_devices(self, device: str) -> None:
        signals, muscles, motors = DEVICES[device]
        walker = WalkEnv(experiment(*SMALL, f"device={device}", "+observation.terms.motors={func: motor_force}"))
        names = [signal.name for signal in walker.observer.signals]
        assert len(names) == signals + len(motors)
        assert names[len(names) - len(motors) :] == [f"motors.{motor}" for motor in motors]
        assert sum(name.startswith("activation.") for name in names) == muscles
        assert walker.action_map.names == (*walker.index.muscles, *motors)
        assert len(walker.index.muscles) == muscles
        walks(walker)

    @pytest.mark.parametrize(("model", "muscles", "signals"), [("26muscle", 26, 63), ("80muscle", 80, 117)])
    def test_bodies_in_space(self, model: str, muscles: int, signals: int) -> None:
        walker = WalkEnv(experiment(*SMALL, f"model={model}", "device=none", "observation=walk_3d"))
        names = [signal.name for signal in walker.observer.signals]
        assert (len(walker.action_map), len(names)) == (muscles, signals)
        assert {"joint_pos.pelvis_list", "joint_vel.pelvis_tz", "joint_pos.hip_adduction_l"} <= set(names)
        walks(walker)

    @pytest.mark.parametrize("model", ["22muscle", "26muscle"])
    def test_rough_ground(self, model: str) -> None:
        rough = ("terrain=rough", "terrain.safe_zone=0.5", "terrain.length=8")
        walker = WalkEnv(experiment(*SMALL, f"model={model}", *rough))
        assert len(walker.sim.models) == 4
        assert not np.allclose(walker.sim.models[0].hfield_data, walker.sim.models[1].hfield_data)
        walker.reset(seed=0)
        walker.state.qpos[:, walker.index.joints["pelvis_tx"].qpos] = 3.0  # off the level start
        walker.step(np.full((4, len(walker.action_map)), -1.0))
        walks(walker)

    @pytest.mark.slow()
    @pytest.mark.parametrize(
        "device", ["stride", "dephy", "humotech", "openexo", "anatomics", "osl_ankle", "neuankle", "hippo"]
    )
    def test_other_devices(self, device: str) -> None:
        walker = WalkEnv(experiment(*SMALL, f"device={device}"))
        assert walker.action_map.names == (*walker.index.muscles, *walker.index.motors)
        walks(walker)


class Scripted:
    """Steps an ``EpisodeLog`` with a walker whose numbers the test sets; steps last 0.02 s, body weight is 800 N."""

    def __init__(self, num_envs: int = 1) -> None:
        self.log = EpisodeLog(num_envs, ("good", "bad"), ("fall",))
        self.state = stand_in_state(num_envs, task=stand_in_task(num_envs))
        self.state.target_speed[:] = 1.0

    def step(self, *, speed: float, strikes: str = "", load: float = 0.0, activation: float = 0.0) -> None:
        """Move at ``speed``; ``strikes`` names the feet that come down: "r", "l", "rl"."""
        state, n = self.state, len(self.state.step)
        state.step += 1
        state.qvel[:, 0] = speed
        state.qpos[:, 1] += 0.02 * speed
        state.heel_strike[:] = ["r" in strikes, "l" in strikes]
        state.foot_load[:] = 0.0, load
        state.activation[:] = activation
        self.log.add(np.full(n, 0.25), np.tile([0.75, -0.5], (n, 1)), state)

    def finish(self, *, failed: bool = False, fallen: bool = False, truncated: bool = False):
        reasons = np.array([[failed, fallen]] * len(self.state.step))
        self.log.finish(np.array([0]), reasons, np.array([truncated] * len(self.state.step)), self.state)
        (episode,) = self.log.drain()
        return episode


class TestEpisodes:
    def test_numbers(self) -> None:
        script = Scripted()
        for speed, load, activation in ((1.5, 400.0, 0.1), (1.1, 1000.0, 0.3), (0.5, 0.0, 0.2), (0.9, 0.0, 0.2)):
            script.step(speed=speed, load=load, activation=activation)
        episode = script.finish(fallen=True)
        assert (episode.env, episode.length, episode.reason) == (0, 4, "fall")
        assert episode.seconds == pytest.approx(0.08)
        assert episode.distance == pytest.approx(0.08)  # 0.02 * (1.5 + 1.1 + 0.5 + 0.9)
        assert episode.mean_speed == pytest.approx(1.0)
        assert episode.speed_error == pytest.approx(0.3605551)  # sqrt((0.25 + 0.01 + 0.25 + 0.01) / 4) = sqrt(0.13)
        assert episode.peak_load == pytest.approx(1.25)  # 1000 N of 800 N
        assert episode.mean_activation == pytest.approx(0.2)
        assert episode.total_reward == pytest.approx(1.0)
        assert episode.terms == pytest.approx({"good": 3.0, "bad": -2.0})

    @pytest.mark.parametrize(
        ("strikes", "steps", "alternating"),
        [
            (["r", "", "l", "r", "l"], 4, 3),
            (["r", "r", "l"], 3, 1),  # twice the same foot
            (["r", "", "r", "r"], 3, 0),  # hopping on one foot
            (["rl", "", "rl", "rl"], 6, 0),  # hopping on both
            (["r", "l", "rl", "r", "l"], 6, 2),
            ([""], 0, 0),
        ],
    )
    def test_steps(self, strikes: list[str], steps: int, alternating: int) -> None:
        script = Scripted()
        for feet in strikes:
            script.step(speed=1.0, strikes=feet)
        episode = script.finish(truncated=True)
        assert (episode.steps, episode.alternating) == (steps, alternating)

    def test_reasons(self) -> None:
        for ending, reason in (
            ({"truncated": True}, "time_up"),
            ({"fallen": True}, "fall"),
            ({"failed": True}, "physics_failed"),
            ({"failed": True, "fallen": True}, "physics_failed"),
        ):
            script = Scripted()
            script.step(speed=1.0)
            assert script.finish(**ending).reason == reason

    def test_a_finished_episode_leaves_nothing_to_the_next(self) -> None:
        script = Scripted(2)
        for strikes in ("r", "l"):
            script.step(speed=1.5, strikes=strikes, load=900.0, activation=0.5)
        script.finish(fallen=True)
        script.state.step[0], script.state.qpos[0, 1] = 0, 0.0
        script.step(speed=1.0, strikes="r")
        first = script.finish(truncated=True)
        assert (first.length, first.steps, first.alternating) == (1, 1, 0)  # the step before was another's
        assert (first.peak_load, first.mean_activation, first.speed_error) == (0.0, 0.0, 0.0)
        assert first.total_reward == pytest.approx(0.25)
        script.log.finish(np.array([1]), np.zeros((2, 2), bool), np.ones(2, bool), script.state)
        (second,) = script.log.drain()  # the other walker went on all the time
        assert (second.env, second.length, second.steps, second.alternating) == (1, 3, 3, 2)
        assert second.peak_load == pytest.approx(1.125)

    def test_clear(self) -> None:
        script = Scripted()
        script.step(speed=1.5, strikes="r", load=900.0)
        script.log.clear()
        script.state.step[:], script.state.qpos[:] = 0, 0.0
        script.step(speed=1.0, strikes="l")
        episode = script.finish(truncated=True)
        assert (episode.steps, episode.alternating, episode.peak_load) == (1, 0, 0.0)

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
