"""The analysis as a whole: bad recordings in words, files, the verdict, and a real walker."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from recordings import REAL, changed, fall, part, standing, together, walker

from myoassist.analysis.analysis import Analysis, analyse, verdict, write_analysis
from myoassist.analysis.recording import Recording, load_recording
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


def with_nan(group: str, column: str, frames: slice = slice(None)) -> Recording:
    even = walker()
    values = even[group].copy()
    values[frames, even.columns(group).index(column)] = np.nan
    return changed(even, **{group: values})


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


class TestFiles:
    def test_metrics(self, tmp_path: Path) -> None:
        analysis = analyse(together(walker(seconds=6.0), fall(seconds=6.0)))
        write_analysis(analysis, tmp_path)
        plain = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
        assert (plain["trial"], plain["episodes"], plain["notes"]) == ("made_up", 2, [])
        assert plain["left_out"] == analysis.left_out
        assert plain["metrics"]["stride_time"] == {
            "mean": pytest.approx(1.2),
            "sd": pytest.approx(0.0),
            "n": len(analysis.strides),
            "unit": "s",
            "about": analysis.metrics["stride_time"].about,
        }
        assert list(plain["metrics"]) == list(analysis.metrics)

    def test_what_is_not_a_number_is_null(self, tmp_path: Path) -> None:
        write_analysis(analyse(standing()), tmp_path)
        plain = json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail)
        assert plain["metrics"]["stride_time"]["mean"] is None

    def test_strides(self, tmp_path: Path) -> None:
        analysis = analyse(with_nan("joint_position", "knee_angle_r", slice(300, 305)))
        write_analysis(analysis, tmp_path)
        with (tmp_path / "strides.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(analysis.strides)
        first = rows[0]
        assert (first["episode"], first["side"]) == ("0", "r")
        assert [float(first[f"{moment} [s]"]) for moment in ("start", "toe_off", "end")] == pytest.approx(
            [1.8, 2.52, 3.0]
        )
        assert float(first["stride_length [m]"]) == pytest.approx(1.5)
        assert [row["knee_angle.rom [deg]"] for row in rows].count("") == 1  # the stride that lacks a number

    def test_nothing_is_left_behind(self, tmp_path: Path) -> None:
        write_analysis(analyse(walker()), tmp_path)
        write_analysis(analyse(walker()), tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["metrics.json", "strides.csv"]

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way", encoding="utf-8")
        with pytest.raises(RunError, match=r"metrics\.json: cannot be written"):
            write_analysis(analyse(walker()), tmp_path / "file")


class TestVerdict:
    def test_walks(self) -> None:
        said = verdict(analyse(walker()))
        assert said.startswith("walks: 1 of 1 episodes to the end, 15.0 m in 12 s at 1.25 m/s (target 1.25); ")
        assert "hip 2.9°, knee 22.9° from the reference" in said
        assert "heel-strike force 1.1 BW is near human" in said
        assert "the device peaks at 0.70 N m/kg at 50 % of the stride" in said

    def test_falls(self) -> None:
        said = verdict(analyse(together(walker(seconds=3.0), fall(seconds=2.0), fall(seconds=1.0))))
        assert said.startswith("falls: 1 of 3 episodes to the end, 2.5 m in 2 s on average (ended by fell 2)")

    def test_stays_where_it_is(self) -> None:
        assert verdict(analyse(standing())) == (
            "does not walk: 1 of 1 episodes to the end, but no complete stride, 0.0 m in 5 s"
        )

    def test_steps_on_the_spot(self) -> None:
        assert "it does not get on" in verdict(analyse(walker(speed=0.01)))

    def test_hard_heel_strikes(self) -> None:
        even = walker()
        assert "harder than human" in verdict(analyse(changed(even, ground_force=3.0 * even["ground_force"])))

    def test_far_from_human(self) -> None:
        """Feet that stand 0.9 of the stride: 80 % of it on both; human are about 60 % and 20 %."""
        said = verdict(analyse(walker(stance=(0.9, 0.9))))
        assert "not human: stance 90 % of the stride (60 to 62), both feet down 80 % (20 to 24)" in said
        assert "\n" not in said and "not human" not in verdict(analyse(walker()))

    def test_an_ankle_that_moves_otherwise(self) -> None:
        even = walker()
        angles, columns = even["joint_position"].copy(), even.columns("joint_position")
        for side in "rl":
            hip = analyse(even).cycles("joint_position", f"hip_flexion_{side}", "r").mean(axis=0)
            angles[:, columns.index(f"ankle_angle_{side}")] = angles[:, columns.index(f"hip_flexion_{side}")]
            even.meta["reference"]["joints"][f"ankle_angle_{side}"] = (-hip).tolist()
        even = changed(even, joint_position=angles)
        assert "not human: ankle correlates -1.00 with the reference" in verdict(analyse(even))

    def test_an_idle_device(self) -> None:
        idle = changed(walker(), device_torque=np.zeros((1200, 2)))
        assert "the device does little (peak 0.00 N m/kg)" in verdict(analyse(idle))

    def test_nothing_recorded(self) -> None:
        assert verdict(analyse(part(walker(), 0))) == "nothing was recorded"


@pytest.fixture(scope="module")
def real() -> Analysis:
    return analyse(load_recording(REAL))


class TestRealWalker:
    def test_strides(self, real: Analysis) -> None:
        assert len(real.strides) > 10
        assert not real.notes
        assert real.metrics["stride_time"].mean == pytest.approx(1.14, abs=0.02)  # the cycle it was trained on

    def test_feet_carry_the_weight(self, real: Analysis) -> None:
        """Over a stride the impulses of both feet are weight times its duration, and braking equals propulsion."""
        meta = real.recording.meta
        impulse = sum(real.metrics[f"ground_force_{side}.impulse"].mean for side in "rl")
        assert impulse == pytest.approx(meta["mass"] / meta["body_mass"] * real.metrics["stride_time"].mean, rel=0.01)
        fore = [real.metrics[f"ground_force_{s}.{k}_impulse"].mean for s in "rl" for k in ("braking", "propulsion")]
        assert sum(fore) == pytest.approx(0.0, abs=0.015)

    def test_lengths_and_speed_fit(self, real: Analysis) -> None:
        mean = {name: metric.mean for name, metric in real.metrics.items()}
        assert mean["stride_length"] / mean["stride_time"] == pytest.approx(mean["speed"], rel=0.02)
        assert mean["step_length_r"] + mean["step_length_l"] == pytest.approx(mean["stride_length"], rel=0.02)
        assert mean["distance"] == pytest.approx(
            np.mean([e["distance"] for e in real.recording.meta["episodes"]]), rel=1e-3
        )

    def test_the_device_helps_push_off(self, real: Analysis) -> None:
        assert "plantarflexion" in real.metrics["ankle_angle_r.device_peak_torque"].about
        assert 30.0 < real.metrics["ankle_angle_r.device_peak_phase"].mean < 60.0

    def test_both_metabolic_models_agree_within_a_third(self, real: Analysis) -> None:
        ours, other = (real.metrics[name].mean for name in ("metabolic_rate", "metabolic_rate_bhargava"))
        assert other == pytest.approx(ours, rel=0.33)

    def test_cycles(self, real: Analysis) -> None:
        knee = real.cycles("joint_position", "knee_angle_r", "r")
        assert knee.shape == (len(real.of_side("r")), 101)
        swing = int(np.argmin(knee.mean(axis=0)))  # largest flexion, after toe-off
        assert swing / 100 > real.toe_off("r").mean()
