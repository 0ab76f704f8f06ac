"""Gait analysis of a recording: strides, metrics with mean, SD and n, and a verdict in one line."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from myoassist.analysis.devices import device_measures
from myoassist.analysis.gait import Gait
from myoassist.analysis.gait_episodes import episode_metrics, symmetry_metrics
from myoassist.analysis.gait_files import write_analysis
from myoassist.analysis.gait_forces import ground_forces
from myoassist.analysis.gait_joints import joints
from myoassist.analysis.gait_metric import Metric, PerStride, stride_metrics
from myoassist.analysis.gait_timing import distances, timing, without_guesses
from myoassist.analysis.gait_verdict import verdict
from myoassist.analysis.muscles import co_contraction, metabolic_cost, muscle_activity
from myoassist.analysis.recording import Recording
from myoassist.analysis.strides import Stride, cycles

__all__ = ["Analysis", "Metric", "PerStride", "Stride", "analyse", "verdict", "write_analysis"]

# To add a quantity: a function of a Gait that gives PerStride values, named here.
MEASURES = (timing, distances, joints, ground_forces, device_measures, metabolic_cost, co_contraction, muscle_activity)


@dataclass(frozen=True)
class Analysis:
    """What a recording says of the gait.

    ``strides``: those used, by episode and time. ``left_out``: number of strides not used, by reason. ``metrics``: by
    name, such as ``speed``, ``stride_length_r``, ``knee_angle_r.rmse``. ``notes``: what could not be computed, and why.
    ``per_stride``: what was measured on each of ``strides``, in their order. ``estimated``: sides whose heel strikes
    are a guess; what hangs on their moment has no value.
    """

    recording: Recording
    strides: tuple[Stride, ...]
    left_out: dict[str, int]
    metrics: dict[str, Metric]
    notes: tuple[str, ...]
    per_stride: tuple[PerStride, ...] = field(default=(), repr=False)
    estimated: tuple[str, ...] = ()

    def of_side(self, side: str) -> tuple[Stride, ...]:
        """Strides of the foot ``"r"`` or ``"l"``."""
        return tuple(stride for stride in self.strides if stride.side == side)

    def cycles(self, group: str, column: str, side: str) -> np.ndarray:
        """A signal over the strides of a foot ``(n_strides, 101)``; ``column`` is ``""`` for a single signal."""
        return cycles(self.recording, self.of_side(side), group, column)

    def toe_off(self, side: str) -> np.ndarray:
        """Toe-off of each stride of a foot as a share of the cycle ``(n_strides,)``; nan where it is a guess."""
        shares = np.array([(s.toe_off - s.start) / (s.end - s.start) for s in self.of_side(side)], dtype=float)
        return np.full_like(shares, np.nan) if side in self.estimated else shares


def analyse(recording: Recording, *, skip: int = 1) -> Analysis:
    """Find the strides of a recording and measure them. A recording without any gives metrics of n = 0 and notes.

    ``skip``: so many first strides of each foot in each episode are left out, while walking starts.
    """
    gait = Gait(recording, skip=skip)
    if not len(recording):
        gait.note("The recording is empty: nothing was computed.")
    elif not gait.strides:
        gait.note("There is no complete stride: nothing was computed over the gait cycle.")
    measures = tuple(without_guesses(gait, measure) for find in MEASURES for measure in find(gait))
    metrics = episode_metrics(gait) | stride_metrics(measures, gait.strides) | symmetry_metrics(gait, measures)
    return Analysis(recording, gait.strides, gait.left_out, metrics, gait.notes, measures, gait.estimated)
