"""The schema of body, device, ground, muscles, gait and target speed. ``config.py`` offers every name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


Terrain = FlatTerrain | RoughTerrain
Command = FixedCommand | UniformCommand
