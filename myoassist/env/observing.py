"""The observation vector: ordered, named signals, as sensors with noise and delay give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from myoassist.config import ObservationConfig, ObservationTermConfig
from myoassist.errors import ConfigError
from myoassist.mdp.observations import LEAST, NAMES, OBSERVATIONS
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terms import BoundTerm, bind
from myoassist.sim.arrays import Arrays, nested, part_of, put_arrays, take_arrays

Generators = Sequence[np.random.Generator]


@dataclass(frozen=True)
class Signal:
    """One column of the observation: its ``name`` (``<term>.<column>``) and the ``source`` function it comes from.

    ``least`` is the smallest standard deviation, in its unit, that it is divided by where it is normalised.
    """

    name: str
    source: str
    least: float = 0.0


class Sensor:
    """Delay and noise of the signals of one term. ``past`` ``(n, kept, n_signals)``, the newest values first."""

    def __init__(self, config: ObservationTermConfig, *, num_envs: int, size: int, dt: float) -> None:
        self._noise, steps = config.noise, config.delay / dt
        self._whole = int(steps + 1e-9)
        self._part = steps - self._whole if steps - self._whole > 1e-9 else 0.0
        self.past = np.zeros((num_envs, self._whole + 2, size), dtype=np.float32)

    def read(self, values: np.ndarray, generators: Generators) -> np.ndarray:
        """What the sensors give now that the true values are ``values`` ``(n, n_signals)``."""
        self.past[:, 1:] = self.past[:, :-1].copy()
        self.past[:, 0] = values
        return self._seen(np.arange(len(values)), generators)

    def begin(self, rows: np.ndarray, values: np.ndarray, generators: Generators) -> np.ndarray:
        """New episodes in ``rows``: the values of their start have been there all along."""
        self.past[rows] = values[rows, None]
        return self._seen(rows, generators)

    def _seen(self, rows: np.ndarray, generators: Generators) -> np.ndarray:
        seen = self.past[rows, self._whole]
        if self._part:  # between two control steps
            seen = (1 - self._part) * seen + self._part * self.past[rows, self._whole + 1]
        if self._noise:
            seen = seen + self._noise * np.array([generators[row].standard_normal(seen.shape[1]) for row in rows])
        return seen


class Observer:
    """Computes observations ``(n, size)`` float32; ``signals`` names the columns in order.

    Calling it gives the true values. ``measure`` and ``begin`` give what the sensors say, with their noise and delay.
    """

    def __init__(self, config: ObservationConfig, task: Task) -> None:
        self.terms: list[BoundTerm] = []
        self._columns: list[slice] = []
        self._sensors: dict[str, Sensor] = {}
        signals: list[Signal] = []
        for name, term in config.terms.items():
            bound = bind(
                OBSERVATIONS, term, task, name=name, kind="observation term", where=f"observation.terms.{name}"
            )
            if hasattr(bound.call, "reset"):
                problem = "observation terms remember nothing (they are read for all walkers whenever one begins anew)"
                raise ConfigError(f"observation.terms.{name}.func: {term.func} has a reset, but {problem}")
            columns = NAMES[term.func](task, **bound.arguments)
            self.terms.append(bound)
            self._columns.append(slice(len(signals), len(signals) + len(columns)))
            least = LEAST.get(term.func, 0.0)
            signals += [Signal(f"{name}.{column}" if column else name, term.func, least) for column in columns]
            if term.noise or term.delay:
                self._sensors[name] = Sensor(term, num_envs=task.num_envs, size=len(columns), dt=task.dt)
        if not signals:
            raise ConfigError("observation.terms: gives no signal; add a term")
        self.signals = tuple(signals)

    def __call__(self, state: WalkState) -> np.ndarray:
        values = np.empty((state.num_envs, len(self.signals)), dtype=np.float32)
        for term, columns in zip(self.terms, self._columns, strict=True):
            part = term.call(state)
            expected = (state.num_envs, columns.stop - columns.start)
            if part.shape != expected:
                raise ConfigError(f"observation term {term.name!r} returned shape {part.shape}; expected {expected}")
            values[:, columns] = part
        return values

    def measure(self, state: WalkState, generators: Generators) -> np.ndarray:
        """Observations ``(n, size)`` after a control step; ``generators``: one per environment, for the noise."""
        values = self(state)
        for columns, sensor in self._sensing():
            values[:, columns] = sensor.read(values[:, columns], generators)
        return values

    def begin(self, state: WalkState, rows: np.ndarray, generators: Generators) -> np.ndarray:
        """Observations ``(len(rows), size)`` of new episodes in ``rows``."""
        values = self(state)
        for columns, sensor in self._sensing():
            values[rows, columns] = sensor.begin(rows, values[:, columns], generators)
        return values[rows]

    def _sensing(self) -> list[tuple[slice, Sensor]]:
        columns = {term.name: columns for term, columns in zip(self.terms, self._columns, strict=True)}
        return [(columns[name], sensor) for name, sensor in self._sensors.items()]

    def get_state(self) -> Arrays:
        """A copy of what the sensors remember."""
        return nested({name: take_arrays(sensor) for name, sensor in self._sensors.items()})

    def set_state(self, state: Arrays) -> None:
        """Go back to what :meth:`get_state` gave. Raises RunError where it does not fit."""
        for name, sensor in self._sensors.items():
            put_arrays(sensor, part_of(state, name))
