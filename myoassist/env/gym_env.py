"""The environment as Gymnasium's ``Env`` and ``VectorEnv``, over the same batch."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from myoassist.config import TrainConfig
from myoassist.env.spaces import action_space, observation_space
from myoassist.env.walk import WalkEnv


class WalkGymEnv(gymnasium.Env):
    """One walker; ``gymnasium.make("MyoAssist/Walk-v0", config=…)`` makes one."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  (Gymnasium's own form)

    def __init__(self, config: TrainConfig, *, threads: int = 1) -> None:
        self.walk = WalkEnv(config, num_envs=1, threads=threads)
        self.observation_space = observation_space(self.walk)
        self.action_space = action_space(self.walk)
        self.metadata = {**self.metadata, "render_fps": config.model.control_hz}
        self._over = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        self._over = False
        return self.walk.reset(seed=seed)[0], {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        if self._over:
            raise gymnasium.error.ResetNeeded("the episode is over (or none has begun): call reset() before step()")
        result = self.walk.step(np.asarray(action)[None])
        self._over = bool(result.done[0])
        info: dict[str, Any] = {}
        if self._over:
            episode = self.walk.episodes.drain()[0]
            info = {"episode": {"r": episode.total_reward, "l": episode.length}, "reason": episode.reason}
        return (
            result.final_observation[0],
            float(result.reward[0]),
            bool(result.terminated[0]),
            bool(result.truncated[0]),
            info,
        )

    def close(self) -> None:
        self.walk.close()


class WalkGymVectorEnv(VectorEnv):
    """A batch of walkers; a finished one begins anew in the same step, its last observation in ``infos["final_obs"]``."""

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(self, config: TrainConfig, *, num_envs: int | None = None, threads: int | None = None) -> None:
        self.walk = WalkEnv(config, num_envs=num_envs, threads=threads)
        self.num_envs = self.walk.num_envs
        self.single_observation_space = observation_space(self.walk)
        self.single_action_space = action_space(self.walk)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def reset(  # type: ignore[override]
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        return self.walk.reset(seed=seed), {}

    def step(  # type: ignore[override]
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        result = self.walk.step(np.asarray(actions))
        infos: dict[str, Any] = {}
        if result.done.any():
            final = np.empty(self.num_envs, dtype=object)
            for row in np.flatnonzero(result.done):
                final[row] = result.final_observation[row]
            infos = {"final_obs": final, "_final_obs": result.done}
            self.walk.episodes.drain()
        return result.observation, result.reward, result.terminated, result.truncated, infos

    def close_extras(self, **kwargs: Any) -> None:
        self.walk.close()
