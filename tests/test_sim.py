"""The batched physics against MuJoCo stepped by hand, and what happens when the physics of one row fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mujoco
import numpy as np
import pytest
from helpers import experiment

from myoassist.config import RoughTerrain
from myoassist.env.walk import WalkEnv
from myoassist.model.build import BuiltModel
from myoassist.sim.batch import BatchSim

SUBSTEPS, ROWS, STEPS = 20, 5, 12
BUMPY = RoughTerrain(amplitude=0.05, safe_zone=0.5, length=8.0)  # m; the walkers below start on the bumps


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MuJoCo writes of failures to MUJOCO_LOG.TXT in the working folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=["flat", "rough"])
def world(request, build) -> BuiltModel:
    if request.param == "flat":
        return build("myolegs22", "Tutorial_L1")
    return build("myolegs22", "Tutorial_L1", BUMPY, grounds=3)


def starts(world: BuiltModel) -> np.ndarray:
    """Standing, falling forward at a different speed in every row, from a different place."""
    index = world.index
    state = np.zeros((ROWS, 1 + index.nq + index.nv + index.na))
    state[:, 1 : 1 + index.nq] = index.standing_qpos
    state[:, 1 + index.joints["pelvis_tx"].qpos] = np.linspace(0.0, 2.4, ROWS)
    state[:, 1 + index.joints["pelvis_ty"].qpos] += 0.02
    state[:, 1 + index.nq + index.joints["pelvis_tx"].dof] = np.linspace(0.0, 1.5, ROWS)
    state[:, 1 + index.nq + index.nv :] = 0.1
    return state


def controls(world: BuiltModel, seed: int = 0) -> np.ndarray:
    low = np.array([a.low for a in (*world.index.muscles.values(), *world.index.motors.values())])
    random = np.random.default_rng(seed).uniform(size=(STEPS, ROWS, world.index.nu))
    assert list(range(world.index.nu)) == [a.id for a in (*world.index.muscles.values(), *world.index.motors.values())]
    return np.where(low < 0, -random, random)


def simulation(world: BuiltModel, threads: int, *, num_envs: int = ROWS) -> BatchSim:
    sim = BatchSim(world.models, num_envs=num_envs, substeps=SUBSTEPS, threads=threads)
    sim.set_rows(np.arange(num_envs), starts(world)[:num_envs], np.zeros((num_envs, world.models[0].nsensordata)))
    return sim


def trajectory(world: BuiltModel, threads: int, *, num_envs: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    sim, states, sensors = simulation(world, threads, num_envs=num_envs), [], []
    for ctrl in controls(world):
        assert not sim.step(ctrl[:num_envs]).any()
        states.append(sim.state.copy())
        sensors.append(sim.sensordata.copy())
    sim.close()
    return np.array(states), np.array(sensors)


class TestTrajectories:
    @pytest.mark.parametrize("threads", [2, 4])
    def test_same_for_any_number_of_threads(self, world: BuiltModel, threads: int) -> None:
        state, sensors = trajectory(world, 1)
        other_state, other_sensors = trajectory(world, threads)
        assert np.isfinite(state).all() and np.ptp(state[-1], axis=0).max() > 0.1  # the rows differ
        assert state.tobytes() == other_state.tobytes()
        assert sensors.tobytes() == other_sensors.tobytes()

    def test_rows_do_not_touch_each_other(self, world: BuiltModel) -> None:
        alone, _ = trajectory(world, 2, num_envs=2)
        together, _ = trajectory(world, 2)
        assert alone.tobytes() == together[:, :2].tobytes()

    def test_as_stepped_by_hand(self, world: BuiltModel) -> None:
        state, sensors = trajectory(world, 2)
        for row in range(ROWS):
            model = world.models[row % len(world.models)]
            data = mujoco.MjData(model)
            mujoco.mj_setState(model, data, starts(world)[row], mujoco.mjtState.mjSTATE_FULLPHYSICS)
            for step, ctrl in enumerate(controls(world)):
                data.ctrl[:] = ctrl[row]
                data.qacc_warmstart[:] = 0  # a control step starts the constraint solver afresh
                mujoco.mj_step(model, data, SUBSTEPS)
                now = np.concatenate([[data.time], data.qpos, data.qvel, data.act])
                assert state[step, row] == pytest.approx(now, rel=1e-12, abs=1e-12)
                assert sensors[step, row] == pytest.approx(data.sensordata, rel=1e-12, abs=1e-9)

    def test_rows_on_different_ground(self, build) -> None:
        world = build("myolegs22", "Tutorial_L1", BUMPY, grounds=3)
        sim = simulation(world, 2)
        assert sim.ground.tolist() == [0, 1, 2, 0, 1]
        state = np.tile(starts(world)[3], (ROWS, 1))
        sim.set_rows(np.arange(ROWS), state, np.zeros((ROWS, world.models[0].nsensordata)))
        for ctrl in controls(world):
            sim.step(np.tile(ctrl[0], (ROWS, 1)))
        assert sim.state[0].tobytes() == sim.state[3].tobytes()
        assert sim.state[1].tobytes() == sim.state[4].tobytes()
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert np.abs(sim.qpos[one] - sim.qpos[other]).max() > 1e-4
        sim.close()

    def test_a_row_walks_on_the_ground_it_is_put_on(self, build) -> None:
        world = build("myolegs22", "Tutorial_L1", BUMPY, grounds=3)
        sim, other = simulation(world, 2), simulation(world, 2)
        sim.place([0, 3], 1)
        assert sim.ground.tolist() == [1, 1, 2, 1, 1]
        state = np.tile(starts(world)[3], (ROWS, 1))
        sim.set_rows(np.arange(ROWS), state, np.zeros((ROWS, world.models[0].nsensordata)))
        other.set_state(sim.get_state())  # takes the grounds along
        assert other.ground.tolist() == sim.ground.tolist()
        for ctrl in controls(world):
            for one in (sim, other):
                one.step(np.tile(ctrl[0], (ROWS, 1)))
        assert sim.state[0].tobytes() == sim.state[1].tobytes() == sim.state[3].tobytes()
        assert sim.state[0].tobytes() != sim.state[2].tobytes()
        assert sim.state.tobytes() == other.state.tobytes()
        sim.close()
        other.close()


class TestRows:
    def test_views_and_clock(self, build) -> None:
        world = build("myolegs22", "Tutorial_L1")
        sim, index = simulation(world, 1), world.index
        assert (sim.qpos.shape, sim.qvel.shape) == ((ROWS, index.nq), (ROWS, index.nv))
        assert (sim.act.shape, sim.time.shape) == ((ROWS, index.na), (ROWS,))
        sim.step(controls(world)[0])
        assert sim.time == pytest.approx(np.full(ROWS, 20 / 600))  # s
        assert sim.duration == pytest.approx(20 / 600)
        for view in (sim.time, sim.qpos, sim.qvel, sim.act):
            assert np.shares_memory(view, sim.state)
        sim.close()

    def test_set_rows_puts_states_in_and_starts_their_clock(self, build) -> None:
        world = build("myolegs22", "Tutorial_L1")
        sim = simulation(world, 1)
        sim.step(controls(world)[0])
        before = sim.state.copy()
        state = starts(world)[:2]
        state[:, 0] = 9.0  # the time of a state that came from elsewhere
        sim.set_rows(np.array([3, 1]), state, np.full((2, sim.sensordata.shape[1]), 7.0))
        assert sim.time[[3, 1]].tolist() == [0.0, 0.0]
        assert sim.state[[3, 1], 1:].tobytes() == state[:, 1:].tobytes()
        assert (sim.sensordata[[1, 3]] == 7.0).all() and not (sim.sensordata[[0, 2, 4]] == 7.0).any()
        assert sim.state[[0, 2, 4]].tobytes() == before[[0, 2, 4]].tobytes()
        assert not sim.step(controls(world)[1]).any()  # clocks that differ between rows are no failure
        sim.close()


def poison_velocity(sim: BatchSim, row: int) -> None:
    sim.qvel[row, 3] = 1e12


def poison_nan(sim: BatchSim, row: int) -> None:
    sim.qvel[row, 3] = np.nan


def poison_position(sim: BatchSim, row: int) -> None:
    sim.qpos[row, 5] = np.inf


POISONS = [poison_velocity, poison_nan, poison_position]


class TestFailedPhysics:
    @pytest.mark.parametrize("poison", POISONS)
    def test_one_row_fails_and_the_others_go_on(self, world: BuiltModel, poison) -> None:
        healthy, _ = trajectory(world, 2)
        sim = simulation(world, 2)
        failures, before = [], (np.zeros(0), np.zeros(0))
        for number, ctrl in enumerate(controls(world)):
            if number == 4:
                before = sim.state[2].copy(), sim.sensordata[2].copy()
                poison(sim, 2)
            failures.append(sim.step(ctrl))
            assert np.isfinite(sim.state).all() and np.isfinite(sim.sensordata).all()
            if number == 4:
                kept = np.isfinite(before[0]) & (np.abs(sim.state[2]) < 1e11) & (sim.state[2] != 0)
                assert sim.state[2][kept] == pytest.approx(before[0][kept])
                assert sim.sensordata[2] == pytest.approx(before[1])
            others = [0, 1, 3, 4]
            assert sim.state[others].tobytes() == healthy[number, others].tobytes()
        assert not np.array(failures)[:4].any()
        assert failures[4].tolist() == [False, False, True, False, False]
        sim.close()

    def test_a_control_that_is_no_number(self, build) -> None:
        world = build("myolegs22", "Tutorial_L1")
        sim = simulation(world, 2)
        ctrl = controls(world)[0]
        ctrl[1, 0] = np.nan
        assert sim.step(ctrl).tolist() == [False, True, False, False, False]
        assert sim.state[1].tobytes() == starts(world)[1].tobytes()
        sim.close()

    def test_a_repaired_row_steps_as_ever(self, build) -> None:
        world = build("myolegs22", "Tutorial_L1")
        healthy, _ = trajectory(world, 2)
        sim = simulation(world, 2)
        poison_nan(sim, 0)
        sim.step(controls(world)[5])
        sim.set_rows(np.arange(ROWS), starts(world), np.zeros_like(sim.sensordata))
        assert not sim.step(controls(world)[0]).any()
        assert sim.state.tobytes() == healthy[0].tobytes()
        sim.close()


@pytest.fixture(scope="module")
def walker() -> Iterator[WalkEnv]:
    config = experiment("termination=fall", "reset.bank_size=8", "terrain=rough", "terrain.length=8")
    walker = WalkEnv(config, num_envs=4, threads=2)
    yield walker
    walker.close()


class TestFailedPhysicsInTheTask:
    @pytest.mark.parametrize("poison", POISONS)
    def test_the_episode_ends_and_a_new_one_begins(self, walker: WalkEnv, poison) -> None:
        quiet = np.zeros((4, len(walker.action_map)))
        walker.reset(seed=5)
        undisturbed = [walker.step(quiet) for _ in range(4)]
        walker.reset(seed=5)
        for _ in range(2):
            assert not walker.step(quiet).done.any()
        poison(walker.sim, 1)
        result = walker.step(quiet)
        expected = undisturbed[2]
        assert result.terminated.tolist() == [False, True, False, False]
        assert not result.truncated.any()
        for values in (result.observation, result.final_observation, result.reward, walker.sim.state):
            assert np.isfinite(values).all()
        assert result.reward[1] == 0.0  # a step whose physics failed earns nothing
        episodes = walker.episodes.drain()
        assert [(e.env, e.reason, e.length) for e in episodes] == [(1, "physics_failed", 3)]
        assert np.isfinite(list(episodes[0].terms.values())).all()
        assert walker.state.step.tolist() == [3, 0, 3, 3]
        assert walker.sim.time[1] == 0.0
        others = [0, 2, 3]
        assert result.observation[others].tobytes() == expected.observation[others].tobytes()
        assert result.reward[others].tobytes() == expected.reward[others].tobytes()
        result = walker.step(quiet)
        assert not result.done.any()
        assert result.observation[others].tobytes() == undisturbed[3].observation[others].tobytes()


def test_scaled_velocities_do_not_depend_on_what_was_simulated_before(world: BuiltModel) -> None:
    """Sensors of a fresh simulation, bit for bit: scratch data hold the controls and solver's start of other rows."""
    used, fresh = simulation(world, 1), simulation(world, 1)
    for ctrl in controls(world):
        used.step(ctrl)
    used.set_rows(np.arange(ROWS), starts(world), np.zeros_like(used.sensordata))
    used.place(np.arange(ROWS), fresh.ground)
    for sim in (used, fresh):
        sim.scale_velocities(np.array([1, 3]), np.array([0.5, 2.0]))
    assert (used.state == fresh.state).all() and (used.sensordata == fresh.sensordata).all()
    speed = starts(world)[:, 1 + world.index.nq + world.index.joints["pelvis_tx"].dof] * [1, 0.5, 1, 2.0, 1]
    assert fresh.qvel[:, world.index.joints["pelvis_tx"].dof] == pytest.approx(speed)
