"""The learning rate of a proximal update adapts until all its epochs have their say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stable_baselines3.common.logger import configure

from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.learn.algorithms import make_algorithm
from myoassist.learn.learning_rate import adapted
from myoassist.learn.normalizer import normalized
from myoassist.learn.training_state import Progression, TrainingState, put_state, take_state
from tests.helpers import experiment

TINY = ("num_envs=4", "threads=1", "reset.bank_size=8")
BATCH = ("algorithm.transitions_per_update=64", "algorithm.batch_size=32")


def make(*overrides: str) -> tuple[Any, Any]:
    config = experiment(*TINY, *BATCH, "algorithm.adaptive_rate=true", *overrides)
    env = normalized(WalkVecEnv(WalkEnv(config)), config.algorithm.normalize, discount=config.algorithm.discount)
    model = make_algorithm(config.algorithm, config.network, env, seed=0)
    model.set_logger(configure(None, []))
    return model, env


def rates(model: Any, updates: int) -> list[float]:
    """The learning rates of so many updates."""
    seen = []
    for _ in range(updates):
        model.learn(64, reset_num_timesteps=False, log_interval=None)
        seen.append(model.policy.optimizer.param_groups[0]["lr"])
    return seen


@pytest.mark.parametrize(
    ("share", "epochs", "divergence", "expected"),
    [
        (0.3, 0.2, 1.8, 0.2),  # stopped: 0.3 / 1.5
        (0.3, 0.9, 1.6, 0.2),
        (0.3, 1.0, 0.49, 0.45),  # room left: 0.3 * 1.5
        (0.3, 1.0, 0.8, 0.3),  # as it should be
        (0.3, 1.0, 1.7, 0.3),  # stopped in the last epoch: every minibatch has been seen often enough
        (0.8, 1.0, 0.1, 1.0),  # never above what is configured
        (0.012, 0.1, 2.0, 0.01),  # never below a hundredth of it
    ],
)
def test_share_of_the_next_update(share: float, epochs: float, divergence: float, expected: float) -> None:
    assert adapted(share, epochs, divergence) == pytest.approx(expected)


@pytest.mark.parametrize("algorithm", ["ppo", "recurrent_ppo"])
def test_falls_while_the_divergence_stops_updates(algorithm: str) -> None:
    model, env = make(f"algorithm={algorithm}", "algorithm.learning_rate=0.03", "algorithm.target_kl=1e-4")
    assert rates(model, 3) == pytest.approx([0.003, 0.002, 0.004 / 3])
    env.close()


def test_rises_to_the_configured_rate_where_nothing_stops_it() -> None:
    model, env = make("algorithm.learning_rate=1e-6", "algorithm.target_kl=0.5")
    assert rates(model, 8) == pytest.approx([1e-7 * min(10.0, 1.5**k) for k in range(8)])
    env.close()


def test_a_single_epoch_that_was_stopped_lowers_the_rate() -> None:
    """Stable-Baselines3 counts the epoch in which it stops; here it is the first of one."""
    model, _ = make("algorithm.epochs=1", "algorithm.target_kl=1e-9", "algorithm.learning_rate=0.01")
    first, second, third = rates(model, 3)
    assert (first, second, third) == pytest.approx((1e-3, 1e-3 / 1.5, 1e-3 / 1.5**2))


@pytest.mark.parametrize(
    ("algorithm", "extra", "epochs", "share"),
    [
        ("ppo", (), 1, 0.1 / 1.5),
        ("ppo", ("algorithm.mirror_weight=1.0",), 1, 0.1 / 1.5),
        ("recurrent_ppo", (), 1, 0.1 / 1.5),
        ("ppo", (), 3, 0.1),  # the last of several epochs: neither lowered nor raised
    ],
    ids=["ppo", "mirror", "recurrent_ppo", "last_of_three"],
)
def test_one_minibatch_too_far_is_seen(algorithm: str, extra: tuple[str, ...], epochs: int, share: float) -> None:
    """It stops the update though the mean over its epoch is far below the target."""
    batch = ("algorithm.batch_size=4", f"algorithm.epochs={epochs}", "algorithm.target_kl=1.0")
    model, env = make(f"algorithm={algorithm}", *extra, *batch, "algorithm.learning_rate=1e-6")
    evaluate, calls = model.policy.evaluate_actions, 0

    def too_far(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        values, log_prob, entropy = evaluate(*arguments)
        return values, log_prob + (2.0 if calls == 16 * epochs else 0.0), entropy  # in the very last minibatch

    model.policy.__dict__["evaluate_actions"] = too_far
    model.learn(64, log_interval=None)
    assert calls == 16 * epochs
    assert model.logger.name_to_value["train/approx_kl"] < 0.5
    assert model.rate_share == pytest.approx(share)
    env.close()


@pytest.mark.parametrize("override", ["algorithm.adaptive_rate=false", "algorithm.target_kl=null"])
def test_without_it_the_rate_is_the_configured_one(override: str) -> None:
    model, env = make("algorithm.learning_rate=0.001", override)
    assert rates(model, 2) == [0.001, 0.001]
    env.close()


def test_a_resumed_training_goes_on_at_its_rate(tmp_path: Path) -> None:
    model, env = make("algorithm.learning_rate=1e-6", "algorithm.target_kl=0.5")
    rates(model, 3)
    take_state(model, env, Progression(), last=True).save(tmp_path)
    again, other = make("algorithm.learning_rate=1e-6", "algorithm.target_kl=0.5")
    put_state(TrainingState.load(tmp_path), again, other)
    assert rates(again, 1) == pytest.approx([1e-7 * 1.5**3])
    env.close()
    other.close()
