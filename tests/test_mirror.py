"""Left and right exchanged: twice is the identity, and the mirrored walker goes on as the mirror of the walker.

How exactly depends on the bodies. The bare 80-muscle body is symmetric: after a control step no signal of walker and
mirrored walker differs by more than 0.003 (rad/s). The 22- and 26-muscle bodies of myo-sim are not quite: the path of
vasti differs by 0.9 mm and the toes' centre of mass is not mirrored, so that the fastest joint differs by 0.2 to
0.3 rad/s (median over walkers) and a foot that just touches by more. The cuff and actuator of the tutorial exoskeleton
are not placed alike on both sides either.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from myoassist.env.observing import Signal
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.learn.algorithms import make_algorithm
from myoassist.learn.mirror import RULES, Mirror, joint_image, make_mirror, motor_force_image, muscle_image, other_side
from myoassist.learn.normalizer import normalized
from myoassist.learn.symmetry import MirrorImage, MirrorPPO, asymmetry
from myoassist.mdp.check import check_task
from myoassist.mdp.observations import OBSERVATIONS
from myoassist.reference.motion import load_gait, save_gait
from tests.helpers import experiment

WALKERS = 24  # and as many mirrored ones
BODIES = {
    "22muscle": ("model=22muscle",),
    "26muscle": ("model=26muscle", "observation=walk_3d"),
    "80muscle": ("model=80muscle", "observation=walk_3d"),
}


@cache
def stage(body: str, device: str = "none") -> WalkEnv:
    config = experiment(*BODIES[body], f"device={device}", f"reset.bank_size={WALKERS}", "threads=1")
    return WalkEnv(config, num_envs=2 * WALKERS)


def mirror_of(walk: WalkEnv) -> Mirror:
    return make_mirror(walk.observer.signals, walk.action_map.names, walk.index, where="test")


def put_mirrored_walkers(walk: WalkEnv, mirror: Mirror) -> None:
    """Walkers at spread phases, disturbed, with their mirror images in the second half of the batch."""
    walk.reset(seed=0)
    index, sim, rng = walk.index, walk.sim, np.random.default_rng(1)
    first, second = np.arange(WALKERS), WALKERS + np.arange(WALKERS)
    for joint in index.joints.values():
        if joint.role != "root" or joint.name in ("pelvis_list", "pelvis_rotation", "pelvis_tilt"):
            sim.qpos[first, joint.qpos] += 0.03 * rng.standard_normal(WALKERS)
        sim.qvel[first, joint.dof] += 0.3 * rng.standard_normal(WALKERS)
    sim.act[first] = rng.uniform(0, 0.5, sim.act[first].shape)
    for joint in index.joints.values():
        other, sign = joint_image(joint.name, index)
        sim.qpos[second, joint.qpos] = sign * sim.qpos[first, index.joints[other].qpos]
        sim.qvel[second, joint.dof] = sign * sim.qvel[first, index.joints[other].dof]
    for muscle in index.muscles.values():
        other = index.muscles[muscle_image(muscle.name, index)[0]]
        sim.act[second, muscle.activation] = sim.act[first, other.activation]
    index.coupling.apply(sim.qpos, sim.qvel)
    walk.state.target_speed[:] = 1.25
    walk.state.phase[second] = (walk.state.phase[first] + 0.5) % 1.0


def after_a_step(walk: WalkEnv, mirror: Mirror) -> tuple[np.ndarray, np.ndarray]:
    """Observations after one control step: of the walkers, mirrored, and of the mirrored walkers."""
    put_mirrored_walkers(walk, mirror)
    action = np.random.default_rng(2).uniform(-1, 1, (WALKERS, len(walk.action_map)))
    both = np.concatenate([action, mirror.actions(action)])
    failed = walk.sim.step(walk.action_map(both))
    assert not failed.any()
    walk.state.advance(both)
    observation = walk.observer(walk.state).astype(float)
    return mirror.signals(observation[:WALKERS]), observation[WALKERS:]


@pytest.mark.slow
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("device", ["none", "tutorial", "hippo", pytest.param("stride", marks=pytest.mark.slow)])
def test_twice_is_the_identity(body: str, device: str) -> None:
    walk = stage(body, device)
    mirror, rng = mirror_of(walk), np.random.default_rng(0)
    observation = rng.standard_normal((5, len(walk.observer.signals)))
    action = rng.standard_normal((5, len(walk.action_map)))
    assert np.array_equal(mirror.signals(mirror.signals(observation)), observation)
    assert np.array_equal(mirror.actions(mirror.actions(action)), action)
    assert not np.array_equal(mirror.signals(observation), observation)


@pytest.mark.parametrize("body", BODIES)
def test_a_mirrored_state_is_observed_in_the_mirror(body: str) -> None:
    walk = stage(body)
    mirror = mirror_of(walk)
    put_mirrored_walkers(walk, mirror)
    walk.state._derive()
    observation = walk.observer(walk.state)
    feet = [signal.source == "foot_force" for signal in walk.observer.signals]  # measured in the step before
    seen = mirror.signals(observation[:WALKERS])[:, ~np.array(feet)]
    assert seen == pytest.approx(observation[WALKERS:, ~np.array(feet)], abs=1e-5)


NEW_SIGNALS = "{func: reference_ahead, params: {joints: [hip_*, knee_*, ankle_*], seconds: [0.0, 0.1]}}"


def test_reference_pelvis_fibers_and_scan_in_the_mirror() -> None:
    scan = "{func: height_scan, params: {ahead: [0.0, 0.5], left: [-0.2, 0.0, 0.2]}}"
    config = experiment(
        *("model=80muscle", "observation=walk_3d", "device=none", f"reset.bank_size={WALKERS}", "threads=1"),
        *(f"+observation.terms.{name}={{func: {name}}}" for name in ("gravity_direction", "pelvis_velocity")),
        *(f"+observation.terms.{name}={{func: {name}}}" for name in ("fiber_length", "fiber_velocity")),
        "+observation.terms.turning={func: pelvis_angular_velocity}",
        f"+observation.terms.ahead={NEW_SIGNALS}",
        f"+observation.terms.scan={scan}",
    )
    walk = WalkEnv(config, num_envs=2 * WALKERS)
    mirror, names = mirror_of(walk), [signal.name for signal in walk.observer.signals]
    put_mirrored_walkers(walk, mirror)
    walk.sim.scale_velocities(np.arange(2 * WALKERS), np.ones(2 * WALKERS))  # sensors of the states just put in
    walk.state._derive()
    rise = {name: 0.01 * number for number, name in enumerate(n for n in names if n.startswith("scan."))}
    observation = walk.observer(walk.state)
    feet = np.array([name.startswith("foot_force") for name in names])
    seen = mirror.signals(observation[:WALKERS])
    assert seen[:, ~feet] == pytest.approx(observation[WALKERS:, ~feet], abs=2e-3)
    columns = [
        names.index(name) for name in ("gravity_direction.left", "turning.forward", "ahead.0.1s_hip_adduction_r")
    ]
    assert (np.abs(observation[:, columns]).max(axis=0) > 0.01).all()  # not trivially alike
    row = np.array([[rise.get(name, 0.0) for name in names]])
    image = dict(zip(names, mirror.signals(row)[0], strict=True))
    assert image["scan.ahead_0.5_left_0.2"] == rise["scan.ahead_0.5_right_0.2"]
    assert image["scan.ahead_0.5"] == rise["scan.ahead_0.5"]
    walk.close()


def test_every_observation_has_a_mirror_rule() -> None:
    assert set(RULES) == set(OBSERVATIONS)


@pytest.mark.parametrize(
    ("body", "device", "typical", "alike"),
    [
        ("22muscle", "none", 0.4, 0.97),
        ("26muscle", "none", 0.6, 0.97),
        ("80muscle", "none", 0.01, 0.9999),
        pytest.param("22muscle", "hippo", 0.5, 0.97, marks=pytest.mark.slow),
    ],
)
def test_a_mirrored_state_steps_to_the_mirrored_next_state(
    body: str, device: str, typical: float, alike: float
) -> None:
    walk = stage(body, device)
    mirrored, stepped = after_a_step(walk, mirror_of(walk))
    assert np.median(np.abs(mirrored - stepped).max(axis=1)) < typical  # rad/s, of the fastest joint
    moving = np.minimum(mirrored.std(axis=0), stepped.std(axis=0)) > 1e-3
    names = [signal.name for signal in walk.observer.signals]
    for column in np.flatnonzero(moving):  # a wrong sign gives -1, a wrong partner about 0
        touching = names[column].startswith("foot_force") and body != "80muscle"
        wanted = 0.4 if touching else alike  # at a touch, a little earlier or later is much more or less
        assert np.corrcoef(mirrored[:, column], stepped[:, column])[0, 1] > wanted, names[column]


@pytest.mark.slow
def test_signs_of_the_bodies() -> None:
    three, many = stage("26muscle").index, stage("80muscle").index
    assert joint_image("hip_adduction_r", three) == ("hip_adduction_l", -1.0)  # the left one is the other way round
    assert joint_image("hip_rotation_l", three) == ("hip_rotation_r", -1.0)
    assert joint_image("hip_adduction_r", many) == ("hip_adduction_l", 1.0)
    assert joint_image("knee_angle_r", many) == ("knee_angle_l", 1.0)
    for name, sign in (("pelvis_tilt", 1.0), ("pelvis_tx", 1.0), ("pelvis_tz", -1.0), ("pelvis_list", -1.0)):
        assert joint_image(name, three) == (name, sign)
    assert motor_force_image("Exo_R", stage("22muscle", "hippo").index) == ("Exo_L", 1.0)
    assert [other_side(name) for name in ("a_r", "a_L", "a_dx", "pelvis")] == ["a_l", "a_R", "a_sx", "pelvis"]


def test_a_walker_without_a_mirror_image_is_refused() -> None:
    walk = WalkEnv(experiment("device=osl_ankle", "reset.bank_size=1"), num_envs=1, threads=1)
    with pytest.raises(ConfigError, match=r"algorithm.mirror_weight: .* has no counterpart on the other side"):
        make_mirror(walk.observer.signals, walk.action_map.names, walk.index, where="algorithm.mirror_weight")
    with pytest.raises(ConfigError, match=r"'my_term' has no mirror rule; known: fiber_length.*; or add a rule"):
        make_mirror([Signal("mine", "my_term")], [], walk.index, where="test")
    walk.close()


def test_an_asymmetric_motion_is_refused(tmp_path: Path) -> None:
    """The loss would pull towards a left leg half a cycle on, the reward towards another."""
    gait, path = load_gait(), tmp_path / "limping.yaml"
    knee = gait.coordinates["knee_angle"].shifted(0.56)
    save_gait(replace(gait, left={"knee_angle": knee}, left_strike=0.44), path, origin="a test")
    config = experiment(f"reference.path={path}", "algorithm.mirror_weight=1.0")
    with pytest.raises(ConfigError, match=r"^algorithm\.mirror_weight: got 1, .*limping\.yaml is asymmetric") as error:
        check_task(config)
    assert "\n" not in str(error.value)
    check_task(experiment(f"reference.path={path}"))
    check_task(experiment("algorithm.mirror_weight=1.0"))
    with pytest.raises(
        ConfigError, match=r"^network\.actors\.human\.per_side: got true, .*limping\.yaml is asymmetric"
    ):
        check_task(experiment(f"reference.path={path}", "network=mirrored"))
    check_task(experiment(f"reference.path={path}", "network=separate_full"))
    check_task(experiment(f"reference.path={path}", "network=per_side"))  # of the motors alone
    check_task(experiment("network=mirrored"))


def test_normalised_observations_are_mirrored_before_normalisation() -> None:
    walk = stage("22muscle")
    mirror, rng = mirror_of(walk), np.random.default_rng(0)
    env = normalized(WalkVecEnv(walk), walk.config.algorithm.normalize, discount=0.99)
    size = len(walk.observer.signals)
    observed: Any = env.obs_rms
    observed.mean, observed.var = rng.standard_normal(size), rng.uniform(0.5, 2.0, size)
    raw = rng.standard_normal((7, size))
    image = MirrorImage(mirror, env, torch.device("cpu"))
    seen = image.of_signals(torch.as_tensor(env.normalize_obs(raw), dtype=torch.float32)).numpy()
    assert seen == pytest.approx(env.normalize_obs(mirror.signals(raw)), abs=1e-5)


def trained(weight: float | str) -> PPO:
    config = experiment(
        "device=none",
        "threads=1",
        "reset.bank_size=4",
        "num_envs=4",
        "algorithm.transitions_per_update=64",
        "algorithm.batch_size=64",
        "algorithm.epochs=1",
        "algorithm.update_threads=1",
        "algorithm.target_kl=null",
        f"algorithm.mirror_weight={weight}",
    )
    env = normalized(WalkVecEnv(WalkEnv(config)), config.algorithm.normalize, discount=0.99)
    model = make_algorithm(config.algorithm, config.network, env, seed=0)
    assert isinstance(model, PPO)
    head: Any = model.policy.action_net
    head.weight.data.mul_(100)  # actions that differ from side to side from the start on
    model.learn(64)
    env.close()
    return model


def test_the_weight_of_the_loss_can_grow() -> None:
    model = trained("{schedule: linear, start: 1.0, end: 20.0}")  # its only update is at the end
    assert model.logger.name_to_value["train/mirror_weight"] == pytest.approx(20.0)


@pytest.mark.slow
def test_loss_reaches_the_gradient_and_is_logged() -> None:
    plain, weak, strong = trained(0.0), trained(1e-9), trained(50.0)
    assert isinstance(weak, MirrorPPO) and not isinstance(plain, MirrorPPO)
    for name, tensor in plain.policy.state_dict().items():
        assert torch.allclose(tensor, weak.policy.state_dict()[name], atol=1e-6), name
    moved = [
        not torch.allclose(a, b) for a, b in zip(plain.policy.parameters(), strong.policy.parameters(), strict=True)
    ]
    assert any(moved)
    assert strong.logger.name_to_value["train/mirror_loss"] > 1e-4
    assert "evaluate_actions" not in strong.policy.__dict__


def test_loss_makes_left_and_right_alike() -> None:
    """Only the loss, many times: the actor's asymmetry falls."""
    model = trained(1.0)
    assert isinstance(model, MirrorPPO)
    image = MirrorImage(model.mirror, model.get_vec_normalize_env(), model.device)
    observation = torch.as_tensor(model.rollout_buffer.observations.reshape(-1, len(model.mirror.signal_sign)))
    losses = []
    for _ in range(60):
        loss = asymmetry(model.policy, observation, image)
        model.policy.optimizer.zero_grad()
        loss.backward()
        model.policy.optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
