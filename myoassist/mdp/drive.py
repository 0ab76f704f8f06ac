"""What lies between the action map and the muscles: noise and delay of the drive, and fatigue.

Each stage changes excitations and leaves motors alone. To add one: a class with ``reset(rows, …)`` and a call here, and
its line in ``MuscleDrive``; its arrays are saved and restored by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from myoassist.config import ConditionConfig, FatigueConfig
from myoassist.model.index import ModelIndex
from myoassist.model.muscle_groups import by_muscle
from myoassist.model.names import whole_muscles
from myoassist.sim.arrays import Arrays, nested, part_of, put_arrays, take_arrays

Generators = Sequence[np.random.Generator]
TRACKING = 10.0  # 1/s: LD and LR of Xia and Frey-Law (2008), how fast motor units are recruited and released


class Noise:
    """Noise whose standard deviation grows with the signal (Harris and Wolpert 1998): ``u (1 + cv e)``, e normal."""

    def __init__(self, variation: float) -> None:
        self._variation = variation

    def __call__(self, excitation: np.ndarray, generators: Generators) -> np.ndarray:
        drawn = np.array([generator.standard_normal(excitation.shape[1]) for generator in generators])
        return np.clip(excitation * (1.0 + self._variation * drawn), 0.0, 1.0)


class Delay:
    """Excitations arrive ``seconds`` later, to the nearest physics step. ``past`` ``(n, kept, n_muscles)``, newest
    first: those of a new episode are the activation it starts with.
    """

    def __init__(self, seconds: float, *, dt: float, substeps: int, num_envs: int, num_muscles: int) -> None:
        self._whole, self._rest = divmod(round(seconds / dt * substeps), substeps)
        self._substeps = substeps
        self.past = np.zeros((num_envs, self._whole + 2, num_muscles))

    def __call__(self, excitation: np.ndarray) -> np.ndarray:
        """``(n, n_muscles)`` → ``(n, substeps, n_muscles)``: what arrives during each physics step."""
        self.past[:, 1:] = self.past[:, :-1].copy()
        self.past[:, 0] = excitation
        arriving = np.repeat(self.past[:, self._whole, None], self._substeps, axis=1)
        arriving[:, : self._rest] = self.past[:, self._whole + 1, None]
        return arriving

    def reset(self, rows: np.ndarray, activation: np.ndarray) -> None:
        self.past[rows] = activation[rows, None]


class Fatigue:
    """Three-compartment controller with faster recovery at rest, per muscle.

    Shares of the motor units of a muscle are active (A), fatigued (F) or resting (1 - A - F). With the excitation u as
    target load, ``dA/dt = C - F_rate A`` and ``dF/dt = F_rate A - R F``, where C recruits resting units at most as
    they are there and releases active ones (Xia and Frey-Law 2008, J Biomech 41:3046), and R is ``r`` times larger
    while A is at or above the target (Looft et al. 2018, J Biomech 77:16). The model keeps its own activation
    dynamics: its excitation is limited to the share that is not fatigued.

    ``active``, ``fatigued`` ``(n, n_muscles)``.
    """

    def __init__(self, config: FatigueConfig, index: ModelIndex, *, num_envs: int, dt: float) -> None:
        self._config, self._dt = config, dt * config.speedup
        loss, recovery, rest = np.zeros((3, len(index.muscles)))
        columns = {name: column for column, name in enumerate(index.muscles)}
        whole = whole_muscles(index.body, index.muscles)
        chosen = by_muscle(config.rates, whole, where="condition.fatigue.rates")
        for name, place in columns.items():
            if (rates := chosen.get(name)) is None:
                continue
            loss[place], recovery[place], rest[place] = rates.fatigue, rates.recovery, rates.rest_multiplier
        self._rates = loss, recovery, rest
        self._tracking = TRACKING * dt
        self.active = np.zeros((num_envs, len(index.muscles)))
        self.fatigued = np.zeros_like(self.active)

    def __call__(self, excitation: np.ndarray) -> np.ndarray:
        """Limit ``excitation`` ``(n, n_muscles)`` or ``(n, substeps, n_muscles)`` and go on by one control step."""
        able = 1.0 - self.fatigued
        limited = np.minimum(excitation, able if excitation.ndim == 2 else able[:, None])
        target = excitation if excitation.ndim == 2 else excitation.mean(axis=1)
        self._advance(target)
        return limited

    def _advance(self, target: np.ndarray) -> None:
        active, fatigued, (loss, recovery, rest) = self.active, self.fatigued, self._rates
        resting = 1.0 - active - fatigued
        recruited = self._tracking * np.minimum(target - active, resting)
        tired = self._dt * loss * active
        recovered = self._dt * recovery * np.where(active >= target, rest, 1.0) * fatigued
        self.active = np.clip(active + recruited - tired, 0.0, 1.0)
        self.fatigued = np.clip(fatigued + tired - recovered, 0.0, 1.0)

    def reset(self, rows: np.ndarray, activation: np.ndarray, generators: Generators) -> None:
        low, high = self._config.start_low, self._config.start_high
        for row in rows:
            drawn = generators[row].uniform(low, high, self.fatigued.shape[1]) if high > low else low
            self.fatigued[row] = np.where(self._rates[0] > 0, drawn, 0.0)
        self.active[rows] = np.minimum(activation[rows], 1.0 - self.fatigued[rows])


class MuscleDrive:
    """The stages that a condition asks for, in the order of the body: noise, delay, fatigue. None by default."""

    def __init__(self, config: ConditionConfig, index: ModelIndex, *, num_envs: int, dt: float, substeps: int) -> None:
        self._muscles = np.array([muscle.id for muscle in index.muscles.values()], dtype=int)
        size = {"num_envs": num_envs, "dt": dt}
        self.noise = Noise(config.excitation_noise) if config.excitation_noise else None
        self.delay = (
            Delay(config.excitation_delay, substeps=substeps, num_muscles=len(self._muscles), **size)
            if config.excitation_delay
            else None
        )
        self.fatigue = Fatigue(config.fatigue, index, **size) if config.fatigue.rates else None

    def __call__(self, ctrl: np.ndarray, generators: Generators) -> np.ndarray:
        """Controls ``(n, nu)`` as they reach the muscles; ``(n, substeps, nu)`` where they change within the step."""
        if not (self.noise or self.delay or self.fatigue):
            return ctrl
        excitation = ctrl[:, self._muscles]
        if self.noise:
            excitation = self.noise(excitation, generators)
        if self.delay:
            excitation = self.delay(excitation)
            ctrl = np.repeat(ctrl[:, None], excitation.shape[1], axis=1)
        if self.fatigue:
            excitation = self.fatigue(excitation)
        ctrl[..., self._muscles] = excitation
        return ctrl

    def reset(self, rows: np.ndarray, activation: np.ndarray, generators: Generators) -> None:
        """Begin new episodes in ``rows``; ``activation`` ``(n, n_muscles)`` is that of their start."""
        if self.delay:
            self.delay.reset(rows, activation)
        if self.fatigue:
            self.fatigue.reset(rows, activation, generators)

    def _stages(self) -> dict[str, object]:
        stages = {"delay": self.delay, "fatigue": self.fatigue}
        return {name: stage for name, stage in stages.items() if stage is not None}

    def get_state(self) -> Arrays:
        """A copy of what the stages remember."""
        return nested({name: take_arrays(stage) for name, stage in self._stages().items()})

    def set_state(self, state: Arrays) -> None:
        """Go back to what :meth:`get_state` gave. Raises RunError where it does not fit."""
        for name, stage in self._stages().items():
            put_arrays(stage, part_of(state, name))
