"""A learning rate that lets all epochs of a proximal update have their say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stable_baselines3.common.utils import update_learning_rate

FIRST_SHARE = 0.1  # of the configured rate: the first steps of a new optimizer are its roughest
LEAST_SHARE = 0.01
FACTOR = 1.5


def update_shared_rate(self: Any, optimizer: Any) -> None:
    """Give ``optimizer`` its share of the configured rate; takes the place of SB3's ``_update_learning_rate``."""
    rate = self.rate_share * self.lr_schedule(self._current_progress_remaining)
    self.logger.record("train/learning_rate", rate)
    update_learning_rate(optimizer, rate)


@contextmanager
def adapting(model: Any) -> Iterator[None]:
    """Around an update of ``model``: set the share of its next one by how far this one came.

    Its gradient steps are counted, as one minibatch beyond the target ends it, whatever the mean over an epoch. Of
    several epochs the one that was stopped counts: in the last one the rate is right, as every minibatch has been seen
    often enough.
    """
    steps = 0

    def count(*_: Any) -> None:
        nonlocal steps
        steps += 1

    hook = model.policy.optimizer.register_step_post_hook(count)
    try:
        yield
    finally:
        hook.remove()
    minibatches = -(-model.n_steps * model.n_envs // model.batch_size)  # the last one may be smaller
    divergence = model.logger.name_to_value["train/approx_kl"] / model.target_kl
    done = steps / minibatches
    if done < model.n_epochs:
        divergence = max(divergence, 1.0)
        done = done if model.n_epochs == 1 else int(done) + 1
    model.rate_share = adapted(model.rate_share, done / model.n_epochs, divergence)


def adapted(share: float, done: float, divergence: float) -> float:
    """The share of the configured learning rate that the next update takes.

    Steps that are too long use up the allowed change of the policy within a few minibatches, along their noise; with
    shorter ones all minibatches of all epochs decide where it goes. After the adaptive learning rate of Rudin et al.
    2022, "Learning to walk in minutes using massively parallel deep reinforcement learning".

    Args:
        share: of the last update.
        done: what it came to before the KL divergence stopped it, as a share of all.
        divergence: the KL divergence of its last epoch, as a share of the target.
    """
    if done < 1.0:
        return max(share / FACTOR, LEAST_SHARE)
    return min(share * FACTOR, 1.0) if divergence < 0.5 else share
