"""Motions of other programs: read, checked, cut into strides, and the same gait as the one they were made from."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from myoassist.config import ReferenceConfig
from myoassist.env.replay import reference_walk, replay
from myoassist.errors import ConfigError, ReferenceError
from myoassist.mdp.check import check_task
from myoassist.parsing import check_consistency, parse_config, to_plain, with_whole_paths
from myoassist.reference.cycles import _compare
from myoassist.reference.fitting import report_fit
from myoassist.reference.importing import Imported, import_motion
from myoassist.reference.motion import FORWARD, Gait, Harmonics, fit_harmonics, load_gait, save_gait
from myoassist.reference.report import Report
from myoassist.reference.retarget import retarget
from tests.helpers import experiment
from tests.motions import LEGS, PELVIS, columns, in_degrees, limping, write_csv, write_mot, write_npz

PHASES = np.arange(200) / 200
EXACT = 0.1  # deg: without filter and noise
FILTERED = 1.3  # deg: what 6 Hz takes from the fastest curve, the ankle at push-off
NOISY = 4.0  # deg: noise of 1.1 deg on each sample, 60 Hz, 11 strides


def imported(path: Path, **settings: Any) -> Imported:
    return import_motion(ReferenceConfig(name="file", path=str(path), **settings))


def problem(path: Path, **settings: Any) -> str:
    """The one line that says why a motion is refused."""
    with pytest.raises(ReferenceError) as caught:
        imported(path, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def worst(gait: Gait, source: Gait) -> float:
    """Largest difference between two gaits over coordinates, sides and phases, deg."""
    apart = [gait.curve(n, s)(PHASES) - source.curve(n, s)(PHASES) for n in LEGS for s in "rl"]
    apart += [gait.coordinates[n](PHASES) - source.coordinates[n](PHASES) for n in PELVIS]
    return float(np.rad2deg(np.abs(apart).max()))


class TestTheSameGait:
    @pytest.mark.parametrize("start", [0.0, 0.3, 0.77])
    @pytest.mark.parametrize("rate", [50.0, 100.0, 240.0])
    def test_without_filter_and_noise(self, tmp_path: Path, rate: float, start: float) -> None:
        source = load_gait()
        path = write_mot(tmp_path / "walk.mot", *columns(source, rate=rate, start=start))
        gait = imported(path, cutoff_hz=0.0).gait
        assert worst(gait, source) < EXACT
        assert gait.cycle_seconds == pytest.approx(source.cycle_seconds, abs=1e-3)
        assert gait.speed == pytest.approx(source.speed, abs=1e-3)
        forward = source.coordinates[FORWARD]
        wanted = forward.scaled(source.speed / forward.mean)(PHASES)
        np.testing.assert_allclose(gait.coordinates[FORWARD](PHASES), wanted, atol=5e-3)  # m/s

    def test_with_the_filter(self, tmp_path: Path) -> None:
        path = write_mot(tmp_path / "walk.sto", *columns(load_gait()), mark="  ")
        assert worst(imported(path).gait, load_gait()) < FILTERED

    def test_noisy_strides_are_averaged(self, tmp_path: Path) -> None:
        path = write_mot(tmp_path / "walk.mot", *columns(load_gait(), strides=12, rate=60, noise=0.02))
        result = imported(path)
        assert worst(result.gait, load_gait()) < NOISY
        assert result.report.numbers["strides_used"] == 11

    @pytest.mark.parametrize("strides", [1.0, 1.7, 2.2])
    def test_short_ones(self, tmp_path: Path, strides: float) -> None:
        path = write_mot(tmp_path / "walk.mot", *columns(load_gait(), strides=strides, start=0.8))
        assert worst(imported(path, cutoff_hz=0.0).gait, load_gait()) < 0.5

    def test_an_asymmetric_gait_keeps_its_sides(self, tmp_path: Path) -> None:
        path = write_mot(tmp_path / "limp.mot", *columns(limping(), noise=0.002))
        result = imported(path)
        assert worst(result.gait, limping()) < 2.0
        assert result.gait.left_strike == pytest.approx(0.44, abs=0.02)
        assert not result.report.numbers["symmetric"]
        assert not imported(path, symmetric="true").gait.left

    def test_a_symmetric_gait_can_keep_its_sides(self, tmp_path: Path) -> None:
        path = write_mot(tmp_path / "walk.mot", *columns(load_gait()))
        assert not imported(path).gait.left
        gait = imported(path, symmetric="false", cutoff_hz=0.0).gait
        assert set(gait.left) == set(LEGS)
        assert worst(gait, load_gait()) < EXACT

    def test_ground_force_tells_heel_strikes(self, tmp_path: Path) -> None:
        """Without a guess from the foot's reach, which is right for the shipped gait only."""
        source, start = load_gait(), 0.3
        time, values = columns(source, start=start)
        phase = (start + time / source.cycle_seconds) % 1.0
        values["ground_force_r_vy"] = np.where(phase < 0.6, 700.0, 3.0)
        result = imported(write_mot(tmp_path / "walk.mot", time, values), cutoff_hz=0.0)
        assert any("from the ground force" in line for line in result.report.lines)
        assert worst(result.gait, source) < 4.0  # a sample is 3 deg of the knee's swing

    def test_uneven_times_are_resampled(self, tmp_path: Path) -> None:
        time, values = columns(load_gait(), rate=200)
        rows = np.sort(np.random.default_rng(1).choice(len(time), len(time) // 2, replace=False))
        path = write_csv(tmp_path / "walk.csv", time[rows], {name: v[rows] for name, v in values.items()})
        result = imported(path, cutoff_hz=0.0)
        assert worst(result.gait, load_gait()) < 1.0
        assert any("resampled" in line for line in result.report.lines)


class TestFormats:
    def test_opensim_in_degrees(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        path = write_mot(tmp_path / "walk.mot", time, in_degrees(values), degrees="yes", mark=" ")
        assert worst(imported(path, cutoff_hz=0.0).gait, load_gait()) < EXACT

    def test_opensim_states_by_path(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        named = {f"/jointset/some/{name}/value": v for name, v in values.items()}
        named |= {f"/jointset/some/{name}/speed": np.gradient(v) for name, v in values.items()}
        assert worst(imported(write_mot(tmp_path / "a.sto", time, named), cutoff_hz=0.0).gait, load_gait()) < EXACT

    @pytest.mark.parametrize("unit", ["", " [deg]", "_deg", " (°)"])
    def test_csv_in_degrees(self, tmp_path: Path, unit: str) -> None:
        time, values = columns(load_gait())
        turned = {f"{n}{unit}" if "_t" not in n or n == "pelvis_tilt" else n: v for n, v in in_degrees(values).items()}
        result = imported(write_csv(tmp_path / "walk.csv", time, turned), cutoff_hz=0.0)
        assert worst(result.gait, load_gait()) < EXACT
        assert result.report.numbers["unit"] == "deg"

    def test_csv_of_spreadsheets(self, tmp_path: Path) -> None:
        """Semicolons, commas in numbers, quotes, a byte order mark."""
        path = write_csv(tmp_path / "walk.csv", *columns(load_gait()))
        text = path.read_text().replace(",", ";").replace(".", ",").replace("knee_angle_r", '"knee_angle_r"')
        path.write_text("\ufeff# a comment\n" + text, encoding="utf-8")
        assert worst(imported(path, cutoff_hz=0.0).gait, load_gait()) < EXACT

    @pytest.mark.parametrize("lists", [False, True])
    def test_myoassist(self, tmp_path: Path, lists: bool) -> None:
        path = write_npz(tmp_path / "walk.npz", columns(load_gait())[1], lists=lists)
        assert worst(imported(path, cutoff_hz=0.0).gait, load_gait()) < EXACT

    def test_npz_of_plain_arrays(self, tmp_path: Path) -> None:
        _, values = columns(load_gait())
        arrays: dict[str, Any] = {f"q_{name}": v for name, v in values.items()}
        np.savez(tmp_path / "walk.npz", sample_rate=100.0, **arrays)
        assert worst(imported(tmp_path / "walk.npz", cutoff_hz=0.0).gait, load_gait()) < EXACT

    def test_own_column_names(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        values["Winkel A"] = values.pop("knee_angle_r")
        path = write_csv(tmp_path / "walk.csv", time, values)
        assert worst(imported(path, cutoff_hz=0.0, columns={"knee_angle_r": "Winkel A"}).gait, load_gait()) < EXACT
        assert "no column named 'Winkel B'" in problem(path, columns={"knee_angle_r": "Winkel B"})
        assert "no coordinate named 'knee'" in problem(path, columns={"knee": "Winkel A"})

    def test_the_projects_own_format_there_and_back(self, tmp_path: Path) -> None:
        gait = imported(write_mot(tmp_path / "limp.mot", *columns(limping()))).gait
        save_gait(gait, tmp_path / "limp.yaml", origin="a test\nof two lines")
        again = imported(tmp_path / "limp.yaml").gait
        assert worst(again, gait) < 1e-3
        assert again.left_strike == pytest.approx(gait.left_strike, abs=1e-6)
        assert set(again.left) == set(gait.left)


class TestNothingRuns:
    def test_a_pickle_that_calls_is_refused(self, tmp_path: Path) -> None:
        marker = tmp_path / "ran"

        class Trap:
            def __reduce__(self):
                return Path.touch, (marker,)

        np.savez(tmp_path / "trap.npz", series_data=np.array({"q_hip_flexion_r": Trap()}, dtype=object))
        message = problem(tmp_path / "trap.npz")
        assert "holds more than numbers" in message
        assert "reading a file never runs code" in message
        assert not marker.exists()

    @pytest.mark.parametrize("call", ["os.system", "builtins.eval", "numpy.load", "numpy._core.multiarray.fromfile"])
    def test_other_functions_are_not_even_looked_up(self, tmp_path: Path, call: str) -> None:
        module, _, name = call.rpartition(".")
        body = pickle.PROTO + b"\x02" + b"c" + module.encode() + b"\n" + name.encode() + b"\n" + b"(S'1'\ntR."
        head = tmp_path / "object.npy"
        np.save(head, np.array(None, dtype=object))
        content = head.read_bytes()
        start = content.index(b"\n") + 1  # the header's end
        import zipfile

        with zipfile.ZipFile(tmp_path / "trap.npz", "w") as archive:
            archive.writestr("series_data.npy", content[:start] + body)
        assert f"it asks for {call}" in problem(tmp_path / "trap.npz")


class TestUnitsAndSigns:
    def test_degrees_that_claim_to_be_radians(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        degrees = in_degrees(values)
        for path in (
            write_mot(tmp_path / "walk.mot", time, degrees, degrees="no"),
            write_npz(tmp_path / "walk.npz", degrees),
        ):
            assert "the file says radians, but knee_angle_" in problem(path)
            assert problem(path).endswith("which are degrees; give reference.unit=deg")
            assert worst(imported(path, unit="deg", cutoff_hz=0.0).gait, load_gait()) < EXACT

    def test_radians_that_claim_to_be_degrees(self, tmp_path: Path) -> None:
        path = write_mot(tmp_path / "walk.mot", *columns(load_gait()), degrees="yes")
        assert "which are radians; give reference.unit=rad" in problem(path)

    def test_a_knee_that_flexes_positive_is_turned(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        for side in "rl":
            values[f"knee_angle_{side}"] = -values[f"knee_angle_{side}"]
        result = imported(write_mot(tmp_path / "walk.mot", time, values), cutoff_hz=0.0)
        assert worst(result.gait, load_gait()) < EXACT
        assert sum("flexion was positive" in line for line in result.report.lines) == 2

    def test_a_hip_that_flexes_negative_is_refused_and_can_be_turned(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        for side in "rl":
            values[f"hip_flexion_{side}"] = -values[f"hip_flexion_{side}"]
        path, hips = write_mot(tmp_path / "walk.mot", time, values), ["hip_flexion_r", "hip_flexion_l"]
        assert "its sign looks turned" in problem(path)
        assert worst(imported(path, flip=hips, cutoff_hz=0.0).gait, load_gait()) < EXACT
        assert "no coordinate of the motion named 'hip'" in problem(path, flip=["hip"])

    def test_left_adduction_counted_to_the_same_side_of_the_room(self, tmp_path: Path) -> None:
        time, values = columns(load_gait())
        values["hip_adduction_l"] = -values["hip_adduction_l"]
        result = imported(write_mot(tmp_path / "walk.mot", time, values), cutoff_hz=0.0)
        assert worst(result.gait, load_gait()) < EXACT
        assert any(line.startswith("hip_adduction_l: sign turned") for line in result.report.lines)

    @pytest.mark.parametrize("heading", [40.0, 180.0, -90.0])
    def test_another_walking_direction_is_turned_onto_x(self, tmp_path: Path, heading: float) -> None:
        """Worked out here from rotation matrices: the whole walk turned about the vertical (y) by ``heading``."""
        time, values = columns(load_gait())
        c, s = np.cos(np.deg2rad(heading)), np.sin(np.deg2rad(heading))
        tilt, down, turn = (values[name] for name in PELVIS)
        ahead = values.pop("pelvis_tx")
        values["pelvis_tx"], values["pelvis_tz"] = c * ahead, -s * ahead
        one, zero = np.ones_like(tilt), np.zeros_like(tilt)
        about_z = np.array([[np.cos(tilt), -np.sin(tilt), zero], [np.sin(tilt), np.cos(tilt), zero], [zero, zero, one]])
        about_x = np.array([[one, zero, zero], [zero, np.cos(down), -np.sin(down)], [zero, np.sin(down), np.cos(down)]])
        about_y = np.array([[np.cos(turn), zero, np.sin(turn)], [zero, one, zero], [-np.sin(turn), zero, np.cos(turn)]])
        whole = np.einsum(
            "ij,jkt,klt,lmt->tim", np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]), about_z, about_x, about_y
        )
        values["pelvis_list"] = np.arcsin(whole[:, 2, 1])
        values["pelvis_tilt"] = np.arctan2(-whole[:, 0, 1], whole[:, 1, 1])
        values["pelvis_rotation"] = np.arctan2(-whole[:, 2, 0], whole[:, 2, 2])
        result = imported(write_mot(tmp_path / "walk.mot", time, values), cutoff_hz=0.0)
        assert result.report.numbers["heading"] == pytest.approx(np.deg2rad(heading), abs=1e-3) or heading == 180
        assert worst(result.gait, load_gait()) < EXACT


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


class TestHarmonics:
    def test_by_hand(self) -> None:
        curve = Harmonics(1.0, np.array([2.0]), np.array([3.0]))
        assert curve(np.array([0.0, 0.25, 0.5])) == pytest.approx([3.0, 4.0, -1.0])
        assert curve.shifted(0.25)(np.array([0.0])) == pytest.approx([4.0])

    def test_the_filter_halves_the_power_at_its_frequency(self, tmp_path: Path) -> None:
        """At the cutoff the amplitude is 1/sqrt(2): a gait whose fifth harmonic lies there."""
        source = load_gait()
        path = write_mot(tmp_path / "walk.mot", *columns(source))
        plain = imported(path, cutoff_hz=0.0).gait.coordinates["ankle_angle"]
        passed = imported(path, cutoff_hz=5 / source.cycle_seconds).gait.coordinates["ankle_angle"]
        assert np.hypot(passed.cos[4], passed.sin[4]) / np.hypot(plain.cos[4], plain.sin[4]) == pytest.approx(
            0.5**0.5, abs=1e-3
        )
        assert passed.cos[0] == pytest.approx(plain.cos[0], rel=2e-3)

    def test_fit_and_value_are_inverse(self) -> None:
        curve = Harmonics(0.3, np.array([0.1, -0.2]), np.array([0.0, 0.5]))
        again = fit_harmonics(curve(np.arange(16) / 16), 2)
        assert np.concatenate([again.cos, again.sin]) == pytest.approx(np.concatenate([curve.cos, curve.sin]))


class TestOnModels:
    def test_an_asymmetric_gait_stands_on_the_ground(self, build) -> None:
        """A left knee that flexes a fifth less, and an early left step."""
        gait = limping()
        left = {**gait.left, "knee_angle": load_gait().coordinates["knee_angle"].shifted(-0.46).scaled(0.8)}
        gait = Gait(gait.coordinates, gait.cycle_seconds, gait.speed, left, 0.46)
        body, report = build("myolegs22"), Report("a gait")
        reference = retarget(gait, body.models[0], body.index)
        assert reference.left_strike == 0.46
        report_fit(gait, reference, body.models[0], body.index, report)
        low, high = report.numbers["model"]["lowest_sole"]
        assert -0.01 < low <= high < 0.005  # m
        right, other = (reference.sample(PHASES)[0][:, reference.joints.index(f"knee_angle_{s}")] for s in "rl")
        assert np.rad2deg(right.min() - other.min()) < -7.0
        assert json.loads(json.dumps(report.numbers)) == report.numbers

    def test_a_stiff_leg_swings_smoothly(self, build) -> None:
        """A left knee half as bent: the foot cannot clear the ground, and is rather left there than thrown up."""
        gait = limping()
        body, report = build("myolegs26"), Report("a gait")
        reference = retarget(gait, body.models[0], body.index)
        velocity = np.abs(np.rad2deg(reference.sample(PHASES)[1])).max(axis=0)
        fastest = dict(zip(reference.joints, velocity, strict=True))
        assert fastest["hip_flexion_l"] < 380  # deg/s: 240 in the shipped gait, 880 when lifted phase by phase
        assert fastest["ankle_angle_l"] < 400
        report_fit(gait, reference, body.models[0], body.index, report)
        change, (_, high) = report.numbers["model"]["change"], report.numbers["model"]["lowest_sole"]
        assert max(np.rad2deg(change[f"{name}_l"]) for name in ("hip_flexion", "knee_angle", "ankle_angle")) < 15
        assert high < 0.01  # m: one foot stands throughout
        assert any("the swing foot reaches" in w for w in report.warnings)

    def test_a_jump_on_the_model_is_told(self, build) -> None:
        gait, body, report = load_gait(), build("myolegs22"), Report("a gait")
        reference = retarget(gait, body.models[0], body.index)
        report_fit(gait, reference, body.models[0], body.index, report)
        assert not report.warnings
        knee = reference.joints.index("knee_angle_r")
        sin = reference.sin.copy()
        sin[9, knee] += np.deg2rad(12)  # the tenth harmonic: 12 deg x 20 pi / 1.14 s are 660 deg/s
        report_fit(gait, replace(reference, sin=sin), body.models[0], body.index, report)
        assert any(w.startswith("knee_angle_r is moved by up to 1") for w in report.warnings)
        assert any(w.startswith("knee_angle_r reaches") and "look for a jump" in w for w in report.warnings)

    def test_limits_that_cut_are_told(self, build) -> None:
        gait = load_gait()
        coordinates = {**gait.coordinates, "hip_flexion": gait.coordinates["hip_flexion"].scaled(1.0, offset=-0.3)}
        body, report = build("myolegs22"), Report("a gait")
        bent = Gait(coordinates, gait.cycle_seconds, gait.speed)
        reference = retarget(bent, body.models[0], body.index)
        report_fit(bent, reference, body.models[0], body.index, report)
        assert any(line.startswith("hip_flexion_r is beyond the model's limit, up to") for line in report.warnings)

    def test_replay_goes_forward_at_the_speed_of_the_reference(self) -> None:
        walk = reference_walk(experiment("device=none"))
        try:
            recording = replay(walk, seconds=2 * walk.reference.cycle_seconds, rate_hz=50)
            way = recording.column("joint_position", "pelvis_tx")
            assert way[-1] == pytest.approx(2 * walk.reference.cycle_seconds * walk.reference.speed, abs=0.02)
            np.testing.assert_allclose(np.gradient(way, 0.02)[2:-2], recording["speed"][2:-2], atol=0.02)
            tracked = recording.column("reference_position", "knee_angle_r")
            np.testing.assert_allclose(recording.column("joint_position", "knee_angle_r"), tracked, atol=1e-9)
            assert len(recording.episodes) == 1
            assert not recording["activation"].any()
            assert parse_config(recording.meta["experiment"]) == walk.config
        finally:
            walk.close()


class TestTasks:
    def test_none_says_what_has_to_go(self) -> None:
        with pytest.raises(ConfigError, match=r"reset.type: reference_phase needs a gait.*reset=standing"):
            check_consistency(experiment("reference=none"))
        with pytest.raises(ConfigError) as caught:
            check_task(experiment("reference=none", "reset=standing"))
        clashes = ["observation.terms.phase", "reward.terms.joint_position", "reward.terms.joint_velocity"]
        clashes.append("termination.terms.out_of_trajectory")
        assert str(caught.value) == (
            f"{', '.join(clashes)}: need a gait, and reference=none has none; take experiment=no_reference "
            f"observation=walk_without_phase, or take them out: {' '.join(f'~{name}' for name in clashes)}"
        )
        check_task(experiment("reference=none", "reset=standing", *(f"~{name}" for name in clashes)))

    def test_the_observation_for_a_3d_body_is_named(self) -> None:
        with pytest.raises(ConfigError, match=r"observation=walk_3d_without_phase"):
            check_task(experiment("experiment=no_reference", "model=26muscle", "observation=walk_3d"))

    @pytest.mark.parametrize(("reward", "more"), [("effort", []), ("speed", ["metabolic_rate"])])
    def test_costs_without_a_reference(self, reward: str, more: list[str]) -> None:
        """As docs/signals-and-terms.md says."""
        without = ["~reward.terms.joint_position", "~reward.terms.joint_velocity"] if reward == "effort" else []
        added = [f"+reward.terms.{name}={{func: {name}, weight: 0.1}}" for name in more]
        check_task(experiment("experiment=no_reference", f"reward={reward}", *without, *added))

    def test_the_experiment_without_a_gait_is_whole(self) -> None:
        config = experiment("experiment=no_reference", "device=none", "num_envs=2")
        check_consistency(config)
        check_task(config)
        walk = reference_walk(config)
        walk.close()
        assert walk.reference.joints == ()

    def test_a_file_needs_a_path(self) -> None:
        with pytest.raises(ConfigError, match=r"reference.path: missing"):
            experiment("reference=file")

    def test_part_of_a_file(self) -> None:
        with pytest.raises(ConfigError, match=r"reference.begin: got 2; less than reference.end=1"):
            check_consistency(
                experiment("reference=file", "reference.path=x.mot", "reference.begin=2", "reference.end=1")
            )

    @pytest.mark.parametrize("value", ["auto", "true", "false"])
    def test_symmetric_is_a_choice_of_three(self, value: str) -> None:
        config = experiment("reference=file", "reference.path=x.mot", f"reference.symmetric={value}")
        assert config.reference.symmetric == value
        assert parse_config(to_plain(config)) == config

    def test_saved_paths_hold_from_any_folder(self, monkeypatch, tmp_path: Path) -> None:
        monkeypatch.chdir(tmp_path)
        config = with_whole_paths(experiment("reference=file", "reference.path=a/walk.mot"))
        assert config.reference.path == str(tmp_path / "a" / "walk.mot")
        assert config.model.path is None
