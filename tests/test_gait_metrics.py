"""Every metric of the gait against a value worked out by hand for a made-up walker; see tests/recordings.py."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from recordings import BODY_MASS, WEIGHT, changed, fall, standing, together, walker

from myoassist.analysis.analysis import Analysis, analyse
from myoassist.analysis.recording import Recording


@cache
def measured(**walk: Any) -> Analysis:
    return analyse(walker(**walk))


def means(analysis: Analysis, *names: str) -> list[float]:
    return [analysis.metrics[name].mean for name in names]


class TestTiming:
    """Strides of 1.2 s at 1.25 m/s, feet half a stride apart, stance 0.6."""

    def test_durations(self) -> None:
        even = measured()
        assert means(even, "stride_time", "step_time", "cadence") == pytest.approx([1.2, 0.6, 100.0])
        assert even.metrics["stride_time"].n == 16
        assert even.metrics["stride_time_r"].n == even.metrics["stride_time_l"].n == 8
        assert even.metrics["cadence"].n == 8  # the body's strides, counted by the right foot
        assert even.metrics["stride_time"].sd == pytest.approx(0.0)

    def test_shares_of_the_cycle(self) -> None:
        shares = means(measured(), "stance_share", "swing_share", "double_support_share", "flight_share")
        assert shares == pytest.approx([0.6, 0.4, 0.2, 0.0])  # double support: 2 (0.6 - 0.5)

    def test_a_runner_flies(self) -> None:
        fast = means(measured(stance=(0.4, 0.4)), "double_support_share", "flight_share")
        assert fast == pytest.approx([0.0, 0.2])  # 2 (0.5 - 0.4)

    def test_toe_off_per_stride(self) -> None:
        assert measured(stance=(0.65, 0.55)).toe_off("r") == pytest.approx(np.full(8, 0.65))
        assert measured(stance=(0.65, 0.55)).toe_off("l") == pytest.approx(np.full(8, 0.55))

    def test_lengths(self) -> None:
        even = measured()
        # 1.25 m/s for 1.2 s, half of it per step; without spread
        assert means(even, "stride_length", "step_length", "stride_speed") == pytest.approx([1.5, 0.75, 1.25])
        assert "step_width" not in even.metrics  # a planar body has none

    def test_an_asymmetric_walker(self) -> None:
        """The left foot strikes at 55 %: its step takes 0.66 s and 0.825 m, the right one 0.54 s and 0.675 m."""
        odd = measured(left_at=0.55)
        assert means(odd, "step_time_l", "step_time_r") == pytest.approx([0.66, 0.54])
        assert means(odd, "step_length_l", "step_length_r") == pytest.approx([0.825, 0.675])
        # 100 (0.54 - 0.66) / 0.6
        assert means(odd, "symmetry.step_time", "symmetry.step_length") == pytest.approx([-20.0, -20.0])

    def test_step_width(self) -> None:
        assert means(measured(planar=False), "step_width", "step_width_r", "step_width_l") == pytest.approx([0.1] * 3)
        assert means(measured(planar=False, width=-0.02), "step_width") == pytest.approx([-0.02])  # feet cross


class TestEpisodes:
    def test_distance_and_speed(self) -> None:
        even = measured(speed=1.0)
        assert means(even, "distance", "speed", "episode_time") == pytest.approx([12.0, 1.0, 12.0])
        assert means(even, "target_speed", "speed_error") == pytest.approx([1.25, 0.25])

    def test_speed_error_is_a_root_mean_square(self) -> None:
        even = walker()
        wavy = changed(even, speed=1.25 + 0.3 * np.sin(2.0 * np.pi * even["time"]))
        assert analyse(wavy).metrics["speed_error"].mean == pytest.approx(0.3 / math.sqrt(2.0))

    def test_speed_error_of_whole_strides_away_from_jumps(self) -> None:
        """Strides of 1.2 s in which the speed sways by whole waves, 0.1 m/s above a target that jumps at 6 s."""
        even = walker()
        time, target = even["time"], np.where(even["time"] < 6.0, 1.25, 0.75)
        swaying = 1.35 + 0.3 * np.sin(2.0 * np.pi * time / 1.2)  # 0.6 m/s too fast after the jump
        after = np.where(time < 7.9, swaying, swaying - 0.5)  # then 0.1 m/s again; strides begin 2 s after it
        found = analyse(changed(even, speed=after, target_speed=target)).metrics["stride_speed_error"]
        assert (found.mean, found.n) == (pytest.approx(0.1, abs=1e-3), 1)

    def test_falls(self) -> None:
        both = analyse(together(walker(seconds=5.0), fall(seconds=3.0), fall(seconds=2.0)))
        assert both.metrics["falls"].mean == pytest.approx(2.0 / 3.0)
        assert both.metrics["falls"].n == 3
        assert (both.metrics["time_to_fall"].mean, both.metrics["time_to_fall"].n) == (pytest.approx(2.5), 2)
        assert both.metrics["time_to_fall"].sd == pytest.approx(math.sqrt(0.5))  # 2 and 3 s
        # 5, 3 and 2 s at 1.25 m/s
        assert both.metrics["distance"].mean == pytest.approx(1.25 * 10.0 / 3.0)
        assert both.metrics["speed"].mean == pytest.approx(1.25)

    def test_speed_of_all_episodes_is_their_way_by_their_time(self) -> None:
        """10 s at 1.0 m/s and 1 s at 2.0 m/s: 12 m in 11 s, not 1.5 m/s."""
        both = analyse(together(walker(seconds=10.0, speed=1.0), walker(seconds=1.0, speed=2.0))).metrics["speed"]
        assert (both.mean, both.n) == (pytest.approx(12.0 / 11.0), 2)
        assert both.sd == pytest.approx(math.sqrt(0.5))  # 1 and 2 m/s

    def test_nobody_fell(self) -> None:
        time = measured().metrics["time_to_fall"]
        assert math.isnan(time.mean) and time.n == 0


class TestJoints:
    def test_range_of_motion(self) -> None:
        assert means(measured(), "hip_flexion_r.rom", "hip_flexion.rom") == pytest.approx([math.degrees(0.8)] * 2)
        assert measured().metrics["hip_flexion.rom"].unit == "deg"
        assert measured().metrics["pelvis_ty.rom"].unit == "m"
        assert "pelvis_tx.rom" not in measured().metrics  # it grows with the way

    def test_against_the_reference(self) -> None:
        """The hip is 0.05 rad off all the time; the knee comes a quarter of a cycle late, with the same swing."""
        for side in "rl":  # the left reference begins half a cycle later
            hip = means(measured(), f"hip_flexion_{side}.rmse", f"hip_flexion_{side}.correlation")
            assert hip == pytest.approx([math.degrees(0.05), 1.0])
            # sqrt(mean (0.4 (cos - sin))^2) = 0.4
            knee = means(measured(), f"knee_angle_{side}.rmse", f"knee_angle_{side}.correlation")
            assert knee == pytest.approx([math.degrees(0.4), 0.0], rel=1e-3, abs=1e-9)

    def test_against_an_asymmetric_reference(self) -> None:
        """Its left foot strikes at 0.4 of the cycle, as the walker's does, who is 0.05 rad off as before."""
        limping = walker(left_at=0.4)
        curve = np.cos(2 * np.pi * (np.linspace(0.0, 1.0, 101) - 0.4))
        limping.meta["reference"]["joints"]["hip_flexion_l"] = (0.4 * curve).tolist()
        limping.meta["reference"]["left_strike"] = 0.4
        assert means(analyse(limping), "hip_flexion_l.rmse") == pytest.approx([math.degrees(0.05)])
        limping.meta["reference"]["left_strike"] = 0.405  # between two of the 101 points
        # sqrt(mean (0.05 + 0.4 (cos p - cos (p + 0.0314)))^2) = sqrt(0.05^2 + (0.4 * 2 sin(0.0157))^2 / 2)
        off = math.sqrt(0.05**2 + 0.5 * (0.8 * math.sin(math.pi * 0.005)) ** 2)
        assert means(analyse(limping), "hip_flexion_l.rmse") == pytest.approx([math.degrees(off)], rel=1e-3)

    def test_pelvis_height_is_that_over_the_ground(self) -> None:
        """Up a slope of 10 % the pelvis stays 0.9 m over the ground; the reference says 0.88 m."""
        even = walker()
        even.meta["reference"]["joints"]["pelvis_ty"] = [0.88] * 101
        place = even["joint_position"].copy()
        place[:, 1] += 0.1 * place[:, 0]
        uphill = changed(even, joint_position=place, ground_height=0.1 * place[:, 0])
        assert means(analyse(uphill), "pelvis_ty.rom", "pelvis_ty.rmse") == pytest.approx([0.0, 0.02], abs=1e-9)
        older = analyse(changed(even, joint_position=place))  # rises by 0.1 * 1.25 * 1.2 m in a stride
        assert means(older, "pelvis_ty.rom") == pytest.approx([0.15])

    def test_a_joint_that_the_reference_lacks(self) -> None:
        assert "ankle_angle.rom" in measured().metrics
        assert "ankle_angle.rmse" not in measured().metrics

    def test_a_joint_that_does_not_move_has_no_correlation(self) -> None:
        stiff = walker()
        stiff.arrays["joint_position"][:, 3] = 0.1
        assert math.isnan(analyse(stiff).metrics["hip_flexion_r.correlation"].mean)


class TestGroundForce:
    """0.72 s of stance with vertical force in lines over 0.1, 1.1, 0.7, 1.2, 0.1 body weights."""

    def test_peaks(self) -> None:
        peaks = means(measured(), *(f"ground_force.{name}" for name in ("first_peak", "valley", "second_peak")))
        assert peaks == pytest.approx([1.1, 0.7, 1.2])
        assert means(measured(), "ground_force_r.first_peak_phase") == pytest.approx([100 * 0.25 * 0.72 / 1.2])

    def test_loading_rate(self) -> None:
        # 0 to 0.1 in one frame of 0.01 s; then 1.0 in 0.18 s, which is less steep
        assert means(measured(), "ground_force_r.loading_rate") == pytest.approx([10.0])

    def test_impulses(self) -> None:
        # mean of the four lines 0.6, 0.9, 0.95, 0.65 is 0.775
        assert means(measured(), "ground_force.impulse") == pytest.approx([0.775 * 0.72], rel=1e-6)
        # half a sine of 0.2 over 0.36 s: 0.2 * 0.36 * 2 / pi
        found = means(measured(), "ground_force.braking_impulse", "ground_force.propulsion_impulse")
        assert found == pytest.approx([-0.0458366, 0.0458366], rel=1e-3)

    def test_of_the_walker_alone(self) -> None:
        assert measured().recording["ground_force"].max() == pytest.approx(1.2 * WEIGHT)


class TestMuscles:
    """Activation 0.4 soleus, 0.2 tibialis, 0.3 vasti and hamstrings."""

    def test_activation(self) -> None:
        assert means(measured(), "activation", "activation_squared") == pytest.approx([0.3, 0.095])
        assert means(measured(), "soleus_l.activation", "soleus_l.activation_squared") == pytest.approx([0.4, 0.16])
        assert "soleus.activation" not in measured().metrics  # sides are not pooled

    def test_co_contraction(self) -> None:
        # 2 * 0.2 / (0.4 + 0.2); equal at the knee; the hip has no muscles here
        shared = means(measured(), "co_contraction.ankle", "co_contraction_r.ankle", "co_contraction.knee")
        assert shared == pytest.approx([2.0 / 3.0, 2.0 / 3.0, 1.0])
        assert "co_contraction.hip" not in measured().metrics

    def test_alternating_antagonists_share_nothing(self) -> None:
        even = walker()
        names = even.columns("activation")
        half = even["phase"] < 0.5
        even.arrays["activation"][:, names.index("soleus_r")] = np.where(half, 0.5, 0.0)
        even.arrays["activation"][:, names.index("tibant_r")] = np.where(half, 0.0, 0.5)
        assert analyse(even).metrics["co_contraction_r.ankle"].mean == pytest.approx(0.0)

    def test_metabolic_rate_of_muscles_at_rest_length(self) -> None:
        """Isometric at optimal length: only activation and maintenance heat, 1.5 (128 fast + 25) A^0.6 W/kg.

        Each muscle has 1000 N / 0.6 MPa * 1059.7 kg/m³ * 0.1 m = 0.1766167 kg. Per leg: soleus (fast 0.20, A 0.4)
        1.5 * 50.6 * 0.5770800 = 43.80037; tibialis (0.30, 0.2) 1.5 * 63.4 * 0.3807308 = 36.20750; vasti (0.50, 0.3)
        1.5 * 89.0 * 0.4855932 = 64.82669; hamstrings (0.51, 0.3) 1.5 * 90.28 * 0.4855932 = 65.75903; sum 210.5936 W/kg.
        Two legs: 2 * 0.1766167 * 210.5936 = 74.38868 W; / 80 kg.
        """
        even = measured()
        assert means(even, "metabolic_rate_muscles", "metabolic_rate") == pytest.approx(
            [0.9298585, 2.1298585], rel=1e-6
        )
        assert means(even, "cost_of_transport") == pytest.approx([2.1298585 / 1.25], rel=1e-6)

    def test_metabolic_rate_by_the_other_model(self) -> None:
        """Still muscles at optimal length give activation and maintenance heat: 114 S + 244 F W/kg.

        S = slow sin(90° u), F = fast (1 - cos(90° u)). Soleus u 0.4: 0.8 * 0.5877853, 0.2 * 0.1909830: 62.92599;
        tibialis 0.2: 0.7 * 0.3090170, 0.3 * 0.0489435: 28.24222; vasti 0.3: 0.5 * 0.4539905, 0.5 * 0.1089935: 39.17467;
        hamstrings 0.3: 0.49 * …, 0.51 * …: 38.92306. Two legs: 2 * 0.1766167 * 169.2659 / 80.
        """
        found = means(measured(), "metabolic_rate_bhargava", "cost_of_transport_bhargava")
        assert found == pytest.approx([1.2 + 0.7473800, (1.2 + 0.7473800) / 1.25], rel=1e-5)

    def test_standing_still_has_no_cost_of_transport(self) -> None:
        halting = changed(walker(), speed=np.full(1200, 0.05))
        assert analyse(halting).metrics["cost_of_transport"].n == 0


class TestDevice:
    """A triangle of 0.7 N m/kg in plantarflexion from 30 over 50 to 60 % of the stride."""

    def test_torque(self) -> None:
        even = measured()
        assert means(even, "ankle_angle_r.device_peak_torque") == pytest.approx([0.7])
        assert "plantarflexion" in even.metrics["ankle_angle_r.device_peak_torque"].about
        assert means(even, "ankle_angle_l.device_peak_phase") == pytest.approx([50.0])
        assert means(even, "ankle_angle.device_onset") == pytest.approx([32.0], abs=1.0)  # 30 + a tenth of 20

    def test_the_other_direction(self) -> None:
        even = walker()
        lifting = analyse(changed(even, device_torque=-even["device_torque"]))
        assert lifting.metrics["ankle_angle_r.device_peak_torque"].mean == pytest.approx(0.7)
        assert "dorsiflexion" in lifting.metrics["ankle_angle_r.device_peak_torque"].about

    def test_power(self) -> None:
        # a quarter of the stride at 20 W, a quarter at -10 W
        power = means(measured(), "device_power_positive", "device_power_negative")
        assert power == pytest.approx([0.25 * 20.0 / BODY_MASS, -0.25 * 10.0 / BODY_MASS])

    def test_a_torque_that_never_ends_has_no_onset(self) -> None:
        even = walker()
        always = analyse(changed(even, device_torque=np.full((1200, 2), -40.0)))
        assert always.metrics["ankle_angle.device_peak_torque"].mean == pytest.approx(0.5)
        assert always.metrics["ankle_angle.device_onset"].n == 0

    def test_an_idle_device_has_no_phase(self) -> None:
        idle = analyse(changed(walker(), device_torque=np.zeros((1200, 2))))
        assert idle.metrics["ankle_angle.device_peak_torque"].mean == 0.0
        assert idle.metrics["ankle_angle.device_peak_phase"].n == 0

    def test_a_prosthesis_has_one_side(self) -> None:
        even = walker()
        columns = even.meta["columns"] | {"device_torque": ["ankle_angle_r"]}
        one = Recording(even.meta | {"columns": columns}, even.arrays | {"device_torque": even["device_torque"][:, :1]})
        metrics = analyse(one).metrics
        assert metrics["ankle_angle_r.device_peak_torque"].n == 8
        assert "ankle_angle_l.device_peak_torque" not in metrics


def test_symmetry_of_an_even_walker_is_zero() -> None:
    found = {name: metric for name, metric in measured().metrics.items() if name.startswith("symmetry.")}
    assert {"symmetry.step_length", "symmetry.stance_share", "symmetry.ground_force.first_peak"} <= set(found)
    assert [m.mean for m in found.values() if m.n] == pytest.approx([0.0] * sum(m.n for m in found.values()), abs=1e-9)


def test_spread_is_between_strides() -> None:
    """Strides of 1.2 s and of 1.1 s: standard deviation of a sample, not of the population."""
    mixed = analyse(together(walker(seconds=6.0), walker(seconds=6.0, stride_time=1.1)))
    times = [(stride.end - stride.start) / 100 for stride in mixed.of_side("r")]
    assert set(times) == {1.1, 1.2}
    metric = mixed.metrics["stride_time_r"]
    assert (metric.mean, metric.n) == (pytest.approx(np.mean(times)), len(times))
    assert metric.sd == pytest.approx(np.std(times, ddof=1))


def test_every_metric_says_what_it_is() -> None:
    for name, metric in measured(planar=False).metrics.items():
        assert metric.unit and metric.unit.isascii(), name
        assert len(metric.about) > 10, name


def test_standing_has_no_strides_and_no_numbers_of_them() -> None:
    still = analyse(standing())
    assert not still.strides
    assert still.metrics["stride_time"].n == 0
    assert still.metrics["distance"].mean == pytest.approx(0.0)
