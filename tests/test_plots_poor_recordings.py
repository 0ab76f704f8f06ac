"""Plots of poor recordings: drawn, or left out with a reason in words."""

from __future__ import annotations

import numpy as np
import pytest

from myoassist.analysis.analysis import analyse
from myoassist.analysis.plots import PLOTS
from myoassist.analysis.recording import Recording
from myoassist.errors import RunError
from tests.drawn import draw_quickly, line, panel
from tests.recordings import changed, part, standing, walker

pytestmark = pytest.mark.filterwarnings("error")


class TestPoorRecordings:
    """Each plot is drawn, or says in words why not."""

    @staticmethod
    def drawn(recording: Recording, *names: str) -> dict[str, str | None]:
        """Reasons by plot; those without are drawn."""
        analysis = analyse(recording)
        reasons = {name: PLOTS[name].applies(analysis) for name in names or PLOTS}
        for name, reason in reasons.items():
            if reason is None:
                draw_quickly(PLOTS[name](analysis))
        return reasons

    def test_no_stride(self) -> None:
        reasons = self.drawn(standing())
        assert [name for name, reason in reasons.items() if reason is None] == ["kinematics", "reward"]
        assert reasons["gait_cycle"] == "no complete stride was found in the recording"
        with pytest.raises(RunError, match="plot muscles: no complete stride was found in the recording"):
            PLOTS["muscles"](analyse(standing()))

    def test_one_stride(self) -> None:
        recording = part(walker(), 320)
        assert len(analyse(recording).strides) == 1
        assert not any(self.drawn(recording).values())

    @pytest.mark.parametrize("frames", [0, 1])
    def test_hardly_any_frame(self, frames: int) -> None:
        reasons = self.drawn(part(walker(), frames))
        assert reasons["reward"] == (None if frames else "the recording holds no reward terms")

    def test_no_reference_and_no_device(self) -> None:
        bare = changed(walker(), device_torque=None, device_power=None, motor_force=None, excitation=None)
        bare.meta.update(reference=None, motors={})
        reasons = self.drawn(bare, "device", "reference_deviation", "kinematics", "gait_cycle", "cyclogram", "muscles")
        assert {name: reason for name, reason in reasons.items() if reason} == {
            "device": "the recording holds no torque of a device",
            "reference_deviation": "the recording was made without a reference motion",
        }

    def test_no_joints_muscles_and_forces(self) -> None:
        groups = ("joint_velocity", "activation", "reward")
        reasons = self.drawn(changed(walker(), **dict.fromkeys(groups)), "phase_portrait", "muscles", "reward")
        assert reasons["phase_portrait"] == "the recording holds no joint velocities"
        assert reasons["muscles"] == "the recording holds no muscle activation"
        assert reasons["reward"] == "the recording holds no reward terms"
        other = walker()
        other.meta["columns"]["joint_position"] = [f"wheel_{number}" for number in range(9)]
        assert self.drawn(other, "kinematics")["kinematics"] == "the recording holds no joint angles of pelvis and legs"

    @pytest.mark.slow
    def test_signals_that_are_no_numbers(self) -> None:
        recording = walker(seconds=4.0)
        nan = ("joint_position", "activation", "device_torque", "reward", "speed")
        inf = ("joint_velocity", "excitation", "device_power", "target_speed")
        bad = {name: np.full_like(recording[name], np.nan if name in nan else -np.inf) for name in (*nan, *inf)}
        assert not any(self.drawn(changed(recording, **bad)).values())
        some = recording["joint_position"].copy()
        some[100:300, 3] = np.inf
        figure = PLOTS["gait_cycle"](analyse(changed(recording, joint_position=some)))
        draw_quickly(figure)
        assert np.isfinite(line(panel(figure, "Hip flexion (left)"), "_mean")).all()

    def test_many_muscles_with_long_names(self) -> None:
        recording = walker(seconds=6.0)
        names = [f"{'a very long name of a muscle ' * 3}{number}_{side}" for side in "rl" for number in range(40)]
        activation = np.full((len(recording), 80), 0.2)
        recording = changed(recording, activation=activation, excitation=activation)
        recording.meta["columns"].update(activation=names, excitation=names)
        figure = PLOTS["muscles"](analyse(recording))
        assert len(figure.axes) == 40
        assert all(len(axis.get_title(loc="left")) < 50 for axis in figure.axes)
        assert (
            max(len(text.get_text()) for text in PLOTS["muscle_map"](analyse(recording)).axes[0].get_yticklabels()) < 40
        )

    def test_many_rewards(self) -> None:
        recording = changed(walker(seconds=6.0), reward=np.random.default_rng(0).normal(size=(600, 30)))
        recording.meta["columns"]["reward"] = [f"term_{number}" for number in range(30)]
        assert self.drawn(recording, "reward")["reward"] is None
