"""PPO with a loss that left and right act alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.learn.mirror import Mirror
from myoassist.learn.normalizer import Normalizer
from myoassist.learn.schedules import value_at


class _WithLoss(torch.autograd.Function):
    """Values unchanged; going back, the loss gets its gradient whatever is made of the values."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return gradients[0], torch.ones((), dtype=gradients[0].dtype, device=gradients[0].device)


class MirrorPPO(PPO):
    """PPO whose loss has ``weight * mean((actor(mirror(s)) - mirror(actor(s)))^2)`` added in every gradient step.

    ``weight`` is a number, or a function of the share of the training that is left.
    """

    def __init__(
        self, *arguments: Any, mirror: Mirror, weight: float | Callable[[float], float], **keywords: Any
    ) -> None:
        self.mirror, self.mirror_weight = mirror, weight
        super().__init__(*arguments, **keywords)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "mirror"]

    def train(self) -> None:
        evaluate = self.policy.evaluate_actions
        image = MirrorImage(self.mirror, self.get_vec_normalize_env(), self.device)
        weight = value_at(self.mirror_weight, self._current_progress_remaining)
        losses: list[float] = []

        def evaluate_with_mirror(observation: torch.Tensor, actions: torch.Tensor) -> tuple:
            values, log_prob, entropy = evaluate(observation, actions)
            loss = asymmetry(self.policy, observation, image)
            losses.append(loss.item())
            return _WithLoss.apply(values, weight * loss), log_prob, entropy

        self.policy.evaluate_actions = evaluate_with_mirror  # type: ignore[method-assign]
        try:
            super().train()
        finally:
            del self.policy.evaluate_actions
        self.logger.record("train/mirror_loss", float(np.mean(losses)))
        self.logger.record("train/mirror_weight", weight)


class MirrorImage:
    """The mirror for tensors of normalised observations: it acts on what was there before normalisation."""

    def __init__(self, mirror: Mirror, env: VecNormalize | None, device: torch.device) -> None:
        def tensor(values: np.ndarray) -> torch.Tensor:
            return torch.as_tensor(values, device=device)

        size = len(mirror.signal_source)
        mean, deviation, self._clip = np.zeros(size), np.ones(size), float("inf")
        if env is not None and env.norm_obs:
            normalizer = Normalizer.of(env)
            mean, deviation, self._clip = normalizer.mean, normalizer.deviation, normalizer.clip
        source, sign = mirror.signal_source, mirror.signal_sign
        self._source = tensor(source)
        self._scale = tensor((sign * deviation[source] / deviation).astype(np.float32))
        self._shift = tensor(((sign * mean[source] - mean) / deviation).astype(np.float32))
        self._action_source = tensor(mirror.action_source)
        self._action_sign = tensor(mirror.action_sign.astype(np.float32))

    def of_signals(self, observation: torch.Tensor) -> torch.Tensor:
        """Mirror image of normalised observations ``(n, size)``."""
        return torch.clamp(observation[:, self._source] * self._scale + self._shift, -self._clip, self._clip)

    def of_actions(self, actions: torch.Tensor) -> torch.Tensor:
        """Mirror image of actions ``(n, num_actions)``."""
        return actions[:, self._action_source] * self._action_sign


def asymmetry(policy: ActorCriticPolicy, observation: torch.Tensor, image: MirrorImage) -> torch.Tensor:
    """``mean((actor(mirror(s)) - mirror(actor(s)))^2)`` of the mean actions."""
    here: Any = policy.get_distribution(observation).distribution
    there: Any = policy.get_distribution(image.of_signals(observation)).distribution
    return torch.nn.functional.mse_loss(there.mean, image.of_actions(here.mean))
