"""One walker of a training on a screen while it learns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from myoassist.config import TrainConfig
from myoassist.env.frames import frame_of
from myoassist.env.recorded import StepFacts
from myoassist.env.walk import WalkEnv
from myoassist.learn.progress import say
from myoassist.view.beside import Beside

ROW = 0  # the environment that is shown


@contextmanager
def watched(config: TrainConfig, walk: WalkEnv) -> Iterator[None]:
    """Show environment 0 of ``walk`` in a process of its own, if ``config.view`` asks for it."""
    if config.view.kind == "none":
        yield
        return
    beside = Beside(config, config.view, walk.index, grounds=walk.num_envs, say=say)
    force = walk.index.sensor_columns("force", list(walk.index.motors))
    episode = 0

    def watch(facts: StepFacts) -> None:
        nonlocal episode
        if beside.running:
            beside.show(frame_of(walk, row=ROW, episode=episode, force=force))
            episode += int(facts.terminated[ROW] | facts.truncated[ROW])

    walk.watchers.append(watch)
    try:
        yield
    finally:
        walk.watchers.remove(watch)
        beside.close()
