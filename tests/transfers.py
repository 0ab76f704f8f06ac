"""Small trainings for tests of what a new one takes over from an earlier one."""

from __future__ import annotations

from typing import Any

import torch
from helpers import experiment

from myoassist.config import TrainConfig
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.layout import Layout
from myoassist.learn.normalizer import Normalizer
from myoassist.learn.training import Parts, built
from myoassist.learn.transfer import transfer

SMALL = (
    "experiment=smoke", "num_envs=2", "threads=2", "total_steps=128", "reset.bank_size=8", "algorithm.update_threads=1",
    "logging.tensorboard=false", "logging.progress=none",
)  # fmt: skip


def small(*overrides: str) -> TrainConfig:
    return experiment(*SMALL, *overrides)


class Target:
    """A training of ``overrides``, built, with ``before``: its fresh weights."""

    def __init__(self, *overrides: str) -> None:
        self._context = built(small(*overrides))
        self.parts: Parts = self._context.__enter__()
        self.layout = Layout.of(self.parts.vec_env.walk)
        self.before = {key: value.clone() for key, value in self.policy.state_dict().items()}

    @property
    def policy(self) -> Any:
        return self.parts.model.policy

    def start_from(self, source: Checkpoint, *reset: str) -> list[str]:
        return transfer(source, self.parts.model, self.parts.env, self.layout, reset=reset)

    @property
    def normalizer(self) -> Normalizer:
        return Normalizer.of(self.parts.env)

    def close(self) -> None:
        self._context.__exit__(None, None, None)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> set[str]:
    return {key for key in one if key in other and torch.equal(one[key], other[key])}
