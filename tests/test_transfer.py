"""A new training begins with what an earlier one learned, matched by the names of signals and actions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import experiment
from transfers import Target, same, small

from myoassist.errors import RunError
from myoassist.explain import whole_keys
from myoassist.learn.axes import parameter_axes
from myoassist.learn.checkpoint import Checkpoint, load_checkpoint
from myoassist.learn.layout import Layout
from myoassist.learn.line_up import line_up, origin_of
from myoassist.learn.normalizer import Normalizer, Statistics
from myoassist.learn.training import built, train
from myoassist.learn.transfer import group_of, move_statistics
from myoassist.model.names import known_names


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("source") / "run"
    return load_checkpoint(train(replace(small(), run_dir=str(folder))).folder)


def test_another_task_with_the_same_signals_takes_everything(source: Checkpoint, target: Any) -> None:
    here = target("terrain=rough", "terrain.length=10", "command=uniform", "~reward.terms.activation", "seed=7")
    lines = here.start_from(source)
    assert same(here.policy.state_dict(), source.policy) == set(source.policy)
    assert lines[1:] == ["  46 of 46 signals by name", "  24 of 24 actions by name"]
    for name, value in source.normalizer.__dict__.items():
        np.testing.assert_array_equal(here.normalizer.__dict__[name], value)


def test_signals_and_actions_line_up_by_name_on_another_body(source: Checkpoint, target: Any) -> None:
    here = target("model=26muscle")
    lines = here.start_from(source)
    assert "46 of 50 signals by name; fresh: activation.abd_r, activation.add_r" in lines[1]
    assert "24 of 28 actions by name; fresh: abd_r, add_r, abd_l, add_l" in lines[2]
    weights, signals = here.policy.state_dict(), here.layout.signal_names
    first, last = "mlp_extractor.policy_net.0.weight", "action_net.weight"
    for column, name in enumerate(signals):
        known = name in source.layout.signal_names
        origin = source.policy[first][:, source.layout.signal_names.index(name)] if known else torch.zeros(1)
        assert torch.equal(weights[first][:, column], origin.expand(len(weights[first]))), name
    for row, name in enumerate(here.layout.actions):
        known = name in source.layout.actions
        old = source.layout.actions.index(name) if known else row
        for key in (last, "action_net.bias", "log_std"):
            assert torch.equal(weights[key][row], (source.policy if known else here.before)[key][old]), (key, name)
    column = signals.index("activation.soleus_r")
    assert (
        here.normalizer.mean[column] == source.normalizer.mean[source.layout.signal_names.index("activation.soleus_r")]
    )
    assert here.normalizer.variance[signals.index("activation.abd_r")] == 1.0


def test_shared_muscles_act_alike_whatever_new_signals_show(source: Checkpoint, target: Any) -> None:
    here = target("model=26muscle")
    here.start_from(source)
    rng, names = np.random.default_rng(1), source.layout.signal_names
    there = rng.normal(size=(5, len(names))).astype(np.float32)
    seen = rng.normal(size=(5, len(here.layout.signals))).astype(np.float32)
    seen[:, [here.layout.signal_names.index(name) for name in names]] = there
    with built(small()) as parts:
        parts.model.policy.load_state_dict(source.policy)
        wanted, _ = parts.model.predict(there, deterministic=True)
    acted, _ = here.parts.model.predict(seen, deterministic=True)
    columns = [here.layout.actions.index(name) for name in source.layout.actions]
    np.testing.assert_allclose(acted[:, columns], wanted, atol=1e-6)


def test_device_without_motors_drops_their_rows(source: Checkpoint, target: Any) -> None:
    here = target("device=none")
    assert here.start_from(source)[2] == "  22 of 22 actions by name; not used any more: Exo_R, Exo_L"
    rows = [source.layout.actions.index(name) for name in here.layout.actions]
    assert torch.equal(here.policy.state_dict()["action_net.weight"], source.policy["action_net.weight"][rows])


@pytest.mark.parametrize("part", ["actor", "critic", "log_std", "normalizer"])
def test_reset_part_stays_fresh(source: Checkpoint, target: Any, part: str) -> None:
    here = target()
    assert here.start_from(source, part)[-1] == f"  reset: {part}"
    weights = here.policy.state_dict()
    for key in weights:
        assert torch.equal(weights[key], (here.before if group_of(key) == part else source.policy)[key]), key
    assert (here.normalizer.count == source.normalizer.count).all() == (part != "normalizer")
    assert (here.normalizer.return_count == source.normalizer.return_count) == (part not in ("normalizer", "critic"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("algorithm", "network"),
    [
        ("ppo", "shared"),
        ("ppo", "separate_partial"),
        *(
            pytest.param(name, "shared", marks=pytest.mark.slow)
            for name in ("recurrent_ppo", "sac", "td3", "tqc", "crossq")
        ),
        *(pytest.param(name, "separate_partial", marks=pytest.mark.slow) for name in ("sac", "td3", "tqc")),
    ],
)
def test_every_first_and_last_layer_has_names(algorithm: str, network: str, target: Any) -> None:
    """A parameter that changes its size with the body must have names along that dimension, and no other."""
    epochs = () if "ppo" in algorithm else ("~algorithm.epochs", "algorithm.warmup=10", "algorithm.buffer_size=100")
    overrides = (f"algorithm={algorithm}", *epochs, f"network={network}")
    small_body, large_body = target(*overrides), target(*overrides, "model=26muscle")
    one, other = small_body.policy.state_dict(), large_body.policy.state_dict()
    axes = parameter_axes(large_body.policy, large_body.layout)
    for key, value in one.items():
        for axis, (size, wanted) in enumerate(zip(value.shape, other[key].shape, strict=True)):
            assert size == wanted or (key in axes and axes[key][axis] is not None), (key, axis)
    assert axes


# --- requests that are refused ----------------------------------------------------------------------------------------


def refused(source: Checkpoint, here: Target, *reset: str) -> str:
    with pytest.raises(RunError) as caught:
        here.start_from(source, *reset)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_other_layers_are_named(source: Checkpoint, target: Any) -> None:
    message = refused(source, target("network.actor=[32]"))
    assert "mlp_extractor.policy_net.0.weight has size (128, 46) there and (32, 46) here" in message
    assert "init_from.reset=[actor]" in message


def test_another_kind_of_network_is_named(source: Checkpoint, target: Any) -> None:
    assert "algorithm=ppo, network=shared" in refused(source, target("network=separate_partial"))
    message = refused(source, target("network=separate_partial"), "critic")
    assert "none of the actor's weights fit: it was trained with algorithm=ppo, network=shared" in message


@pytest.mark.parametrize("choice", ["separate_full", "per_side", "mirrored"])
def test_the_kind_of_actors_of_their_own_is_named_as_it_is_chosen(source: Checkpoint, target: Any, choice: str) -> None:
    trained = replace(source, config=experiment(f"network={choice}"))
    network: Any = trained.config.network
    layers = {name: actor.layers for name, actor in network.actors.items()}
    message = refused(trained, target("network.actor=[32]"))
    said = {"separate_full": "separate"}.get(choice, choice)
    assert f"network={said} (human {layers['human']}, exo {layers['exo']})" in message


def test_no_common_signal(source: Checkpoint, target: Any) -> None:
    here = target(
        *(f"~observation.terms.{name}" for name in ("joint_pos", "joint_vel", "foot_force", "target_speed", "phase")),
        "~observation.terms.activation",
        "+observation.terms.force={func: muscle_force}",
    )
    assert "none of its signals are seen here; it saw" in refused(source, here)


def test_folder_without_a_checkpoint_ends_before_anything_is_written(tmp_path: Path) -> None:
    config = replace(small(), run_dir=str(tmp_path / "run"))
    with pytest.raises(RunError, match=r"init_from=.*: does not exist; give a run folder"):
        train(replace(config, init_from=replace(config.init_from, path=str(tmp_path / "none"))))
    assert not list(tmp_path.iterdir())


def test_short_form_of_the_key() -> None:
    assert whole_keys(["init_from=a/b=c", "init_from.reset=[actor]", "seed=1"]) == [
        "init_from.path=a/b=c",
        "init_from.reset=[actor]",
        "seed=1",
    ]


def test_new_signals_find_their_statistics_at_once_while_known_ones_keep_theirs() -> None:
    def normalizer(size: int, count: float) -> Normalizer:
        return Normalizer(True, 10.0, np.full(size, 3.0), np.full(size, 4.0), np.full(1, count), 1.0, 2.0, count)

    there, here = (Layout(tuple((name, "f") for name in names), ()) for names in (("a", "b"), ("b", "c")))
    moved = move_statistics(normalizer(2, 1e6), there, replace(normalizer(2, 1.0), mean=np.zeros(2)), here)
    assert moved.mean.tolist() == [3.0, 0.0]
    assert moved.count.tolist() == [1e6, 1.0]
    assert move_statistics(normalizer(2, 1e6), there, normalizer(2, 1.0), there).count.tolist() == [1e6, 1e6]
    constant = replace(normalizer(2, 1e6), variance=np.array([4.0, 1e-11]))
    varied = move_statistics(constant, there, replace(normalizer(2, 1.0), mean=np.zeros(2), variance=np.ones(2)), there)
    assert (varied.mean.tolist(), varied.variance.tolist()) == ([3.0, 3.0], [4.0, 1.0])
    assert varied.count.tolist() == [1e6, 1.0], "what never changed there finds its scale here at once"
    older, floor = normalizer(2, 1e6), replace(normalizer(2, 1.0), least=np.array([9.0, 9.0]))
    frozen = move_statistics(older, there, floor, there, held={1})
    assert frozen.held.tolist() == [False, True]
    assert frozen.deviation == pytest.approx([9.0, 2.0]), "a frozen actor sees its signals as it did"
    statistics = Statistics(np.zeros(2))
    statistics.mean, statistics.var, statistics.count = moved.mean, moved.variance, moved.count
    statistics.update(np.column_stack([np.full(99, 3.0), np.tile([0.98, 1.0, 1.02], 33)]))
    assert statistics.mean == pytest.approx([3.0, 0.99]), "99 of 100 observations are the new ones'"
    assert statistics.var == pytest.approx([4.0, (1.0 * 4.0 + 99 * 0.02**2 * 2 / 3 + 99 / 100) / 100], rel=1e-3)


@pytest.mark.slow
def test_motors_of_another_device_start_at_rest_though_they_have_the_same_names(
    source: Checkpoint, target: Any
) -> None:
    """``Exo_R`` drives the ankle in the tutorial exoskeleton and the hip in this one; the muscles go on."""
    hip = target("device=hippo")
    assert hip.layout.actions == source.layout.actions
    said = "\n".join(hip.start_from(source))
    assert "22 of 24 actions by name; fresh: Exo_R, Exo_L; not used any more: tutorial Exo_R, tutorial Exo_L" in said
    after, before = hip.policy.state_dict()["action_net.weight"], hip.before["action_net.weight"]
    rows = [name.startswith("Exo") for name in hip.layout.actions]
    assert torch.equal(after[rows], before[rows])
    muscles = [not motor for motor in rows]
    assert torch.equal(after[muscles], source.policy["action_net.weight"][muscles])


@pytest.mark.slow
def test_muscles_that_were_one_act_as_it_did(target: Any, tmp_path: Path) -> None:
    """What one muscle's activation said is said by the mean of its parts, and each part is driven as it was.

    A knee that bends with a positive angle on one body and with a negative one on the other is the same knee.
    """
    from_three_d = ("model=26muscle", "observation=walk_3d", "reward=gait_3d", "termination=tracking_3d")
    config = replace(small(*from_three_d), run_dir=str(tmp_path / "run"))
    source = load_checkpoint(train(config).folder)
    here = target("model=80muscle", *from_three_d[1:])
    lines = here.start_from(source)
    assert "72 as parts: addbrev_r of add_r" in lines[2] and "fresh" not in lines[2]
    rng, names = np.random.default_rng(1), here.layout.signal_names
    there = rng.normal(size=(5, len(source.layout.signals))).astype(np.float32)
    places = {name: place for place, name in enumerate(source.layout.signal_names)}
    seen = np.zeros((5, len(names)), dtype=np.float32)
    for column, name in enumerate(names):
        if (origin := origin_of(name, places)) is not None:
            knee_or_left_hip = any(part in name for part in ("knee_angle", "hip_adduction_l", "hip_rotation_l"))
            seen[:, column] = there[:, places[origin]] * (-1.0 if knee_or_left_hip else 1.0)
    with built(small(*from_three_d)) as parts:
        parts.model.policy.load_state_dict(source.policy)
        wanted, _ = parts.model.predict(there, deterministic=True)
    acted, _ = here.parts.model.predict(seen, deterministic=True)
    column, knee = names.index("joint_pos.knee_angle_r"), places["joint_pos.knee_angle_r"]
    assert here.normalizer.mean[column] == -source.normalizer.mean[knee] != 0.0
    for part, whole in (("glmed3_r", "abd_r"), ("gaslat_l", "gastroc_l"), ("soleus_r", "soleus_r"), ("Exo_L", "Exo_L")):
        old, new = source.layout.actions.index(whole), here.layout.actions.index(part)
        np.testing.assert_allclose(acted[:, new], wanted[:, old], atol=1e-5, err_msg=part)


def test_each_part_lines_up_once() -> None:
    pairs = line_up(["soleus_r", "abd_r", "Exo_R"], ["tibpost_r", "soleus_r", "glmed1_l", "Exo_R"])
    assert pairs == [(0, 0, 0.5), (0, 1, 0.5), (2, 3, 1.0)]


def test_every_muscle_of_the_largest_body_stands_for_one_of_the_26() -> None:
    fewer, most = (known_names(body, None).muscles for body in ("myolegs26", "myolegs"))
    assert {origin_of(muscle, fewer) for muscle in most} == set(fewer)
