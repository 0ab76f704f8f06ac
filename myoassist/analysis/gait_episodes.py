"""What is measured once per episode: distance, speed, falls, and how alike the two sides are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from myoassist.analysis.gait import Gait
from myoassist.analysis.gait_metric import Metric, PerStride, metric
from myoassist.analysis.recording import TERMINATED

SETTLING = 2.0  # s that a walker has to settle after its start and after a jump of the target speed
JUMP = 0.05  # m/s from one frame to the next: more is a jump; a wave of 5 s between 0.5 and 2 m/s changes by 0.03

SYMMETRY = (
    "step_length",
    "step_time",
    "stance_share",
    "ground_force.first_peak",
    "ground_force.impulse",
    "hip_flexion.rom",
    "knee_angle.rom",
    "ankle_angle.rom",
)


def episode_metrics(gait: Gait) -> dict[str, Metric]:
    """Distance, duration, speed, its error, and falls, over the episodes."""
    recording = gait.recording
    ends = np.array([frames.stop - 1 for frames in recording.episodes], dtype=int)
    seconds = recording["time"][ends].astype(float)
    fell = recording["done"][ends] == TERMINATED
    way, error = _distance(gait, seconds), _speed_error(gait)
    found = {
        "episode_time": metric(seconds, "s", "duration of an episode"),
        "falls": metric(fell.astype(float), "1", "share of episodes that ended before their time"),
        "time_to_fall": metric(seconds[fell], "s", "duration of the episodes that ended before their time"),
        "distance": metric(way, "m", "forward way of the pelvis in an episode"),
        "speed": _speed(way, np.maximum(seconds, recording.dt)),
    }
    target = gait.signal("target_speed")
    if target is not None:
        mean = np.array([target[frames].mean() for frames in recording.episodes])
        found["target_speed"] = metric(mean, "m/s", "speed that was asked for, mean of an episode")
        about = "root mean square of forward velocity minus target over the frames of an episode"
        found["speed_error"] = metric(error, "m/s", about)
        about = "root mean square over an episode's strides of their mean forward velocity minus target, "
        about += f"{SETTLING:g} s after the start and after a jump of the target"
        found["stride_speed_error"] = metric(_stride_speed_error(gait), "m/s", about)
    return found


def _speed(way: np.ndarray, seconds: np.ndarray) -> Metric:
    """Speed of all episodes together: their way by their time, as long episodes count for more than early falls."""
    known = np.isfinite(way)
    each = metric(way / seconds, "m/s", "distance / duration, of all episodes together; SD over the episodes")
    return replace(each, mean=float(way[known].sum() / seconds[known].sum())) if known.any() else each


def _distance(gait: Gait, seconds: np.ndarray) -> np.ndarray:
    """Way of the pelvis in each episode ``(episodes,)``, m, from its start at time 0, before the first frame."""
    place, speed = gait.signal("joint_position", "pelvis_tx"), gait.signal("speed")
    if place is None:
        return np.full(len(seconds), np.nan)
    time, rate = gait.recording["time"], np.zeros(len(place)) if speed is None else np.nan_to_num(speed)
    frames = gait.recording.episodes
    return np.array([place[f.stop - 1] - place[f.start] + rate[f.start] * time[f.start] for f in frames])


def _speed_error(gait: Gait) -> np.ndarray:
    speed, target = gait.signal("speed"), gait.signal("target_speed")
    if speed is None or target is None:
        return np.zeros(0)
    return np.array([np.sqrt(np.mean((speed[f] - target[f]) ** 2)) for f in gait.recording.episodes])


def _stride_speed_error(gait: Gait) -> np.ndarray:
    """Of each episode with settled strides, m/s: how well a speed is kept, without its swing within each stride."""
    speed, target = gait.signal("speed"), gait.signal("target_speed")
    if speed is None or target is None:
        return np.zeros(0)
    errors: dict[int, list[float]] = {}
    settling = round(SETTLING / gait.recording.dt)
    for stride in gait.strides:
        first = gait.recording.episodes[stride.episode].start
        before = target[max(first, stride.start - settling) : stride.end + 1]
        if stride.start - first >= settling and np.abs(np.diff(before)).max() <= JUMP:
            within = slice(stride.start, stride.end)
            errors.setdefault(stride.episode, []).append(float(np.mean(speed[within] - target[within])))
    return np.array([np.sqrt(np.mean(np.square(each))) for each in errors.values()])


def symmetry_metrics(gait: Gait, measures: Sequence[PerStride]) -> dict[str, Metric]:
    """Symmetry index ``100 (R - L) / (0.5 (R + L))`` of the means of an episode: 0 where the sides are alike, %.

    Robinson, Herzog, Nigg (1987) J Manipulative Physiol Ther 10:172-176.
    """
    episodes = np.array([stride.episode for stride in gait.strides], dtype=int)
    found = {}
    for measure in measures:
        if measure.name in SYMMETRY:
            values = [_index(measure.values, gait.sides, episodes == number) for number in np.unique(episodes)]
            about = f"100 (right - left) / their mean, of {measure.name} in an episode"
            found[f"symmetry.{measure.name}"] = metric(np.array(values, dtype=float), "%", about)
    return found


def _index(values: np.ndarray, sides: np.ndarray, chosen: np.ndarray) -> float:
    usable = chosen & np.isfinite(values)
    right, left = values[usable & (sides == "r")], values[usable & (sides == "l")]
    if not len(right) or not len(left) or not right.mean() + left.mean():
        return float("nan")
    return float(200.0 * (right.mean() - left.mean()) / (right.mean() + left.mean()))
