"""Episodes of the environment: how they begin and end, what they earn, and the numbers told of each."""

from __future__ import annotations

from dataclasses import replace

import interfaces
import numpy as np
import pytest
from helpers import experiment, stand_in_state, stand_in_task
from interfaces import SMALL, actions, assert_same, by_walker

from myoassist.config import RewardConfig, RewardTermConfig, TerminationConfig, TrainConfig
from myoassist.env.episodes import EpisodeLog
from myoassist.env.walk import WalkEnv
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.state import Task, WalkState

config = interfaces.config  # a fixture


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
