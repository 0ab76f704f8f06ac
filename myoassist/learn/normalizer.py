"""Running normalisation of observations and rewards: SB3's ``VecNormalize`` with plain files instead of pickles."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import NormalizeConfig
from myoassist.env.sb3_vec_env import WalkVecEnv

EPSILON = 1e-8  # as VecNormalize's default
CONSTANT = 1e-8  # variance of a signal that never changed in training, as the target speed of a fixed command


def divided_by(variance: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Standard deviations ``(size,)`` that signals are divided by, for training and evaluation alike.

    1 for a signal that never changed, whose least change would else be the largest; for others at least ``least``, so
    that one that begins to change late, as the target speed of a curriculum, is not cut off at ``clip`` for long.
    """
    return np.sqrt(np.where(variance < CONSTANT, 1.0, np.maximum(variance, least**2)) + EPSILON)


@dataclass(frozen=True)
class Normalizer:
    """Statistics of the observations ``(size,)`` and of the return (single numbers), with their counts.

    ``count`` is how many observations the statistics of each signal hold, ``(size,)``, or one number for all of them.
    ``least`` is the smallest standard deviation of each signal, ``held`` tells whose statistics stay as they are; both
    ``(size,)``, or of one element where a checkpoint does not know them.
    """

    enabled: bool
    clip: float
    mean: np.ndarray
    variance: np.ndarray
    count: np.ndarray
    return_mean: float
    return_variance: float
    return_count: float
    least: np.ndarray = field(default_factory=lambda: np.zeros(1))
    held: np.ndarray = field(default_factory=lambda: np.zeros(1, dtype=bool))

    @classmethod
    def of(cls, env: VecNormalize) -> Normalizer:
        """The statistics of a wrapped environment so far."""
        size = env.observation_space.shape or (0,)
        observed: Any = env.obs_rms if env.norm_obs else None
        return cls(
            enabled=env.norm_obs,
            clip=float(env.clip_obs),
            mean=np.zeros(size) if observed is None else observed.mean.copy(),
            variance=np.ones(size) if observed is None else observed.var.copy(),
            count=np.zeros(1) if observed is None else observed.count.copy(),
            return_mean=float(env.ret_rms.mean),
            return_variance=float(env.ret_rms.var),
            return_count=float(env.ret_rms.count),
            **({} if observed is None else {"least": observed.least.copy(), "held": observed.held.copy()}),
        )

    @classmethod
    def identity(cls, size: int) -> Normalizer:
        """One that changes nothing."""
        return cls(False, np.inf, np.zeros(size), np.ones(size), np.zeros(1), 0.0, 1.0, 0.0)

    def put_into(self, env: VecNormalize) -> None:
        """Let a wrapped environment go on from these statistics; those of observations only where it keeps any."""
        if env.norm_obs and self.enabled:
            observed: Any = env.obs_rms
            observed.mean, observed.var = self.mean.copy(), self.variance.copy()
            observed.count, observed.least, observed.held = (
                np.broadcast_to(values, self.mean.shape).copy() for values in (self.count, self.least, self.held)
            )
        returned: Any = env.ret_rms
        returned.mean, returned.var = np.float64(self.return_mean), np.float64(self.return_variance)
        returned.count = self.return_count

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviations ``(size,)`` that signals are divided by."""
        return divided_by(self.variance, self.least)

    def __call__(self, observation: np.ndarray) -> np.ndarray:
        """Normalised observation, same shape, float32; unchanged where normalisation is off."""
        if not self.enabled:
            return observation
        scaled = (observation - self.mean) / self.deviation
        return np.clip(scaled, -self.clip, self.clip).astype(np.float32)

    def save(self, path: Path) -> None:
        """Write plain arrays to ``path`` (.npz)."""
        np.savez(path, **self.__dict__)

    @classmethod
    def load(cls, path: Path) -> Normalizer:
        """Read what :meth:`save` wrote; refuses pickled content."""
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            plain = {key: content[key] for key in cls.__dataclass_fields__ if key in content or key not in _LATER}
        arrays = {"mean", "variance", "count", *_LATER}
        values: dict[str, Any] = {
            key: np.atleast_1d(value) if key in arrays else value.item() for key, value in plain.items()
        }
        return cls(**values)


_LATER = {"least", "held"}  # checkpoints of before have none


class Statistics(RunningMeanStd):
    """Running mean and variance of signals, of which some are ``held``; ``least`` as in :class:`Normalizer`."""

    def __init__(self, least: np.ndarray) -> None:
        super().__init__(shape=least.shape)
        self.count: Any = np.full(least.shape, self.count)  # one for each signal, for some may come later than others
        self.least, self.held = least, np.zeros(least.shape, dtype=bool)

    def update_from_moments(self, batch_mean: np.ndarray, batch_var: np.ndarray, batch_count: float) -> None:
        before = self.mean, self.var
        super().update_from_moments(batch_mean, batch_var, batch_count)
        if self.held.any():
            self.mean, self.var = (
                np.where(self.held, old, new) for old, new in zip(before, (self.mean, self.var), strict=True)
            )


class WalkNormalize(VecNormalize):
    """SB3's ``VecNormalize`` that divides signals by what :func:`divided_by` says."""

    def _normalize_obs(self, obs: np.ndarray, obs_rms: Any) -> np.ndarray:
        scaled = (obs - obs_rms.mean) / divided_by(obs_rms.var, obs_rms.least)
        return np.clip(scaled, -self.clip_obs, self.clip_obs)

    def _unnormalize_obs(self, obs: np.ndarray, obs_rms: Any) -> np.ndarray:
        return obs * divided_by(obs_rms.var, obs_rms.least) + obs_rms.mean


def normalized(env: WalkVecEnv, config: NormalizeConfig, *, discount: float) -> VecNormalize:
    """Wrap ``env`` in running normalisation."""
    wrapped = WalkNormalize(
        env,
        norm_obs=config.observations,
        norm_reward=config.rewards,
        clip_obs=config.clip,
        clip_reward=config.clip,
        gamma=discount,
        epsilon=EPSILON,
    )
    if config.observations:
        wrapped.obs_rms = Statistics(np.array([signal.least for signal in env.walk.observer.signals]))
    return wrapped
