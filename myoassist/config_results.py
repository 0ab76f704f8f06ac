"""The schema of evaluation, saving and logging. ``config.py`` offers every name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myoassist.config_terrain import Terrain
from myoassist.config_world import Command
from myoassist.fields import setting


@dataclass(frozen=True, kw_only=True)
class CameraConfig:
    """The camera that follows the walker in pictures."""

    distance: float = setting(3.0, unit="m", gt=0, le=100, help="from the pelvis")
    azimuth: float = setting(90.0, unit="deg", ge=-360, le=360, help="90 sees the right side, 180 the front")
    elevation: float = setting(-8.0, unit="deg", ge=-90, le=90, help="negative looks down")


@dataclass(frozen=True, kw_only=True)
class VideoConfig:
    """Videos of an evaluation."""

    episodes: int = setting(1, ge=0, help="episodes filmed of each trial, from the first; 0 makes no video")
    seconds: float = setting(10.0, unit="s", gt=0, help="longest video")
    fps: int = setting(30, unit="Hz", gt=0, le=240, help="frames per second")
    width: int = setting(960, unit="pixels", ge=64, le=7680, help="width of the picture; even")
    height: int = setting(540, unit="pixels", ge=64, le=4320, help="height of the picture; even")
    speed: float = setting(1.0, gt=0, le=10, help="1 is real time, 0.5 is slow motion")
    shadows: bool = setting(False, help="real shadows instead of soft spots; thrice the time without a graphics card")
    panel: list[str] = setting([], help="signals drawn below the picture as <group>.<column>, e.g. device_torque.*")


@dataclass(frozen=True, kw_only=True)
class TrialConfig:
    """One trial of an evaluation; what is null is taken from the evaluation or the experiment."""

    episodes: int | None = setting(None, ge=1, le=10_000, help="episodes, run side by side")
    seconds: float | None = setting(None, unit="s", gt=0, help="length of an episode")
    seed: int | None = setting(None, ge=0, help="seed of the starts")
    deterministic: bool | None = setting(None, help="false draws actions from the policy's distribution")
    command: Command | None = setting(None, help="target speed, as in conf/command")
    terrain: Terrain | None = setting(None, help="ground, as in conf/terrain")
    camera: CameraConfig | None = setting(None, help="camera of the video")
    video: VideoConfig | None = setting(None, help="what is filmed, and how")
    plots: list[str] | None = setting(None, help="names or globs of the plots to draw")


@dataclass(frozen=True, kw_only=True)
class EvaluationConfig:
    """Walking with the learned policy, from random starts, on environments of its own."""

    every_steps: int = setting(250_000, ge=0, help="environment steps between evaluations in training; 0 never")
    episodes: int = setting(20, ge=1, le=10_000, help="episodes of a trial, run side by side")
    seconds: float = setting(20.0, unit="s", gt=0, help="length of an episode")
    seed: int = setting(1000, ge=0, help="seed of the starts")
    deterministic: bool = setting(True, help="false draws actions from the policy's distribution")
    overwrite: bool = setting(False, help="replace an earlier evaluation of the checkpoint; false makes a new folder")
    record_hz: int = setting(120, unit="Hz", gt=0, help="frames per second of recordings, at most")
    recorded_in_training: int = setting(4, ge=0, help="episodes recorded and analysed in training; eval.py records all")
    camera: CameraConfig = setting(CameraConfig(), help="camera of the videos")
    video: VideoConfig = setting(VideoConfig(), help="what is filmed, and how")
    plots: list[str] = setting(["*"], help="names or globs of the plots to draw")
    trials: dict[str, TrialConfig] = setting({}, help="trials by name, in order; none is one trial named walk")


@dataclass(frozen=True, kw_only=True)
class CheckpointConfig:
    """When the policy is saved."""

    every_steps: int = setting(100_000, ge=0, help="environment steps between checkpoints; 0 saves at the end only")
    keep_last: int = setting(5, ge=1, help="older checkpoints are removed")


@dataclass(frozen=True, kw_only=True)
class LoggingConfig:
    """Where the numbers go besides the run folder's metrics.csv, and what Weights & Biases (W&B) gets."""

    tensorboard: bool = setting(True, help="write TensorBoard event files")
    progress: Literal["auto", "bar", "lines", "none"] = setting(
        "auto", help="auto shows a bar in a terminal and lines in a file"
    )
    line_seconds: float = setting(30.0, unit="s", ge=0, help="least time between lines; 0 writes one per update")
    wandb: bool = setting(False, help="a process of its own brings the run folder to W&B")
    mode: Literal["auto", "online", "offline", "disabled"] = setting(
        "auto", help="of W&B; auto is what WANDB_MODE says, else online with a login and offline without"
    )
    entity: str | None = setting(None, help="W&B user or team; null is your default one")
    project: str | None = setting(None, help="W&B project; null is WANDB_PROJECT, else myoassist")
    group: str | None = setting(None, help="W&B group; null is the folder of the sweep, if there is one")
    run_name: str | None = setting(None, help="W&B name of the run; null is made of its name and its folder")
    job_type: str | None = setting("train", help="W&B job type")
    tags: list[str] = setting([], help="W&B tags")
    notes: str | None = setting(None, help="W&B notes")
    checkpoints: bool = setting(True, help="checkpoints and the report go to W&B as artifacts")
    plots: bool = setting(True, help="plots of the evaluations in training go to W&B")
    videos: bool = setting(True, help="videos of them go to W&B")
    wait_seconds: float = setting(
        60.0, unit="s", ge=0, help="longest wait for W&B at the end of a training; it goes on alone after that"
    )


@dataclass(frozen=True, kw_only=True)
class ViewConfig:
    """Watching one walker live, in training or in an evaluation."""

    kind: Literal["none", "window", "browser"] = setting("none", help="MuJoCo's own viewer, or a page on this machine")
    port: int = setting(8080, ge=1, le=65_535, help="port of the page, on localhost; the next free one if it is taken")
