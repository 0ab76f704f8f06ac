"""What an update is given: torch threads, the scheduled entropy bonus, the noise of the actions, its learning rate."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any, TypeVar

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from myoassist.config import Algorithm
from myoassist.learn.learning_rate import FIRST_SHARE, adapting, update_shared_rate
from myoassist.learn.schedules import scheduled, value_at
from myoassist.processes import available_cores

Kind = TypeVar("Kind", bound=BaseAlgorithm)
SHARED_WORK = 1e8  # operations of one layer in one gradient step from which several torch threads are faster


def updating(kind: type[Kind], config: Algorithm) -> type[Kind]:
    """The algorithm ``kind`` whose every update takes ``update_threads`` torch threads and its scheduled values.

    Without ``update_threads`` it takes one, or all cores where the work is worth it (see :func:`shares_work`).

    All the rest runs on one torch thread: torch's pool fights the simulation threads for the cores, and one thread
    nearly doubles the collection rate.
    """
    threads = config.update_threads or available_cores()
    entropy: Any = scheduled(getattr(config, "entropy_weight", None) or 0.0)
    action_std: Any = scheduled(getattr(config, "action_std", None) or 0.0)
    adaptive = getattr(config, "adaptive_rate", False) and getattr(config, "target_kl", None) is not None

    def train(self: Any, *arguments: Any, **keywords: Any) -> None:
        if callable(entropy):
            self.ent_coef = entropy(self._current_progress_remaining)
            self.logger.record("train/entropy_weight", self.ent_coef)
        torch.set_num_threads(threads if config.update_threads or shares_work(self) else 1)
        try:
            with adapting(self) if adaptive else nullcontext():
                kind.train(self, *arguments, **keywords)  # type: ignore[attr-defined]
        finally:
            torch.set_num_threads(1)
        if action_std:
            hold_noise(self, action_std)

    def set_up(self: Any, *arguments: Any, **keywords: Any) -> Any:
        hold_noise(self, action_std)
        return kind._setup_learn(self, *arguments, **keywords)

    methods: dict[str, Any] = {"train": train, **({"_setup_learn": set_up} if action_std else {})}
    if adaptive:
        methods |= {"_update_learning_rate": update_shared_rate, "rate_share": FIRST_SHARE}
    made: Any = type(kind.__name__, (kind,), {**methods, "__doc__": kind.__doc__})
    return made


def hold_noise(model: Any, action_std: Any) -> None:
    """Give the noise of the next collection the standard deviation that is scheduled for it, but to frozen actors."""
    log_std = model.policy.log_std.requires_grad_(False)
    deviation = value_at(action_std, model._current_progress_remaining)
    frozen = getattr(model.policy, "frozen_actions", torch.zeros_like(log_std, dtype=torch.bool))
    log_std.masked_fill_(~frozen, math.log(deviation))


def shares_work(model: BaseAlgorithm) -> bool:
    """Whether an update of ``model`` is faster on several torch threads.

    Threads wait for each other in every operation. On two cores, 128 units and 1,024 transitions gain a sixth of the
    time where nothing else runs, and take several times as long where something does; 256 units gain 1.6 times.
    """
    rows = getattr(model, "batch_size", None) or getattr(model, "n_steps", 1) * model.n_envs
    largest = max(weights.numel() for weights in model.policy.parameters())
    return 2 * rows * largest > SHARED_WORK
