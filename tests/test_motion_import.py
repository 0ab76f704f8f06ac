"""Motions of other programs: read, checked, cut into strides, and the same gait as the one they were made from."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from myoassist.reference.motion import FORWARD, Harmonics, fit_harmonics, load_gait, save_gait
from tests.motions import (
    EXACT,
    LEGS,
    PELVIS,
    PHASES,
    columns,
    imported,
    in_degrees,
    limping,
    problem,
    worst,
    write_csv,
    write_mot,
    write_npz,
)

FILTERED = 1.3  # deg: what 6 Hz takes from the fastest curve, the ankle at push-off
NOISY = 4.0  # deg: noise of 1.1 deg on each sample, 60 Hz, 11 strides


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
