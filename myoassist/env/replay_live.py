"""A reference played on a screen, without physics, until the user closes it."""

from __future__ import annotations

import numpy as np

from myoassist.config import TrainConfig, ViewConfig
from myoassist.env.replay import reference_walk, replay_pose
from myoassist.view.live import Controls, Frame, Scene, scene_of
from myoassist.view.scene import make_figure
from myoassist.view.screens import show

COURSE = 40.0  # m after which the walker starts again


class ReferenceWalker:
    """The gait of an experiment on its model (a :class:`myoassist.view.live.LiveWalker`)."""

    def __init__(self, config: TrainConfig, *, fps: float = 60.0) -> None:
        self._walk = reference_walk(config)
        self.dt = 1.0 / fps
        figure = make_figure(self._walk.config, seed=self._walk.config.seed)
        self.scene: Scene = scene_of(self._walk.config, figure, title=config.reference.name, steerable=False)
        self._time, self._episode = 0.0, 0

    def step(self, controls: Controls) -> Frame:
        """The pose one frame later; from the start of the course again at its end or when asked."""
        index, speed = self._walk.index, self._walk.reference.speed
        self._time += self.dt
        if controls.restart or self._time * speed > COURSE:
            controls.restart = False
            self._time, self._episode = 0.0, self._episode + 1
        qpos, qvel = replay_pose(self._walk, self._time)
        return Frame(
            qpos=qpos,
            activation=np.zeros(len(index.muscles)),
            motor_force=np.zeros(len(index.motors)),
            speed=float(qvel[index.joints["pelvis_tx"].dof]),
            target_speed=speed,
            time=self._time,
            episode=self._episode,
        )

    def close(self) -> None:
        """Stop the simulation threads."""
        self._walk.close()


def view_reference(config: TrainConfig, view: ViewConfig) -> None:
    """Show the reference of an experiment on its model until the user closes the window or presses Ctrl-C.

    Raises:
        RunError: the screen cannot be opened; says what to do.
    """
    walker = ReferenceWalker(config)
    try:
        show(walker, view)
    finally:
        walker.close()
