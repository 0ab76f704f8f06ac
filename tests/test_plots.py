"""Plots: the lines carry the right numbers, every axis says what it is, and each format is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from myoassist.analysis.analysis import Analysis, analyse
from myoassist.analysis.plots import PLOTS, TRAINING_PLOTS, encoded, save_plots
from myoassist.analysis.plots.cycle import evenly, mean_sd
from myoassist.analysis.plots.drawing import Plot
from myoassist.analysis.plots.names import MUSCLES, angles, muscle_pairs, muscle_title
from myoassist.analysis.plots.style import DPI, WIDTH
from myoassist.analysis.recording import Recording
from myoassist.errors import ConfigError, RunError
from tests.drawn import line, panel, unlabelled, upright
from tests.recordings import WEIGHT, changed, meta, standing, together, walker

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def walk() -> Analysis:
    """Two episodes of 12 s, the second slower; strides of 1.2 s, toe-off at 60 %."""
    both = together(walker(), walker(speed=1.0))
    reward = np.tile([0.5, -0.1], (len(both), 1))
    return analyse(changed(both, reward=reward))


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_draws_with_labels_and_units(walk: Analysis, name: str) -> None:
    plot = PLOTS[name]
    assert plot.name == name and plot.title and len(plot.caption) > 60
    assert plot.applies(walk) is None
    figure = plot(walk)
    figure.draw_without_rendering()
    assert unlabelled(figure) == []
    assert figure.get_size_inches()[0] == WIDTH


def test_names_of_the_two_registers_differ() -> None:
    assert not set(PLOTS) & set(TRAINING_PLOTS)


class TestNumbers:
    """Against the formulas of the made-up walker."""

    def test_angles_over_the_cycle(self, walk: Analysis) -> None:
        figure = PLOTS["gait_cycle"](walk)
        hip, knee = panel(figure, "Hip flexion (left)"), panel(figure, "Knee flexion (right)")
        assert line(hip, "_mean")[[0, 50]] == pytest.approx(np.degrees([0.45, -0.35]), abs=0.6)
        # Recorded: -0.5 + 0.4 cos(2 pi (phase - 0.25)), extension positive. Drawn: flexion.
        assert line(knee, "_mean")[[0, 25, 75]] == pytest.approx(np.degrees([0.5, 0.1, 0.9]), abs=0.6)
        assert line(knee, "_reference")[[0, 50]] == pytest.approx(np.degrees([0.1, 0.9]), abs=1e-6)
        assert line(hip, "_reference")[[0, 50, 100]] == pytest.approx(np.degrees([0.4, -0.4, 0.4]), abs=1e-6)
        assert upright(hip) == pytest.approx([60.0], abs=1.0)

    def test_deviation(self, walk: Analysis) -> None:
        axis = panel(PLOTS["reference_deviation"](walk), "Hip flexion")
        for side in range(2):
            assert line(axis, "_mean", side) == pytest.approx(np.full(101, np.degrees(0.05)), abs=0.6)
        assert axis.get_title(loc="left").endswith("RMSE 2.9° / 2.9°")

    def test_both_legs(self, walk: Analysis) -> None:
        axis = panel(PLOTS["left_right"](walk), "Knee flexion")
        assert line(axis, "_mean", 0) == pytest.approx(line(axis, "_mean", 1), abs=1e-6)

    def test_loop(self, walk: Analysis) -> None:
        axis = PLOTS["cyclogram"](walk).axes[0]
        strike = next(item for item in axis.lines if item.get_label() == "_heel_strike")
        assert np.concatenate([strike.get_xdata(), strike.get_ydata()]) == pytest.approx(
            np.degrees([0.45, 0.5]), abs=0.6
        )

    def test_ground_force_in_body_weights(self, walk: Analysis) -> None:
        figure = PLOTS["ground_force"](walk)
        assert len(figure.axes) == 4  # no sideways force of a planar walker
        assert line(panel(figure, "Vertical (right)"), "_mean")[[15, 30, 45, 80]] == pytest.approx(
            [1.1, 0.7, 1.2, 0], abs=0.03
        )
        assert line(panel(figure, "Fore-aft, forward up (left)"), "_mean")[[15, 45]] == pytest.approx(
            [-0.2, 0.2], abs=0.01
        )

    def test_sideways_force_points_to_the_middle_on_both_sides(self) -> None:
        recording = walker(planar=False)
        force = recording["ground_force"].copy()
        force[:, 1], force[:, 4] = 0.1 * WEIGHT, -0.1 * WEIGHT
        figure = PLOTS["ground_force"](analyse(changed(recording, ground_force=force)))
        for side in ("right", "left"):
            assert line(panel(figure, f"Mediolateral, medial up ({side})"), "_mean") == pytest.approx(np.full(101, 0.1))

    def test_muscles(self, walk: Analysis) -> None:
        axis = panel(PLOTS["muscles"](walk), "Soleus")
        assert line(axis, "_mean") == pytest.approx(np.full(101, 0.4))
        assert line(axis, "_excitation", 1) == pytest.approx(np.full(101, 0.4))
        image = np.asarray(PLOTS["muscle_map"](walk).axes[0].images[0].get_array())
        assert image[:, 50] == pytest.approx([0.4, 0.2, 0.3, 0.3])

    def test_device_per_body_mass(self, walk: Analysis) -> None:
        torque, angle, power = PLOTS["device"](walk).axes
        assert line(torque, "_mean")[[20, 40, 50]] == pytest.approx([0.0, -0.35, -0.7], abs=0.03)
        assert line(angle, "_mean") == pytest.approx(np.zeros(101))
        assert line(power, "_mean", 1)[[10, 40, 60]] == pytest.approx([20 / 80, -10 / 80, 0.0])

    def test_knee_torque_is_drawn_in_the_direction_of_the_knee(self) -> None:
        recording = walker()
        described = meta()
        described["columns"]["device_torque"] = ["knee_angle_r", "knee_angle_l"]
        recording = Recording(described, recording.arrays)
        assert line(PLOTS["device"](analyse(recording)).axes[0], "_mean")[50] == pytest.approx(0.7, abs=0.03)

    def test_strides(self, walk: Analysis) -> None:
        figure = PLOTS["steps"](walk)
        for title, value in (("Stride time", 1.2), ("Step time", 0.6), ("Stance", 60.0)):
            for side in "rl":
                points = line(panel(figure, title), side)
                assert points[np.isfinite(points)] == pytest.approx(value, rel=0.02)
        speeds = line(panel(figure, "Walking speed"), "r")
        assert speeds[[0, -1]] == pytest.approx([1.25, 1.0], rel=0.02)

    def test_speed_colours_the_strides(self, walk: Analysis) -> None:
        for name in ("phase_portrait", "angle_by_speed"):
            bundle = PLOTS[name](walk).axes[0].collections[0]
            colours = np.asarray(bundle.get_array())
            assert set(colours.round(6)) == {1.25, 1.0}
            assert len(bundle.get_paths()) == len(walk.of_side("r"))

    def test_velocity_of_the_knee_has_the_sign_of_its_angle(self) -> None:
        recording = walker()
        velocity = np.zeros_like(recording["joint_velocity"])
        velocity[:, recording.columns("joint_velocity").index("knee_angle_r")] = -1.0
        bundle = panel(
            PLOTS["phase_portrait"](analyse(changed(recording, joint_velocity=velocity))), "Knee flexion (right)"
        )
        assert np.asarray(bundle.collections[0].get_paths()[0].vertices)[:, 1] == pytest.approx(np.degrees(1.0))

    def test_reward(self, walk: Analysis) -> None:
        over_time, by_episode = PLOTS["reward"](walk).axes
        bars: list[Any] = list(by_episode.patches)
        assert line(over_time, "_term", 0) == pytest.approx(0.5) and line(over_time, "_term", 1) == pytest.approx(-0.1)
        assert line(over_time, "_sum") == pytest.approx(0.4)
        assert [bar.get_height() for bar in bars] == pytest.approx([0.5, 0.5, -0.1, -0.1])
        assert [bar.get_y() for bar in bars] == pytest.approx([0, 0, 0, 0])
        assert line(by_episode, "_sum") == pytest.approx([0.4, 0.4])

    def test_time_window_and_heel_strikes(self, walk: Analysis) -> None:
        figure = PLOTS["kinematics"](walk, episode=1, seconds=4.0)
        knee = panel(figure, "Knee flexion (right)")
        x = np.asarray(next(item for item in knee.lines if item.get_label() == "_angle").get_xdata())
        assert (x[0], x[-1]) == pytest.approx((8.01, 12.0))
        assert line(knee, "_angle").max() == pytest.approx(np.degrees(0.9), abs=0.1)
        assert sorted(set(np.round(upright(knee), 1))) == [9.0, 10.2, 11.4]
        assert line(panel(figure, "Forward speed, episode 1"), "_speed") == pytest.approx(1.0)
        with pytest.raises(ConfigError, match=r"episode=2: the recording holds 0 to 1"):
            PLOTS["kinematics"](walk, episode=2)

    def test_mean_and_sd(self) -> None:
        mean, sd = mean_sd(np.array([[1.0, np.nan, np.nan], [3.0, np.inf, 5.0]]))
        assert mean.tolist()[::2] == [2.0, 5.0] and np.isnan(mean[1])
        assert sd[0] == pytest.approx(np.sqrt(2.0)) and np.isnan(sd[1:]).all()

    def test_strides_are_thinned_evenly(self) -> None:
        assert evenly(3).tolist() == [0, 1, 2] and len(evenly(0)) == 0
        assert len(evenly(1000)) == 50 and evenly(1000)[[0, -1]].tolist() == [0, 999]


class TestNames:
    def test_signs_of_left_strides(self) -> None:
        columns = ["pelvis_tilt", "pelvis_list", "pelvis_rotation", "knee_angle_l"]
        found = angles(Recording(meta(columns={"joint_position": columns}), {}))
        assert [angle.sign("r") for angle in found] == [1, 1, 1, -1]
        assert [angle.sign("l") for angle in found] == [1, -1, -1, -1]
        assert found[1].label == "Pelvis list, own side down"
        assert found[1].label_over_time == "Pelvis list, right side down"
        assert found[3].column("r") is None

    def test_left_reference_begins_at_the_left_heel_strike(self) -> None:
        curve = np.linspace(0.0, 1.0, 101).tolist()
        described = meta(reference={"joints": {"pelvis_list": curve}}, columns={"joint_position": ["pelvis_list"]})
        recording = Recording(described, {})
        angle = angles(recording)[0]
        left = angle.reference(recording, "l")
        assert left is not None and left[[0, 49]] == pytest.approx(np.degrees([-0.5, -0.99]))
        assert left[[50, 100]] == pytest.approx([0.0, np.degrees(-0.5)])

    def test_left_reference_of_an_asymmetric_motion(self) -> None:
        reference = {"left_strike": 0.42, "joints": {"hip_flexion_l": np.linspace(0.0, 1.0, 101).tolist()}}
        recording = Recording(meta(reference=reference, columns={"joint_position": ["hip_flexion_l"]}), {})
        left = angles(recording)[0].reference(recording, "l")
        assert left is not None and left[[0, 10]] == pytest.approx(np.degrees([0.42, 0.52]))

    def test_a_prosthetic_joint_takes_the_place_of_its_own(self) -> None:
        columns = [
            "knee_angle_l",
            "OSL_KA_L1_osl_knee_angle_r",
            "KFoot_df_ankle_angle_r",
            "KFoot_pf_ankle_angle_r",
            "crank",
        ]
        found = {
            angle.label: angle.columns for angle in angles(Recording(meta(columns={"joint_position": columns}), {}))
        }
        assert found == {
            "Knee flexion": {"l": "knee_angle_l", "r": "OSL_KA_L1_osl_knee_angle_r"},
            "Ankle dorsiflexion, KFoot_df": {"r": "KFoot_df_ankle_angle_r"},
            "Ankle dorsiflexion, KFoot_pf": {"r": "KFoot_pf_ankle_angle_r"},
        }

    def test_muscles(self) -> None:
        assert muscle_title("soleus") == MUSCLES["soleus"] == "Soleus"
        assert muscle_title("glmax2") == "Gluteus maximus 2"
        assert muscle_title("my_muscle3") == "my_muscle3"
        assert muscle_pairs(walker())["vasti"] == {"r": "vasti_r", "l": "vasti_l"}


class TestSaving:
    def test_chosen_plots_in_each_format(self, walk: Analysis, tmp_path: Path) -> None:
        saved = save_plots(walk, tmp_path / "new", ["reward", "cyclo*"], formats=("svg", "png", "pdf"))
        assert saved == {name: tmp_path / "new" / f"{name}.svg" for name in ("cyclogram", "reward")}
        heads = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
        for path in (tmp_path / "new").iterdir():
            assert path.read_bytes().startswith(heads[path.suffix[1:]])
        assert len(list((tmp_path / "new").iterdir())) == 6
        assert "Hip flexion (°)" in saved["cyclogram"].read_text(encoding="utf-8")  # text stays text

    def test_png_has_twice_the_density_of_a_page(self, walk: Analysis) -> None:
        figure = PLOTS["cyclogram"](walk)
        data = encoded(figure)
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        assert (width, height) == tuple((2 * DPI * figure.get_size_inches()).round().astype(int))
        assert encoded(PLOTS["cyclogram"](walk)) == data

    def test_what_does_not_apply_is_left_out(self, tmp_path: Path) -> None:
        assert save_plots(analyse(standing()), tmp_path, ["muscles"]) == {}
        assert list(tmp_path.iterdir()) == []

    def test_a_plot_that_raises_costs_itself_only(
        self, walk: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def hip_only(analysis: Analysis) -> Figure:
            raise TypeError("no $hip$")

        monkeypatch.setitem(PLOTS, "hip_only", Plot(hip_only, "Hip", "One curve"))
        saved = save_plots(walk, tmp_path, ["hip_only", "cyclogram"], formats=("png", "svg"))
        assert list(saved) == ["cyclogram", "hip_only"]
        assert capsys.readouterr().err.startswith("warning: plot not drawn: hip_only: TypeError: no $hip$ (")
        said = (tmp_path / "hip_only.svg").read_text(encoding="utf-8")
        assert "Not drawn: hip_only: TypeError: no $hip$ (test_plots.py, line " in said
        with pytest.raises(TypeError, match="hip"):  # drawn by hand it says so at once
            PLOTS["hip_only"](walk)

    def test_a_need_that_raises_costs_its_plot_only(
        self, walk: Analysis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def both_hips(analysis: Analysis) -> str | None:
            raise KeyError("hip_l")

        monkeypatch.setitem(PLOTS, "hip_only", Plot(lambda _: Figure(), "Hip", "One curve", needs=(both_hips,)))
        assert list(save_plots(walk, tmp_path, ["hip_only", "cyclogram"])) == ["cyclogram"]
        reason = PLOTS["hip_only"].applies(walk)
        assert str(reason).startswith("what it needs could not be looked up: KeyError: 'hip_l' (test_plots.py, line ")
        with pytest.raises(RunError, match="what it needs could not be looked up"):
            PLOTS["hip_only"](walk)

    @pytest.mark.parametrize(
        ("names", "formats", "message"),
        [
            (["gait_cycle", "muscels"], ["png"], r"plots: no plot named 'muscels'; did you mean 'muscles'"),
            (["x*"], ["png"], r"plots: no plot named 'x\*'; Allowed: angle_by_speed, "),
            (["reward"], ["jpg"], r"formats: no format of a plot named 'jpg'"),
            (["reward"], [], r"formats: no format of a plot named ''"),
        ],
    )
    def test_wrong_names(
        self, walk: Analysis, tmp_path: Path, names: list[str], formats: list[str], message: str
    ) -> None:
        with pytest.raises(ConfigError, match=message):
            save_plots(walk, tmp_path, names, formats)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_that_cannot_be_written(self, walk: Analysis, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(RunError, match=r"reward\.png: cannot be written"):
            save_plots(walk, tmp_path / "file", ["reward"])

    def test_settings_of_the_user_neither_change_nor_matter(self, walk: Analysis) -> None:
        plain = encoded(PLOTS["cyclogram"](walk))
        with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9, "axes.facecolor": "red"}):
            before = dict(matplotlib.rcParams)
            assert encoded(PLOTS["cyclogram"](walk)) == plain
            assert dict(matplotlib.rcParams) == before
