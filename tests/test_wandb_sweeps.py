"""W&B sweeps: what ``wandb agent`` makes of each file conf/sweep/wandb_*.yaml starts the training it asks for."""

from __future__ import annotations

import copy
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import experiment
from running import REPOSITORY, train_config

from myoassist.mdp.check import check_task
from myoassist.parsing import check_consistency, to_plain

FILES = sorted((REPOSITORY / "conf" / "sweep").glob("wandb_*.yaml"))
SHORT = (
    "experiment=smoke", "num_envs=4", "threads=2", "total_steps=1", "reset.bank_size=16", "logging=none",
    "algorithm.update_threads=1",
)  # fmt: skip


def load(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def fixed(file: Path) -> list[str]:
    """Settings that the command has besides the parameters."""
    return [part for part in load(file)["command"] if not part.startswith("${")]


def choices(entry: dict[str, Any]) -> list[Any]:
    """Values that W&B may draw: all that are listed, or the ends and a long number between them."""
    if "distribution" not in entry:
        return entry["values"]
    low, high = entry["min"], entry["max"]
    assert entry["distribution"] in ("uniform", "int_uniform", "log_uniform_values") and low < high, "those used so far"
    assert low > 0 or entry["distribution"] == "uniform", "a logarithm needs a positive range"
    if entry["distribution"] == "int_uniform":
        return [low, high]
    return [low, high, (low * high) ** 0.5 if low > 0 else high / 3.0]


def drawn(file: Path, number: int) -> dict[str, Any]:
    """The values of all parameters in trial ``number``: the first of each, the second of each, …"""
    parameters = load(file)["parameters"]
    return {name: choices(entry)[number % len(choices(entry))] for name, entry in parameters.items()}


def overrides(values: dict[str, Any]) -> list[str]:
    """``${args_no_hyphens}`` as W&B itself writes it."""
    utils = pytest.importorskip("wandb.sdk.launch.sweeps.utils")
    args = {name: {"value": value} for name, value in values.items()}
    return utils.create_sweep_command_args({"args": args})["args_no_hyphens"]


def setting(plain: dict[str, Any], name: str) -> Any:
    """The value of a dotted key; of a group that has choices, the name of its choice."""
    value: Any = plain
    for part in name.split("."):
        value = value[part]
    return value["name"] if isinstance(value, dict) and "name" in value else value


def parameters_of(file: Path) -> list[str]:
    return list(load(file)["parameters"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_says_all_that_wandb_needs(file: Path) -> None:
    sweep = load(file)
    assert sweep["program"] == "train.py" and (REPOSITORY / sweep["program"]).is_file()
    assert sweep["command"][:3] == ["${env}", "${interpreter}", "${program}"]
    assert sweep["command"][-1] == "${args_no_hyphens}", "parameters come last, so that they win"
    assert "logging=wandb" in sweep["command"]
    assert sweep["metric"] == {"name": "eval/distance", "goal": "maximize"}
    assert sweep["method"] in ("bayes", "grid", "random")
    if sweep["method"] == "grid":
        assert all("values" in entry for entry in sweep["parameters"].values()), "a grid needs lists"
        assert "early_terminate" not in sweep, "a grid is there to be complete"
        runs = 1
        for entry in sweep["parameters"].values():
            runs *= len(entry["values"])
        assert f"({sweep['method']} of {runs} runs)" in sweep["description"]
    if stop := sweep.get("early_terminate"):
        config = experiment(*fixed(file))
        evaluations = config.total_steps // config.evaluation.every_steps
        assert stop["type"] == "hyperband" and stop["min_iter"] < evaluations, "it would never stop one"
        start = stop["min_iter"] * config.evaluation.every_steps
        assert start >= 600_000, "before that no walker of the default task has begun to walk"


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_value_is_one_that_a_training_accepts(file: Path) -> None:
    most = max(len(choices(entry)) for entry in load(file)["parameters"].values())
    seen: dict[str, list[Any]] = {name: [] for name in parameters_of(file)}
    for number in range(most):
        values = drawn(file, number)
        config = experiment(*fixed(file), *overrides(values))
        check_consistency(config)
        check_task(config)
        plain = to_plain(config)
        for name, value in values.items():
            assert setting(plain, name) == value, name
            seen[name].append(value)
    for name, entry in load(file)["parameters"].items():
        assert all(value in seen[name] for value in choices(entry)), name


def test_every_batch_divides_every_collection() -> None:
    parameters = load(REPOSITORY / "conf" / "sweep" / "wandb_ppo.yaml")["parameters"]
    pairs = itertools.product(
        parameters["algorithm.transitions_per_update"]["values"], parameters["algorithm.batch_size"]["values"]
    )
    assert all(collected % batch == 0 for collected, batch in pairs)


def test_values_with_signs_come_out_as_they_are() -> None:
    values = {
        "network.actors.exo.signals": ["joint_pos.device_joints", "foot_force.*", "*"],
        "network.actors.exo.layers": [8, 8],
        "network.actors.exo.per_side": False,
        "algorithm.learning_rate": 1e-05,
        "algorithm.entropy_weight": 3.4567890123e-07,
        "num_envs": 64,
    }
    plain = to_plain(experiment("network=separate_partial", *overrides(values)))
    assert {name: setting(plain, name) for name in values} == values
    assert experiment(*overrides({"algorithm.target_kl": "null"})).algorithm.target_kl is None  # type: ignore[union-attr]


def agent_starts(file: Path, values: dict[str, Any], *changes: str) -> subprocess.Popen[bytes]:
    """The process that W&B's own agent starts for a run of this sweep; ``changes`` come before its parameters."""
    module = pytest.importorskip("wandb.wandb_agent")
    agent = module.Agent.__new__(module.Agent)  # without the server that it would ask what to run
    command = load(file)["command"]
    agent._sweep_command = [*copy.copy(command[:-1]), *changes, command[-1]]
    agent._function, agent._in_jupyter, agent._forward_signals, agent._run_processes = None, False, False, {}
    args = {name: {"value": value} for name, value in values.items()}
    program = str(REPOSITORY / load(file)["program"])
    agent._command_run({"run_id": "abcd1234", "program": program, "args": args})
    return agent._run_processes["abcd1234"]._popen


@pytest.fixture()
def at_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, and an environment like that of ``wandb agent`` on a machine without a network."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    for name in ("WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH"):
        monkeypatch.setenv(name, "")  # so that what the agent writes there goes again
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SWEEP_ID", "efgh5678")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("file", [file for file in FILES if file.stem != "wandb_device"], ids=lambda file: file.stem)
def test_the_command_of_the_agent_trains_with_its_values(file: Path, at_the_agent: Path) -> None:
    values = drawn(file, 0)
    if "algorithm.learning_rate" in values:
        values["algorithm.learning_rate"] = 4.321e-05
    assert agent_starts(file, values, *SHORT).wait(timeout=300) == 0
    (run,) = (at_the_agent / "outputs").glob("*/*")
    plain = to_plain(train_config(run))
    for name, value in values.items():
        assert setting(plain, name) == value, name
    assert plain["total_steps"] == 1 and (run / "metrics.csv").is_file()


@pytest.mark.slow
def test_a_run_of_the_agent_joins_the_sweep(at_the_agent: Path) -> None:
    """The process that follows the run gets the agent's environment: the sweep, the id of the run, its parameters."""
    file = REPOSITORY / "conf" / "sweep" / "wandb_device.yaml"
    values = {"device": "openexo", "action.motors.scale": 0.5, "seed": 2}
    short = [part for part in SHORT if part != "logging=none"]
    assert agent_starts(file, values, *short).wait(timeout=300) == 0
    (offline,) = at_the_agent.glob("outputs/*/*/wandb/offline-run-*-abcd1234")
    plain = to_plain(train_config(offline.parent.parent))
    assert {name: setting(plain, name) for name in values} == values
    wandb = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(offline)]
    records = [json.loads(line) for line in subprocess.check_output(wandb, text=True).splitlines()]
    (run,) = (record["run"] for record in records if record["type"] == "run")
    assert (run["run_id"], run["sweep_id"]) == ("abcd1234", "efgh5678")
    assert {name: run["config"]["update"][name] for name in values} == values


def test_a_wandb_sweep_is_no_choice_of_ours(tmp_path: Path) -> None:
    command = [sys.executable, str(REPOSITORY / "train.py"), "sweep=wandb_ppo"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and not any(tmp_path.iterdir())
    assert done.stderr == (
        "error: sweep=wandb_ppo: W&B itself starts the runs of this one: wandb sweep conf/sweep/wandb_ppo.yaml, "
        "then the wandb agent that it names\n"
    )
