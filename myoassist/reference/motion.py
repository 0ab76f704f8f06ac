"""Gait as Fourier series over the cycle: positions and their exact velocities."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import yaml

from myoassist.config import ReferenceConfig
from myoassist.errors import ReferenceError

SHIPPED = Path(__file__).parent.parent / "assets" / "normal_walking.yaml"
FORWARD = "pelvis_tx_velocity"


@dataclass(frozen=True)
class Harmonics:
    """A periodic function of phase: ``mean + sum_k cos_k cos(2 pi k phase) + sin_k sin(2 pi k phase)``, k from 1.

    ``cos`` and ``sin`` have shape ``(order,)``.
    """

    mean: float
    cos: np.ndarray
    sin: np.ndarray

    def __call__(self, phase: np.ndarray) -> np.ndarray:
        """Values at ``phase``, same shape."""
        angle = 2 * np.pi * np.asarray(phase)[..., None] * np.arange(1, len(self.cos) + 1)
        return self.mean + np.cos(angle) @ self.cos + np.sin(angle) @ self.sin

    def shifted_half(self) -> Harmonics:
        """The same function half a cycle later: the other side of a symmetric gait."""
        sign = (-1.0) ** np.arange(1, len(self.cos) + 1)
        return Harmonics(self.mean, self.cos * sign, self.sin * sign)

    def shifted(self, phase: float) -> Harmonics:
        """The function ``x(phase' + phase)`` of ``phase'``."""
        angle = 2 * np.pi * phase * np.arange(1, len(self.cos) + 1)
        c, s = np.cos(angle), np.sin(angle)
        return Harmonics(self.mean, self.cos * c + self.sin * s, self.sin * c - self.cos * s)

    def scaled(self, factor: float, *, offset: float = 0.0) -> Harmonics:
        """``factor`` times this function, plus ``offset``."""
        return Harmonics(factor * self.mean + offset, factor * self.cos, factor * self.sin)


@dataclass(frozen=True)
class Gait:
    """A gait cycle: right-side and midline coordinates by OpenSim name (no side suffix), rad and m.

    ``cycle_seconds``: duration of a stride; ``speed``: mean walking speed in m/s. ``left``: coordinates of the left leg
    over the same phase, 0 at right heel strike; one that is not there is the right side's half a cycle later.
    ``left_strike``: phase of the left heel strike.
    """

    coordinates: dict[str, Harmonics]
    cycle_seconds: float
    speed: float
    left: dict[str, Harmonics] = field(default_factory=dict)
    left_strike: float = 0.5

    def curve(self, name: str, side: str = "") -> Harmonics:
        """A coordinate of the right (or no) side or of the left one."""
        if side != "l":
            return self.coordinates[name]
        return self.left[name] if name in self.left else self.coordinates[name].shifted_half()


def fit_harmonics(values: np.ndarray, order: int) -> Harmonics:
    """Fit the first ``order`` harmonics to values ``(n,)`` sampled evenly over one cycle, the first at phase 0."""
    spectrum = np.fft.rfft(values) / len(values)
    return Harmonics(float(spectrum[0].real), 2 * spectrum[1 : order + 1].real, -2 * spectrum[1 : order + 1].imag)


def holds_harmonics(config: ReferenceConfig) -> bool:
    """Whether the configured motion is a gait of harmonics already."""
    return config.path is None or Path(config.path).suffix.lower() in (".yaml", ".yml")


def load_gait(path: str | Path | None = None) -> Gait:
    """Read a gait from a YAML file of harmonics; ``None`` reads the one that ships with the project.

    The file holds ``cycle_s``, ``speed_m_s`` and ``coordinates`` with ``mean``, ``cos`` and ``sin`` each, as
    ``myoassist/assets/normal_walking.yaml`` does; an asymmetric gait also ``left_strike`` and ``left``, coordinates of
    the left leg.

    Raises:
        ReferenceError: the file is missing, unreadable, or not of that form; the message names the file and the place.
    """
    file = Path(path) if path is not None else SHIPPED
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReferenceError(f"reference.path: cannot read {file}: {reason}") from error
    except yaml.YAMLError as error:
        raise ReferenceError(f"reference.path: {file} is not YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(content, dict) or not isinstance(content.get("coordinates"), dict):
        raise ReferenceError(f"reference.path: {file} has no table 'coordinates' of gait harmonics")
    coordinates = {name: _harmonics(file, name, table) for name, table in content["coordinates"].items()}
    other = content.get("left") or {}
    if not isinstance(other, dict) or not set(other) <= set(coordinates):
        raise ReferenceError(
            f"reference.path: {file}: 'left' must be a table of coordinates that the right leg has too"
        )
    left = {name: _harmonics(file, f"left.{name}", table) for name, table in other.items()}
    missing = [name for name in (FORWARD, "pelvis_tilt", "hip_flexion") if name not in coordinates]
    if missing:
        raise ReferenceError(f"reference.path: {file} lacks the coordinates {', '.join(missing)}")
    if coordinates[FORWARD].mean <= 0:
        raise ReferenceError(f"reference.path: {file}: {FORWARD}: the mean must be above 0, or the gait goes nowhere")
    strike = _positive(file, {"left_strike": 0.5, **content}, "left_strike", most=1)
    cycle, speed = _positive(file, content, "cycle_s"), _positive(file, content, "speed_m_s")
    return Gait(coordinates, cycle, speed, left, strike)


def save_gait(gait: Gait, path: Path, *, origin: str) -> None:
    """Write a gait as ``load_gait`` reads it. Raises ReferenceError where the file cannot be written.

    Args:
        origin: where it comes from, for the comment at the top; one line.
    """
    head = (
        f"# {' '.join(origin.split())}\n"
        "# One gait cycle as Fourier series: OpenSim names and signs; rad, m, m/s; phase 0: right heel strike.\n"
        "# value(phase) = mean + sum_k [ cos_k cos(2 pi k phase) + sin_k sin(2 pi k phase) ]\n"
    )
    content: dict = {"cycle_s": _rounded(gait.cycle_seconds), "speed_m_s": _rounded(gait.speed)}
    if gait.left:
        content["left_strike"] = _rounded(gait.left_strike)
    content["coordinates"] = {name: _plain(curve) for name, curve in gait.coordinates.items()}
    if gait.left:
        content["left"] = {name: _plain(curve) for name, curve in gait.left.items()}
    text = head + yaml.safe_dump(content, sort_keys=False, width=118, default_flow_style=None)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReferenceError(f"{path}: cannot be written ({error.strerror or error})") from error


def _rounded(value: float) -> float:
    return round(float(value), 6)


def _plain(curve: Harmonics) -> dict:
    return {"mean": _rounded(curve.mean), "cos": [*map(_rounded, curve.cos)], "sin": [*map(_rounded, curve.sin)]}


def _positive(file: Path, content: dict, key: str, most: float = 100) -> float:
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < most:
        raise ReferenceError(f"reference.path: {file}: {key} must be a number between 0 and {most}, not {value!r}")
    return float(value)


def _harmonics(file: Path, name: str, table: object) -> Harmonics:
    needs = "needs a number 'mean' and equally long lists 'cos' and 'sin'"
    problem = f"reference.path: {file}: coordinate {name!r} {needs}"
    if not isinstance(table, dict):
        raise ReferenceError(problem)
    try:
        result = Harmonics(float(table["mean"]), np.array(table["cos"], float), np.array(table["sin"], float))
    except (KeyError, TypeError, ValueError) as error:
        raise ReferenceError(problem) from error
    even = result.cos.ndim == 1 and result.cos.shape == result.sin.shape
    if not even or not np.isfinite([result.mean, *result.cos, *result.sin]).all():
        raise ReferenceError(problem)
    return result
