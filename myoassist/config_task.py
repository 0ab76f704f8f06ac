"""The schema of the task: terms, action maps, terminations and starts. ``config.py`` offers every name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from myoassist.fields import setting


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
class ObservationTermConfig(TermConfig):
    """An observation term, and the sensor that measures it."""

    noise: float = setting(0.0, ge=0, help="standard deviation of the sensor's noise, in the unit of the signals")
    delay: float = setting(0.0, unit="s", ge=0, le=2, help="age of the values when the policy sees them")


@dataclass(frozen=True, kw_only=True)
class ObservationConfig:
    """What the policy sees: ordered terms, each giving named signals."""

    terms: dict[str, ObservationTermConfig] = setting(help="observation terms by name, in order")


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


Reset = ReferencePhaseReset | StandingReset


@dataclass(frozen=True, kw_only=True)
class AidSpring:
    """A spring and a damper that pull a joint to its position at rest (N/m and N s/m at a joint that slides)."""

    stiffness: float = setting(0.0, unit="N m/rad", ge=0, help="torque towards rest per angle while the aid is whole")
    damping: float = setting(
        0.0, unit="N m s/rad", ge=0, help="torque against the motion per velocity while the aid is whole"
    )


@dataclass(frozen=True, kw_only=True)
class AidConfig:
    """Help with the balance that fades, in training only: no evaluation has it."""

    joints: dict[str, AidSpring] = setting({}, help="springs by joint, name or glob, later entries win; none: no aid")
    fade_to: float = setting(0.02, gt=0, le=1, help="least share of the springs that stays")
    keep_seconds: float = setting(
        2.0, unit="s", gt=0, help="springs get softer while episodes last this long in the mean"
    )
    halving_steps: int = setting(
        300_000, ge=1, help="environment steps in which the springs halve, or double while episodes are shorter"
    )
