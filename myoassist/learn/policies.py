"""Stable-Baselines3 policies whose actors see their own signals and drive their own outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from sb3_contrib.tqc.policies import TQCPolicy
from stable_baselines3.common.distributions import Distribution
from stable_baselines3.common.policies import ActorCriticPolicy, BasePolicy
from stable_baselines3.common.type_aliases import Schedule
from stable_baselines3.sac.policies import SACPolicy
from stable_baselines3.td3.policies import TD3Policy
from torch import nn

from myoassist.learn.synergy_noise import SynergyGaussian, correlation_root
from myoassist.learn.wiring import Actor, Wiring

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "elu": nn.ELU, "silu": nn.SiLU}
HEAD_GAIN = 0.01  # of the last layer's orthogonal start: actions begin near 0, as SB3's do


def actor_key(name: str) -> str:
    """Name of an actor's layers in the policy: ``…policy_net.actor_exo.0.weight``, ``action_net.actor_exo.weight``."""
    return f"actor_{name}"


def hidden_layers(size: int, layers: tuple[int, ...], activation: str) -> nn.Sequential:
    """Linear layers with an activation after each."""
    parts: list[nn.Module] = []
    for width in layers:
        parts += [nn.Linear(size, width), ACTIVATIONS[activation]()]
        size = width
    return nn.Sequential(*parts)


class Select(nn.Module):
    """Some columns of the observation, with signs."""

    def __init__(self, columns: tuple[int, ...], signs: tuple[float, ...] | None = None) -> None:
        super().__init__()
        self.columns: torch.Tensor
        self.signs: torch.Tensor | None
        self.register_buffer("columns", torch.tensor(columns, dtype=torch.long), persistent=False)
        turned = signs is not None and any(sign != 1.0 for sign in signs)
        self.register_buffer("signs", torch.tensor(signs) if turned else None, persistent=False)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        chosen = values[:, self.columns]
        return chosen if self.signs is None else chosen * self.signs


class Bodies(nn.Module):
    """The hidden layers of every actor, side by side: observation ``(n, size)`` → latents ``(n, width)``."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__()
        self._actors = wiring.actors
        self._selects = nn.ModuleList(
            Select(branch.inputs, branch.input_signs) for actor in wiring.actors for branch in actor.branches
        )
        for actor in wiring.actors:
            self.add_module(
                actor_key(actor.name), hidden_layers(len(actor.branches[0].inputs), actor.layers, actor.activation)
            )
        self.width = sum(latent_width(actor) * len(actor.branches) for actor in wiring.actors)

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        selects = iter(self._selects)
        latents = [
            self.get_submodule(actor_key(actor.name))(next(selects)(observation))
            for actor in self._actors
            for _ in actor.branches
        ]
        return torch.cat(latents, dim=1)


class Heads(nn.Module):
    """The last layer of every actor: latents ``(n, width)`` → one number per action ``(n, num_actions)``."""

    def __init__(self, wiring: Wiring, *, signed: bool = True) -> None:
        super().__init__()
        self._actors = wiring.actors
        for actor in wiring.actors:
            head = nn.Linear(latent_width(actor), len(actor.branches[0].outputs))
            self.add_module(actor_key(actor.name), head)
        branches = [branch for actor in wiring.actors for branch in actor.branches]
        driven = [column for branch in branches for column in branch.outputs]
        signs = [sign for branch in branches for sign in branch.output_signs]
        order = np.argsort(driven).tolist()
        ordered = tuple(signs[place] for place in order) if signed else None
        self._arrange = Select(tuple(order), ordered)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        sizes = [latent_width(actor) for actor in self._actors for _ in actor.branches]
        parts = iter(torch.split(latents, sizes, dim=1))
        outputs = [
            self.get_submodule(actor_key(actor.name))(next(parts)) for actor in self._actors for _ in actor.branches
        ]
        return self._arrange(torch.cat(outputs, dim=1))


def latent_width(actor: Actor) -> int:
    """Numbers that a branch of an actor hands to its last layer."""
    return actor.layers[-1] if actor.layers else len(actor.branches[0].inputs)


class RoutedExtractor(nn.Module):
    """In the place of SB3's ``MlpExtractor``: layers of the actors (``policy_net``), of the critic (``value_net``)."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__()
        self.policy_net = Bodies(wiring)
        layers = hidden_layers(len(wiring.critic_inputs), wiring.critic_layers, wiring.critic_activation)
        self.value_net = nn.Sequential(Select(wiring.critic_inputs), layers)
        self.latent_dim_pi = self.policy_net.width
        self.latent_dim_vf = wiring.critic_layers[-1] if wiring.critic_layers else len(wiring.critic_inputs)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.forward_actor(features), self.forward_critic(features)

    def forward_actor(self, features: torch.Tensor) -> torch.Tensor:
        return self.policy_net(features)

    def forward_critic(self, features: torch.Tensor) -> torch.Tensor:
        return self.value_net(features)


class Wired:
    """What every policy here adds to Stable-Baselines3's: its :class:`Wiring`, which travels with it."""

    def __init__(self, *arguments: Any, wiring: Wiring, **keywords: Any) -> None:
        self.wiring = wiring
        super().__init__(*arguments, **keywords)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        return {**super()._get_constructor_parameters(), "wiring": self.wiring}  # type: ignore[misc]


class SeparatePolicy(Wired, ActorCriticPolicy):
    """Actors and critic of a :class:`Wiring`, for PPO, A2C and TRPO.

    With ``synergy_noise`` above 0 its noise is correlated between the actions, see :mod:`.synergy_noise`. Not for
    TRPO, whose trust region takes the mean over the actions of an uncorrelated noise.
    """

    def __init__(self, *arguments: Any, synergy_noise: float = 0.0, **keywords: Any) -> None:
        self.synergy_noise = synergy_noise
        super().__init__(*arguments, **keywords)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        return {**super()._get_constructor_parameters(), "synergy_noise": self.synergy_noise}

    def set_training_mode(self, mode: bool) -> None:
        """Before a collection the noise takes the correlation of the weights; an update keeps it as it is."""
        if self.synergy_noise and self.training and not mode:
            width = self.mlp_extractor.latent_dim_pi
            self.noise_root.copy_(correlation_root(self.action_net, width, self.synergy_noise))
        super().set_training_mode(mode)

    def _get_action_dist_from_latent(self, latent_pi: torch.Tensor) -> Distribution:
        if not self.synergy_noise:
            return super()._get_action_dist_from_latent(latent_pi)
        return SynergyGaussian(self.noise_root).proba_distribution(self.action_net(latent_pi), self.log_std)

    def _build_mlp_extractor(self) -> None:
        self.mlp_extractor = RoutedExtractor(self.wiring)  # type: ignore[assignment]

    def _build(self, lr_schedule: Schedule) -> None:
        super()._build(lr_schedule)
        self.action_net = Heads(self.wiring)
        self.action_net.apply(partial(self.init_weights, gain=HEAD_GAIN))
        self.log_std.data.copy_(torch.tensor(self.wiring.start_std).log())
        self.noise_root: torch.Tensor
        self.register_buffer("noise_root", torch.eye(self.wiring.num_actions), persistent=False)
        self.optimizer = self.optimizer_class(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)  # type: ignore[call-arg]


class SeparateSACPolicy(Wired, SACPolicy):
    """Actors of a :class:`Wiring` for SAC; its critics see every signal and action."""

    def make_actor(self, features_extractor: Any = None) -> Any:
        return route_gaussian(super().make_actor(features_extractor), self.wiring)


class SeparateTQCPolicy(Wired, TQCPolicy):
    """Actors of a :class:`Wiring` for TQC; its critics see every signal and action."""

    def make_actor(self, features_extractor: Any = None) -> Any:
        return route_gaussian(super().make_actor(features_extractor), self.wiring)


class SeparateTD3Policy(Wired, TD3Policy):
    """Actors of a :class:`Wiring` for TD3; its critics see every signal and action."""

    def make_actor(self, features_extractor: Any = None) -> Any:
        actor = super().make_actor(features_extractor)
        actor.mu = nn.Sequential(Bodies(self.wiring), Heads(self.wiring), nn.Tanh()).to(actor.device)
        return actor


def route_gaussian(actor: Any, wiring: Wiring) -> Any:
    """Give SB3's squashed Gaussian actor the layers of ``wiring``."""
    device = actor.device
    actor.latent_pi = Bodies(wiring).to(device)
    actor.mu = Heads(wiring).to(device)
    actor.log_std = Heads(wiring, signed=False).to(device)
    return actor


def set_start_std(policy: BasePolicy, start_std: list[float]) -> None:
    """Let the squashed Gaussian actor of SAC, TQC or CrossQ begin near action 0 with these standard deviations."""
    actor: Any = policy.actor
    with torch.no_grad():
        for module in actor.mu.modules():
            if isinstance(module, nn.Linear):
                module.weight.mul_(HEAD_GAIN)
                module.bias.zero_()
        for layer, std in _deviation_layers(actor.log_std, start_std):
            layer.weight.mul_(HEAD_GAIN)
            layer.bias.fill_(math.log(std))


def _deviation_layers(module: nn.Module, start_std: list[float]) -> Iterator[tuple[nn.Linear, float]]:
    if isinstance(module, nn.Linear):
        yield module, start_std[0]
    elif isinstance(module, Heads):
        for actor in module._actors:
            layer = module.get_submodule(actor_key(actor.name))
            assert isinstance(layer, nn.Linear)
            yield layer, actor.start_std
