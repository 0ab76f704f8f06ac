"""Actors of their own in a training that begins with an earlier one: their names stay, and so do frozen weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transfers import same, small

from myoassist.errors import ConfigError
from myoassist.learn.axes import parameter_axes
from myoassist.learn.checkpoint import Checkpoint, load_checkpoint
from myoassist.learn.freezing import freeze_actors
from myoassist.learn.training import built, train


@pytest.fixture(scope="module")
def two_actors(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("separate") / "run"
    return load_checkpoint(train(replace(small("network=separate_partial"), run_dir=str(folder))).folder)


@pytest.mark.slow
def test_separate_actors_keep_their_names(two_actors: Checkpoint, target: Any) -> None:
    here = target("network=separate_partial", "model=26muscle")
    here.start_from(two_actors)
    weights, key = here.policy.state_dict(), "mlp_extractor.policy_net.actor_exo.0.weight"
    axes = parameter_axes(here.policy, here.layout)
    assert axes[key] == two_actors.axes[key]  # its own joints' angles and velocities
    assert torch.equal(weights[key], two_actors.policy[key])
    assert axes["action_net.actor_exo.bias"] == [["Exo_R", "Exo_L"]]


# --- frozen actors ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("frozen", ["human", "exo"])
@pytest.mark.parametrize("algorithm", ["ppo", pytest.param("a2c", marks=pytest.mark.slow)])
def test_frozen_weights_do_not_change(two_actors: Checkpoint, tmp_path: Path, frozen: str, algorithm: str) -> None:
    overrides = ("~algorithm.batch_size", "~algorithm.epochs") if algorithm == "a2c" else ()
    config = small(
        "network=separate_partial", f"algorithm={algorithm}", *overrides, f"freeze=[{frozen}]", "total_steps=256"
    )
    init_from = replace(config.init_from, path=str(two_actors.path), reset=["critic"])
    result = train(replace(config, init_from=init_from, run_dir=str(tmp_path / "run")))
    trained = load_checkpoint(result.folder)
    other = {"human": "exo", "exo": "human"}[frozen]
    unchanged = same(trained.policy, two_actors.policy)
    assert {key for key in trained.policy if f"actor_{frozen}." in key} <= unchanged
    assert not {key for key in trained.policy if f"actor_{other}." in key} & unchanged
    muscles = len(trained.layout.actions) - 2
    kept = trained.policy["log_std"] == two_actors.policy["log_std"]
    mine, others = (kept[:muscles], kept[muscles:]) if frozen == "human" else (kept[muscles:], kept[:muscles])
    assert mine.all()
    assert not others.any()
    signals, before, after = trained.layout.signal_names, two_actors.normalizer, trained.normalizer
    kept_statistics = (before.mean == after.mean) & (before.variance == after.variance)
    own = {"human": set(signals), "exo": {name for name in signals if "ankle_angle" in name}}[frozen]
    assert {name for name, kept in zip(signals, kept_statistics, strict=True) if kept} >= own
    assert kept_statistics.all() == (frozen == "human"), "what only the learning one sees goes on"


def test_given_noise_leaves_the_spread_of_a_frozen_actor_as_it_is() -> None:
    with built(small("network=separate_partial", "algorithm.action_std=0.05")) as parts:
        freeze_actors(parts.model, ["exo"])
        spread: Any = parts.model.policy.log_std
        before = spread.detach().exp().clone()
        learner: Any = parts.model
        learner.learn(128, log_interval=None)
        torch.testing.assert_close(spread[:-2].exp(), torch.full_like(before[:-2], 0.05))
        assert torch.equal(spread[-2:].exp(), before[-2:]) and (before[-2:] > 0.2).all()


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["sac", "td3", "tqc"])
def test_frozen_weights_do_not_change_off_policy(tmp_path: Path, algorithm: str) -> None:
    config = small(
        "network=separate_partial", f"algorithm={algorithm}", "~algorithm.epochs", "algorithm.warmup=32",
        "algorithm.transitions_per_update=8", "algorithm.gradient_steps=2", "algorithm.buffer_size=200",
        "freeze=[human]",
    )  # fmt: skip
    with built(config) as parts:
        fresh = {key: value.clone() for key, value in parts.model.policy.state_dict().items()}
    trained = load_checkpoint(train(replace(config, run_dir=str(tmp_path / "run"))).folder)
    unchanged = same(trained.policy, fresh)
    assert {key for key in fresh if "actor.latent_pi.actor_human" in key or "mu.actor_human" in key} <= unchanged
    assert {key for key in fresh if key.startswith("actor.") and "actor_exo." in key} - unchanged


def test_frozen_actors_that_cannot_be(target: Any) -> None:
    with pytest.raises(ConfigError, match="leave at least one to learn"):
        freeze_actors(target("network=separate_partial").parts.model, ["human", "exo"])
    with pytest.raises(ConfigError, match="exo: it drives nothing on this body and device"):
        freeze_actors(target("network=exo_off").parts.model, ["exo"])
