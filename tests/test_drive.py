"""Noise, delay and fatigue between action and muscle: against figures worked out by hand and published ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from helpers import experiment, stand_in_index

from myoassist.config import ConditionConfig, FatigueConfig, FatigueRates
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.mdp.check import check_task
from myoassist.mdp.drive import Delay, Fatigue, MuscleDrive, Noise
from myoassist.parsing import check_consistency

ANKLE = FatigueRates(fatigue=0.00589, recovery=0.00058, rest_multiplier=15.0)
EVERYONE = np.arange(2)


def generators(count: int = 2, seed: int = 0) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, row)) for row in range(count)]


def drive(**condition: Any) -> MuscleDrive:
    """Of two walkers with muscles soleus_r and soleus_l at ctrl 2 and 3; control steps of 0.02 s, ten physics steps."""
    return MuscleDrive(ConditionConfig(**condition), stand_in_index(), num_envs=2, dt=0.02, substeps=10)


def controls(right: float, left: float) -> np.ndarray:
    """Controls ``(2, 4)`` of both walkers: two motors, two muscles."""
    return np.tile([-0.7, 0.3, right, left], (2, 1))


class TestHealthy:
    def test_nothing_is_in_the_way(self) -> None:
        given, healthy = controls(0.2, 0.9), drive()
        assert healthy(given, generators()) is given
        healthy.reset(EVERYONE, np.zeros((2, 2)), generators())
        assert healthy.get_state() == {}


class TestNoise:
    def test_grows_with_the_signal(self) -> None:
        noise = Noise(0.1)
        drawn = np.array([noise(np.array([[0.5, 0.1, 0.0]]), generators(1, seed=k))[0] for k in range(2000)])
        assert drawn.mean(axis=0) == pytest.approx([0.5, 0.1, 0.0], abs=0.004)  # 0.05 / sqrt(2000) = 0.001 by chance
        assert drawn.std(axis=0) == pytest.approx([0.05, 0.01, 0.0], rel=0.06)

    def test_stays_an_excitation_and_leaves_motors_alone(self) -> None:
        noisy, many = drive(excitation_noise=2.0), generators()
        seen = np.array([noisy(controls(0.9, 0.5), many) for _ in range(200)])
        assert seen[..., 2:].min() == 0.0 and seen[..., 2:].max() == 1.0
        assert (seen[..., :2] == [-0.7, 0.3]).all()
        assert (seen[:, 0, 2] != seen[:, 1, 2]).any()  # every walker has its own


class TestDelay:
    def test_by_whole_and_part_steps(self) -> None:
        # 0.05 s are 25 physics steps of 2 ms: two control steps of ten, and five more
        delay = Delay(0.05, dt=0.02, substeps=10, num_envs=2, num_muscles=1)
        delay.reset(EVERYONE, np.full((2, 1), 0.05))
        signal = [0.1, 0.2, 0.3, 0.4]
        arrived = np.concatenate([delay(np.full((2, 1), value))[0, :, 0] for value in signal])
        assert arrived == pytest.approx(np.repeat([0.05, 0.1, 0.2], [25, 10, 5]))

    def test_a_new_episode_forgets_what_was_on_its_way(self) -> None:
        late = drive(excitation_delay=0.02)
        late.reset(EVERYONE, np.zeros((2, 2)), generators())
        late(controls(0.8, 0.8), generators())
        late.reset(np.array([1]), np.full((2, 2), 0.05), generators())
        arrived = late(controls(0.3, 0.3), generators())
        assert arrived.shape == (2, 10, 4)
        assert arrived[0, :, 2:] == pytest.approx(0.8) and arrived[1, :, 2:] == pytest.approx(0.05)
        assert (arrived[..., :2] == [-0.7, 0.3]).all()


def tired(rates: dict[str, FatigueRates] | None = None, *, dt: float = 0.02, **config: float) -> Fatigue:
    config_ = FatigueConfig(rates={"*": ANKLE} if rates is None else rates, **config)
    fatigue = Fatigue(config_, stand_in_index(), num_envs=2, dt=dt)
    fatigue.reset(EVERYONE, np.zeros((2, 2)), generators())
    return fatigue


class TestFatigue:
    def test_muscles_that_the_body_or_its_prosthesis_lacks(self) -> None:
        """A group that the body lacks is refused; what a prosthesis took from the body is dropped."""
        index = stand_in_index(body="myolegs22")  # of which two muscles are left
        rates = FatigueConfig(rates={"dorsiflexors": ANKLE, "gastroc_r": ANKLE, "soleus_l": ANKLE})
        assert Fatigue(rates, index, num_envs=1, dt=0.02)._rates[0].tolist() == [0.0, ANKLE.fatigue]
        with pytest.raises(ConfigError, match=r"^condition\.fatigue\.rates: this body has no hip_adductors"):
            Fatigue(FatigueConfig(rates={"hip_adductors": ANKLE}), index, num_envs=1, dt=0.02)

    def test_one_step_by_hand(self) -> None:
        fatigue = tired(dt=0.02)
        fatigue.active[:], fatigue.fatigued[:] = 0.4, 0.1
        excitation = np.array([[0.6, 0.2], [1.0, 0.4]])
        assert fatigue(excitation) == pytest.approx(np.array([[0.6, 0.2], [0.9, 0.4]]))  # at most what is not fatigued
        # active: towards the target by 10/s, at most what rests (0.5), less what tires: 0.02 * 0.00589 * 0.4 = 4.712e-5
        # 0.4 + 0.02 * 10 * 0.2; 0.4 - 0.02 * 10 * 0.2; 0.4 + 0.02 * 10 * 0.5; 0.4
        assert fatigue.active == pytest.approx(np.array([[0.44, 0.36], [0.5, 0.4]]) - 4.712e-5)
        # fatigued: 0.1 + 4.712e-5 - 0.02 * 0.00058 * 0.1 (1.16e-6), 15 times that where the target is reached
        slow, fast = 0.1 + 4.712e-5 - 1.16e-6, 0.1 + 4.712e-5 - 1.74e-5
        assert fatigue.fatigued == pytest.approx(np.array([[slow, fast], [slow, fast]]))

    def test_endurance_at_half_effort_is_the_models(self) -> None:
        """With half of the motor units active, half are fatigued after -ln(1 - R / F) / R = 178.8 s."""
        fatigue, dt = tired(dt=0.05), 0.05
        target, steps = np.full((2, 2), 0.5), 0
        while fatigue(target)[0, 0] > 0.5 - 1e-9:
            steps += 1
        assert steps * dt == pytest.approx(178.8, rel=0.01)  # measured at the ankle: 145 s (Frey-Law and Avin 2010)

    def test_sustained_maximum_falls_to_the_balance(self) -> None:
        """All that is not fatigued is active, so F A = R (1 - A): A = R / (F + R) = 9.0 % for the ankle."""
        fatigue = tired(dt=0.033, speedup=20.0)
        for _ in range(6000):
            fatigue(np.ones((2, 2)))
        strength = fatigue(np.ones((2, 2)))
        assert strength == pytest.approx(0.00058 / (0.00589 + 0.00058), abs=0.002)

    def test_rest_recovers_faster_than_work(self) -> None:
        resting, working = tired(dt=0.1), tired(dt=0.1)
        resting.fatigued[:] = working.fatigued[:] = 0.5
        for _ in range(600):  # a minute
            resting(np.zeros((2, 2)))
            working(np.full((2, 2), 1e-6))
        assert resting.fatigued == pytest.approx(0.5 * np.exp(-15 * 0.00058 * 60), rel=1e-3)
        assert working.fatigued == pytest.approx(0.5 * np.exp(-0.00058 * 60), rel=1e-3)

    def test_muscles_have_rates_of_their_own(self) -> None:
        fatigue = tired({"soleus_r": ANKLE}, dt=0.1)
        for _ in range(1000):
            fatigue(np.ones((2, 2)))
        limited = fatigue(np.ones((2, 2)))
        assert (limited[:, 0] < 0.8).all() and (limited[:, 1] == 1.0).all()

    def test_fatigue_at_the_start_is_drawn_for_each_episode(self) -> None:
        fatigue, many = tired(start_low=0.2, start_high=0.6), generators(seed=1)
        first = fatigue.fatigued.copy()
        assert ((first >= 0.2) & (first <= 0.6)).all() and len(np.unique(first)) == 4
        fatigue.reset(np.array([1]), np.zeros((2, 2)), many)
        assert (fatigue.fatigued[0] == first[0]).all() and (fatigue.fatigued[1] != first[1]).all()
        assert (tired(start_low=0.3, start_high=0.3).fatigued == 0.3).all()
        assert (tired({"soleus_r": ANKLE}, start_low=0.3, start_high=0.3).fatigued == [0.3, 0.0]).all()

    def test_rested_muscles_follow_the_action(self) -> None:
        rested = drive(fatigue=FatigueConfig(rates={"*": ANKLE}))
        rested.reset(EVERYONE, np.zeros((2, 2)), generators())
        given = controls(0.9, 0.3)
        assert rested(given.copy(), generators()) == pytest.approx(given)


@pytest.fixture(scope="module")
def stages() -> Iterator[WalkEnv]:
    """A body whose drive is noisy, late and tired, on a bank of one start."""
    config = experiment(
        "condition=fatigue",
        *("condition.excitation_noise=0.2", "condition.excitation_delay=0.04", "condition.fatigue.speedup=200"),
        *("condition.fatigue.start_high=0.3", "device=none", "termination=fall", "reset.bank_size=4", "threads=1"),
    )
    walk = WalkEnv(config, num_envs=3)
    yield walk
    walk.close()


class TestOnTheBody:
    def test_late_drive_reaches_the_muscles_late(self) -> None:
        seen = []
        for delay in (0.0, 0.05):
            config = experiment(
                *("device=none", "reset.bank_size=1", "threads=1", "termination=fall", "model.control_hz=100"),
                f"condition.excitation_delay={delay}",
            )
            walk = WalkEnv(config, num_envs=1)
            walk.reset(seed=0)
            seen.append([walk.state.activation[0].copy()])
            for _ in range(12):
                walk.step(np.ones((1, 22)))
                seen[-1].append(walk.state.activation[0].copy())
            walk.close()
        prompt, late = np.array(seen)
        assert prompt[:6].max() > 0.5 and np.ptp(late[:6], axis=0) == pytest.approx(0.0, abs=1e-9)
        assert late[5:] == pytest.approx(prompt[:-5], abs=1e-9)

    def test_tired_muscles_activate_less(self, stages: WalkEnv) -> None:
        stages.reset(seed=0)
        fatigue = stages.drive.fatigue
        assert fatigue is not None
        fatigue.fatigued[:] = 0.6
        for _ in range(8):
            stages.step(np.ones((3, 22)))
            stages.state.step[:] = 1
        assert stages.state.activation.max() < 0.45

    def test_starts_and_targets_are_those_of_the_healthy_walker(self, stages: WalkEnv) -> None:
        healthy = WalkEnv(experiment("device=none", "termination=fall", "reset.bank_size=4", "threads=1"), num_envs=3)
        assert (healthy.reset(seed=5) == stages.reset(seed=5)).all()
        healthy.close()


class TestSettings:
    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("+condition.strength={plantarflexor: 0.5}", r"^condition\.strength: no muscle .*'plantarflexors'"),
            ("+condition.strength={hip_abductors: 0.5}", r"^condition\.strength: this body has no hip_abductors"),
            ("+condition.deactivation_time={soleu_r: 1.5}", r"^condition\.deactivation_time: no muscle .*'soleus_r'"),
            (
                "+condition.fatigue.rates={knee_extensor: {fatigue: 0.01, recovery: 0.001}}",
                r"^condition\.fatigue\.rates: no muscle named 'knee_extensor'; did you mean 'knee_extensors'",
            ),
        ],
    )
    def test_unknown_muscles(self, override: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message) as error:
            check_task(experiment(override))
        assert "\n" not in str(error.value)

    def test_a_range_the_wrong_way_round(self) -> None:
        with pytest.raises(ConfigError, match=r"^condition\.fatigue\.start_low: got 0\.5; at most"):
            check_consistency(experiment("condition.fatigue.start_low=0.5"))
