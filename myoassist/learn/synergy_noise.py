"""Noise that moves actions together, as the actor does.

After Lattice (Chiappa et al. 2023, "Latent exploration for reinforcement learning"): noise on the last hidden layer
reaches the actions through the last layer's weights, and so acts along what the network has learned to move together,
its muscle synergies. Here the standard deviation of each action stays what the algorithm says; only the correlation
between actions comes from the weights. Lattice's repetition of the noise over time is not part of it.
"""

from __future__ import annotations

from typing import Any

import torch
from stable_baselines3.common.distributions import DiagGaussianDistribution
from torch import nn


def correlation_root(head: nn.Module, width: int, share: float) -> torch.Tensor:
    """Lower Cholesky factor ``(num_actions, num_actions)`` of the correlation of the noise.

    Args:
        head: the last layer, linear: latents ``(n, width)`` → means of the actions ``(n, num_actions)``.
        width: number of latents; each carries independent noise of the same strength.
        share: of the variance of every action that comes through ``head``, from 0 to below 1; the rest is its own.
    """
    with torch.no_grad():
        device = next(head.parameters()).device
        bias = head(torch.zeros(1, width, device=device))
        weights = (head(torch.eye(width, device=device)) - bias).double()
        lengths = weights.norm(dim=0).clamp_min(1e-12)
        correlation = share * (weights.T @ weights) / torch.outer(lengths, lengths)
        correlation.fill_diagonal_(1.0)
        return torch.linalg.cholesky(correlation).to(bias.dtype)


class SynergyGaussian(DiagGaussianDistribution):
    """A Gaussian whose actions have the standard deviations of ``log_std`` and the correlation of ``root @ root.T``."""

    def __init__(self, root: torch.Tensor) -> None:
        super().__init__(action_dim=len(root))
        self._root = root

    def proba_distribution(self, mean_actions: torch.Tensor, log_std: torch.Tensor) -> SynergyGaussian:
        scale = log_std.exp()[:, None] * self._root
        made: Any = torch.distributions.MultivariateNormal(mean_actions, scale_tril=scale, validate_args=False)
        self.distribution = made
        return self

    def log_prob(self, actions: torch.Tensor) -> torch.Tensor:
        """Of whole actions ``(n, num_actions)``: ``(n,)``."""
        return self.distribution.log_prob(actions)

    def entropy(self) -> torch.Tensor:
        """Of the whole action: ``(n,)``."""
        return self.distribution.entropy()
