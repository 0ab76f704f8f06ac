"""The batched environment as a Stable-Baselines3 ``VecEnv``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from myoassist.env.episodes import Episode
from myoassist.env.spaces import action_space, observation_space
from myoassist.env.walk import WalkEnv


class WalkVecEnv(VecEnv):
    """One process, ``walk.num_envs`` environments. Keeps finished episodes until the next :meth:`drain_episodes`."""

    def __init__(self, walk: WalkEnv) -> None:
        self.walk = walk
        self._actions = np.zeros((walk.num_envs, len(walk.action_map)))
        self._finished: list[Episode] = []
        self.render_mode = None
        super().__init__(walk.num_envs, observation_space(walk), action_space(walk))

    def reset(self) -> np.ndarray:
        seed = self._seeds[0] if self._seeds else None
        self._reset_seeds()
        return self.walk.reset(seed=seed)

    def step_async(self, actions: np.ndarray) -> None:
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        result = self.walk.step(self._actions)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        done = result.done
        if done.any():
            for episode in self.walk.episodes.drain():
                self._finished.append(episode)
                infos[episode.env] = {
                    "terminal_observation": result.final_observation[episode.env],
                    "TimeLimit.truncated": bool(result.truncated[episode.env]),
                    "episode": {"r": episode.total_reward, "l": episode.length, "t": episode.seconds},
                }
        return result.observation, result.reward.astype(np.float32), done, infos

    def drain_episodes(self) -> list[Episode]:
        """Episodes finished since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def close(self) -> None:
        self.walk.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        return [getattr(self if attr_name == "render_mode" else self.walk, attr_name)] * len(self._indices(indices))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        raise AttributeError(f"{attr_name}: the environments of a batch share it; it cannot be set one by one")

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **method_kwargs: Any
    ) -> list[Any]:
        raise AttributeError(f"{method_name}: call methods on .walk; the environments of a batch are one object")

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper], indices: VecEnvIndices = None) -> list[bool]:
        return [False] * len(self._indices(indices))

    def _indices(self, indices: VecEnvIndices) -> Sequence[int]:
        return list(self._get_indices(indices))
