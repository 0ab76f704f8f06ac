"""What a training remembers besides its weights to go on as if it had never stopped: plain arrays and plain data."""

from __future__ import annotations

import json
import random
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.env.episodes import Episode
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.errors import RunError
from myoassist.learn.normalizer import Normalizer
from myoassist.sim.arrays import Arrays, matching, nested, part_of

ARRAYS, PLAIN = "training_state.npz", "training_state.json"
_COUNTERS = ("num_timesteps", "_n_updates", "_episode_num", "_n_calls", "_current_progress_remaining", "rate_share")
_OBSERVED = ("_last_obs", "_last_original_obs", "_last_episode_starts")
_EPISODE_KEYS = ("r", "l", "t")


@dataclass(frozen=True)
class TrainingState:
    """State between an update and the next collection: ``arrays`` by name, and ``plain`` data that JSON can hold."""

    arrays: Arrays
    plain: dict[str, Any]

    def save(self, folder: Path) -> None:
        """Write two files into ``folder``; nothing in them is pickled."""
        np.savez(folder / ARRAYS, **self.arrays)  # type: ignore[arg-type]
        (folder / PLAIN).write_text(json.dumps(self.plain), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> TrainingState:
        """Read what :meth:`save` wrote; refuses pickled content."""
        with (folder / ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as content:
            arrays = {key: content[key] for key in content.files}
        return cls(arrays, json.loads((folder / PLAIN).read_text(encoding="utf-8")))


@dataclass
class Progression:
    """How far a training is besides its steps: rows written, seconds spent, episodes not yet in a row."""

    rows: int = 0
    elapsed: float = 0.0
    episodes: list[Episode] = field(default_factory=list)


def take_state(model: BaseAlgorithm, env: VecNormalize, progression: Progression, *, last: bool) -> TrainingState:
    """Copies of everything but weights, optimisers and replay buffer, which only an update changes.

    ``last``: no collection has begun, so the noise of state-dependent exploration is still to be drawn.
    """
    assert isinstance(env.venv, WalkVecEnv)
    walk, plain_normalizer = env.venv.walk, Normalizer.of(env)
    arrays = nested(
        {
            "walk": walk.get_state(),
            "model": _model_arrays(model),
            "noise": _exploration(model),
            "normalizer": {key: np.array(value) for key, value in plain_normalizer.__dict__.items()},
            "random": _torch_generators(model),
        }
    )
    arrays["returns"] = env.returns.copy()
    plain = {
        "counters": {name: getattr(model, name) for name in _COUNTERS if hasattr(model, name)},
        "random": _plain_generators(model),
        "log": _pending_log(model),
        "last": last,
        "rows": progression.rows,
        "elapsed": progression.elapsed,
        "episodes": [asdict(episode) for episode in progression.episodes],
    }
    return TrainingState(arrays, plain)


def put_state(state: TrainingState, model: BaseAlgorithm, env: VecNormalize) -> Progression:
    """Go back to ``state``; the weights, optimisers and the replay buffer are left to the caller.

    Raises:
        RunError: it belongs to another experiment or version.
    """
    assert isinstance(env.venv, WalkVecEnv)
    arrays, plain = state.arrays, state.plain
    try:
        env.venv.walk.set_state(part_of(arrays, "walk"))
        env.venv.drain_episodes()
        part = part_of(arrays, "normalizer")
        values: dict[str, Any] = {key: value if value.ndim else value.item() for key, value in part.items()}
        Normalizer(**values).put_into(env)
        env.returns = matching(arrays, "returns", env.returns).copy()
        _put_model(model, part_of(arrays, "model"), plain)
        _put_exploration(model, part_of(arrays, "noise"))
        _put_generators(model, part_of(arrays, "random"), plain["random"])
        episodes = [Episode(**episode) for episode in plain["episodes"]]
        return Progression(int(plain["rows"]), float(plain["elapsed"]), episodes)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"saved state: does not fit this version: {type(error).__name__}: {error}") from error


def _model_arrays(model: BaseAlgorithm) -> Arrays:
    arrays = {key: np.array(value) for key in _OBSERVED if (value := getattr(model, key, None)) is not None}
    buffer = model.ep_info_buffer or ()
    arrays |= {f"episode_{key}": np.array([info[key] for info in buffer]) for key in _EPISODE_KEYS}
    arrays |= {f"lstm_{n}": tensor.cpu().numpy().copy() for n, tensor in enumerate(_memory(model))}
    noise = model.action_noise if isinstance(model, OffPolicyAlgorithm) else None
    for number, source in enumerate(getattr(noise, "noises", [noise])):
        if hasattr(source, "noise_prev"):  # of an Ornstein-Uhlenbeck process
            arrays[f"action_noise_{number}"] = np.array(source.noise_prev)
    return arrays


def _put_model(model: BaseAlgorithm, arrays: Arrays, plain: dict[str, Any]) -> None:
    for name, value in plain["counters"].items():
        setattr(model, name, value)
    for key in _OBSERVED:
        if key in arrays:
            setattr(model, key, arrays[key].copy())
    columns = [arrays[f"episode_{key}"].tolist() for key in _EPISODE_KEYS]
    infos = [dict(zip(_EPISODE_KEYS, values, strict=True)) for values in zip(*columns, strict=True)]
    model.ep_info_buffer = deque(infos, maxlen=model._stats_window_size)
    model.ep_success_buffer = deque(maxlen=model._stats_window_size)
    for number, tensor in enumerate(_memory(model)):
        tensor.copy_(torch.from_numpy(matching(arrays, f"lstm_{number}", tensor.cpu().numpy())))
    noise = model.action_noise if isinstance(model, OffPolicyAlgorithm) else None
    for number, source in enumerate(getattr(noise, "noises", [noise])):
        if f"action_noise_{number}" in arrays:
            source.noise_prev = arrays[f"action_noise_{number}"].copy()
    log = plain["log"]
    if hasattr(model, "_logger"):  # from the start of learning on
        model.logger.name_to_value.clear()
        model.logger.name_to_value.update(log["values"])
        model.logger.name_to_count.update(log["counts"])
        model.logger.name_to_excluded.update({key: tuple(value) for key, value in log["excluded"].items()})


def _memory(model: BaseAlgorithm) -> list[torch.Tensor]:
    """Hidden states that a recurrent policy carries from step to step."""
    states = getattr(model, "_last_lstm_states", None)
    return [] if states is None else [tensor for pair in states for tensor in pair]


def _distribution(model: BaseAlgorithm) -> object:
    owner: Any = model.policy if hasattr(model.policy, "action_dist") else getattr(model.policy, "actor", None)
    return getattr(owner, "action_dist", None)


def _exploration(model: BaseAlgorithm) -> Arrays:
    """Noise matrices of state-dependent exploration, drawn before the collection starts."""
    found = getattr(_distribution(model), "__dict__", {})
    tensors = {k: v for k, v in found.items() if k.startswith("exploration") and isinstance(v, torch.Tensor)}
    return {key: tensor.detach().cpu().numpy().copy() for key, tensor in tensors.items()}


def _put_exploration(model: BaseAlgorithm, arrays: Arrays) -> None:
    for key, value in arrays.items():
        setattr(_distribution(model), key, torch.from_numpy(value.copy()).to(model.device))


def draw_exploration(model: BaseAlgorithm) -> None:
    """Draw the noise of state-dependent exploration as Stable-Baselines3 does when a collection begins."""
    if getattr(model, "use_sde", False):
        owner: Any = model.policy if hasattr(model.policy, "action_dist") else getattr(model.policy, "actor", None)
        owner.reset_noise(model.n_envs)


def _pending_log(model: BaseAlgorithm) -> dict[str, Any]:
    """Numbers recorded since the last row."""
    logger = model.logger
    values = {k: float(v) for k, v in logger.name_to_value.items() if isinstance(v, (int, float, np.number))}
    excluded = {key: list(value or ()) for key, value in logger.name_to_excluded.items() if key in values}
    return {"values": values, "counts": {k: v for k, v in logger.name_to_count.items() if v}, "excluded": excluded}


def _torch_generators(model: BaseAlgorithm) -> Arrays:
    arrays = {"torch": torch.get_rng_state().numpy().copy()}
    if model.device.type == "cuda":
        arrays["cuda"] = torch.cuda.get_rng_state(model.device).numpy().copy()
    return arrays


def _plain_generators(model: BaseAlgorithm) -> dict[str, Any]:
    numpy_state: Any = np.random.get_state(legacy=False)
    numpy_state["state"]["key"] = numpy_state["state"]["key"].tolist()
    version, numbers, gauss = random.getstate()
    return {
        "numpy": numpy_state,
        "python": [version, list(numbers), gauss],
        "actions": model.action_space.np_random.bit_generator.state,
    }


def _put_generators(model: BaseAlgorithm, arrays: Arrays, plain: dict[str, Any]) -> None:
    torch.set_rng_state(torch.from_numpy(arrays["torch"].copy()))
    if model.device.type == "cuda" and "cuda" in arrays:
        torch.cuda.set_rng_state(torch.from_numpy(arrays["cuda"].copy()), model.device)
    state = plain["numpy"]
    key = np.array(state["state"]["key"], dtype=np.uint32)
    np.random.set_state({**state, "state": {**state["state"], "key": key}})
    version, numbers, gauss = plain["python"]
    random.setstate((version, tuple(numbers), gauss))
    model.action_space.np_random.bit_generator.state = plain["actions"]


def continue_clock(model: BaseAlgorithm, elapsed: float) -> None:
    """Let the rate and the time in the log count from the beginning of the run, without the pauses."""
    model.start_time = time.time_ns() - int(elapsed * 1e9)
    model._num_timesteps_at_start = 0


def save_replay(model: BaseAlgorithm, path: Path) -> None:
    """Write the filled part of the replay buffer as plain arrays; nothing where the algorithm has none."""
    buffer = getattr(model, "replay_buffer", None)
    if buffer is None:
        return
    filled = buffer.buffer_size if buffer.full else buffer.pos
    arrays: dict[str, Any] = {key: value[:filled] for key, value in _buffer_arrays(buffer).items()}
    np.savez(path, position=np.array(buffer.pos), full=np.array(buffer.full), **arrays)


def load_replay(model: BaseAlgorithm, path: Path) -> None:
    """Read what :func:`save_replay` wrote. Raises RunError where it does not fit."""
    buffer: Any = getattr(model, "replay_buffer", None)
    if buffer is None:
        return
    with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
        for key, here in _buffer_arrays(buffer).items():
            there = content[key]
            here[: len(there)] = matching({key: there}, key, here[: len(there)])
        buffer.pos, buffer.full = content["position"].item(), content["full"].item()


class ReplayMark:
    """Where the replay buffer of ``model`` is before a collection, with the rows that the collection overwrites.

    Without a buffer it marks nothing.
    """

    def __init__(self, model: BaseAlgorithm) -> None:
        self._buffer: Any = getattr(model, "replay_buffer", None)
        if self._buffer is None:
            return
        self._position, self._full = self._buffer.pos, self._buffer.full
        frequency = model.train_freq.frequency  # type: ignore[attr-defined]  # steps of every environment
        self._rows = (self._position + np.arange(min(frequency, self._buffer.buffer_size))) % self._buffer.buffer_size
        self._before = {key: value[self._rows] for key, value in _buffer_arrays(self._buffer).items()}

    def put_back(self) -> None:
        """Let the buffer be as it was."""
        if self._buffer is None:
            return
        self._buffer.pos, self._buffer.full = self._position, self._full
        for key, value in _buffer_arrays(self._buffer).items():
            value[self._rows] = self._before[key]


def _buffer_arrays(buffer: object) -> Arrays:
    return {key: value for key, value in vars(buffer).items() if isinstance(value, np.ndarray) and value.ndim > 1}
