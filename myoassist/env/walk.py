"""The walking task over a batch: the order of one control step, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from myoassist.config import CurriculumTerrain, ReferenceConfig, ReferencePhaseReset, TrainConfig
from myoassist.env.aid import Aid
from myoassist.env.curriculum import Curriculum
from myoassist.env.episodes import EpisodeLog
from myoassist.env.observing import Observer
from myoassist.env.recorded import StepFacts
from myoassist.errors import ConfigError
from myoassist.mdp.actions import ActionMap
from myoassist.mdp.commands import TargetSpeed
from myoassist.mdp.drive import MuscleDrive
from myoassist.mdp.resets import start_bank
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terminations import TERMINATIONS
from myoassist.mdp.terms import BoundTerm, bind, match
from myoassist.model.build import build_model, ground_generator
from myoassist.model.index import ModelIndex
from myoassist.reference.reading import read_gait
from myoassist.reference.retarget import Reference, no_reference, retarget
from myoassist.sim.arrays import (
    Arrays,
    generator_arrays,
    matching,
    nested,
    part_of,
    put_arrays,
    set_generators,
    take_arrays,
)
from myoassist.sim.batch import BatchSim

if TYPE_CHECKING:
    import mujoco

SAME_SPEED = 0.01  # share by which a target may differ from the reference's speed and still start with its velocities


@dataclass(frozen=True)
class StepResult:
    """One control step of the batch; arrays over the environments.

    ``observation`` ``(n, size)`` float32 belongs to the new episode where one began; ``final_observation`` is that of
    the step itself. ``terminated``: a termination term or failed physics. ``truncated``: the time was up.
    """

    observation: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    final_observation: np.ndarray

    @property
    def done(self) -> np.ndarray:
        return self.terminated | self.truncated


class WalkEnv:
    """``num_envs`` walkers. Every random number comes from ``seed``: first the world (grounds, start states), then one
    generator per environment, so that an environment's episodes do not depend on the others.

    Args:
        config: the experiment; only its task part is read.
        num_envs, seed, threads: override those of ``config``.

    Raises:
        ConfigError, ModelError, ReferenceError: the experiment does not fit together.
    """

    def __init__(
        self, config: TrainConfig, *, num_envs: int | None = None, seed: int | None = None, threads: int | None = None
    ) -> None:
        self.config = config
        self.num_envs = config.num_envs if num_envs is None else num_envs
        world, self._episode_seeds = np.random.SeedSequence(config.seed if seed is None else seed).spawn(2)
        land = ground_generator(config.seed if seed is None else seed)
        model = self._build(config, land, config.threads if threads is None else threads)
        self.state = WalkState(self.task, self.sim, num_actions=len(self.action_map))
        self.drive = MuscleDrive(
            config.condition, self.index, num_envs=self.num_envs, dt=self.task.dt, substeps=self.sim.substeps
        )
        self.command = TargetSpeed(config.command, num_envs=self.num_envs, seconds=config.termination.max_seconds)
        terrain = config.terrain
        self.curriculum = Curriculum(terrain, self.num_envs) if isinstance(terrain, CurriculumTerrain) else None
        self.aid = Aid(config.aid, self.task, self.sim) if config.aid.joints else None
        self.observer = Observer(config.observation, self.task)
        self.rewards = self._bind(config.reward.terms, REWARDS, "reward term", "reward.terms")
        self.terminations = self._bind(config.termination.terms, TERMINATIONS, "termination", "termination.terms")
        self._hardness = (self.curriculum, self.aid, *(term.call for term in self.terminations))
        self._weights = np.array([term.weight for term in config.reward.terms.values()])
        self._bank = start_bank(config.reset, model, self.index, self.reference, np.random.default_rng(world))
        self._max_steps = round(config.termination.max_seconds * config.model.control_hz)
        self.episodes = EpisodeLog(self.num_envs, tuple(config.reward.terms), tuple(config.termination.terms))
        self.watchers: list[Callable[[StepFacts], object]] = []  # called with each step before finished rows begin anew
        self._spawn_generators()

    def _build(self, config: TrainConfig, land: np.random.Generator, threads: int) -> mujoco.MjModel:
        """Body, ground and reference, what is fixed for the task, and the simulation; returns the first model."""
        built = build_model(
            config.model, config.device, config.terrain, config.condition, grounds=self.num_envs, rng=land
        )
        self.index, model = built.index, built.models[0]
        self.reference = load_reference(config.reference, model, built.index)
        self.action_map = ActionMap(config.action, built.index, config.network.constants)
        self.task = Task(
            index=built.index,
            reference=self.reference,
            ground=built.ground,
            num_envs=self.num_envs,
            dt=1.0 / config.model.control_hz,
            follow_speed=config.reference.follow_speed,
            cadence_exponent=config.reference.cadence_exponent,
            stride_joints=_stride_joints(config.reference, self.reference),
            actions=self.action_map.names,
        )
        substeps = config.model.physics_hz // config.model.control_hz
        self.sim = BatchSim(
            built.models, num_envs=self.num_envs, substeps=substeps, threads=threads, sensed=built.index.sensed
        )
        return model

    def _bind(self, terms: dict, registry: dict, kind: str, where: str) -> list[BoundTerm]:
        if not terms and registry is REWARDS:
            raise ConfigError(f"{where}: gives no reward; add a term")
        return [
            bind(registry, term, self.task, name=name, kind=kind, where=f"{where}.{name}")
            for name, term in terms.items()
        ]

    def _spawn_generators(self) -> None:
        """Two per environment, so that its episodes start alike and ask for the same speeds with noise and without."""
        seeds = self._episode_seeds.spawn(self.num_envs)
        self._generators = [np.random.default_rng(seed) for seed in seeds]
        self._noise = [np.random.default_rng(seed.spawn(1)[0]) for seed in seeds]

    def reset(self, *, seed: int | None = None) -> np.ndarray:
        """Begin a new episode everywhere, returns ``(n, size)``; a ``seed`` restarts the generators and what adapts."""
        if seed is not None:
            self._episode_seeds = np.random.SeedSequence(seed).spawn(2)[1]
            self._spawn_generators()
            for part in self._hardness:
                getattr(part, "restart", lambda: None)()
        everyone = np.arange(self.num_envs)
        self._restart(everyone)
        self.episodes.clear()
        return self.observer.begin(self.state, everyone, self._noise)

    def step(self, action: np.ndarray) -> StepResult:
        """Advance every environment by one control step under ``action`` ``(n, num_actions)``, clipped to [-1, 1]."""
        action = np.clip(action, -1.0, 1.0)
        failed = self.sim.step(self.drive(self.action_map(action), self._noise))
        self.state.advance(action, self._target_speed((self.state.step + 1) * self.task.dt))
        reasons = self._reasons(failed)
        terminated = np.asarray(reasons.any(axis=1))
        terms = self._reward_terms(failed)
        reward = terms.sum(axis=1)
        truncated = (self.state.step >= self._max_steps) & ~terminated
        observation = final = self.observer.measure(self.state, self._noise)
        self.episodes.add(reward, terms, self.state)
        for watch in self.watchers:
            watch(StepFacts(action, terms, failed, terminated, truncated))
        if self.aid is not None:
            self.aid.update(terminated)
        (done,) = (terminated | truncated).nonzero()
        if len(done):
            self.episodes.finish(done, reasons, truncated, self.state, self.curriculum)
            if self.curriculum is not None:
                self.curriculum.finish(done, truncated, self.state)
            self._restart(done)
            observation = final.copy()
            observation[done] = self.observer.begin(self.state, done, self._noise)
        return StepResult(observation, reward, terminated, truncated, final)

    def _reasons(self, failed: np.ndarray) -> np.ndarray:
        """Mask ``(n, 1 + n_terms)``: failed physics first, then each termination term."""
        reasons = np.empty((self.num_envs, 1 + len(self.terminations)), dtype=bool)
        reasons[:, 0] = failed
        for column, term in enumerate(self.terminations, start=1):
            reasons[:, column] = term.values(self.state)
        return reasons

    def _reward_terms(self, failed: np.ndarray) -> np.ndarray:
        """Weighted terms ``(n, n_terms)``; a term without weight is not computed, failed physics earns nothing."""
        terms = np.zeros((self.num_envs, len(self.rewards)))
        for column, (term, weight) in enumerate(zip(self.rewards, self._weights, strict=True)):
            if weight:
                terms[:, column] = weight * term.values(self.state)
        terms[failed] = 0.0
        if not np.isfinite(terms.sum()):
            row, column = np.argwhere(~np.isfinite(terms))[0]
            value, name = terms[row, column] / self._weights[column], self.rewards[column].name
            raise ConfigError(f"reward term {name!r} gave {value} in environment {row}; it must be a finite number")
        return terms

    def _restart(self, rows: np.ndarray) -> None:
        picks = np.empty(len(rows), dtype=int)
        for place, row in enumerate(rows):
            picks[place] = self._generators[row].integers(len(self._bank))
            self.command.begin(row, self._generators[row])
            if self.curriculum is not None:
                self.sim.place([row], self.curriculum.begin(row, self._generators[row]))
        speeds = self._target_speed(np.zeros(self.num_envs))[rows]
        self.sim.set_rows(rows, self._bank.state[picks], self._bank.sensordata[picks])
        self._start_at(speeds, rows)
        self.state.restart(rows, phase=self._bank.phase[picks], target_speed=speeds)
        self.drive.reset(rows, self.state.activation, self._noise)
        for term in (*self.rewards, *self.terminations):
            term.reset(rows)

    def _target_speed(self, time: np.ndarray) -> np.ndarray:
        """Target speeds ``(n,)`` in m/s, ``time`` ``(n,)`` s after the start of each episode."""
        speed = self.command.at(time)
        return speed if self.curriculum is None else self.curriculum.ease(speed)

    def _start_at(self, speeds: np.ndarray, rows: np.ndarray) -> None:
        """Scale the start velocities from the reference's speed to the targets, so that the stance foot stays still."""
        if isinstance(self.config.reset, ReferencePhaseReset) and self.config.reference.follow_speed:
            ratio = speeds / self.reference.speed
            other = np.abs(ratio - 1.0) > SAME_SPEED
            self.sim.scale_velocities(rows[other], ratio[other])

    def numbers(self) -> dict[str, float]:
        """How hard the task is for the walkers now, for the log: levels of a curriculum, shares of what fades."""
        numbers: dict[str, float] = {}
        for part in self._hardness:
            numbers |= getattr(part, "numbers", dict)()
        return numbers

    def get_state(self) -> Arrays:
        """All that the next steps depend on besides the experiment, as a flat mapping of plain arrays.

        Memory of a term is every array attribute of a term that has a ``reset``.
        """
        parts = {"sim": self.sim.get_state(), "walkers": self.state.get_state(), "episodes": self.episodes.get_state()}
        parts |= {"command": self.command.get_state(), "drive": self.drive.get_state()}
        parts |= {"sensors": self.observer.get_state()}
        parts |= {} if self.curriculum is None else {"curriculum": self.curriculum.get_state()}
        parts |= {} if self.aid is None else {"aid": self.aid.get_state()}
        parts |= {name: take_arrays(call) for name, call in self._remembering().items()}
        return nested(parts) | {"generators": generator_arrays([*self._generators, *self._noise])}

    def set_state(self, state: Arrays) -> None:
        """Go back to what :meth:`get_state` gave, on an environment of the same experiment.

        Raises:
            RunError: it belongs to another experiment or version.
        """
        generators = matching(state, "generators", generator_arrays([*self._generators, *self._noise]))
        self.sim.set_state(part_of(state, "sim"))
        self.state.set_state(part_of(state, "walkers"))
        self.episodes.set_state(part_of(state, "episodes"))
        self.command.set_state(part_of(state, "command"))
        self.drive.set_state(part_of(state, "drive"))
        self.observer.set_state(part_of(state, "sensors"))
        if self.curriculum is not None:
            self.curriculum.set_state(part_of(state, "curriculum"))
        if self.aid is not None:
            self.aid.set_state(part_of(state, "aid"))
        for name, call in self._remembering().items():
            put_arrays(call, part_of(state, name))
        set_generators([*self._generators, *self._noise], generators)

    def _remembering(self) -> dict[str, object]:
        terms = {"reward": self.rewards, "termination": self.terminations}
        return {f"{k}.{t.name}": t.call for k, bound in terms.items() for t in bound if hasattr(t.call, "reset")}

    def close(self) -> None:
        """Stop the simulation threads."""
        self.sim.close()


def load_reference(config: ReferenceConfig, model: mujoco.MjModel, index: ModelIndex) -> Reference:
    """The configured gait on a model; one that tracks nothing where there is none."""
    return retarget(read_gait(config), model, index) if config.imitate else no_reference()


def _stride_joints(config: ReferenceConfig, reference: Reference) -> tuple[str, ...]:
    where = "reference.stride_joints"
    patterns = config.stride_joints
    return tuple(match(patterns, reference.joints, kind="tracked joint", where=where)) if patterns else ()
