"""A learning rate that lets all epochs of a proximal update have their say."""

from __future__ import annotations

from typing import Any

from stable_baselines3.common.utils import update_learning_rate

FIRST_SHARE = 0.1  # of the configured rate: the first steps of a new optimizer are its roughest
LEAST_SHARE = 0.01
FACTOR = 1.5
STOP = 1.5  # times the target: where Stable-Baselines3 ends an update


def update_shared_rate(self: Any, optimizer: Any) -> None:
    """Give ``optimizer`` its share of the configured rate; takes the place of SB3's ``_update_learning_rate``."""
    rate = self.rate_share * self.lr_schedule(self._current_progress_remaining)
    self.logger.record("train/learning_rate", rate)
    update_learning_rate(optimizer, rate)


def adapt(model: Any, *, epochs: int) -> None:
    """Set the share of the next update of ``model``, whose last one came to ``epochs``."""
    divergence = model.logger.name_to_value["train/approx_kl"] / model.target_kl
    if model.n_epochs == 1 and divergence > STOP:
        epochs = 0  # the epoch that was stopped is counted, here as the whole update
    model.rate_share = adapted(model.rate_share, epochs / model.n_epochs, divergence)


def adapted(share: float, epochs: float, divergence: float) -> float:
    """The share of the configured learning rate that the next update takes.

    Steps that are too long use up the allowed change of the policy within a few minibatches, along their noise; with
    shorter ones all minibatches of all epochs decide where it goes. After the adaptive learning rate of Rudin et al.
    2022, "Learning to walk in minutes using massively parallel deep reinforcement learning".

    Args:
        share: of the last update.
        epochs: that it came to before the KL divergence stopped it, as a share of all.
        divergence: the KL divergence of its last epoch, as a share of the target.
    """
    if epochs < 1.0:
        return max(share / FACTOR, LEAST_SHARE)
    return min(share * FACTOR, 1.0) if divergence < 0.5 else share
