"""The schema of networks, schedules and algorithms. ``config.py`` offers every name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myoassist.fields import setting

Activation = Literal["tanh", "relu", "elu", "silu"]


@dataclass(frozen=True, kw_only=True)
class SharedNetwork:
    """One actor for muscles and motors, one critic."""

    type: Literal["shared"] = "shared"
    actor: list[int] = setting([128, 128], ge=1, help="hidden layer sizes of the actor")
    critic: list[int] = setting([128, 128], ge=1, help="hidden layer sizes of the critic")
    activation: Activation = setting("tanh", help="activation function between layers")
    start_std: float = setting(0.22, gt=0, le=3, help="standard deviation of the action noise at the start")
    constants: dict[str, float] = setting(
        {}, ge=-1, le=1, help="outputs held at a share of their range, 0 is no effort, e.g. {motors: 0.0}"
    )


@dataclass(frozen=True, kw_only=True)
class ActorConfig:
    """A network of its own for some of the outputs."""

    signals: list[str] = setting(["*"], help="signals it sees: names or globs; device_joints stands for its joints")
    outputs: list[str] = setting(help="what it drives: muscles, motors, names or globs")
    layers: list[int] = setting([64, 64], ge=1, help="hidden layer sizes")
    activation: Activation = setting("tanh", help="activation function between layers")
    start_std: float = setting(0.22, gt=0, le=3, help="standard deviation of the action noise at the start")
    per_side: bool = setting(False, help="one network for both sides, each side's own signals first")


@dataclass(frozen=True, kw_only=True)
class CriticConfig:
    """The value network."""

    signals: list[str] = setting(["*"], help="signals it sees: names or globs")
    layers: list[int] = setting([64, 64], ge=1, help="hidden layer sizes")
    activation: Activation = setting("tanh", help="activation function between layers")


@dataclass(frozen=True, kw_only=True)
class SeparateNetwork:
    """Several actors, each with its own signals and outputs, and one critic."""

    type: Literal["separate"] = "separate"
    actors: dict[str, ActorConfig] = setting(help="actors by name, e.g. human and exo")
    critic: CriticConfig = setting(CriticConfig(), help="value network")
    constants: dict[str, float] = setting(
        {}, ge=-1, le=1, help="outputs held at a share of their range, 0 is no effort, e.g. {motors: 0.0}"
    )


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A number that changes in the course of a training; its setting's bounds hold for both ends."""

    schedule: Literal["constant", "linear", "cosine"] = setting(help="shape; constant stays at start")
    start: float = setting(help="value at the first step")
    end: float | None = setting(None, help="value at the last step; constant has none")
    until: float = setting(1.0, gt=0, le=1, help="share of the training after which it stays at end")


@dataclass(frozen=True, kw_only=True)
class NormalizeConfig:
    """Running normalisation, saved with the policy."""

    observations: bool = setting(True, help="normalise observations by their running mean and standard deviation")
    rewards: bool = setting(True, help="scale rewards by the running standard deviation of the return")
    clip: float = setting(10.0, gt=0, help="normalised observations and rewards are clipped to this magnitude")


@dataclass(frozen=True, kw_only=True)
class OnPolicyConfig:
    """What the algorithms that learn from what they have just collected share."""

    device: str = setting("auto", help="torch device: auto, cpu or cuda")
    transitions_per_update: int = setting(
        8192, ge=2, help="transitions collected between updates, over all environments"
    )
    learning_rate: float | Schedule = setting(3e-4, gt=0, le=1, help="of the optimizer")
    discount: float = setting(0.99, gt=0, le=1, help="gamma")
    gae_lambda: float = setting(0.95, ge=0, le=1, help="lambda of generalised advantage estimation")
    noise_steps: int = setting(
        0, ge=0, help="control steps between new matrices of state-dependent noise; 0 takes plain noise"
    )
    update_threads: int = setting(
        0,
        ge=0,
        help="torch threads during the update; 0 takes all cores where layers are large, else one, as collection does",
    )
    normalize: NormalizeConfig = setting(NormalizeConfig(), help="running normalisation")


@dataclass(frozen=True, kw_only=True)
class PPOConfig(OnPolicyConfig):
    """Proximal policy optimisation, Stable-Baselines3."""

    type: Literal["ppo"] = "ppo"
    batch_size: int = setting(1024, ge=2, help="transitions per gradient step; divides transitions_per_update")
    epochs: int = setting(10, ge=1, help="passes over the transitions of an update")
    clip_range: float | Schedule = setting(0.2, gt=0, help="of the probability ratio")
    target_kl: float | None = setting(
        0.02, gt=0, help="stop an update when the KL divergence passes 1.5 times this; null never stops"
    )
    adaptive_rate: bool = setting(
        False, help="lower learning_rate, up to 100 times, until an update comes to all its epochs within target_kl"
    )
    entropy_weight: float | Schedule = setting(0.0, ge=0, help="entropy bonus")
    value_weight: float = setting(0.5, ge=0, help="of the value loss")
    max_gradient_norm: float = setting(0.5, gt=0, help="gradient clipping")
    action_std: float | Schedule | None = setting(
        None, gt=0, le=3, help="standard deviation of the action noise, given instead of learned; null learns it"
    )
    mirror_weight: float | Schedule = setting(0.0, ge=0, help="of the loss that left and right act alike; 0 is without")
    synergy_noise: float = setting(
        0.0, ge=0, lt=1, help="share of the noise's variance that moves actions together as the actor's last layer does"
    )


@dataclass(frozen=True, kw_only=True)
class RecurrentPPOConfig(OnPolicyConfig):
    """PPO with a memory (LSTM) in actor and critic, sb3-contrib."""

    type: Literal["recurrent_ppo"] = "recurrent_ppo"
    lstm_size: int = setting(64, ge=1, help="units of the memory of actor and critic")
    batch_size: int = setting(1024, ge=2, help="transitions per gradient step; divides transitions_per_update")
    epochs: int = setting(5, ge=1, help="passes over the transitions of an update")
    clip_range: float | Schedule = setting(0.2, gt=0, help="of the probability ratio")
    target_kl: float | None = setting(
        0.02, gt=0, help="stop an update when the KL divergence passes 1.5 times this; null never stops"
    )
    adaptive_rate: bool = setting(
        False, help="lower learning_rate, up to 100 times, until an update comes to all its epochs within target_kl"
    )
    entropy_weight: float | Schedule = setting(0.0, ge=0, help="entropy bonus")
    value_weight: float = setting(0.5, ge=0, help="of the value loss")
    max_gradient_norm: float = setting(0.5, gt=0, help="gradient clipping")


@dataclass(frozen=True, kw_only=True)
class A2CConfig(OnPolicyConfig):
    """Advantage actor-critic, Stable-Baselines3: one gradient step over every collection."""

    type: Literal["a2c"] = "a2c"
    optimizer: Literal["rmsprop", "adam"] = setting("rmsprop", help="optimizer")
    normalize_advantage: bool = setting(True, help="scale the advantages of an update to a standard deviation of 1")
    synergy_noise: float = setting(
        0.0, ge=0, lt=1, help="share of the noise's variance that moves actions together as the actor's last layer does"
    )
    entropy_weight: float | Schedule = setting(0.0, ge=0, help="entropy bonus")
    value_weight: float = setting(0.5, ge=0, help="of the value loss")
    max_gradient_norm: float = setting(0.5, gt=0, help="gradient clipping")


@dataclass(frozen=True, kw_only=True)
class TRPOConfig(OnPolicyConfig):
    """Trust region policy optimisation, sb3-contrib; the learning rate is the critic's."""

    type: Literal["trpo"] = "trpo"
    batch_size: int = setting(1024, ge=2, help="transitions per gradient step of the critic")
    critic_epochs: int = setting(10, ge=1, help="passes of the critic over the transitions of an update")
    target_kl: float = setting(0.01, gt=0, help="KL divergence of an update, mean over the actions")
    damping: float = setting(0.1, ge=0, help="added to the curvature of the KL divergence")
    search_steps: int = setting(15, ge=1, help="steps of the conjugate-gradient search")


@dataclass(frozen=True, kw_only=True)
class OffPolicyConfig:
    """What the algorithms that learn from a buffer of past transitions share."""

    device: str = setting("auto", help="torch device: auto, cpu or cuda")
    transitions_per_update: int = setting(
        128, ge=1, help="transitions collected between updates, over all environments"
    )
    gradient_steps: int = setting(32, ge=1, help="gradient steps of an update")
    batch_size: int = setting(256, ge=2, help="transitions per gradient step")
    buffer_size: int = setting(500_000, ge=1, help="transitions that are kept")
    warmup: int = setting(10_000, ge=0, help="transitions collected with random actions before learning begins")
    learning_rate: float | Schedule = setting(3e-4, gt=0, le=1, help="of Adam")
    discount: float = setting(0.99, gt=0, le=1, help="gamma")
    update_threads: int = setting(
        0,
        ge=0,
        help="torch threads during the update; 0 takes all cores where layers are large, else one, as collection does",
    )
    normalize: NormalizeConfig = setting(NormalizeConfig(), help="running normalisation")


@dataclass(frozen=True, kw_only=True)
class SACConfig(OffPolicyConfig):
    """Soft actor-critic, Stable-Baselines3."""

    type: Literal["sac"] = "sac"
    target_rate: float = setting(0.005, gt=0, le=1, help="share by which the target critic follows in a gradient step")
    entropy_weight: float | None = setting(None, ge=0, help="entropy bonus; null learns it")
    start_entropy_weight: float = setting(0.1, gt=0, help="where a learned entropy bonus starts")
    target_entropy: float | None = setting(None, help="entropy to keep; null is minus the number of actions")


@dataclass(frozen=True, kw_only=True)
class TQCConfig(OffPolicyConfig):
    """Truncated quantile critics, sb3-contrib."""

    type: Literal["tqc"] = "tqc"
    target_rate: float = setting(0.005, gt=0, le=1, help="share by which the target critic follows in a gradient step")
    entropy_weight: float | None = setting(None, ge=0, help="entropy bonus; null learns it")
    start_entropy_weight: float = setting(0.1, gt=0, help="where a learned entropy bonus starts")
    target_entropy: float | None = setting(None, help="entropy to keep; null is minus the number of actions")
    quantiles: int = setting(25, ge=2, help="quantiles of each critic")
    dropped_quantiles: int = setting(
        2, ge=0, help="highest quantiles of each critic that are left out; below quantiles"
    )


@dataclass(frozen=True, kw_only=True)
class CrossQConfig(OffPolicyConfig):
    """CrossQ, sb3-contrib: batch renormalisation instead of a target critic."""

    type: Literal["crossq"] = "crossq"
    entropy_weight: float | None = setting(None, ge=0, help="entropy bonus; null learns it")
    start_entropy_weight: float = setting(0.1, gt=0, help="where a learned entropy bonus starts")
    target_entropy: float | None = setting(None, help="entropy to keep; null is minus the number of actions")


@dataclass(frozen=True, kw_only=True)
class TD3Config(OffPolicyConfig):
    """Twin delayed deterministic policy gradient, Stable-Baselines3; explores with the networks' start_std."""

    type: Literal["td3"] = "td3"
    target_rate: float = setting(0.005, gt=0, le=1, help="share by which the targets follow in a gradient step")
    policy_delay: int = setting(2, ge=1, help="gradient steps of the critic for one of the actor")
    target_noise: float = setting(0.2, ge=0, help="standard deviation of the noise on the target's actions")
    target_noise_clip: float = setting(0.5, ge=0, help="largest noise on the target's actions")


Network = SharedNetwork | SeparateNetwork
Algorithm = PPOConfig | A2CConfig | TRPOConfig | RecurrentPPOConfig | SACConfig | TD3Config | TQCConfig | CrossQConfig
