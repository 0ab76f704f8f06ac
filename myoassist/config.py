"""The typed schema of an experiment. Every key of ``conf/`` is a field here, with its unit, bounds and meaning.

``parse_config`` (``myoassist/parsing.py``) turns Hydra's plain tree into these dataclasses and rejects what does not
fit. A section whose fields depend on a choice (terrain, command, reset, network, algorithm) is a registry keyed by
``type``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myoassist.config_launch import (  # noqa: F401  (part of the schema, offered here)
    BasicLaunch,
    JoblibLaunch,
    Launch,
    LocalLaunch,
    RayLaunch,
    SlurmLaunch,
)
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
from myoassist.config_results import (  # noqa: F401  (part of the schema, offered here)
    CameraConfig,
    CheckpointConfig,
    EvaluationConfig,
    LoggingConfig,
    TrialConfig,
    VideoConfig,
    ViewConfig,
)
from myoassist.config_search import SearchConfig
from myoassist.config_task import (  # noqa: F401  (part of the schema, offered here)
    ActionConfig,
    AidConfig,
    AidSpring,
    MotorActionConfig,
    MuscleActionConfig,
    ObservationConfig,
    ObservationTermConfig,
    ReferencePhaseReset,
    Reset,
    RewardConfig,
    RewardTermConfig,
    StandingReset,
    TermConfig,
    TerminationConfig,
)
from myoassist.config_terrain import (  # noqa: F401  (part of the schema, offered here)
    Course,
    CurriculumTerrain,
    FlatTerrain,
    Harmonic,
    HarmonicTerrain,
    MixedTerrain,
    Rough,
    RoughTerrain,
    Slope,
    SlopeTerrain,
    Stairs,
    StairsTerrain,
    Surface,
    Terrain,
    Tiles,
    Wave,
)
from myoassist.config_world import (  # noqa: F401  (part of the schema, offered here)
    Command,
    ConditionConfig,
    DeviceConfig,
    FatigueConfig,
    FatigueRates,
    FixedCommand,
    MixtureCommand,
    MixturePart,
    ModelConfig,
    PlainCommand,
    ReferenceConfig,
    RolesConfig,
    SinusoidalCommand,
    StepCommand,
    UniformCommand,
)
from myoassist.fields import setting


@dataclass(frozen=True, kw_only=True)
class InitFromConfig:
    """A trained policy to start from; signals and actions are matched by name."""

    path: str | None = setting(
        None, help="run or checkpoint folder, policy:<name>, newest, or wandb:entity/project/name:alias; null: none"
    )
    reset: list[Literal["actor", "critic", "log_std", "normalizer"]] = setting([], help="parts to start afresh")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A whole experiment."""

    name: str = setting(help="run name; part of the run folder's name")
    seed: int = setting(1, ge=0, help="the one seed of the run")
    total_steps: int = setting(2_000_000, ge=1, help="environment steps to train, over all environments")
    num_envs: int = setting(128, ge=1, le=65_536, help="simulations stepped side by side")
    threads: int = setting(0, ge=0, le=1024, help="simulation threads; 0 takes all cores that the run may use")
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
    aid: AidConfig = setting(AidConfig(), help="help with the balance that fades, in training")
    network: Network = setting(help="policy and value networks")
    algorithm: Algorithm = setting(help="learning algorithm")
    evaluation: EvaluationConfig = setting(help="evaluation of the deterministic policy")
    checkpoint: CheckpointConfig = setting(help="saving")
    logging: LoggingConfig = setting(help="logging")
    view: ViewConfig = setting(ViewConfig(), help="watching a walker live")
    launch: Launch = setting(BasicLaunch(), help="where the runs of a sweep (-m) run")
    search: SearchConfig = setting(SearchConfig(), help="the trial of a search that this training is")
