"""Rules between settings: what does not fit together is refused in one line that names the key and what would fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from minimal_config import parsed

from myoassist.errors import ConfigError
from myoassist.parsing import check_consistency


def conflict(**values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        check_consistency(parsed(**values))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults_are_consistent() -> None:
    check_consistency(parsed())
    check_consistency(parsed(terrain={"type": "rough"}, command={"type": "uniform"}))


@pytest.mark.parametrize("name", ["first walk", "걷기 1", "a.b-c_d=1", "com10", "CONSOLE", "가" * 66])
def test_good_run_names(name: str) -> None:
    check_consistency(parsed(name=name))


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " a",
        "a ",
        "a.",
        ".",
        "..",
        "a/b",
        "a\\b",
        "a:b",
        "a*",
        'a"',
        "a\nb",
        "a\0",
        "CON",
        "nul.txt",
        "가" * 67,
    ],
)
def test_bad_run_names(name: str) -> None:
    assert conflict(name=name).startswith("name: ")


def test_physics_rate() -> None:
    message = conflict(model__physics_hz=500)
    assert message == "model.physics_hz: 500 is not a whole multiple of model.control_hz=30; nearest: 480 or 510"
    assert conflict(model__physics_hz=20).endswith("nearest: 30")


def test_environments_divide_the_transitions() -> None:
    message = conflict(num_envs=100)
    assert message == (
        "num_envs: 100 does not divide algorithm.transitions_per_update=8192; nearest: 64 or 128; "
        "or algorithm.transitions_per_update=8100 or 8200"
    )
    assert "nearest: 8192; or algorithm.transitions_per_update=10000" in conflict(num_envs=10_000)


def test_batch_divides_the_transitions() -> None:
    message = conflict(algorithm__batch_size=1000)
    expected = "1000 does not divide algorithm.transitions_per_update=8192; nearest: 512 or 1024"
    assert message == f"algorithm.batch_size: {expected}"
    assert conflict(num_envs=1, algorithm__transitions_per_update=9, algorithm__batch_size=2).endswith("nearest: 3")


def test_command_range() -> None:
    message = conflict(command={"type": "uniform", "low": 2, "high": 1})
    assert message == "command.low: got 2.0; at most command.high=1.0"
    check_consistency(parsed(command={"type": "uniform", "low": 1, "high": 1}))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"length": 10, "safe_zone": 10}, "terrain.safe_zone: got 10.0; less than terrain.length=10.0"),
        ({"width": 0.6, "grid": 0.4}, "terrain.grid: got 0.4; at most half of terrain.width=0.6"),
        ({"length": 10, "smoothing": 1.1}, "terrain.smoothing: got 1.1; at most a tenth of terrain.length=10.0"),
    ],
)
def test_rough_terrain(values: dict, expected: str) -> None:
    assert conflict(terrain={"type": "rough", **values}).startswith(expected)


def test_reference_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("gait.yaml", ".", "a\0b"):
        message = conflict(reference__path=path)
        assert message.startswith(f"reference.path: {path!r} cannot be read from {tmp_path}")
    (tmp_path / "gait.yaml").touch()
    check_consistency(parsed(reference__path="gait.yaml"))


def test_torch_device() -> None:
    assert conflict(algorithm__device="gpu").startswith("algorithm.device: no device named 'gpu'")
    check_consistency(parsed(algorithm__device="cuda"))


@pytest.mark.parametrize("glob", ["", "soleus r", "a.b"])
def test_strength_globs(glob: str) -> None:
    assert conflict(condition__strength={glob: 0.5}).startswith(f"condition.strength: got {glob!r}")
    check_consistency(parsed(condition__strength={"soleus_*": 0.5, "[gs]*_r": 0.5}))


def test_an_adaptive_rate_needs_what_it_adapts_to() -> None:
    message = conflict(algorithm={"type": "ppo", "adaptive_rate": True, "target_kl": None})
    assert message.startswith("algorithm.adaptive_rate: got true; it lowers learning_rate until") and "null" in message
    check_consistency(parsed(algorithm={"type": "ppo", "adaptive_rate": True}))
