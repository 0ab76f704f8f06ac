"""The environment as Gymnasium's ``Env`` and ``VectorEnv``, over the same batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from myoassist.config import TrainConfig
from myoassist.env.episodes import Episode
from myoassist.env.spaces import action_space, observation_space
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, unknown
from myoassist.parsing import load_config
from myoassist.places import CONFIG

if TYPE_CHECKING:
    from myoassist.env.rendering import Live, Pictures


class WalkGymEnv(gymnasium.Env):
    """One walker; ``gymnasium.make("MyoAssist/Walk-v0", config=…)`` makes one.

    Args:
        config: an experiment, or the path of one: a run's ``config.yaml`` or its folder.
        threads: simulation threads.
        render_mode: ``rgb_array``: :meth:`render` gives pictures; ``human``: each step is shown, in real time, in a
            window or, with ``view=browser`` in the experiment or without a display, on a page; None: nothing is drawn.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array", "human"]}  # noqa: RUF012  (Gymnasium's own form)

    def __init__(self, config: TrainConfig | str | Path, *, threads: int = 1, render_mode: str | None = None) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ConfigError(unknown("render mode", str(render_mode), self.metadata["render_modes"], where="make"))
        self.render_mode = render_mode
        self._pictures: Pictures | None = None
        self._live: Live | None = None
        self.walk = WalkEnv(_experiment(config), num_envs=1, threads=threads)
        self.observation_space = observation_space(self.walk)
        self.action_space = action_space(self.walk)
        self.metadata = {**self.metadata, "render_fps": self.walk.config.model.control_hz}
        self._over = True
        self._begun: np.ndarray | None = None  # first observation of an episode that began when the last one ended

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        begun, self._begun, self._over = self._begun, None, False
        observation = begun if begun is not None and seed is None else self.walk.reset(seed=seed)[0]
        self._show()
        return observation, {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        if self._over:
            raise gymnasium.error.ResetNeeded("the episode is over (or none has begun): call reset() before step()")
        result = self.walk.step(np.asarray(action)[None])
        self._over = bool(result.done[0])
        info: dict[str, Any] = {}
        if self._over:
            self._begun = result.observation[0]
            info = _told(self.walk.episodes.drain()[0])
        self._show()
        return (
            result.final_observation[0],
            float(result.reward[0]),
            bool(result.terminated[0]),
            bool(result.truncated[0]),
            info,
        )

    def render(self) -> np.ndarray | None:
        """The picture of the walker ``(height, width, 3)`` uint8 with ``rgb_array``; after an episode, of the next."""
        if self.render_mode != "rgb_array":
            return None
        if self._pictures is None:
            from myoassist.env.rendering import Pictures  # graphics libraries, which training does without

            self._pictures = Pictures(self.walk)
        return self._pictures.draw()

    def _show(self) -> None:
        if self.render_mode != "human":
            return
        if self._live is None:
            from myoassist.env.rendering import Live

            self._live = Live(self.walk)
        self._live.show()

    def close(self) -> None:
        for drawing in (self._pictures, self._live):
            if drawing is not None:
                drawing.close()
        self._pictures = self._live = None
        self.walk.close()


class WalkGymVectorEnv(VectorEnv):
    """A batch of walkers; a finished one begins anew in the same step.

    Its last observation is then in ``infos["final_obs"]`` and how it ended in ``infos["final_info"]``. The arguments
    are those of :class:`WalkGymEnv`; ``num_envs`` and ``threads`` override those of the experiment.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(
        self, config: TrainConfig | str | Path, *, num_envs: int | None = None, threads: int | None = None
    ) -> None:
        self.walk = WalkEnv(_experiment(config), num_envs=num_envs, threads=threads)
        self.num_envs = self.walk.num_envs
        self.single_observation_space = observation_space(self.walk)
        self.single_action_space = action_space(self.walk)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.metadata = {**self.metadata, "render_fps": self.walk.config.model.control_hz}

    def reset(  # type: ignore[override]
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        return self.walk.reset(seed=seed), {}

    def step(  # type: ignore[override]
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        result = self.walk.step(np.asarray(actions))
        infos: dict[str, Any] = {}
        for episode in self.walk.episodes.drain():
            final = {"final_obs": result.final_observation[episode.env], "final_info": _told(episode)}
            infos = self._add_info(infos, final, episode.env)
        return result.observation, result.reward, result.terminated, result.truncated, infos

    def close_extras(self, **kwargs: Any) -> None:
        self.walk.close()


def _told(episode: Episode) -> dict[str, Any]:
    """How an episode ended, in the form of Gymnasium's ``RecordEpisodeStatistics``, and why."""
    return {
        "episode": {"r": episode.total_reward, "l": episode.length, "t": episode.seconds},
        "reason": episode.reason,
    }


def _experiment(config: TrainConfig | str | Path) -> TrainConfig:
    if isinstance(config, TrainConfig):
        return config
    path = Path(config)
    return load_config(path / CONFIG if path.is_dir() else path)
