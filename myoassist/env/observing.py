"""The observation vector: ordered, named signals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myoassist.config import ObservationConfig
from myoassist.errors import ConfigError
from myoassist.mdp.observations import NAMES, OBSERVATIONS
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terms import BoundTerm, bind


@dataclass(frozen=True)
class Signal:
    """One column of the observation: its ``name`` (``<term>.<column>``) and the ``source`` function it comes from."""

    name: str
    source: str


class Observer:
    """Computes observations ``(n, size)`` float32; ``signals`` names the columns in order."""

    def __init__(self, config: ObservationConfig, task: Task) -> None:
        self._terms: list[tuple[BoundTerm, slice]] = []
        signals: list[Signal] = []
        for name, term in config.terms.items():
            bound = bind(
                OBSERVATIONS, term, task, name=name, kind="observation term", where=f"observation.terms.{name}"
            )
            columns = NAMES[term.func](task, **bound.arguments)
            self._terms.append((bound, slice(len(signals), len(signals) + len(columns))))
            signals += [Signal(f"{name}.{column}" if column else name, term.func) for column in columns]
        if not signals:
            raise ConfigError("observation.terms: gives no signal; add a term")
        self.signals = tuple(signals)

    def __call__(self, state: WalkState) -> np.ndarray:
        values = np.empty((state.num_envs, len(self.signals)), dtype=np.float32)
        for term, columns in self._terms:
            part = term.call(state)
            expected = (state.num_envs, columns.stop - columns.start)
            if part.shape != expected:
                raise ConfigError(f"observation term {term.name!r} returned shape {part.shape}; expected {expected}")
            values[:, columns] = part
        return values
