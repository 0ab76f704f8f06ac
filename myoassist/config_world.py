"""The schema of body, device, muscles, gait and target speed. ``config.py`` offers every name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myoassist.fields import setting


@dataclass(frozen=True, kw_only=True)
class RolesConfig:
    """What is what in a user's MJCF, where its names do not tell: OpenSim's name first, then the file's."""

    pelvis: str | None = setting(None, help="body that carries both hips; null finds it")
    joints: dict[str, str] = setting({}, help="joints of the legs by OpenSim's name, as {knee_angle_r: RightKnee}")
    feet: dict[str, list[str]] = setting(
        {}, help="by side r or l, geoms or bodies of the foot that touch the ground; a side left out finds them"
    )
    muscles: dict[str, str] = setting({}, help="new names of muscles, as {soleus_r: calf_right}")
    motors: dict[str, str] = setting({}, help="new names of motors, as {exo_r: actuator_3}")
    keyframe: str | None = setting(None, help="standing pose; null takes 'stand' if there is one, else zero")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The musculoskeletal body and the rates of its simulation."""

    name: str = setting(help="short name shown in run names and tables")
    body: Literal["myolegs22", "myolegs26", "myolegs", "mjcf"] = setting(
        help="body of the assist-sim registry, or mjcf for a file of your own"
    )
    path: str | None = setting(None, help="MJCF file of body=mjcf; meshes and includes are found beside it")
    roles: RolesConfig = setting(RolesConfig(), help="names of the parts of body=mjcf")
    control_hz: int = setting(30, unit="Hz", gt=0, help="rate at which the policy acts")
    physics_hz: int = setting(600, unit="Hz", gt=0, help="rate of the physics; a whole multiple of control_hz")
    integrator: Literal["euler", "implicitfast"] = setting("euler", help="MuJoCo integrator")
    contact: Literal["feet", "all"] = setting("feet", help="what touches the ground: feet and soles, or every geom")


@dataclass(frozen=True, kw_only=True)
class DeviceConfig:
    """The assistive device."""

    name: str = setting(help="short name shown in run names and tables")
    assist_sim: str | None = setting(None, help="device of the assist-sim registry; null walks without a device")


_MUSCLES = "by muscle group (plantarflexors, plantarflexors_r), name or glob; later entries win"


@dataclass(frozen=True, kw_only=True)
class FatigueRates:
    """Rates of the three-compartment model for some muscles."""

    fatigue: float = setting(unit="1/s", ge=0, le=1, help="F: active motor units become fatigued")
    recovery: float = setting(unit="1/s", ge=0, le=1, help="R: fatigued motor units recover")
    rest_multiplier: float = setting(15.0, ge=1, le=100, help="r: recovery is this many times faster at rest")


@dataclass(frozen=True, kw_only=True)
class FatigueConfig:
    """Muscle fatigue; a muscle without rates does not tire."""

    rates: dict[str, FatigueRates] = setting({}, help=f"rates {_MUSCLES}")
    start_low: float = setting(0.0, ge=0, le=1, help="least share of fatigued motor units when an episode starts")
    start_high: float = setting(0.0, ge=0, le=1, help="largest; drawn for each muscle and episode")
    speedup: float = setting(1.0, gt=0, le=1000, help="how many times faster than life: minutes within an episode")


@dataclass(frozen=True, kw_only=True)
class ConditionConfig:
    """The walker's muscles and their drive compared with the healthy body."""

    name: str = setting("healthy", help="short name shown in tables")
    strength: dict[str, float] = setting({}, ge=0, le=2, help=f"peak-force factor {_MUSCLES}")
    contraction_velocity: dict[str, float] = setting(
        {}, gt=0.05, le=2, help=f"factor of the largest shortening velocity {_MUSCLES}"
    )
    deactivation_time: dict[str, float] = setting(
        {}, ge=0.1, le=10, help=f"factor of the deactivation time constant {_MUSCLES}"
    )
    excitation_delay: float = setting(0.0, unit="s", ge=0, le=0.5, help="time from the action to the muscle")
    excitation_noise: float = setting(0.0, ge=0, le=2, help="signal-dependent noise: standard deviation / excitation")
    fatigue: FatigueConfig = setting(FatigueConfig(), help="three-compartment fatigue of each muscle")


@dataclass(frozen=True, kw_only=True)
class ReferenceConfig:
    """The gait to imitate."""

    name: str = setting(help="short name shown in tables")
    imitate: bool = setting(True, help="false: no gait at all; terms that need one say so")
    path: str | None = setting(
        None, help="motion: .yaml of gait harmonics, .npz, .mot, .sto or .csv; null takes the gait of the project"
    )
    unit: Literal["auto", "rad", "deg"] = setting(
        "auto", help="unit of the file's angles; auto: the file says or shows it"
    )
    columns: dict[str, str] = setting({}, help="the file's columns by OpenSim's name, as {knee_angle_r: RKnee}")
    flip: list[str] = setting([], help="coordinates whose sign is turned, as [knee_angle_r, knee_angle_l]")
    begin: float | None = setting(None, unit="s", help="first time of the file to use; null: its start")
    end: float | None = setting(None, unit="s", help="last time of the file to use; null: its end")
    speed: float | None = setting(None, unit="m/s", gt=0, le=4, help="walking speed of a motion on a treadmill")
    cycle_seconds: float | None = setting(None, unit="s", gt=0.3, le=5, help="stride duration; null finds it")
    cutoff_hz: float = setting(6.0, unit="Hz", ge=0, le=100, help="Butterworth low-pass of the motion; 0 for none")
    symmetric: Literal["auto", "true", "false"] = setting(
        "auto", help="true: both legs get their mean; false: each its own; auto: by how much they differ"
    )
    follow_speed: bool = setting(True, help="play the gait back at the cadence of the target speed; false: at its own")
    cadence_exponent: float = setting(
        0.58, ge=0, le=1, help="cadence grows with speed to this power; 1 keeps the stride length"
    )
    stride_joints: list[str] = setting([], help="joints that swing further the longer the step at the target speed is")


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
class SinusoidalCommand:
    """A target speed that swings between two values, from a random point of the wave."""

    type: Literal["sinusoidal"] = "sinusoidal"
    low: float = setting(1.0, unit="m/s", ge=0, le=4, help="slowest target speed")
    high: float = setting(1.5, unit="m/s", ge=0, le=4, help="fastest target speed")
    shortest_period: float = setting(5.0, unit="s", ge=0.5, le=3600, help="of the wave, drawn for every episode")
    longest_period: float = setting(10.0, unit="s", ge=0.5, le=3600, help="of the wave, drawn for every episode")


@dataclass(frozen=True, kw_only=True)
class StepCommand:
    """A target speed that jumps to a new value after random times."""

    type: Literal["step"] = "step"
    low: float = setting(0.75, unit="m/s", ge=0, le=4, help="slowest target speed")
    high: float = setting(1.75, unit="m/s", ge=0, le=4, help="fastest target speed")
    shortest_hold: float = setting(3.0, unit="s", ge=0.1, le=3600, help="least time between two changes")
    longest_hold: float = setting(6.0, unit="s", ge=0.1, le=3600, help="longest time between two changes")


PlainCommand = FixedCommand | UniformCommand | SinusoidalCommand | StepCommand


@dataclass(frozen=True, kw_only=True)
class MixturePart:
    """One of the commands of a mixture."""

    weight: float = setting(1.0, ge=0, help="how often it is drawn, compared with the others")
    command: PlainCommand = setting(help="any command but a mixture")


@dataclass(frozen=True, kw_only=True)
class MixtureCommand:
    """One of several commands, drawn for every episode."""

    type: Literal["mixture"] = "mixture"
    parts: dict[str, MixturePart] = setting(help="commands by a name of your own")


Command = FixedCommand | UniformCommand | SinusoidalCommand | StepCommand | MixtureCommand
