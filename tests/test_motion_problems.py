"""Motions that lack something, are damaged or look wrong: said in one line, or told in the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from myoassist.reference.cycles import _compare
from myoassist.reference.motion import FORWARD, load_gait
from myoassist.reference.report import Report
from tests.motions import EXACT, PHASES, columns, imported, limping, problem, worst, write_csv, write_mot, write_npz


class TestTreadmill:
    def test_the_speed_has_to_be_given(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        values["pelvis_tx"] -= load_gait().speed * time
        path = write_mot(tmp_path / "belt.mot", time, values)
        assert "give the walking speed as reference.speed=<m/s>" in problem(path)
        gait = imported(path, speed=1.25, cutoff_hz=0.0).gait
        assert gait.speed == 1.25
        shipped = load_gait().coordinates[FORWARD]
        swing = shipped.scaled(load_gait().speed / shipped.mean, offset=0)(PHASES)
        np.testing.assert_allclose(gait.coordinates[FORWARD](PHASES) - 1.25, swing - swing.mean(), atol=5e-3)

    def test_a_speed_that_contradicts_the_file(self, tmp_path: Path) -> None:
        path = write_mot(tmp_path / "walk.mot", *columns(load_gait()))
        assert "reference.speed: 2 is for a treadmill" in problem(path, speed=2.0)

    def test_backward(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        del values["pelvis_tz"]  # which would tell that the walker faces the other way
        values["pelvis_tx"] = -values["pelvis_tx"]
        assert "goes backward" in problem(write_mot(tmp_path / "walk.mot", time, values))


class TestWhatIsMissing:
    def test_one_leg_stands_for_both(self, tmp_path: Path) -> None:
        for kept, gone in (("r", "l"), ("l", "r")):
            time, values = columns(load_gait())
            values = {name: v for name, v in values.items() if not name.endswith(f"_{gone}")}
            result = imported(write_mot(tmp_path / f"{kept}.mot", time, values), cutoff_hz=0.0)
            assert worst(result.gait, load_gait()) < EXACT
            assert any("stands for both" in line for line in result.report.warnings)
            assert "false needs both legs" in problem(tmp_path / f"{kept}.mot", symmetric="false")

    @pytest.mark.parametrize("side", ["r", "l"])
    @pytest.mark.parametrize("gone", ["ankle_angle", "knee_angle", "hip_flexion"])
    def test_the_fuller_leg_stands_for_both(self, tmp_path: Path, gone: str, side: str) -> None:
        time, values = columns(load_gait())
        values[f"{gone}_{side}2"] = values.pop(f"{gone}_{side}")
        result = imported(write_csv(tmp_path / "walk.csv", time, values), cutoff_hz=0.0)
        assert worst(result.gait, load_gait()) < EXACT
        assert any(line.startswith(f"no {gone}_{side}: the other leg's") for line in result.report.warnings)

    def test_a_left_leg_that_stands_for_both_begins_with_its_own_strike(self, tmp_path: Path) -> None:
        time, values = columns(limping())
        del values["ankle_angle_r"]
        gait = imported(write_csv(tmp_path / "limp.csv", time, values), cutoff_hz=0.0).gait
        knee = limping().left["knee_angle"].shifted(0.44)
        apart = np.abs(gait.coordinates["knee_angle"](PHASES) - knee(PHASES))
        assert not gait.left and np.rad2deg(apart.max()) < 3.0  # half a stride later it would be 12

    def test_hip_and_knee_of_the_same_leg(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        del values["hip_flexion_r"], values["knee_angle_l"]
        message = problem(write_csv(tmp_path / "walk.csv", time, values))
        assert "hip_flexion and knee_angle of the same leg are needed, but it has no hip_flexion_r and no" in message
        assert "name the column: +reference.columns.hip_flexion_r=<column>; columns of the file: " in message
        values["my_knee_angle_l"] = values["knee_angle_r"]
        message = problem(write_csv(tmp_path / "walk.csv", time, values))
        assert "name the column: +reference.columns.knee_angle_l=my_knee_angle_l; " in message

    def test_no_knee(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        values = {name: v for name, v in values.items() if "knee" not in name}
        message = problem(write_mot(tmp_path / "walk.mot", time, values))
        assert "no knee_angle; name its column: +reference.columns.knee_angle_r=<column>" in message

    def test_no_ankle_and_no_tilt_are_told(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        values = {name: v for name, v in values.items() if "ankle" not in name and name != "pelvis_tilt"}
        warnings = imported(write_mot(tmp_path / "walk.mot", time, values)).report.warnings
        assert [line.split(":")[0] for line in warnings] == ["no pelvis_tilt", "no ankle_angle"]


class TestBadFiles:
    def written(self, path: Path, text: str) -> Path:
        path.write_text(text, encoding="utf-8")
        return path

    def test_no_such_file_and_no_such_kind(self, tmp_path: Path) -> None:
        assert "cannot read" in problem(tmp_path / "gone.mot")
        assert "files end with .yaml, .npz, .mot, .sto, .csv, not .c3d" in problem(tmp_path / "walk.c3d")
        assert "cannot read" in problem(tmp_path / "gone.npz")

    def test_not_a_number(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        values["knee_angle_r"][35:47] = np.nan
        message = problem(write_mot(tmp_path / "walk.mot", time, values))
        assert "knee_angle_r has 12 of 684 values that are no numbers, the first at 0.35 s" in message

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", "is empty"),
            ("  \n\n", "is empty"),
            ("a\nb\n", "has no line 'endheader'"),
            ("endheader\n", "has no column 'time'"),
            ("endheader\nx y\n1 2\n", "has no column 'time'"),
            ("endheader\ntime\n1\n2\n", "has no column besides the time"),
            ("endheader\ntime knee_angle_r\n0.1 0.2\n", "has 1 sample(s)"),
            ("endheader\ntime knee_angle_r\n", "has 0 sample(s)"),
            ("endheader\ntime knee_angle_r\n0 0\n0.1 0 0\n", "row 2 has 3 values, the header names 2 columns"),
            ("endheader\ntime knee_angle_r\n0 0\n0.1 x\n", "row 2, column knee_angle_r: 'x' is no number"),
            (
                "endheader\ntime a\n0 0\n0.2 0\n0.1 0\n",
                "the time must grow from sample to sample; it is 0.1 s after 0.2 s",
            ),
            ("endheader\ntime a\n0 0\n0 0\n", "the time must grow"),
            ("endheader\ntime a a\n0 0 0\n1 0 0\n", "two columns named 'a'"),
            ("DataType=Quaternion\nendheader\ntime a\n0 1\n", "holds quaternion values"),
        ],
    )
    def test_opensim_files(self, tmp_path: Path, text: str, expected: str) -> None:
        assert expected in problem(self.written(tmp_path / "walk.mot", text))

    def test_csv_without_a_header(self, tmp_path: Path) -> None:
        assert "has no header" in problem(self.written(tmp_path / "walk.csv", "0,1\n1,2\n"))

    @pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
    def test_a_cut_npz(self, tmp_path: Path, keep: float) -> None:
        content = write_npz(tmp_path / "walk.npz", columns(load_gait())[1]).read_bytes()
        (tmp_path / "cut.npz").write_bytes(content[: int(keep * len(content))])
        assert "is damaged or no .npz file" in problem(tmp_path / "cut.npz")

    def test_npz_contents(self, tmp_path: Path) -> None:
        path = tmp_path / "walk.npz"
        np.savez(path, q_hip_flexion_r=np.zeros(9))
        assert "has no sample rate" in problem(path)
        np.savez(path, sample_rate=0.0, q_hip_flexion_r=np.zeros(9))
        assert "the sample rate must be above 0" in problem(path)
        np.savez(path, sample_rate=100.0, q_hip_flexion_r=np.zeros(9), q_knee_angle_r=np.zeros(8))
        assert "different lengths: [8, 9]" in problem(path)
        np.savez(path, series_data=np.zeros(3), metadata=np.zeros(3))
        assert "must be tables of named values" in problem(path)

    def test_too_short_too_slow_or_no_walking(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        path = write_mot(tmp_path / "walk.mot", time, values)
        assert "10 samples from 1 to 1.0901 s" in problem(path, begin=1.0, end=1.0901)
        assert "no stride repeats in its 0.5 s" in problem(path, begin=1.0, end=1.4901)
        assert "are less than a stride of 2 s" in problem(path, begin=1.0, end=2.5, cycle_seconds=2.0)
        slow = write_mot(tmp_path / "slow.mot", time[::10], {name: v[::10] for name, v in values.items()})
        assert "10 samples per s" in problem(slow)
        still = write_mot(tmp_path / "still.mot", time, {name: 0.01 * v for name, v in values.items()})
        assert "this is no walking" in problem(still)
        gap = np.r_[0:200, 300 : len(time)]
        holed = write_mot(tmp_path / "gap.mot", time[gap], {name: v[gap] for name, v in values.items()})
        assert "nothing between 1.99 and 3 s" in problem(holed)

    def test_rows_that_are_missing_are_told(self, tmp_path: Path) -> None:
        path = write_mot(tmp_path / "walk.mot", *columns(load_gait()))
        path.write_text(path.read_text().replace("nRows=684", "nRows=700"))
        assert any("the header says 700 rows" in line for line in imported(path).report.warnings)


class TestWhatLooksWrong:
    def test_a_walker_that_faces_backward(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        values["pelvis_rotation"] = values["pelvis_rotation"] + np.pi
        assert "the pelvis faces 180 deg away from where it goes" in problem(
            write_mot(tmp_path / "a.mot", time, values)
        )

    def test_a_full_turn_is_forward(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        values["pelvis_rotation"] = values["pelvis_rotation"] + 2 * np.pi
        result = imported(write_mot(tmp_path / "a.mot", time, values), cutoff_hz=0.0)
        assert worst(result.gait, load_gait()) < EXACT
        assert not result.report.warnings

    @pytest.mark.parametrize(("offset", "told"), [(2.0, False), (4.0, True)])
    def test_a_mean_that_is_lost(self, tmp_path: Path, offset: float, told: bool) -> None:
        time, values = columns(load_gait())
        values["pelvis_list"] = values["pelvis_list"] + np.deg2rad(offset)
        result = imported(write_mot(tmp_path / "a.mot", time, values))
        assert any("mean pelvis_list of 4.0 deg taken out" in w for w in result.report.warnings) == told
        assert result.gait.coordinates["pelvis_list"].mean == pytest.approx(0, abs=1e-9)

    def test_a_file_that_stands_still(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        still = {name: np.zeros(len(v)) for name, v in values.items()}
        path = write_mot(tmp_path / "a.mot", time, still, degrees="yes")
        assert "hip_flexion_r does not move, nor does any other hip or knee; this is no walking" in problem(path)

    def test_a_unit_that_was_guessed(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        few = {name: v + 4.0 if name.startswith("knee") else v for name, v in values.items()}
        path = write_csv(tmp_path / "a.csv", time, few)
        assert "seen from the values, the unit is degrees, but knee_angle_" in problem(path)

    def test_time_in_ms(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        path = write_mot(tmp_path / "a.mot", 1000 * time, values)
        assert "0.1 samples per s" in problem(path) and "is its time in ms?" in problem(path)
        slow = write_mot(tmp_path / "b.mot", *columns(load_gait(), rate=10))
        assert "10 samples per s" in problem(slow) and "in ms" not in problem(slow)

    def test_a_duration_of_two_strides(self, tmp_path: Path) -> None:
        path = write_mot(tmp_path / "a.mot", *columns(load_gait(), strides=9))
        report = Report("")
        _compare(2.28, 1.14, report)
        _compare(0.57, 1.14, report)
        _compare(1.2, 1.14, report)
        assert [("about 2 times" in w, "about 1/2 of" in w) for w in report.warnings] == [(True, False), (False, True)]
        assert "it repeats every 1.14 s" in problem(path, cycle_seconds=0.57)
