"""The typed schema of an experiment. Every key of ``conf/`` is a field here, with its unit, bounds and meaning.

``parse_config`` (``myoassist/parsing.py``) turns Hydra's plain tree into these dataclasses and rejects what does not
fit. A section whose fields depend on a choice (terrain, command, reset, network, algorithm) is a registry keyed by
``type``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from myoassist.config_learning import (  # noqa: F401  (part of the schema, offered here)
    A2CConfig,
    ActorConfig,
    Algorithm,
    CriticConfig,
    CrossQConfig,
    Network,
    NormalizeConfig,
    OffPolicyConfig,
    OnPolicyConfig,
    PPOConfig,
    RecurrentPPOConfig,
    SACConfig,
    Schedule,
    SeparateNetwork,
    SharedNetwork,
    TD3Config,
    TQCConfig,
    TRPOConfig,
)
from myoassist.fields import setting


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The musculoskeletal body and the rates of its simulation."""

    name: str = setting(help="short name shown in run names and tables")
    body: Literal["myolegs22", "myolegs26", "myolegs"] = setting(help="body of the assist-sim registry")
    control_hz: int = setting(30, unit="Hz", gt=0, help="rate at which the policy acts")
    physics_hz: int = setting(600, unit="Hz", gt=0, help="rate of the physics; a whole multiple of control_hz")
    integrator: Literal["euler", "implicitfast"] = setting("euler", help="MuJoCo integrator")
    contact: Literal["feet", "all"] = setting("feet", help="what touches the ground: feet and soles, or every geom")


@dataclass(frozen=True, kw_only=True)
class DeviceConfig:
    """The assistive device."""

    name: str = setting(help="short name shown in run names and tables")
    assist_sim: str | None = setting(None, help="device of the assist-sim registry; null walks without a device")


@dataclass(frozen=True, kw_only=True)
class FlatTerrain:
    """A level plane."""

    type: Literal["flat"] = "flat"
    friction: float = setting(1.0, ge=0, help="sliding friction coefficient of the ground")


@dataclass(frozen=True, kw_only=True)
class RoughTerrain:
    """Random heights on a grid, smoothed; a flat safe zone at the start; different ground for every environment."""

    type: Literal["rough"] = "rough"
    friction: float = setting(1.0, ge=0, help="sliding friction coefficient of the ground")
    amplitude: float = setting(0.03, unit="m", ge=0, le=0.5, help="largest height above and below the level ground")
    grid: float = setting(0.1, unit="m", gt=0.02, le=1.0, help="distance between height samples")
    smoothing: float = setting(0.15, unit="m", ge=0, help="standard deviation of the Gaussian that smooths the heights")
    length: float = setting(65.0, unit="m", gt=5, le=500, help="length of the course ahead of the start")
    width: float = setting(
        6.0, unit="m", gt=0.5, le=50, help="width of the course for 3D bodies; planar bodies get a strip"
    )
    safe_zone: float = setting(1.5, unit="m", ge=0.5, help="flat distance ahead of the start, before the ground rises")


@dataclass(frozen=True, kw_only=True)
class ConditionConfig:
    """The walker's muscles compared with the healthy body."""

    name: str = setting("healthy", help="short name shown in tables")
    strength: dict[str, float] = setting(
        {}, ge=0, le=2, help="peak-force factor by muscle-name glob, e.g. {'soleus_*': 0.6}"
    )


@dataclass(frozen=True, kw_only=True)
class ReferenceConfig:
    """The gait to imitate."""

    name: str = setting(help="short name shown in tables")
    path: str | None = setting(None, help="YAML of gait harmonics; null takes the gait that ships with the project")
    follow_speed: bool = setting(True, help="scale playback and reference velocities by target speed / reference speed")


@dataclass(frozen=True, kw_only=True)
class FixedCommand:
    """One target speed for every episode."""

    type: Literal["fixed"] = "fixed"
    speed: float = setting(1.25, unit="m/s", ge=0, le=4, help="target walking speed")


@dataclass(frozen=True, kw_only=True)
class UniformCommand:
    """A target speed drawn anew for every episode."""

    type: Literal["uniform"] = "uniform"
    low: float = setting(0.75, unit="m/s", ge=0, le=4, help="slowest target speed")
    high: float = setting(1.75, unit="m/s", ge=0, le=4, help="fastest target speed")


@dataclass(frozen=True, kw_only=True)
class TermConfig:
    """One term of the task: a function of ``myoassist/mdp`` with its parameters."""

    func: str = setting(help="name of the function")
    params: dict[str, Any] = setting({}, help="keyword parameters of the function")


@dataclass(frozen=True, kw_only=True)
class RewardTermConfig(TermConfig):
    """A reward term."""

    weight: float = setting(1.0, help="factor of the term in the total reward")


@dataclass(frozen=True, kw_only=True)
class ObservationConfig:
    """What the policy sees: ordered terms, each giving named signals."""

    terms: dict[str, TermConfig] = setting(help="observation terms by name, in order")


@dataclass(frozen=True, kw_only=True)
class MuscleActionConfig:
    """How an action in [-1, 1] becomes a muscle excitation in [0, 1]."""

    map: Literal["linear", "sigmoid", "clip"] = setting(
        "sigmoid", help="linear, sigmoid 1/(1+exp(-steepness (a-offset))), or clip to [0, 1]"
    )
    steepness: float = setting(5.0, gt=0, help="of the sigmoid")
    offset: float = setting(0.5, help="action at which the sigmoid gives half excitation")


@dataclass(frozen=True, kw_only=True)
class MotorActionConfig:
    """How an action in [-1, 1] becomes the command of a motor that pushes one way; one that pushes both is linear."""

    map: Literal["linear", "sigmoid", "clip"] = setting("sigmoid", help="share of the range, from zero effort outward")
    scale: float = setting(1.0, ge=0, le=1, help="share of the motor's control range that may be used")
    steepness: float = setting(5.0, gt=0, help="of the sigmoid")
    offset: float = setting(0.5, help="action at which the sigmoid gives half the range")


@dataclass(frozen=True, kw_only=True)
class ActionConfig:
    """Action maps."""

    muscles: MuscleActionConfig = setting(MuscleActionConfig(), help="map of the muscles")
    motors: MotorActionConfig = setting(MotorActionConfig(), help="map of the device's motors")


@dataclass(frozen=True, kw_only=True)
class RewardConfig:
    """The reward: a weighted sum of terms."""

    terms: dict[str, RewardTermConfig] = setting(help="reward terms by name")


@dataclass(frozen=True, kw_only=True)
class TerminationConfig:
    """When an episode ends."""

    max_seconds: float = setting(
        20.0, unit="s", gt=0, help="longest episode; reaching it truncates, it does not terminate"
    )
    terms: dict[str, TermConfig] = setting({}, help="termination terms by name; any of them ends the episode")


@dataclass(frozen=True, kw_only=True)
class ReferencePhaseReset:
    """Start at a random phase of the reference, with its velocities."""

    type: Literal["reference_phase"] = "reference_phase"
    bank_size: int = setting(256, ge=1, le=100_000, help="number of start states computed beforehand")
    activation: float = setting(0.05, ge=0, le=1, help="muscle activation at the start")
    position_noise: float = setting(0.0, unit="rad", ge=0, le=0.5, help="standard deviation added to joint angles")
    velocity_noise: float = setting(0.0, unit="rad/s", ge=0, le=5, help="standard deviation added to joint velocities")


@dataclass(frozen=True, kw_only=True)
class StandingReset:
    """Start standing still."""

    type: Literal["standing"] = "standing"
    bank_size: int = setting(64, ge=1, le=100_000, help="number of start states computed beforehand")
    activation: float = setting(0.05, ge=0, le=1, help="muscle activation at the start")
    position_noise: float = setting(0.0, unit="rad", ge=0, le=0.5, help="standard deviation added to joint angles")
    velocity_noise: float = setting(0.0, unit="rad/s", ge=0, le=5, help="standard deviation added to joint velocities")


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """The deterministic policy, from random starts, on environments of its own."""

    every_steps: int = setting(250_000, ge=0, help="environment steps between evaluations in training; 0 never")
    episodes: int = setting(20, ge=1, le=10_000, help="episodes of one evaluation, run side by side")
    seconds: float = setting(20.0, unit="s", gt=0, help="length of an episode")
    seed: int = setting(1000, ge=0, help="seed of the starts")


@dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    """When the policy is saved."""

    every_steps: int = setting(100_000, ge=0, help="environment steps between checkpoints; 0 saves at the end only")
    keep_last: int = setting(5, ge=1, help="older checkpoints are removed")


@dataclass(frozen=True, kw_only=True)
class LoggingConfig:
    """Where the numbers go besides the run folder's metrics.csv."""

    tensorboard: bool = setting(True, help="write TensorBoard event files")
    progress: Literal["auto", "bar", "lines", "none"] = setting(
        "auto", help="auto shows a bar in a terminal and lines in a file"
    )
    line_seconds: float = setting(30.0, unit="s", ge=0, help="least time between lines; 0 writes one per update")


Terrain = FlatTerrain | RoughTerrain
Command = FixedCommand | UniformCommand
Reset = ReferencePhaseReset | StandingReset


@dataclass(frozen=True, kw_only=True)
class InitFromConfig:
    """A trained policy to start from; signals and actions are matched by name."""

    path: str | None = setting(None, help="run or checkpoint folder; null starts from nothing")
    reset: list[Literal["actor", "critic", "log_std", "normalizer"]] = setting([], help="parts to start afresh")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A whole experiment."""

    name: str = setting(help="run name; part of the run folder's name")
    seed: int = setting(1, ge=0, help="the one seed of the run")
    total_steps: int = setting(2_000_000, ge=1, help="environment steps to train, over all environments")
    num_envs: int = setting(128, ge=1, le=65_536, help="simulations stepped side by side")
    threads: int = setting(0, ge=0, le=1024, help="simulation threads; 0 takes all cores")
    run_dir: str | None = setting(None, help="run folder; null makes outputs/<date>/<time>_<name>")
    resume: str | None = setting(None, help="run folder to continue in place, with its own saved settings")
    init_from: InitFromConfig = setting(InitFromConfig(), help="trained policy to start from")
    freeze: list[str] = setting([], help="actors whose weights do not change, e.g. [human]")
    model: ModelConfig = setting(help="body and rates")
    device: DeviceConfig = setting(help="assistive device")
    terrain: Terrain = setting(help="ground")
    condition: ConditionConfig = setting(help="the walker's muscles")
    reference: ReferenceConfig = setting(help="gait to imitate")
    command: Command = setting(help="target speed")
    observation: ObservationConfig = setting(help="what the policy sees")
    action: ActionConfig = setting(help="action maps")
    reward: RewardConfig = setting(help="reward terms")
    termination: TerminationConfig = setting(help="when an episode ends")
    reset: Reset = setting(help="how an episode starts")
    network: Network = setting(help="policy and value networks")
    algorithm: Algorithm = setting(help="learning algorithm")
    evaluation: EvaluationConfig = setting(help="evaluation of the deterministic policy")
    checkpoint: CheckpointConfig = setting(help="saving")
    logging: LoggingConfig = setting(help="logging")
