"""Running normalisation of observations and rewards: SB3's ``VecNormalize`` with plain files instead of pickles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from myoassist.config import NormalizeConfig

EPSILON = 1e-8  # as VecNormalize's default
CONSTANT = 1e-8  # variance of a signal that never changed in training, as the target speed of a fixed command


@dataclass(frozen=True)
class Normalizer:
    """Statistics of the observations ``(size,)`` and of the return (single numbers), with their counts."""

    enabled: bool
    clip: float
    mean: np.ndarray
    variance: np.ndarray
    count: float
    return_mean: float
    return_variance: float
    return_count: float

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
            count=0.0 if observed is None else float(observed.count),
            return_mean=float(env.ret_rms.mean),
            return_variance=float(env.ret_rms.var),
            return_count=float(env.ret_rms.count),
        )

    @classmethod
    def identity(cls, size: int) -> Normalizer:
        """One that changes nothing."""
        return cls(False, np.inf, np.zeros(size), np.ones(size), 0.0, 0.0, 1.0, 0.0)

    def put_into(self, env: VecNormalize) -> None:
        """Let a wrapped environment go on from these statistics; those of observations only where it keeps any."""
        if env.norm_obs and self.enabled:
            observed: Any = env.obs_rms
            observed.mean, observed.var, observed.count = self.mean.copy(), self.variance.copy(), self.count
        returned: Any = env.ret_rms
        returned.mean, returned.var = np.float64(self.return_mean), np.float64(self.return_variance)
        returned.count = self.return_count

    @property
    def spread(self) -> np.ndarray:
        """Variances ``(size,)``; 1 for a signal that never changed, whose least change would else be the largest."""
        return np.where(self.variance < CONSTANT, 1.0, self.variance)

    def __call__(self, observation: np.ndarray) -> np.ndarray:
        """Normalised observation, same shape, float32; unchanged where normalisation is off."""
        if not self.enabled:
            return observation
        scaled = (observation - self.mean) / np.sqrt(self.spread + EPSILON)
        return np.clip(scaled, -self.clip, self.clip).astype(np.float32)

    def save(self, path: Path) -> None:
        """Write plain arrays to ``path`` (.npz)."""
        np.savez(path, **self.__dict__)

    @classmethod
    def load(cls, path: Path) -> Normalizer:
        """Read what :meth:`save` wrote; refuses pickled content."""
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            plain = {key: content[key] for key in cls.__dataclass_fields__}
        arrays = {"mean", "variance"}
        values = {key: value if key in arrays else value.item() for key, value in plain.items()}
        return cls(**values)


def normalized(env: VecEnv, config: NormalizeConfig, *, discount: float) -> VecNormalize:
    """Wrap ``env`` in running normalisation."""
    return VecNormalize(
        env,
        norm_obs=config.observations,
        norm_reward=config.rewards,
        clip_obs=config.clip,
        clip_reward=config.clip,
        gamma=discount,
        epsilon=EPSILON,
    )
