"""One environment of a batch as a screen shows it."""

from __future__ import annotations

import numpy as np

from myoassist.env.walk import WalkEnv
from myoassist.view.live import Frame


def frame_of(walk: WalkEnv, *, row: int, episode: int, force: np.ndarray) -> Frame:
    """How environment ``row`` stands now; ``force``: columns of ``sensordata`` with the motors' force or torque."""
    state = walk.state
    return Frame(
        qpos=state.qpos[row].copy(),
        activation=state.activation[row].copy(),
        motor_force=state.sensordata[row, force],
        speed=float(state.speed[row]),
        target_speed=float(state.target_speed[row]),
        time=float(state.step[row]) * walk.task.dt,
        episode=episode,
        ground=int(walk.sim.ground[row]),
    )
