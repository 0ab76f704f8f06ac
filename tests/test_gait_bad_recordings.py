"""Recordings that lack something, or too much: the analysis says so in words, and the rest of its numbers stands."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from recordings import changed, fall, part, standing, walker, with_nan

from myoassist.analysis.analysis import Analysis, analyse, verdict, write_analysis
from myoassist.analysis.recording import load_recording
from myoassist.errors import RunError

SMALL = {
    "empty": lambda: part(walker(), 0),
    "one frame": lambda: part(walker(), 1),
    "falls at once": lambda: fall(seconds=0.05),
    "standing": standing,
    "one stride of each foot": lambda: part(walker(), 240),
}


def note(analysis: Analysis, text: str) -> bool:
    return any(text in sentence for sentence in analysis.notes)


class TestBadRecordings:
    @pytest.mark.parametrize("name", SMALL)
    def test_too_little_is_said_in_words(self, name: str, tmp_path: Path) -> None:
        analysis = analyse(SMALL[name]())
        assert not analysis.strides
        assert note(analysis, "empty" if name == "empty" else "no complete stride")
        assert verdict(analysis)
        write_analysis(analysis, tmp_path)
        assert analysis.cycles("joint_position", "knee_angle_r", "r").shape == (0, 101)
        assert analysis.toe_off("l").shape == (0,)
        assert {metric.n for key, metric in analysis.metrics.items() if "stride" in key} == {0}

    def test_one_signal_without_a_number(self) -> None:
        """Its metrics are nan, a note names it, and the rest stands."""
        whole, broken = analyse(walker()), analyse(with_nan("joint_position", "knee_angle_r"))
        assert note(broken, "joint_position knee_angle_r is no number in 1200 of 1200 frames")
        lost = {key for key, metric in broken.metrics.items() if metric.n < whole.metrics[key].n}
        assert {"knee_angle_r.rom", "knee_angle_r.rmse", "knee_angle_r.correlation"} <= lost
        assert all("knee_angle" in key for key in lost)
        assert math.isnan(broken.metrics["knee_angle_r.rom"].mean)
        assert broken.metrics["knee_angle_l.rom"] == whole.metrics["knee_angle_l.rom"]

    def test_a_few_frames_without_a_number_cost_only_their_strides(self) -> None:
        broken = analyse(with_nan("joint_position", "knee_angle_r", slice(300, 305)))
        assert broken.metrics["knee_angle_r.rom"].n == 7
        assert broken.metrics["knee_angle_r.rom"].mean == pytest.approx(math.degrees(0.8))
        assert note(broken, "knee_angle_r is no number in 5 of 1200 frames")

    @pytest.mark.parametrize(
        ("group", "column", "metric"),
        [
            ("ground_force", "up_r", "ground_force_r.first_peak"),
            ("ground_force", "forward_r", "ground_force_r.braking_impulse"),
            ("foot_position", "heel_r_x", "stride_length_r"),
            ("activation", "soleus_r", "soleus_r.activation"),
            ("muscle_force", "soleus_r", "metabolic_rate"),
            ("device_torque", "ankle_angle_r", "ankle_angle_r.device_peak_torque"),
            ("device_power", "Exo_R", "device_power_positive_r"),
        ],
    )
    def test_any_signal_without_a_number(self, group: str, column: str, metric: str) -> None:
        broken = analyse(with_nan(group, column))
        assert math.isnan(broken.metrics[metric].mean)
        assert note(broken, f"{group} {column}")
        assert broken.metrics["stride_time_r"].mean == pytest.approx(1.2, abs=0.005)
        assert broken.metrics["hip_flexion_l.rom"].n >= 7

    def test_many_columns_without_numbers_are_one_note(self) -> None:
        values = walker()["muscle_force"].copy()
        values[300:305] = np.nan
        columns = values.shape[1]
        assert columns > 3
        notes = analyse(changed(walker(), muscle_force=values)).notes
        assert f"muscle_force: {columns} columns have no number in 5 of 1200 frames" in " ".join(notes)
        assert sum("muscle_force" in sentence for sentence in notes) == 1

    def test_infinite_is_no_number(self) -> None:
        even = walker()
        even.arrays["speed"][600] = np.inf
        assert note(analyse(even), "speed is no number in 1 of 1200 frames")

    @pytest.mark.parametrize("group", ["ground_force", "foot_position", "joint_position", "activation", "muscle_force"])
    def test_a_group_that_is_missing(self, group: str) -> None:
        analysis = analyse(changed(walker(), **{group: None}))
        assert note(analysis, f"no {group}")
        assert analysis.metrics["stride_time"].mean == pytest.approx(1.2, abs=0.005)

    def test_no_device(self) -> None:
        even = changed(walker(), device_torque=None, device_power=None, motor_force=None)
        even.meta["motors"] = {}
        analysis = analyse(even)
        assert note(analysis, "no motor")
        assert not any("device" in name for name in analysis.metrics)

    def test_heel_strikes_that_are_a_guess(self) -> None:
        """By hip flexion alone, what hangs on the moment of heel strike has no value; durations and ranges have."""
        analysis = analyse(changed(walker(), foot_position=None, ground_force=None))
        assert note(analysis, "guess from peak hip flexion")
        withheld = ("stance_share", "swing_share", "double_support_share", "flight_share", "step_time")
        joints = ("hip_flexion.rmse", "hip_flexion_r.correlation", "knee_angle_l.rmse")
        device = ("ankle_angle.device_peak_phase", "ankle_angle_l.device_onset", "symmetry.stance_share")
        for name in (*withheld, *joints, *device):
            assert analysis.metrics[name].n == 0, name
        for name in ("stride_time", "cadence", "hip_flexion.rom", "activation", "ankle_angle.device_peak_torque"):
            assert analysis.metrics[name].n > 0, name
        assert np.isnan(analysis.toe_off("r")).all() and len(analysis.toe_off("r"))
        assert "reference" not in verdict(analysis)

    def test_heel_strikes_of_one_foot_that_are_a_guess(self) -> None:
        even = walker()
        load = even["ground_force"].copy()
        load[:, :3] = 0.0
        one = analyse(changed(even, ground_force=load, foot_position=None))
        for name in ("stance_share_r", "ground_force_r.first_peak", "double_support_share", "step_time_l"):
            assert one.metrics[name].n == 0, name
        for name in ("stance_share_l", "ground_force_l.first_peak", "hip_flexion_l.rmse", "stride_time_r"):
            assert one.metrics[name].n > 0, name

    def test_no_reference(self) -> None:
        even = walker()
        even.meta["reference"] = None
        analysis = analyse(even)
        assert note(analysis, "no reference")
        assert "hip_flexion.rmse" not in analysis.metrics and "hip_flexion.rom" in analysis.metrics
        assert "reference" not in verdict(analysis)

    def test_a_good_recording_needs_no_words(self) -> None:
        assert analyse(walker()).notes == ()


class TestCounting:
    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("time", np.nan, "time holds what is no number"),
            ("episode", np.inf, "episode holds what is no number"),
            ("done", np.nan, "done holds what is no number"),
            ("episode", 0.5, "episode holds 0.5; whole numbers only"),
            ("done", 1.5, "done holds 1.5; whole numbers only"),
        ],
    )
    def test_frames_that_cannot_be_counted(self, tmp_path: Path, name: str, value: float, words: str) -> None:
        values = walker()[name].astype(float)
        values[5] = value
        changed(walker(), **{name: values}).save(tmp_path / "recording.npz")
        with pytest.raises(RunError, match=words) as refused:
            load_recording(tmp_path)
        assert "\n" not in str(refused.value)

    def test_no_advice_to_load_unsafely(self, tmp_path: Path) -> None:
        (tmp_path / "text.npz").write_text("hello", encoding="utf-8")
        np.savez(tmp_path / "objects.npz", meta=np.array([{"kind": "x"}], dtype=object))
        for name, reason in (("text", "no NumPy archive"), ("objects", "it holds Python objects")):
            with pytest.raises(RunError, match=reason) as refused:
                load_recording(tmp_path / f"{name}.npz")
            assert "pickle" not in str(refused.value)
