"""What a recording says is what happened: signs, units, sums, and the file it is kept in."""

from __future__ import annotations

import json
from pathlib import Path

import mujoco
import numpy as np
import pytest
from helpers import experiment

from myoassist.analysis.recording import FILE, GROUPS, TERMINATED, TIME_UP, Recording, load_recording
from myoassist.env.recorder import Recorder, frames_per_step
from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError

ENVS, STEPS = 3, 45
DESCRIBED = {"name": "walk", "checkpoint": "somewhere", "steps": 0, "seed": 5, "deterministic": True}


def record(*overrides: str, record_hz: int = 120) -> tuple[WalkEnv, Recording, np.ndarray]:
    """Environment, recording of random actions until every first episode has ended, and momentum (2, ENVS, 3)."""
    config = experiment("termination=fall", "termination.max_seconds=1.0", "reset.bank_size=4", *overrides)
    walk = WalkEnv(config, num_envs=ENVS, seed=5, threads=1)
    recorder = Recorder(walk, record_hz=record_hz, envs=ENVS)
    walk.watchers.append(recorder)
    rng = np.random.default_rng(0)
    walk.reset()
    ends = np.zeros((2, ENVS, 3))
    ends[0] = [momentum(walk, row) for row in range(ENVS)]
    walk.watchers.append(lambda facts: ends.__setitem__(1, _at_end(walk, facts, ends[1])))
    finished = {}
    for _ in range(STEPS):
        walk.step(rng.uniform(-1.0, 1.0, (ENVS, len(walk.action_map))))
        for episode in walk.episodes.drain():
            finished.setdefault(episode.env, episode)
    return walk, recorder.recording([finished[env] for env in range(ENVS)], **DESCRIBED), ends


def _at_end(walk: WalkEnv, facts, ends: np.ndarray) -> np.ndarray:
    for row in np.flatnonzero(facts.terminated | facts.truncated):
        if not ends[row].any():
            ends[row] = momentum(walk, int(row))
    return ends


def momentum(walk: WalkEnv, row: int) -> np.ndarray:
    """Linear momentum of all bodies, N s."""
    model = walk.sim.models[0]
    data = mujoco.MjData(model)
    data.qpos[:], data.qvel[:] = walk.sim.qpos[row], walk.sim.qvel[row]
    mujoco.mj_forward(model, data)
    mujoco.mj_subtreeVel(model, data)
    return model.body_mass.sum() * data.subtree_linvel[0]


@pytest.fixture(scope="module")
def walked() -> tuple[WalkEnv, Recording, np.ndarray]:
    return record()


@pytest.fixture(scope="module")
def finely() -> Recording:
    """Every physics step is a frame. Sensors belong to its start: they go with the positions of the frame before."""
    return record(record_hz=600)[1]


def test_forces_of_the_ground_explain_the_change_of_momentum(walked) -> None:
    """Newton's second law over each episode: checks unit, sign, sides, and that a frame holds the mean of its time."""
    walk, recording, ends = walked
    names = recording.columns("ground_force")
    for env, frames in enumerate(recording.episodes):
        force = recording["ground_force"][frames].astype(float)
        seconds = len(force) * recording.dt
        for axis, weight in (("forward", 0.0), ("up", walk.index.body_weight)):
            columns = [names.index(f"{axis}_{side}") for side in "rl"]
            impulse = force[:, columns].sum() * recording.dt - weight * seconds
            change = ends[1, env, 0 if axis == "forward" else 2] - ends[0, env, 0 if axis == "forward" else 2]
            assert impulse == pytest.approx(change, abs=0.02 * walk.index.body_weight * seconds)


def test_rates_are_rates_of_the_positions(finely) -> None:
    pairs = (("joint_position", "joint_velocity", 0.001), ("muscle_length", "muscle_velocity", 0.07))
    for position, velocity, tolerance in pairs:
        for frames in finely.episodes:
            moved = np.diff(finely[position][frames].astype(float), axis=0)
            rate = finely[velocity][frames].astype(float)
            expected = rate[1:] * finely.dt  # Euler steps with the new velocity
            error = np.sqrt(np.mean((moved - expected) ** 2)) / np.sqrt(np.mean(moved**2))
            assert error < tolerance


def test_device_power_is_torque_times_rate_of_the_ankle(finely) -> None:
    rate = np.stack([finely.column("joint_velocity", f"ankle_angle_{side}") for side in "rl"], axis=1)
    assert finely.columns("device_torque") == ("ankle_angle_r", "ankle_angle_l")
    for frames in finely.episodes:
        power = finely["device_torque"][frames][1:] * rate[frames][:-1]
        np.testing.assert_allclose(power, finely["device_power"][frames][1:], atol=1e-3)


def test_exoskeleton_torque_is_plantarflexion(walked) -> None:
    """The tutorial exoskeleton pulls the foot down; OpenSim's ankle_angle is positive in dorsiflexion."""
    _, recording, _ = walked
    assert recording["device_torque"].max() <= 0.0
    assert -105.0 < recording["device_torque"].min() < -20.0


@pytest.mark.slow
def test_knee_of_every_body_flexes_negative() -> None:
    """The 80-muscle body's own knee flexes positive; recordings follow OpenSim."""
    walk, recording, _ = record("model=80muscle", "observation=walk_3d")
    own = walk.index.joints["knee_angle_r"]
    assert own.sign == -1.0
    np.testing.assert_allclose(
        recording.column("joint_position", "knee_angle_r"), -recording["qpos"][:, own.qpos], atol=1e-6
    )
    swing = max(recording.meta["reference"]["joints"]["knee_angle_r"], key=abs)
    assert np.deg2rad(-75) < swing < np.deg2rad(-50)
    low, high = recording.meta["joints"]["knee_angle_r"]["low"], recording.meta["joints"]["knee_angle_r"]["high"]
    assert low < np.deg2rad(-90) and high < np.deg2rad(20)


def test_sums_agree_with_the_episodes(walked) -> None:
    walk, recording, _ = walked
    per_step = round(recording.meta["rate_hz"] / recording.meta["control_hz"])
    for frames, episode in zip(recording.episodes, recording.meta["episodes"], strict=True):
        rewards = recording["reward"][frames][per_step - 1 :: per_step].sum(axis=0)
        assert rewards == pytest.approx(list(episode["terms"].values()), abs=1e-4)
        assert recording["time"][frames][-1] == pytest.approx(episode["seconds"])
        assert len(recording["time"][frames]) == episode["length"] * per_step
        assert recording.column("joint_position", "pelvis_tx")[frames][-1] == pytest.approx(episode["distance"])
        assert not recording["done"][frames][:-1].any()
        assert recording["done"][frames][-1] == (TIME_UP if episode["reason"] == "time_up" else TERMINATED)
    assert recording.meta["body_mass"] == pytest.approx(75.2, abs=4.0)
    assert recording.meta["mass"] > recording.meta["body_mass"]
    assert list(recording.meta["reference"]["joints"]) == list(walk.reference.joints)
    assert recording.meta["reference"]["left_strike"] == 0.5


def test_ground_below_the_pelvis_on_a_slope() -> None:
    """Level for 0.5 m, then up by 20 %; a control step's height is that of its last frame."""
    walk, recording, _ = record("terrain=slope", "terrain.grade=0.2", "terrain.first=up", "terrain.safe_zone=0.5")
    place, ground = recording.column("joint_position", "pelvis_tx"), recording["ground_height"]
    assert ground.shape == place.shape and recording.unit("ground_height") == "m"
    last = np.arange(len(place)) % 4 == 3  # 120 frames and 30 control steps a second
    level = walk.task.ground.level(np.zeros(last.sum(), dtype=int), place[last], np.zeros(last.sum()))
    assert ground[last] == pytest.approx(level, abs=1e-6)
    assert ground[~last].reshape(-1, 3) == pytest.approx(np.repeat(ground[last, None], 3, axis=1))
    assert ground.max() > 0.005
    walk.close()


def test_every_group_is_described_and_named(walked) -> None:
    _, recording, _ = walked
    assert set(recording.arrays) == set(GROUPS)
    for group in GROUPS:
        if recording[group].ndim == 2:
            assert recording[group].shape == (len(recording), len(recording.columns(group)))
            for name in recording.columns(group):
                assert "|" not in recording.unit(group, name) or group == "qpos"
    assert recording.unit("joint_position", "pelvis_ty") == "m"
    assert recording.unit("joint_position", "knee_angle_r") == "rad"


@pytest.mark.parametrize(
    ("record_hz", "control_hz", "physics_hz", "expected"),
    [(120, 30, 600, 4), (100, 30, 600, 2), (1000, 30, 600, 20), (10, 30, 600, 1), (120, 25, 500, 4), (120, 30, 30, 1)],
)
def test_frames_divide_the_physics(record_hz: int, control_hz: int, physics_hz: int, expected: int) -> None:
    assert frames_per_step(record_hz, control_hz=control_hz, physics_hz=physics_hz) == expected


def test_a_file_gives_back_what_was_saved(walked, tmp_path: Path) -> None:
    _, recording, _ = walked
    recording.save(tmp_path / FILE)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    loaded = load_recording(tmp_path)
    assert loaded.meta == json.loads(json.dumps({"kind": "myoassist-recording", "format": 1, **recording.meta}))
    for group, values in recording.arrays.items():
        np.testing.assert_allclose(loaded[group], values, rtol=1e-6)
    with pytest.raises(RunError, match="did you mean 'joint_position'"):
        loaded["joint_positions"]
    with pytest.raises(RunError, match="knee_angle_r"):
        loaded.column("joint_position", "knee_angle")


def test_files_that_are_none_say_so(walked, tmp_path: Path) -> None:
    _, recording, _ = walked
    whole = recording.save(tmp_path / "whole.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", meta=np.array([{"kind": "x"}], dtype=object))
    for name in ("cut.npz", "text.npz", "other.npz", "pickled.npz"):
        with pytest.raises(RunError, match="cut off or no recording"):
            load_recording(tmp_path / name)
    with pytest.raises(RunError, match="no such file"):
        load_recording(tmp_path / "missing")
    newer = Recording({**recording.meta, "format": 99}, recording.arrays)
    newer.save(tmp_path / "newer.npz")
    with pytest.raises(RunError, match="newer version"):
        load_recording(tmp_path / "newer.npz")
    short = Recording(recording.meta, {**recording.arrays, "speed": recording["speed"][:-1]})
    short.save(tmp_path / "short.npz")
    with pytest.raises(RunError, match="speed has shape"):
        load_recording(tmp_path / "short.npz")
