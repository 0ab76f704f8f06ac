"""All plots by name. To add one: a function under ``@plot(...)`` in a module beside this, and its name here."""

from __future__ import annotations

from myoassist.analysis.plots.comparison import cyclogram, left_right, reference_deviation
from myoassist.analysis.plots.device_cycle import device
from myoassist.analysis.plots.drawing import Plot
from myoassist.analysis.plots.ground import ground_force
from myoassist.analysis.plots.joint_angles import gait_cycle, kinematics
from myoassist.analysis.plots.muscle_cycle import muscle_map, muscles
from myoassist.analysis.plots.portraits import angle_by_speed, phase_portrait
from myoassist.analysis.plots.rewards import reward
from myoassist.analysis.plots.stride_overview import steps
from myoassist.analysis.plots.training import terrain_levels, training_curves
from myoassist.registry import by_name

# Of an Analysis, in the order of a report.
PLOTS: dict[str, Plot] = by_name(
    (
        kinematics,
        gait_cycle,
        reference_deviation,
        left_right,
        cyclogram,
        steps,
        ground_force,
        muscles,
        muscle_map,
        device,
        phase_portrait,
        angle_by_speed,
        reward,
    ),
    kind="plot",
)

# Of a run folder.
TRAINING_PLOTS: dict[str, Plot] = by_name((training_curves, terrain_levels), kind="plot")
