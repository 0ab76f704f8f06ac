"""What the ground looks like: one function per surface, registered in ``SURFACES``.

A function ``f(config, x, y, rng)`` gives heights ``(rows, columns)`` in m over the ground where the surface begins.
``x`` ``(columns,)`` is the distance from there in m, evenly spaced; ``y`` ``(rows,)`` the distance to the left of the
course's middle. Heights have to begin at 0, and the last column has to be level across, so that surfaces can follow
each other without a step.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from myoassist.config import Harmonic, Rough, Slope, Stairs

FADE = 1.0  # m over which uneven ground begins and ends


def _fade(x: np.ndarray) -> np.ndarray:
    """0 at both ends of a surface, 1 from ``FADE`` on, smooth between."""
    share = np.clip(np.minimum(x, x[-1] - x) / FADE, 0, 1)
    return share * share * (3 - 2 * share)


def _spacing(samples: np.ndarray) -> float:
    return float(samples[1] - samples[0]) if len(samples) > 1 else 1.0


def rough(config: Rough, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Uniform noise, smoothed, stretched so that its largest height or depth is the amplitude."""
    noise = rng.uniform(-1, 1, size=(len(y), len(x)))
    sigma = (config.smoothing / _spacing(y), config.smoothing / _spacing(x))
    from scipy.ndimage import gaussian_filter  # slow to import; level ground needs none of it

    smooth = gaussian_filter(noise, sigma=sigma if len(y) > 1 else (0, sigma[1]), mode="nearest")
    return config.amplitude * smooth / max(np.abs(smooth).max(), 1e-12) * _fade(x)


def harmonic(config: Harmonic, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``sum a sin(2 pi (x cos(direction) + y sin(direction)) / wavelength + phase)``."""
    heights = np.zeros((len(y), len(x)))
    for wave in config.waves.values():
        drawn = float(rng.uniform(0, 2 * np.pi))  # also where it is given: one wave does not change the others
        phase = drawn if wave.phase is None else wave.phase
        along = np.cos(wave.direction) * x + np.sin(wave.direction) * y[:, None]
        heights += wave.amplitude * np.sin(2 * np.pi * along / wave.wavelength + phase)
    return heights * _fade(x)


def slope(config: Slope, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ramps of the grade, each followed by a landing."""
    period = config.ramp + config.landing
    sign, count = _sign(config, rng), int(x[-1] / period) + 1
    rises = sign * config.grade * config.ramp * _directions(count, back=config.back)
    ends = np.cumsum(np.tile([config.ramp, config.landing], count))
    heights = np.cumsum(np.repeat(rises, 2) * np.tile([1, 0], count))
    return np.tile(np.interp(x, np.append(0, ends), np.append(0, heights)), (len(y), 1))


def stairs(config: Stairs, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Flights of ``count`` risers, ``run`` apart, each followed by a landing; the first riser is one run ahead."""
    flight = config.count * config.run + config.landing
    sign, count = _sign(config, rng), int(x[-1] / flight) + 1
    risers = (flight * np.arange(count)[:, None] + config.run * np.arange(1, config.count + 1)).ravel()
    steps = sign * config.rise * np.repeat(_directions(count, back=config.back), config.count)
    passed = np.searchsorted(risers, x + 1e-6, side="right")  # the riser leans over the cell before
    return np.tile(np.append(0, np.cumsum(steps))[passed], (len(y), 1))


def _sign(config: Slope | Stairs, rng: np.random.Generator) -> int:
    drawn = int(rng.choice([1, -1]))  # also where it is given: what comes after does not depend on it
    return {"up": 1, "down": -1, "random": drawn}[config.first]


def _directions(count: int, *, back: bool) -> np.ndarray:
    return np.where(np.arange(count) % 2 == 1, -1, 1) if back else np.ones(count, dtype=int)


SURFACES: dict[str, Callable[..., np.ndarray]] = {
    "rough": rough,
    "harmonic": harmonic,
    "slope": slope,
    "stairs": stairs,
}
