"""Networks wired by name: who sees what, who drives what, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import A2C, PPO, SAC

from myoassist.config import TrainConfig
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.learn.algorithms import make_algorithm, make_policy
from myoassist.learn.networks import describe_network
from myoassist.parsing import check_consistency
from tests.helpers import experiment
from tests.wired_networks import walker, wired


def model_of(*overrides: str) -> tuple[Any, WalkEnv]:
    walk = walker("algorithm.transitions_per_update=8", *overrides)
    return make_algorithm(walk.config.algorithm, walk.config.network, WalkVecEnv(walk), seed=0), walk


PPO_BATCH = "algorithm.batch_size=8"


# --- who sees and drives what -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["none", pytest.param("kfoot", marks=pytest.mark.slow)])
def test_an_actor_of_motors_is_left_out_where_there_is_none(device: str) -> None:
    wiring, _, actions = wired("network=separate_partial", f"device={device}")
    assert [actor.name for actor in wiring.actors] == ["human"]
    assert wiring.actors[0].outputs == tuple(range(len(actions)))


def test_per_side_shows_each_side_its_own_first() -> None:
    wiring, signals, actions = wired("network=per_side")
    right, left = wiring.actors[1].branches
    assert [signals[i] for i in right.inputs] == [
        "joint_pos.ankle_angle_r",
        "joint_vel.ankle_angle_r",
        "foot_force.foot_r",
        "foot_force.toes_r",
        "joint_pos.ankle_angle_l",
        "joint_vel.ankle_angle_l",
        "foot_force.foot_l",
        "foot_force.toes_l",
    ]
    swapped = [signals[i].replace("_r", "_?").replace("_l", "_r").replace("_?", "_l") for i in right.inputs]
    assert [signals[i] for i in left.inputs] == swapped
    assert [actions[branch.outputs[0]] for branch in (right, left)] == ["Exo_R", "Exo_L"]


def test_per_side_turns_what_points_sideways() -> None:
    seen = "network.actors.exo.signals=[phase.*,joint_pos.hip_adduction_*,joint_pos.pelvis_list,joint_pos.pelvis_tilt]"
    wiring, signals, _ = wired("network=per_side", "model=26muscle", "observation=walk_3d", seen)
    left = wiring.actors[1].branches[1]
    signs = {signals[i]: sign for i, sign in zip(left.inputs, left.input_signs, strict=True)}
    assert signs["joint_pos.pelvis_tilt"] == 1.0
    assert [signs[name] for name in ("phase.sin", "phase.cos", "joint_pos.pelvis_list")] == [-1.0] * 3
    assert signs["joint_pos.hip_adduction_l"] == -1.0  # the left one of this body has the opposite sign


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "network.actors.exo.signals=[joint_pos.elbow_*]",
            r"exo.signals: no signal named 'joint_pos.elbow_\*'.*Allowed",
        ),
        (
            "network.actors.human.outputs=[soleus_*]",
            r"nobody drives hamstrings_r, .*add them to the outputs of an actor",
        ),
        ("network.actors.human.outputs=['*']", r"exo.outputs: Exo_R is already driven by network.actors.human"),
        ("network.actors.human.outputs=[biceps]", r"human.outputs: no muscle or motor named 'biceps'.*Allowed"),
        ("+network.constants={motors: 0.0}", r"exo.outputs: Exo_R is already driven by network.constants"),
        ("+network.constants={Exo_R: -0.5}", r"got -0.5; Exo_R pushes one way: 0 \(no effort\) to 1"),
        ("+network.constants={motors: 0.0, Exo_R: 0.1}", r"Exo_R already has a constant"),
        ("+network.constants={soleus: 0.0}", r"network.constants: no muscle or motor named 'soleus'; did you mean"),
        ("network.critic.signals=[nothing]", r"network.critic.signals: no signal named 'nothing'"),
    ],
)
def test_names_that_do_not_fit(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        wired("network=separate_partial", override)
    assert "\n" not in str(caught.value)


def test_nothing_left_to_drive() -> None:
    with pytest.raises(ConfigError, match="hold every output"):
        model_of("+network.constants={muscles: 0.1, motors: 0.0}", PPO_BATCH)


def test_device_joints_that_are_not_observed() -> None:
    hidden = "observation.terms.joint_pos.params.joints=[pelvis_ty, hip_flexion_*]"
    with pytest.raises(ConfigError, match=r"the device's joints \(ankle_angle_r, ankle_angle_l\) are not among"):
        wired("network=separate_partial", hidden)


def conflict(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        check_consistency(experiment(*overrides))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_pairs_that_do_not_fit() -> None:
    for name in ("recurrent_ppo", "crossq"):
        assert f"does not fit algorithm={name}" in conflict("network=separate_partial", f"algorithm={name}")
    assert "sees every signal" in conflict(
        "network=separate_partial", "algorithm=sac", "network.critic.signals=[phase.*]"
    )
    assert "noise_steps" in conflict("network=separate_partial", "algorithm.noise_steps=4")
    assert "cannot be an actor's name" in conflict(
        "network=separate_partial", "+network.actors.my_value={outputs: [a]}"
    )


# --- the policies -----------------------------------------------------------------------------------------------------

SEPARATE = [
    ("ppo", PPO_BATCH),
    ("a2c",),
    ("trpo", PPO_BATCH),
    ("sac",),
    ("td3",),
    ("tqc",),
]


def actor_mean(model: Any, observation: np.ndarray) -> torch.Tensor:
    """Means of the actions before they are squashed or clipped, ``(n, num_actions)``."""
    tensor = torch.as_tensor(observation)
    if hasattr(model.policy, "get_distribution"):
        return model.policy.get_distribution(tensor).distribution.mean
    actor = model.policy.actor
    return actor(tensor) if not hasattr(actor, "latent_pi") else actor.mu(actor.latent_pi(tensor))


@pytest.mark.parametrize("algorithm", SEPARATE, ids=lambda value: value[0])
def test_every_output_depends_on_its_actors_signals_alone(algorithm: tuple[str, ...]) -> None:
    model, _ = model_of(f"algorithm={algorithm[0]}", *algorithm[1:], "network=separate_partial")
    wiring = model.policy.wiring
    observation = np.random.default_rng(0).standard_normal((1, wiring.size)).astype(np.float32)
    given = torch.tensor(observation, requires_grad=True)
    if hasattr(model.policy, "get_distribution"):
        means = model.policy.get_distribution(given).distribution.mean
    else:
        actor = model.policy.actor
        means = actor.mu(actor.latent_pi(given)) if hasattr(actor, "latent_pi") else actor(given)
    for actor in wiring.actors:
        for column in actor.outputs:
            (gradient,) = torch.autograd.grad(means[0, column], given, retain_graph=True)
            assert set(gradient[0].nonzero().flatten().tolist()) == set(actor.branches[0].inputs)


def test_both_sides_share_their_weights() -> None:
    model, _ = model_of("network=per_side", PPO_BATCH)
    right, left = model.policy.wiring.actors[1].branches
    observation = np.zeros((2, model.policy.wiring.size), dtype=np.float32)
    values = np.random.default_rng(0).standard_normal(len(right.inputs)).astype(np.float32)
    observation[0, list(right.inputs)] = values
    observation[1, list(left.inputs)] = values * left.input_signs
    means = actor_mean(model, observation)
    assert means[0, right.outputs[0]].item() == pytest.approx(means[1, left.outputs[0]].item(), abs=1e-7)


def test_start_std_of_each_actor() -> None:
    model, _ = model_of("network=separate_partial", PPO_BATCH, "network.actors.exo.start_std=0.5")
    assert model.policy.log_std.exp().tolist() == pytest.approx([0.22] * 22 + [0.5] * 2)
    assert any(p is model.policy.log_std for group in model.policy.optimizer.param_groups for p in group["params"])
    model, _ = model_of("network=separate_partial", "algorithm=sac", "network.actors.exo.start_std=0.5")
    _, log_std, _ = model.policy.actor.get_action_dist_params(torch.zeros(1, model.policy.wiring.size))
    assert log_std.exp()[0].tolist() == pytest.approx([0.22] * 22 + [0.5] * 2, rel=1e-2)


@pytest.mark.parametrize(("algorithm", "inputs"), [("ppo", 46), ("recurrent_ppo", 16)], ids=["ppo", "recurrent_ppo"])
def test_state_dependent_noise_of_a_linear_actor_starts_with_start_std(algorithm: str, inputs: int) -> None:
    """It is summed over all inputs, which are about 1 each."""
    memory = ("algorithm.lstm_size=16",) if algorithm == "recurrent_ppo" else ()
    overrides = (f"algorithm={algorithm}", PPO_BATCH, *memory, "algorithm.noise_steps=4", "network.actor=[]")
    model, walk = model_of(*overrides)
    assert len(walk.observer.signals) == 46
    variances = model.policy.log_std.exp() ** 2
    assert tuple(variances.shape) == (inputs, 24)
    torch.testing.assert_close(variances.sum(dim=0).sqrt(), torch.full((24,), 0.22))


@pytest.mark.parametrize("algorithm", [("ppo", PPO_BATCH), ("a2c",), ("sac",)], ids=lambda value: value[0])
@pytest.mark.parametrize("network", ["shared", "separate_partial", "per_side", "exo_off"])
def test_saved_policy_opens_in_plain_sb3_and_as_tensors(
    algorithm: tuple[str, ...], network: str, tmp_path: Path
) -> None:
    model, walk = model_of(f"algorithm={algorithm[0]}", *algorithm[1:], f"network={network}")
    observation = np.random.default_rng(0).standard_normal((3, len(walk.observer.signals))).astype(np.float32)
    wanted = model.predict(observation, deterministic=True)[0]
    model.save(tmp_path / "policy.zip")
    plain: Any = {"ppo": PPO, "a2c": A2C, "sac": SAC}[algorithm[0]]
    assert np.array_equal(plain.load(tmp_path / "policy.zip").predict(observation, deterministic=True)[0], wanted)
    torch.save(model.policy.state_dict(), tmp_path / "weights.pth")
    fresh = make_policy(walk.config.algorithm, walk.config.network, walk)
    fresh.load_state_dict(torch.load(tmp_path / "weights.pth", weights_only=True))
    fresh.set_training_mode(False)
    assert np.array_equal(fresh.predict(observation, deterministic=True)[0], wanted)


# --- the table --------------------------------------------------------------------------------------------------------


def test_table_of_actors() -> None:
    walk = walker("network=separate_partial")
    lines = describe_network(walk.config.network, walk).splitlines()
    assert lines[0].split() == ["network", "layers", "signals", "outputs"]
    assert lines[1].startswith("human    64 64 tanh  all 46")
    assert "4: joint_pos.ankle_angle_r" in lines[2] and lines[2].endswith("2: Exo_R, Exo_L")
    assert lines[3].endswith("value")


@pytest.mark.parametrize(
    ("overrides", "last"),
    [
        (("network=exo_off",), "Exo_R = 0, Exo_L = 0"),
        (("network=separate_partial", "device=none"), "nothing to drive"),
        (("network=shared",), "value"),
    ],
)
def test_table_says_what_is_held_and_left_out(overrides: tuple[str, ...], last: str) -> None:
    walk = walker(*overrides)
    assert describe_network(walk.config.network, walk).splitlines()[-1].endswith(last)


def test_experiments_choose_their_network() -> None:
    full: TrainConfig = experiment("experiment=imitation_full_obs")
    assert full.network.type == "separate" and full.network.actors["exo"].signals == ["*"]
    assert experiment("experiment=exo_off").network.constants == {"motors": 0.0}
