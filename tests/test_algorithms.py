"""Every algorithm trains, keeps its settings, follows its schedules, and leaves the cores to the simulation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import Schedule
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.learn.acting import acting
from myoassist.learn.algorithms import ALGORITHMS, POLICIES, make_algorithm, make_policy
from myoassist.learn.normalizer import normalized
from myoassist.learn.schedules import at_start, scheduled
from myoassist.parsing import check_consistency, load_config, parse_config, save_config, to_plain
from tests.helpers import experiment

TINY = ("num_envs=4", "threads=1", "reset.bank_size=8", "evaluation.every_steps=0", "algorithm.update_threads=1")
ON_POLICY = ("algorithm.transitions_per_update=64",)
BATCHED = (*ON_POLICY, "algorithm.batch_size=32")
OFF_POLICY = (
    "algorithm.transitions_per_update=16",
    "algorithm.gradient_steps=2",
    "algorithm.batch_size=16",
    "algorithm.warmup=32",
    "algorithm.buffer_size=1000",
)
SETTINGS = {
    "ppo": BATCHED,
    "a2c": ON_POLICY,
    "trpo": BATCHED,
    "recurrent_ppo": (*BATCHED, "algorithm.lstm_size=8"),
    "sac": OFF_POLICY,
    "td3": OFF_POLICY,
    "tqc": OFF_POLICY,
    "crossq": OFF_POLICY,
}
STEPS = {name: 192 if settings is not OFF_POLICY else 128 for name, settings in SETTINGS.items()}


def make(algorithm: str, *overrides: str) -> tuple[Any, VecNormalize]:
    config = experiment(*TINY, f"algorithm={algorithm}", *SETTINGS[algorithm], *overrides)
    check_consistency(config)
    env = normalized(WalkVecEnv(WalkEnv(config)), config.algorithm.normalize, discount=config.algorithm.discount)
    return make_algorithm(config.algorithm, config.network, env, seed=0), env


def weights(model: Any) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.policy.state_dict().items()}


@pytest.mark.slow
@pytest.mark.parametrize("network", ["shared", "separate_partial", "per_side"])
@pytest.mark.parametrize("algorithm", SETTINGS)
def test_trains_without_a_number_that_is_not_finite(algorithm: str, network: str) -> None:
    if network != "shared" and algorithm in ("recurrent_ppo", "crossq"):
        with pytest.raises(ConfigError, match="does not fit"):
            make(algorithm, f"network={network}")
        return
    model, env = make(algorithm, f"network={network}")
    before = weights(model)
    model.learn(STEPS[algorithm], log_interval=None)
    after = weights(model)
    assert all(torch.isfinite(tensor).all() for tensor in after.values())
    assert any(not torch.equal(before[name], tensor) for name, tensor in after.items())
    numbers = {key: value for key, value in model.logger.name_to_value.items() if key.startswith("train/")}
    assert numbers and all(math.isfinite(value) for value in numbers.values()), numbers
    observation = np.asarray(env.reset())
    action = acting(model)(observation)
    assert action.shape == (4, 24) and np.isfinite(action).all()
    fresh = make_policy(env.venv.walk.config.algorithm, env.venv.walk.config.network, env.venv.walk)  # type: ignore[attr-defined]
    fresh.load_state_dict(model.policy.state_dict())
    fresh.set_training_mode(False)
    assert acting(fresh)(observation) == pytest.approx(action, abs=1e-6)
    env.close()


def test_every_algorithm_is_registered_and_has_a_file() -> None:
    assert len(ALGORITHMS) == len(SETTINGS) and ALGORITHMS.keys() == POLICIES.keys()
    for name in SETTINGS:
        config = experiment(f"algorithm={name}")
        check_consistency(config)
        assert type(config.algorithm) in ALGORITHMS and config.algorithm.type == name


@pytest.mark.slow
def test_batch_of_an_update_does_not_depend_on_the_number_of_environments() -> None:
    model, env = make("a2c")
    assert (model.n_steps, env.num_envs) == (16, 4)
    model, env = make("sac")
    assert (model.train_freq.frequency, model.gradient_steps) == (4, 2)


def test_recurrent_policy_remembers_while_it_acts() -> None:
    model, env = make("recurrent_ppo")
    observation = np.asarray(env.reset())
    act, again = acting(model), acting(model)
    first = act(observation)
    assert not np.array_equal(act(observation), first)  # same observation, other memory
    assert np.array_equal(again(observation), first)
    env.close()


# --- threads ----------------------------------------------------------------------------------------------------------


class ThreadCounts(BaseCallback):
    """Torch threads while collecting."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[int] = set()

    def _on_step(self) -> bool:
        self.seen.add(torch.get_num_threads())
        return True


@pytest.mark.parametrize("algorithm", ["ppo", "a2c", pytest.param("sac", marks=pytest.mark.slow)])
def test_one_thread_collects_and_more_update(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, env = make(algorithm, "algorithm.update_threads=2")
    updates, counts = [], ThreadCounts()
    learned = model.policy.set_training_mode
    monkeypatch.setattr(
        model.policy,
        "set_training_mode",
        lambda on: (updates.append(torch.get_num_threads()) if on else None, learned(on)),
    )
    model.learn(64, callback=counts, log_interval=None)
    assert counts.seen == {1}
    assert set(updates) == {2}
    assert torch.get_num_threads() == 1
    env.close()


# --- schedules --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "end", "until", "expected"),
    [
        ("constant", None, 1.0, [1.0, 1.0, 1.0, 1.0, 1.0]),
        ("linear", 0.2, 1.0, [1.0, 0.8, 0.6, 0.4, 0.2]),
        ("linear", 0.2, 0.5, [1.0, 0.6, 0.2, 0.2, 0.2]),
        # 0.2 + 0.8 (1 + cos(pi x)) / 2 with cos(pi / 4) = 0.70710678
        ("cosine", 0.2, 1.0, [1.0, 0.88284271, 0.6, 0.31715729, 0.2]),
    ],
)
def test_shapes(shape: Any, end: float | None, until: float, expected: list[float]) -> None:
    course: Any = scheduled(Schedule(schedule=shape, start=1.0, end=end, until=until))
    values = [course(1.0 - done) if callable(course) else course for done in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert values == pytest.approx(expected)
    assert at_start(Schedule(schedule=shape, start=1.0, end=end)) == 1.0


def test_a_number_stays_a_number() -> None:
    assert scheduled(3e-4) == 3e-4 and at_start(3e-4) == 3e-4
    assert to_plain(experiment().algorithm)["learning_rate"] == 3e-4


def test_schedules_survive_saving(tmp_path: Path) -> None:
    linear = "{schedule: linear, start: 3e-4, end: 0.0}"
    config = experiment(f"algorithm.learning_rate={linear}", "algorithm.clip_range={schedule: constant, start: 0.1}")
    assert config.algorithm.learning_rate == Schedule(schedule="linear", start=3e-4, end=0.0)
    save_config(config, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml") == config
    assert parse_config(to_plain(config)) == config


def test_schedules_reach_the_update() -> None:
    model, env = make(
        "ppo",
        "algorithm.learning_rate={schedule: linear, start: 1e-3, end: 1e-4}",
        "algorithm.clip_range={schedule: linear, start: 0.3, end: 0.0}",
        "algorithm.entropy_weight={schedule: cosine, start: 0.02, end: 0.01}",
    )
    assert (model.ent_coef, model.clip_range(1.0)) == (0.02, 0.3)
    model.learn(128, log_interval=None)  # the last of its two updates is at the end
    assert model.policy.optimizer.param_groups[0]["lr"] == pytest.approx(1e-4)
    assert model.logger.name_to_value["train/clip_range"] == pytest.approx(0.0)
    assert model.ent_coef == model.logger.name_to_value["train/entropy_weight"] == pytest.approx(0.01)
    env.close()


@pytest.mark.parametrize("network", ["shared", "separate_full"])
def test_the_noise_of_the_actions_can_be_held(network: str) -> None:
    model, env = make("ppo", f"network={network}", "algorithm.action_std={schedule: linear, start: 0.3, end: 0.05}")
    collected: list[float] = []
    forward = model.policy.forward

    def seen(*arguments: Any, **keywords: Any) -> Any:
        collected.append(float(model.policy.log_std.exp().mean()))
        return forward(*arguments, **keywords)

    model.policy.forward = seen
    model.learn(128, log_interval=None)  # the second and last of its updates is at the end
    assert sorted(set(np.round(collected, 3))) == [0.175, 0.3], "from the first collection on"
    deviation = model.policy.log_std.detach().exp()
    np.testing.assert_allclose(deviation, 0.05, rtol=1e-6)
    model.train()  # learns the means, not the noise
    np.testing.assert_array_equal(model.policy.log_std.detach().exp(), deviation)
    env.close()


def problem(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        check_consistency(experiment(*overrides))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "{schedule: linear, start: 2, end: 0.1}",
            "algorithm.learning_rate.start: got 2; expected a number >= 0 and <= 1",
        ),
        ("{schedule: linear, start: 0.1}", "algorithm.learning_rate.end: a linear schedule needs an end"),
        ("{schedule: constant, start: 0.1, end: 0.2}", "algorithm.learning_rate.end: a constant schedule has no end"),
        ("{schedule: quadratic, start: 0.1}", "algorithm.learning_rate.schedule: no choice named 'quadratic'"),
        ("{start: 0.1, end: 0.2}", "algorithm.learning_rate.schedule: missing"),
        ("fast", "algorithm.learning_rate: got 'fast'; expected a number > 0 and <= 1 or a section"),
    ],
)
def test_schedules_that_are_refused(override: str, message: str) -> None:
    assert problem(f"algorithm.learning_rate={override}").startswith(message)


# --- settings that do not fit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("algorithm=a2c", "num_envs=100"), "num_envs: 100 does not divide algorithm.transitions_per_update=1024"),
        (("algorithm=sac", "num_envs=100"), "num_envs: 100 does not divide algorithm.transitions_per_update=128"),
        (("algorithm=trpo", "algorithm.batch_size=1000"), "algorithm.batch_size: 1000 does not divide"),
        (("algorithm=sac", "algorithm.buffer_size=100"), "algorithm.buffer_size: got 100; at least 256"),
        (("algorithm=tqc", "algorithm.dropped_quantiles=25"), "algorithm.dropped_quantiles: got 25; less than"),
        (("algorithm.action_std=0.1", "algorithm.noise_steps=8"), "algorithm.noise_steps: got 8; with"),
        (("algorithm.action_std={schedule: linear, start: 0.2, end: 0.0}",), "algorithm.action_std.end: got 0.0"),
        (("algorithm=td3", "algorithm.device=tpu"), "algorithm.device: no device named 'tpu'"),
    ],
)
def test_rules(overrides: tuple[str, ...], message: str) -> None:
    assert problem(*overrides).startswith(message)


# --- learning ---------------------------------------------------------------------------------------------------------


class Lengths(BaseCallback):
    """Lengths of the finished episodes in order."""

    def __init__(self) -> None:
        super().__init__()
        self.lengths: list[int] = []

    def _on_step(self) -> bool:
        self.lengths += [info["episode"]["l"] for info in self.locals["infos"] if "episode" in info]
        return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "steps", "settings"),
    [
        ("ppo", 49_152, ("algorithm.transitions_per_update=4096", "algorithm.batch_size=1024")),
        ("a2c", 32_768, ("algorithm.transitions_per_update=1024",)),
    ],
)
def test_learns_the_quickstart_task(algorithm: str, steps: int, settings: tuple[str, ...]) -> None:
    """Episodes get longer: about half a minute each on two quiet cores."""
    tiny = ("num_envs=64", "threads=0", "reset.bank_size=256")
    model, env = make(algorithm, *settings, *tiny)
    lengths = Lengths()
    model.learn(steps, callback=lengths, log_interval=None)
    env.close()
    fifth = len(lengths.lengths) // 5
    assert np.mean(lengths.lengths[-fifth:]) > 1.2 * np.mean(lengths.lengths[:fifth])
