"""Springs that help the walkers of a training to keep their balance, and fade."""

from __future__ import annotations

import numpy as np

from myoassist.config import AidConfig
from myoassist.mdp.fading import Fading
from myoassist.mdp.state import Task
from myoassist.mdp.terms import match
from myoassist.sim.arrays import Arrays, put_arrays, take_arrays
from myoassist.sim.batch import BatchSim
from myoassist.sim.springs import Springs


class Aid(Fading):
    """The springs of ``config`` in the models of ``sim``; where two entries name a joint the later one holds.

    A spring on ``pelvis_list`` keeps a 3D walker from falling to the side, so that it can learn to step first. While
    episodes last ``keep_seconds`` in the mean the springs get softer, by half in ``halving_steps`` environment steps.

    Raises:
        ConfigError: a joint that the model does not have.
    """

    def __init__(self, config: AidConfig, task: Task, sim: BatchSim) -> None:
        joints = task.index.joints
        springs = {
            name: spring
            for pattern, spring in config.joints.items()
            for name in match(pattern, joints, kind="joint", where="aid.joints")
        }
        self._springs = Springs(
            sim.models,
            dofs=[joints[name].dof for name in springs],
            stiffness=[spring.stiffness for spring in springs.values()],
            damping=[spring.damping for spring in springs.values()],
        )
        super().__init__(
            num_envs=task.num_envs, dt=task.dt,
            least=config.fade_to, keep_seconds=config.keep_seconds, halving_steps=config.halving_steps,
        )  # fmt: skip

    def restart(self) -> None:
        """Begin anew with whole springs."""
        super().restart()
        self._springs.scale(1.0)

    def update(self, ended: np.ndarray) -> None:
        """After a control step in which the walkers of the mask ``ended`` ``(num_envs,)`` fell or left."""
        self._springs.scale(self.fade(ended))

    def numbers(self) -> dict[str, float]:
        """What is left of the springs, as a share of what they were."""
        return {"aid_share": float(self._share[0])}

    def get_state(self) -> Arrays:
        """A copy of every array."""
        return take_arrays(self)

    def set_state(self, state: Arrays) -> None:
        """Put back what :meth:`get_state` gave. Raises RunError where it does not fit."""
        put_arrays(self, state)
        self._springs.scale(float(self._share[0]))
