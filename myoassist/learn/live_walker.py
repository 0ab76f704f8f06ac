"""A policy that walks while it is watched: one environment, stepped as the screen asks."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from myoassist.config import TrainConfig
from myoassist.env.frames import frame_of
from myoassist.env.walk import WalkEnv
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.evaluate import make_actor, trial_config
from myoassist.learn.layout import Layout
from myoassist.mdp.actions import ActionMap
from myoassist.view.live import Controls, Frame, Scene, scene_of
from myoassist.view.scene import make_figure
from myoassist.view.screens import check_screen, show

Policy = Callable[[np.ndarray], np.ndarray]
ActorFactory = Callable[[WalkEnv], Policy]


class SwitchedActions:
    """The action map of an environment with a switch for the device: off, every motor is held at no effort."""

    def __init__(self, walk: WalkEnv) -> None:
        self._on, index = walk.action_map, walk.index
        constants = {name: share for name, share in self._on.constants.items() if name not in index.motors}
        self._off = ActionMap(walk.config.action, index, {**constants, **dict.fromkeys(index.motors, 0.0)})
        self._columns = [self._on.names.index(name) for name in self._off.names]
        self.names, self.constants = self._on.names, self._on.constants
        self.device_on = True

    def __len__(self) -> int:
        return len(self._on)

    def __call__(self, action: np.ndarray) -> np.ndarray:
        """Controls for ``action`` ``(n, num_actions)``, as :class:`ActionMap` gives them."""
        return self._on(action) if self.device_on else self._off(action[:, self._columns])


class PolicyWalker:
    """One walker under a policy (a :class:`myoassist.view.live.LiveWalker`).

    Args:
        config: the experiment; episodes end as its terminations say, with no limit of time.
        actor: makes the policy, from raw observations ``(1, size)`` to actions ``(1, num_actions)``.
        seed: of ground and starts.
    """

    def __init__(self, config: TrainConfig, actor: ActorFactory, *, seed: int) -> None:
        endless = replace(config, termination=replace(config.termination, max_seconds=86_400.0))
        self._walk = WalkEnv(endless, num_envs=1, seed=seed, threads=1)
        self._switch = SwitchedActions(self._walk)
        self._walk.action_map = self._switch  # type: ignore[assignment]
        self._actor, self._policy = actor, actor(self._walk)
        self.dt = self._walk.task.dt
        self._force = self._walk.index.sensor_columns("force", list(self._walk.index.motors))
        figure = make_figure(config, seed=seed)
        self.scene: Scene = scene_of(config, figure, title=config.name, steerable=True)
        self._observation = self._walk.reset()
        self._episode = 0

    def step(self, controls: Controls) -> Frame:
        """Advance by one control step as ``controls`` ask; a new episode begins where one ended."""
        self._walk.command.held = controls.target_speed
        if controls.restart:
            controls.restart = False
            self._observation = self._walk.reset()
            self._begin()
        self._switch.device_on = controls.device_on
        result = self._walk.step(self._policy(self._observation))
        self._observation = result.observation
        if result.done[0]:
            self._walk.episodes.drain()
            self._begin()
        return self._frame()

    def _begin(self) -> None:
        """A new episode: a recurrent policy remembers nothing of the one before."""
        self._episode += 1
        self._policy = self._actor(self._walk)

    def _frame(self) -> Frame:
        return frame_of(self._walk, row=0, episode=self._episode, force=self._force)

    def close(self) -> None:
        """Stop the simulation threads."""
        self._walk.close()


def view_policy(checkpoint: Checkpoint, config: TrainConfig) -> None:
    """Show the deterministic policy of a checkpoint on ``config.view`` until the user closes it or presses Ctrl-C.

    Episodes end by a fall; ground and starts come from ``config.evaluation.seed``.

    Raises:
        RunError: the policy does not fit the environment, or the screen cannot be opened; says what to do.
    """
    check_screen(config.view)
    walker = PolicyWalker(trial_config(config), actor_of_episodes(checkpoint), seed=config.evaluation.seed)
    try:
        show(walker, config.view)
    finally:
        walker.close()


def actor_of_episodes(checkpoint: Checkpoint) -> ActorFactory:
    """What makes the actor of each episode anew: its memory is empty, and its noise, where it has any, is another.

    Raises:
        RunError: by the factory, where the policy does not fit the environment.
    """
    episodes = itertools.count()

    def actor(walk: WalkEnv) -> Policy:
        checkpoint.layout.require(Layout.of(walk), where=f"checkpoint={checkpoint.path}")
        return make_actor(checkpoint, walk, noise_seed=walk.config.evaluation.seed + next(episodes))

    return actor
