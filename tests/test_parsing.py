"""Reading a configuration: every kind of mistake is refused in one line that names the key and what is allowed."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from minimal_config import parsed, with_values

from myoassist.config import ModelConfig, PPOConfig, RoughTerrain, SharedNetwork, UniformCommand
from myoassist.errors import ConfigError, RunError
from myoassist.parsing import load_config, parse_config, save_config, to_plain


def problem(**values: Any) -> str:
    """Return the message about a configuration that must be refused, and check that it is one line."""
    with pytest.raises(ConfigError) as caught:
        parsed(**values)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- values that are accepted, and what they become -------------------------------------------------------------------


def test_defaults_fill_what_is_not_given() -> None:
    config = parsed()
    assert config.model == ModelConfig(name="22muscle", body="myolegs22", control_hz=30, physics_hz=600)
    assert config.algorithm == PPOConfig()
    assert isinstance(config.network, SharedNetwork) and config.network.actor == [128, 128]
    assert config.reward.terms["effort"].weight == -1.0


@pytest.mark.parametrize(
    ("values", "section", "field", "expected"),
    [
        ({"total_steps": 1e6}, None, "total_steps", 1_000_000),
        ({"algorithm__learning_rate": "1e-4"}, "algorithm", "learning_rate", 1e-4),
        ({"algorithm__discount": 1}, "algorithm", "discount", 1.0),
        ({"algorithm__target_kl": None}, "algorithm", "target_kl", None),
        ({"algorithm__target_kl": 1}, "algorithm", "target_kl", 1.0),
    ],
)
def test_numbers_take_the_type_of_their_field(values: dict, section: str | None, field: str, expected: object) -> None:
    config = parsed(**values)
    value = getattr(getattr(config, section) if section else config, field)
    assert value == expected
    assert type(value) is type(expected)


def test_type_chooses_the_variant() -> None:
    config = parsed(terrain={"type": "rough", "amplitude": 0.1}, command={"type": "uniform"})
    assert config.terrain == RoughTerrain(amplitude=0.1)
    assert config.command == UniformCommand()


def test_free_parameters_are_copied_as_they_are() -> None:
    params = {"weights": [1, 2.5, "a", None, {"x": True}]}
    config = parsed(observation={"terms": {"a": {"func": "f", "params": params}}})
    assert config.observation.terms["a"].params == params
    params["weights"].append("later")
    assert config.observation.terms["a"].params != params


# --- values that are refused ------------------------------------------------------------------------------------------


def test_unknown_key_names_the_nearest() -> None:
    message = problem(model={"name": "a", "body": "myolegs22", "fysics_hz": 3})
    assert message.startswith("model.fysics_hz: no key named 'fysics_hz'; did you mean 'physics_hz'?")
    assert "control_hz" in message.split("Allowed:")[1]


def test_unknown_section_names_the_nearest() -> None:
    assert problem(algoritm={}).startswith("algoritm: no key named 'algoritm'; did you mean 'algorithm'?")


def test_key_of_another_variant_says_so() -> None:
    message = problem(terrain={"type": "flat", "amplitude": 0.1})
    assert message == "terrain.amplitude: got 0.1, but this key belongs to type=rough; type=flat allows type, friction"


def test_key_of_no_variant_is_unknown() -> None:
    assert "did you mean 'amplitude'?" in problem(terrain={"type": "rough", "amplitud": 0.1})


def test_unknown_type_names_the_nearest() -> None:
    message = problem(terrain={"type": "ruogh"})
    allowed = "curriculum, flat, harmonic, mixed, rough, slope, stairs"
    assert message == f"terrain.type: no type named 'ruogh'; did you mean 'rough'? Allowed: {allowed}."


@pytest.mark.parametrize("section", [{}, {"type": None}, {"type": ["flat"]}])
def test_missing_or_wrong_type_lists_the_types(section: dict) -> None:
    message = problem(terrain=section)
    assert message.startswith("terrain.type: ")
    assert "Allowed: curriculum, flat, harmonic, mixed, rough, slope, stairs." in message


def test_section_refuses_another_type() -> None:
    assert problem(algorithm={"type": "dqn"}).startswith("algorithm.type: no type named 'dqn'")


@pytest.mark.parametrize("value", ["absent", "???"])
def test_missing_required_key(value: str) -> None:
    data = with_values(model__body=value)
    if value == "absent":
        del data["model"]["body"]
    bodies = "myolegs22, myolegs26, myolegs, mjcf"
    with pytest.raises(ConfigError, match=rf"^model\.body: missing; required: one of {bodies}$"):
        parse_config(data)


def test_mark_for_a_missing_value_is_refused_where_there_is_a_default_too() -> None:
    assert problem(seed="???") == "seed: missing; required: a whole number >= 0"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("seed", True, "seed: got true; expected a whole number >= 0"),
        ("seed", 1.5, "seed: got 1.5; expected a whole number >= 0"),
        ("seed", "1", "seed: got '1'; expected a whole number >= 0"),
        ("seed", None, "seed: got null; expected a whole number >= 0"),
        ("seed", [1], "seed: got [1]; expected a whole number >= 0"),
        ("algorithm__discount", True, "algorithm.discount: got true; expected a number > 0 and <= 1"),
        ("algorithm__discount", "fast", "algorithm.discount: got 'fast'; expected a number > 0 and <= 1"),
        ("algorithm__target_kl", "x", "algorithm.target_kl: got 'x'; expected a number > 0 or null"),
        ("logging__tensorboard", 1, "logging.tensorboard: got 1; expected true or false"),
        ("logging__tensorboard", "yes", "logging.tensorboard: got 'yes'; expected true or false"),
        ("device__assist_sim", {}, "device.assist_sim: got {}; expected text or null"),
        ("network__actor", 64, "network.actor: got 64; expected a list, each item a whole number >= 1"),
        ("network__actor", [64, "x"], "network.actor[1]: got 'x'; expected a whole number >= 1"),
        ("model", "22muscle", "model: got '22muscle'; expected a section with keys of its own"),
        ("model", None, "model: got null; expected a section with keys of its own"),
        ("condition__strength", [1], "condition.strength: got [1]; expected a mapping from names, each value"),
        (
            "condition__strength",
            {1: 1.0},
            "condition.strength: got {1: 1.0}; expected a mapping from names, each value",
        ),
    ],
)
def test_wrong_type(key: str, value: Any, expected: str) -> None:
    assert problem(**{key: value}).startswith(expected)


def test_number_where_text_belongs_says_how_to_quote_it() -> None:
    message = problem(name=7)
    assert message.startswith("name: got 7; expected text")
    assert "\"'7'\"" in message


def test_long_values_are_cut() -> None:
    assert len(problem(seed="x" * 500)) < 150


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("num_envs", 0, "num_envs: got 0; expected a whole number >= 1 and <= 65536"),
        ("num_envs", 65_537, "num_envs: got 65537; expected a whole number >= 1 and <= 65536"),
        ("algorithm__learning_rate", 0, "algorithm.learning_rate: got 0; expected a number > 0 and <= 1"),
        ("algorithm__learning_rate", math.nan, "algorithm.learning_rate: got nan; expected a number > 0 and <= 1"),
        ("algorithm__clip_range", math.inf, "algorithm.clip_range: got inf; expected a number > 0"),
        ("algorithm__clip_range", "inf", "algorithm.clip_range: got 'inf'; expected a number > 0"),
        ("algorithm__clip_range", 10**400, "algorithm.clip_range: got 1000"),
        ("total_steps", math.inf, "total_steps: got inf; expected a whole number >= 1"),
        ("algorithm__target_kl", 0, "algorithm.target_kl: got 0; expected a number > 0 or null"),
        ("network__actor", [64, 0], "network.actor[1]: got 0; expected a whole number >= 1"),
        ("command__speed", 5, "command.speed: got 5; expected a number >= 0 and <= 4 m/s"),
        (
            "condition__strength",
            {"soleus_*": 2.5},
            "condition.strength.soleus_*: got 2.5; expected a number >= 0 and <= 2",
        ),
    ],
)
def test_out_of_bounds(key: str, value: Any, expected: str) -> None:
    assert problem(**{key: value}).startswith(expected)


@pytest.mark.parametrize(
    ("key", "value"),
    [("num_envs", 1), ("num_envs", 65_536), ("seed", 0), ("algorithm__discount", 1.0), ("seed", 10**400)],
)
def test_inclusive_bounds_are_allowed(key: str, value: Any) -> None:
    parsed(**{key: value})


def test_wrong_choice_names_the_nearest() -> None:
    message = problem(model__integrator="eular")
    assert message == "model.integrator: no choice named 'eular'; did you mean 'euler'? Allowed: euler, implicitfast."
    assert "no choice named '3'" in problem(model__integrator=3)


@pytest.mark.parametrize("value", [object(), {1: 2}, (1, 2), [set()]])
def test_free_parameters_are_plain_data(value: Any) -> None:
    message = problem(observation={"terms": {"a": {"func": "f", "params": {"p": value}}}})
    assert message.startswith("observation.terms.a.params.p")
    assert "expected text, numbers, lists or mappings" in message


def test_section_alone_is_named_by_where() -> None:
    with pytest.raises(ConfigError, match=r"^model\.bodi: "):
        parse_config({"name": "a", "bodi": 1}, ModelConfig, where="model")


# --- saving and loading -----------------------------------------------------------------------------------------------


def test_saved_configuration_comes_back_equal(tmp_path: Path) -> None:
    config = parsed(
        name="걷기 1",
        terrain={"type": "rough", "amplitude": 0.05},
        condition={"strength": {"soleus_*": 0.6}},
        algorithm={"type": "ppo", "learning_rate": 1e-5, "target_kl": None},
        observation={"terms": {"a": {"func": "f", "params": {"text": "yes", "number": "1e-4", "none": None}}}},
    )
    assert parse_config(to_plain(config)) == config
    save_config(config, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml") == config


def test_loading_follows_no_reference_and_builds_no_object(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    save_config(replace(parsed(), name="${oc.env:HOME}"), path)
    assert load_config(path).name == "${oc.env:HOME}"
    path.write_text("name: !!python/object/apply:os.getcwd []\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_config(path)


@pytest.mark.parametrize("content", [b"a: b: c\n", b"\xff\xfe\xff", b"", b"name: 3\n", b"[1, 2]\n"])
def test_unusable_file_is_one_line_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(RunError, match="cannot be written"):
        save_config(parsed(), tmp_path / "none" / "config.yaml")
