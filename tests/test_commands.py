"""Target speeds over an episode: what each kind draws, and the table that follows all episodes at once."""

from __future__ import annotations

from collections.abc import Iterator

import mujoco
import numpy as np
import pytest
from helpers import experiment

from myoassist.config import (
    Command,
    FixedCommand,
    MixtureCommand,
    MixturePart,
    SinusoidalCommand,
    StepCommand,
    UniformCommand,
)
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, RunError
from myoassist.mdp.commands import COMMANDS, MOST_HOLDS, Profile, TargetSpeed, draw_profile
from myoassist.parsing import check_consistency

SECONDS = 20.0
WAVES = SinusoidalCommand(low=0.8, high=1.4, shortest_period=4.0, longest_period=8.0)
STEPS = StepCommand(low=0.5, high=1.5, shortest_hold=2.0, longest_hold=3.0)
MIXTURE = MixtureCommand(
    parts={
        "slow": MixturePart(weight=3.0, command=FixedCommand(speed=0.5)),
        "steps": MixturePart(weight=1.0, command=STEPS),
        "never": MixturePart(weight=0.0, command=FixedCommand(speed=3.0)),
    }
)


def drawn(command: Command, count: int, seed: int = 0) -> list[Profile]:
    rng = np.random.default_rng(seed)
    return [draw_profile(command, rng, SECONDS) for _ in range(count)]


def table(command: Command, num_envs: int = 1, seed: int = 0) -> TargetSpeed:
    made = TargetSpeed(command, num_envs=num_envs, seconds=SECONDS)
    for row in range(num_envs):
        made.begin(row, np.random.default_rng((seed, row)))
    return made


def over_time(made: TargetSpeed, *, dt: float = 0.01) -> np.ndarray:
    """Target speed of the first environment ``(n,)`` every ``dt`` s."""
    times = np.arange(0, SECONDS, dt)
    return np.array([made.at(np.full(len(made._rows), time))[0] for time in times])


class TestKinds:
    def test_fixed(self) -> None:
        assert set(over_time(table(FixedCommand(speed=0.9)))) == {0.9}

    def test_uniform(self) -> None:
        speeds = np.array([profile.speeds[0] for profile in drawn(UniformCommand(low=0.6, high=1.6), 2000)])
        assert (speeds.min(), speeds.max()) == (pytest.approx(0.6, abs=0.01), pytest.approx(1.6, abs=0.01))
        assert speeds.mean() == pytest.approx(1.1, abs=0.03)  # 1 / sqrt(12 * 2000) = 0.006 m/s by chance
        assert len(set(over_time(table(UniformCommand())))) == 1

    def test_sinusoidal_by_hand(self) -> None:
        made = TargetSpeed(WAVES, num_envs=2, seconds=SECONDS)
        made._speeds[:], made._begins[:] = 1.1, 0.0
        made._amplitude[:], made._frequency[:], made._phase[:] = 0.3, [0.25, 0.5], [0.0, np.pi / 2]
        # 1.1 + 0.3 sin(2 pi t / 4) at 1 s is 1.4; 1.1 + 0.3 sin(2 pi t / 2 + pi / 2) at 1 s is 0.8
        assert made.at(np.array([1.0, 1.0])) == pytest.approx([1.4, 0.8])
        assert made.at(np.array([2.0, 0.5])) == pytest.approx([1.1, 1.1])

    def test_sinusoidal_reaches_both_ends_with_a_random_period_and_phase(self) -> None:
        speed = over_time(table(WAVES))
        assert (speed.min(), speed.max()) == (pytest.approx(0.8, abs=1e-4), pytest.approx(1.4, abs=1e-4))
        upward = np.flatnonzero((speed[:-1] < 1.1) & (speed[1:] >= 1.1))
        assert 4.0 <= np.diff(upward).mean() * 0.01 <= 8.0
        profiles = drawn(WAVES, 500)
        periods = np.array([profile.period for profile in profiles])
        phases = np.array([profile.phase for profile in profiles])
        assert (periods.min(), periods.max()) == (pytest.approx(4, abs=0.1), pytest.approx(8, abs=0.1))
        assert (phases.min(), phases.max()) == (pytest.approx(0, abs=0.1), pytest.approx(2 * np.pi, abs=0.1))

    def test_step_holds_each_speed_for_a_random_time(self) -> None:
        speed = over_time(table(STEPS))
        changes = np.flatnonzero(np.diff(speed)) + 1
        assert 6 <= len(changes) <= 9  # 20 s of holds of 2 to 3 s
        holds = np.diff(changes, prepend=0) * 0.01
        assert ((holds > 1.98) & (holds < 3.02)).all() and holds.std() > 0.1
        assert ((speed >= 0.5) & (speed <= 1.5)).all()

    def test_step_by_hand(self) -> None:
        made = TargetSpeed(STEPS, num_envs=3, seconds=SECONDS)
        made._speeds[:, :3], made._begins[:, :3] = [1.0, 0.6, 1.4], [0.0, 2.5, 5.0]
        assert made.at(np.array([2.49, 2.5, 19.0])).tolist() == [1.0, 0.6, 1.4]

    def test_a_day_of_steps_is_not_drawn_as_a_whole(self) -> None:
        made = TargetSpeed(STEPS, num_envs=1, seconds=86_400.0)
        made.begin(0, np.random.default_rng(0))
        assert made._speeds.shape == (1, MOST_HOLDS)
        repeat = float(made._repeat[0])
        assert 2.0 * MOST_HOLDS < repeat < 3.0 * MOST_HOLDS
        early = np.array([made.at(np.array([time]))[0] for time in np.arange(0.5, 30.0)])
        late = np.array([made.at(np.array([time + 20 * repeat]))[0] for time in np.arange(0.5, 30.0)])
        assert early.tolist() == late.tolist() and len(set(early)) > 5
        assert np.isinf(table(STEPS)._repeat).all()  # 20 s are drawn to their end

    def test_mixture_draws_by_weight(self) -> None:
        profiles = drawn(MIXTURE, 2000)
        slow = [profile == Profile((0.5,)) for profile in profiles]
        assert np.mean(slow) == pytest.approx(0.75, abs=0.04)  # 0.01 by chance
        assert all(max(profile.speeds) <= 1.5 for profile in profiles)

    def test_every_kind_can_be_drawn(self) -> None:
        assert set(COMMANDS) == set(Command.__args__)  # type: ignore[attr-defined]


class TestTable:
    @pytest.mark.parametrize("command", [UniformCommand(), WAVES, STEPS, MIXTURE])
    def test_the_generator_decides(self, command: Command) -> None:
        times = np.full(8, 7.3)
        assert (table(command, 8).at(times) == table(command, 8).at(times)).all()
        assert (table(command, 8).at(times) != table(command, 8, seed=1).at(times)).any()

    def test_a_shorter_profile_leaves_nothing_of_a_longer_one(self) -> None:
        made, late = TargetSpeed(MIXTURE, num_envs=1, seconds=SECONDS), np.array([19.9])
        rng, seen = np.random.default_rng(0), set()
        for _ in range(40):
            made.begin(0, rng)
            constant = made._begins[0, 1] == np.inf
            seen.add(bool(constant))
            assert not constant or made.at(late)[0] == 0.5
        assert seen == {True, False}

    def test_state_goes_back(self) -> None:
        made, times = table(MIXTURE, 4), np.array([0.0, 5.0, 10.0, 15.0])
        saved, before = made.get_state(), made.at(times)
        for row in range(4):
            made.begin(row, np.random.default_rng(99))
        made.set_state(saved)
        assert made.at(times).tobytes() == before.tobytes()
        with pytest.raises(RunError, match="_speeds"):
            table(FixedCommand(), 4).set_state(saved)


@pytest.fixture(scope="module")
def walk() -> Iterator[WalkEnv]:
    config = experiment("command=sinusoidal", "termination=fall", "device=none", "reset.bank_size=4", "threads=1")
    walk = WalkEnv(config, num_envs=3)
    yield walk
    walk.close()


class TestInTheEnvironment:
    def test_target_and_phase_follow_the_wave(self, walk: WalkEnv) -> None:
        walk.reset(seed=0)
        dt, cycle = walk.task.dt, walk.reference.cycle_seconds
        column = [signal.name for signal in walk.observer.signals].index("target_speed")
        for step in range(1, 5):
            phase, before = walk.state.phase.copy(), walk.state.target_speed.copy()
            result = walk.step(np.full((3, 22), -0.5))
            assert not result.done.any()
            wanted = walk.command.at(np.full(3, step * dt))
            assert walk.state.target_speed.tobytes() == wanted.tobytes()
            assert result.observation[:, column] == pytest.approx(wanted, rel=1e-6)
            cadence = (before / walk.reference.speed) ** 0.58
            assert (walk.state.phase - phase) % 1 == pytest.approx(dt / cycle * cadence)
        assert len({round(float(speed), 6) for speed in walk.state.target_speed}) == 3

    def test_an_episode_starts_at_the_speed_it_asks_for(self, walk: WalkEnv) -> None:
        walk.reset(seed=0)
        ratio = walk.state.target_speed / walk.reference.speed
        assert np.abs(ratio - 1).max() > 0.05
        reference = walk.reference.forward_velocity(walk.state.phase)
        assert walk.state.speed == pytest.approx(reference * ratio)

    def test_sensors_of_a_scaled_start_are_those_of_the_state(self, walk: WalkEnv) -> None:
        walk.reset(seed=0)
        model = walk.sim.models[0]
        data = mujoco.MjData(model)
        for row in range(3):
            mujoco.mj_resetData(model, data)
            data.qpos[:], data.qvel[:], data.act[:] = walk.sim.qpos[row], walk.sim.qvel[row], walk.sim.act[row]
            mujoco.mj_forward(model, data)
            assert walk.sim.sensordata[row] == pytest.approx(data.sensordata, rel=1e-9, abs=1e-9)


class TestRules:
    @pytest.mark.parametrize(
        ("overrides", "message"),
        [
            (("command=sinusoidal", "command.low=2"), r"command\.low: got 2\.0; at most command\.high=1\.5"),
            (("command=sinusoidal", "command.longest_period=1"), r"command\.shortest_period: got 5\.0; at most"),
            (("command=step", "command.longest_hold=1"), r"command\.shortest_hold: got 3\.0; at most"),
            (("command=mixture", "command.parts.steps.command.low=3"), r"command\.parts\.steps\.command\.low: got 3"),
            (
                ("command=mixture", *(f"command.parts.{part}.weight=0" for part in ("steady", "waves", "steps"))),
                r"command\.parts: needs a part whose weight is above 0",
            ),
        ],
    )
    def test_ranges_and_weights(self, overrides: tuple[str, ...], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            check_consistency(experiment(*overrides))
