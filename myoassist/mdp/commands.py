"""Target speed over the time of an episode, drawn from the environment's own generator when the episode starts.

To add a kind: a dataclass in ``config_world.py``, a function here, an entry in ``COMMANDS`` and a YAML in
``conf/command``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from myoassist.config import (
    Command,
    FixedCommand,
    MixtureCommand,
    PlainCommand,
    SinusoidalCommand,
    StepCommand,
    UniformCommand,
)
from myoassist.sim.arrays import Arrays, put_arrays, take_arrays

MOST_HOLDS = 500  # that are drawn for an episode; one that is longer, such as a day of watching, repeats them


@dataclass(frozen=True)
class Profile:
    """Target speed of one episode: a staircase plus a sine wave.

    ``speeds`` in m/s hold from the times ``begins`` in s, the first from 0. ``amplitude`` in m/s, ``period`` in s and
    ``phase`` in rad of the wave. After ``repeat`` s the staircase begins again.
    """

    speeds: tuple[float, ...]
    begins: tuple[float, ...] = (0.0,)
    amplitude: float = 0.0
    period: float = math.inf
    phase: float = 0.0
    repeat: float = math.inf


def fixed(config: FixedCommand, rng: np.random.Generator, seconds: float) -> Profile:
    """The configured speed."""
    return Profile((config.speed,))


def uniform(config: UniformCommand, rng: np.random.Generator, seconds: float) -> Profile:
    """One speed between ``low`` and ``high``."""
    return Profile((float(rng.uniform(config.low, config.high)),))


def sinusoidal(config: SinusoidalCommand, rng: np.random.Generator, seconds: float) -> Profile:
    """A sine wave between ``low`` and ``high`` with a random period and a random phase."""
    return Profile(
        ((config.low + config.high) / 2,),
        amplitude=(config.high - config.low) / 2,
        period=float(rng.uniform(config.shortest_period, config.longest_period)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )


def step(config: StepCommand, rng: np.random.Generator, seconds: float) -> Profile:
    """A new speed between ``low`` and ``high`` after each random time; after ``MOST_HOLDS`` of them the same again."""
    holds = _most_holds(config, seconds)
    speeds = rng.uniform(config.low, config.high, holds)
    ends = np.cumsum(rng.uniform(config.shortest_hold, config.longest_hold, holds))
    used = int((ends[:-1] < seconds).sum()) + 1
    repeat = float(ends[-1]) if ends[-1] < seconds else math.inf
    return Profile(tuple(speeds[:used].tolist()), (0.0, *ends[: used - 1].tolist()), repeat=repeat)


def mixture(config: MixtureCommand, rng: np.random.Generator, seconds: float) -> Profile:
    """A profile of one of the parts, drawn by their weights."""
    parts = list(config.parts.values())
    weights = np.array([part.weight for part in parts])
    chosen = parts[int(rng.choice(len(parts), p=weights / weights.sum()))]
    return draw_profile(chosen.command, rng, seconds)


COMMANDS: dict[type, Callable[[Any, np.random.Generator, float], Profile]] = {
    FixedCommand: fixed,
    UniformCommand: uniform,
    SinusoidalCommand: sinusoidal,
    StepCommand: step,
    MixtureCommand: mixture,
}


def draw_profile(config: Command | PlainCommand, rng: np.random.Generator, seconds: float) -> Profile:
    """Target speed of a new episode that lasts at most ``seconds``."""
    return COMMANDS[type(config)](config, rng, seconds)


def _most_holds(config: Command | PlainCommand, seconds: float) -> int:
    """The most speeds that a profile of ``seconds`` can hold one after the other."""
    if isinstance(config, MixtureCommand):
        return max(_most_holds(part.command, seconds) for part in config.parts.values())
    return min(math.ceil(seconds / config.shortest_hold) + 1, MOST_HOLDS) if isinstance(config, StepCommand) else 1


class TargetSpeed:
    """The profiles of the current episodes of all environments, as one small table."""

    def __init__(self, config: Command, *, num_envs: int, seconds: float) -> None:
        self._config, self._seconds = config, seconds
        holds = _most_holds(config, seconds)
        self._rows = np.arange(num_envs)
        self._speeds = np.zeros((num_envs, holds))
        self._begins = np.full((num_envs, holds), np.inf)
        self._amplitude, self._frequency, self._phase = (np.zeros(num_envs) for _ in range(3))
        self._repeat = np.full(num_envs, np.inf)
        self.held: float | None = None  # m/s: what somebody who watches asks for, in place of the profiles

    def begin(self, row: int, rng: np.random.Generator) -> None:
        """Draw the profile of a new episode of environment ``row``."""
        profile = draw_profile(self._config, rng, self._seconds)
        count = len(profile.speeds)
        self._speeds[row, :count], self._begins[row, :count] = profile.speeds, profile.begins
        self._begins[row, count:] = np.inf
        self._amplitude[row], self._phase[row] = profile.amplitude, profile.phase
        self._frequency[row], self._repeat[row] = 1.0 / profile.period, profile.repeat

    def at(self, time: np.ndarray) -> np.ndarray:
        """Target speeds ``(n,)`` in m/s, ``time`` ``(n,)`` s after the start of each episode."""
        if self.held is not None:
            return np.full(len(self._rows), self.held)
        if self._speeds.shape[1] == 1:  # most commands hold one speed: nothing to look up in each step
            speed = self._speeds[:, 0].copy()
        else:
            hold = (self._begins <= np.mod(time, self._repeat)[:, None]).sum(axis=1) - 1
            speed = self._speeds[self._rows, hold]
        if self._amplitude.any():
            speed += self._amplitude * np.sin(2 * np.pi * self._frequency * time + self._phase)
        return speed

    def get_state(self) -> Arrays:
        """A copy of the table."""
        return take_arrays(self)

    def set_state(self, state: Arrays) -> None:
        """Go back to what :meth:`get_state` gave. Raises RunError where it does not fit."""
        put_arrays(self, state)
