"""Noise and delay of what the policy sees: per term, per environment, forgotten with the episode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import DT, experiment, stand_in_state, stand_in_task

from myoassist.config import ObservationConfig, ObservationTermConfig
from myoassist.env.observing import Observer
from myoassist.env.walk import WalkEnv

EVERYONE = np.arange(2)


def observer(**settings: Any) -> Observer:
    """Two walkers' target speed through a sensor with ``settings``, and the clock without one."""
    speed = ObservationTermConfig(func="target_speed", **settings)
    terms = {"speed": speed, "clock": ObservationTermConfig(func="gait_phase")}
    return Observer(ObservationConfig(terms=terms), stand_in_task())


def generators(seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, row)) for row in range(2)]


def seen(made: Observer, speeds: list[float]) -> np.ndarray:
    """What the first walker's policy sees of its ``speeds``, the first at the start of the episode."""
    state, many = stand_in_state(), generators()
    state.target_speed[:] = speeds[0]
    values = [made.begin(state, EVERYONE, many)[0, 0]]
    for speed in speeds[1:]:
        state.target_speed[:] = speed
        values.append(made.measure(state, many)[0, 0])
    return np.array(values)


class TestDelay:
    def test_whole_steps(self) -> None:
        assert seen(observer(delay=2 * DT), [1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx([1, 1, 1, 2, 3])

    def test_between_two_steps(self) -> None:
        assert seen(observer(delay=1.5 * DT), [1.0, 2.0, 3.0, 5.0]) == pytest.approx([1, 1, 1.5, 2.5])
        assert seen(observer(delay=0.25 * DT), [1.0, 2.0, 3.0]) == pytest.approx([1, 1.75, 2.75])

    def test_none(self) -> None:
        assert seen(observer(), [1.0, 2.0, 3.0]) == pytest.approx([1, 2, 3])

    def test_a_new_episode_sees_nothing_of_the_last(self) -> None:
        made, state, many = observer(delay=2 * DT), stand_in_state(target_speed=1.0), generators()
        made.begin(state, EVERYONE, many)
        state.target_speed[:] = 2.0
        made.measure(state, many)
        assert made.begin(state, np.array([1]), many)[:, 0] == pytest.approx([2.0])
        state.target_speed[:] = 3.0
        assert made.measure(state, many)[:, 0] == pytest.approx([1.0, 2.0])


class TestNoise:
    def test_standard_deviation_and_other_terms(self) -> None:
        made, state, many = observer(noise=0.2), stand_in_state(target_speed=1.0, phase=0.25), generators()
        values = np.array([made.measure(state, many) for _ in range(2000)])
        assert values[..., 0].mean(axis=0) == pytest.approx([1.0, 1.0], abs=0.02)  # 0.2 / sqrt(2000) = 0.004 by chance
        assert values[..., 0].std(axis=0) == pytest.approx([0.2, 0.2], rel=0.06)
        assert abs(np.corrcoef(values[:, 0, 0], values[:, 1, 0])[0, 1]) < 0.1
        assert (values[..., 1] == 1.0).all()  # the clock has no noise

    def test_the_true_values_stay_as_they_are(self) -> None:
        made, state = observer(noise=0.2, delay=0.1), stand_in_state(target_speed=1.0)
        assert made(state)[:, 0].tolist() == [1.0, 1.0]

    def test_the_generators_decide(self) -> None:
        made, state = observer(noise=0.2), stand_in_state(target_speed=1.0)
        assert (made.measure(state, generators()) == made.measure(state, generators())).all()
        assert (made.measure(state, generators()) != made.measure(state, generators(1)))[:, 0].all()


class TestInTheEnvironment:
    NOISY = ("+observation.terms.joint_vel.noise=0.5", "+observation.terms.joint_pos.delay=0.05")

    @staticmethod
    def walk(*overrides: str, num_envs: int = 3) -> WalkEnv:
        return WalkEnv(
            experiment("device=none", "reset.bank_size=4", "threads=1", "command=uniform", *overrides),
            num_envs=num_envs,
        )

    def test_noise_changes_what_is_seen_and_nothing_else(self) -> None:
        plain, noisy = self.walk(), self.walk(*self.NOISY)
        first = plain.reset(seed=3), noisy.reset(seed=3)
        names = [signal.name for signal in plain.observer.signals]
        velocities = np.array([name.startswith("joint_vel") for name in names])
        assert (first[0][:, ~velocities] == first[1][:, ~velocities]).all()
        spread = (first[1] - first[0])[:, velocities]
        assert 0.3 < spread.std() < 0.7
        rng = np.random.default_rng(0)
        for _ in range(30):  # with falls: starts and targets stay alike
            action = rng.uniform(-1, 0.2, (3, 22))
            results = plain.step(action), noisy.step(action)
            assert plain.sim.state.tobytes() == noisy.sim.state.tobytes()
            assert (results[0].reward == results[1].reward).all()
            activation = np.array([name.startswith("activation") for name in names])
            assert (results[0].observation[:, activation] == results[1].observation[:, activation]).all()
        plain.close()
        noisy.close()

    def test_an_environment_does_not_depend_on_the_others(self) -> None:
        many, one = self.walk(*self.NOISY), self.walk(*self.NOISY, num_envs=1)
        observations = many.reset(seed=1)[:1], one.reset(seed=1)
        action = np.full((3, 22), -0.8)
        for _ in range(5):
            assert (observations[0] == observations[1]).all()
            observations = many.step(action).final_observation[:1], one.step(action[:1]).final_observation
        many.close()
        one.close()

    def test_a_running_row_keeps_its_observation_when_another_begins_anew(self) -> None:
        walk = self.walk(*self.NOISY)
        walk.reset(seed=0)
        rng, met = np.random.default_rng(0), False
        for _ in range(60):
            result = walk.step(rng.uniform(-1, 0.2, (3, 22)))
            assert (result.observation[~result.done] == result.final_observation[~result.done]).all()
            met |= bool(result.done.any() and not result.done.all())
        assert met
        walk.close()
