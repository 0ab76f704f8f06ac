"""Plots of a recorded trial and of a training.

>>> from myoassist.analysis.plots import kinematics, save_plots
>>> analysis = analyse(load_recording("outputs/…/evaluations/walk"))
>>> kinematics(analysis, episode=2).savefig("walk.png")
>>> save_plots(analysis, "figures", ["gait_cycle", "muscle*"], formats=["png", "svg"])
"""

from myoassist.analysis.plots.comparison import cyclogram, left_right, reference_deviation
from myoassist.analysis.plots.device_cycle import device
from myoassist.analysis.plots.drawing import Plot, plot
from myoassist.analysis.plots.ground import ground_force
from myoassist.analysis.plots.joint_angles import gait_cycle, kinematics
from myoassist.analysis.plots.muscle_cycle import muscle_map, muscles
from myoassist.analysis.plots.portraits import angle_by_speed, phase_portrait
from myoassist.analysis.plots.registry import PLOTS, TRAINING_PLOTS
from myoassist.analysis.plots.rewards import reward
from myoassist.analysis.plots.save import encoded, save_plots, save_training_plots
from myoassist.analysis.plots.stride_overview import steps
from myoassist.analysis.plots.training import terrain_levels, training_curves

__all__ = [
    "PLOTS",
    "TRAINING_PLOTS",
    "Plot",
    "angle_by_speed",
    "cyclogram",
    "device",
    "encoded",
    "gait_cycle",
    "ground_force",
    "kinematics",
    "left_right",
    "muscle_map",
    "muscles",
    "phase_portrait",
    "plot",
    "reference_deviation",
    "reward",
    "save_plots",
    "save_training_plots",
    "steps",
    "terrain_levels",
    "training_curves",
]
