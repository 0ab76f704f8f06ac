"""The analysis as a whole: files, the verdict, and a real walker."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from recordings import REAL, changed, fall, part, standing, together, walker, with_nan

from myoassist.analysis.analysis import Analysis, analyse, verdict, write_analysis
from myoassist.analysis.recording import load_recording
from myoassist.errors import RunError


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

    def test_a_force_that_is_neither_human_nor_hard(self) -> None:
        """Peaks of 1.1 and 1.2 BW times 1.3 are 1.43 and 1.56."""
        even = walker()
        said = verdict(analyse(changed(even, ground_force=1.3 * even["ground_force"])))
        assert "heel-strike force 1.4 BW is above human (about 1.1)" in said
        assert "not human: force at push-off 1.6 BW (about 1.1)" in said

    def test_a_device_that_pushes_in_another_phase_each_stride(self) -> None:
        """The strides of a leg peak in turns early and late, so no stride has its peak at the mean phase."""
        even = walker()
        torque = np.zeros((1200, 2))
        for start in range(0, 1200, 240):  # strides of 1.2 s at 100 Hz, in turns at 20 and at 70 %
            torque[start + 20 : start + 30] = torque[start + 200 : start + 210] = 50.0
        said = verdict(analyse(changed(even, device_torque=torque)))
        assert "N m/kg at changing times" in said and "% of the stride" not in said.split("; ")[-1]

    def test_little_double_support(self) -> None:
        """Feet that stand 0.56 of the stride: 12 % of it on both."""
        assert "not human: both feet down 12 % (20 to 24)" in verdict(analyse(walker(stance=(0.56, 0.56))))

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
