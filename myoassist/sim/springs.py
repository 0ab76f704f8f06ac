"""Springs and dampers at joints of compiled models, as strong as asked for from step to step."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np


class Springs:
    """Between the joints of ``dofs`` (one degree of freedom each) and their position at rest, in every model.

    ``stiffness`` N m/rad and ``damping`` N m s/rad (N/m and N s/m at a joint that slides) are added to
    the first model's own.
    """

    def __init__(
        self,
        models: list[mujoco.MjModel],
        *,
        dofs: Sequence[int],
        stiffness: Sequence[float],
        damping: Sequence[float],
    ) -> None:
        first = models[0]
        self._models, self._dofs = models, np.array(dofs, dtype=int)
        self._joints = first.dof_jntid[self._dofs]
        self._added = np.array(stiffness, dtype=float), np.array(damping, dtype=float)
        self._own = first.jnt_stiffness[self._joints].copy(), first.dof_damping[self._dofs].copy()
        for model in models:
            model.opt.disableflags &= ~int(mujoco.mjtDisableBit.mjDSBL_SPRING)

    def scale(self, share: float) -> None:
        """Give the springs ``share`` of their strength."""
        for model in self._models:
            model.jnt_stiffness[self._joints] = self._own[0] + share * self._added[0]
            model.dof_damping[self._dofs] = self._own[1] + share * self._added[1]
