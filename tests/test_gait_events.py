"""Heel strikes, toe-offs and strides: of made-up walkers with known ones, and of a real one by two methods."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from recordings import FIRST_STRIKE, MASS, REAL, changed, fall, part, standing, together, walker

from myoassist.analysis.analysis import analyse
from myoassist.analysis.events import find_events
from myoassist.analysis.recording import Recording, load_recording
from myoassist.analysis.strides import NO_FORCE, cycles, find_strides

UP = {"r": 2, "l": 5}


def force(recording: Recording, side: str, values: np.ndarray) -> Recording:
    """The recording with another vertical force of one foot, N."""
    loads = recording["ground_force"].copy()
    loads[:, UP[side]] = values
    return changed(recording, ground_force=loads)


def up(recording: Recording, side: str = "r") -> np.ndarray:
    return recording["ground_force"][:, UP[side]].copy()


STRIKES = FIRST_STRIKE - 1 + 120 * np.arange(10)  # right foot of walker(): frames from 0


class TestForce:
    def test_strikes_and_toe_offs_of_an_even_walker(self) -> None:
        events, notes = find_events(walker())
        assert events["r"].strikes.tolist() == STRIKES.tolist()
        assert events["l"].strikes.tolist() == (STRIKES + 60).tolist()
        # toe-off after 0.6 of 120 frames; the right foot stood at the start, and left the ground 72 - 60 - 1 frames in
        assert events["r"].toe_offs.tolist() == [11, *(STRIKES[:-1] + 72)]
        assert events["r"].method == events["l"].method == "ground force"
        assert not notes

    def test_a_foot_that_stands_at_the_start_has_not_struck(self) -> None:
        assert find_events(standing())[0]["r"].strikes.size == 0

    def test_dropouts_in_stance_are_no_strikes(self) -> None:
        load = up(walker())
        for strike in STRIKES[:-1]:
            load[strike + 20 : strike + 34] = 0.0  # 0.14 s
        assert find_events(force(walker(), "r", load))[0]["r"].strikes.tolist() == STRIKES.tolist()

    def test_light_touches_of_the_swinging_foot_are_no_strikes(self) -> None:
        load = up(walker())
        for strike in STRIKES[:-1]:
            load[strike + 95 : strike + 99] = 0.2 * MASS * 9.81  # 0.04 s
        events = find_events(force(walker(), "r", load))[0]["r"]
        assert events.strikes.tolist() == STRIKES.tolist()
        assert (STRIKES[0] + 72) in events.toe_offs

    def test_a_scuff_is_no_strike_however_hard(self) -> None:
        load = up(walker())
        for strike in STRIKES[:-1]:
            load[strike + 92 : strike + 95] = 0.6 * MASS * 9.81  # 0.03 s in mid-swing
        events = find_events(force(walker(), "r", load))[0]["r"]
        assert events.method == "ground force"
        assert events.strikes.tolist() == STRIKES.tolist()

    def test_a_heel_that_bounces_as_it_lands_has_struck(self) -> None:
        load = up(walker())
        for strike in STRIKES[:-1]:
            load[strike : strike + 3] = 0.6 * MASS * 9.81  # 0.03 s, then nothing for 0.06 s
            load[strike + 3 : strike + 9] = 0.0
        events = find_events(force(walker(), "r", load))[0]["r"]
        assert events.strikes.tolist() == STRIKES.tolist()

    def test_hysteresis(self) -> None:
        """Between 2 and 5 % of body weight a foot stays as it was: unloaded before, loaded after."""
        load = up(walker())
        load[STRIKES[0] - 5 : STRIKES[0]] = 0.04 * MASS * 9.81
        load[STRIKES[0] + 72 : STRIKES[0] + 76] = 0.04 * MASS * 9.81
        events = find_events(force(walker(), "r", load))[0]["r"]
        assert events.strikes[0] == STRIKES[0]
        assert STRIKES[0] + 76 in events.toe_offs

    def test_missing_numbers_keep_the_foot_as_it_was(self) -> None:
        load = up(walker())
        load[STRIKES[2] + 10 : STRIKES[2] + 40] = np.nan
        assert find_events(force(walker(), "r", load))[0]["r"].strikes.tolist() == STRIKES.tolist()


class TestGaps:
    """An event within a gap of the force would seem to happen at its end."""

    @pytest.mark.parametrize("event", [0, 72], ids=["heel strike", "toe-off"])
    def test_strides_with_an_event_in_a_gap_are_left_out(self, event: int) -> None:
        load, moment = up(walker()), STRIKES[4] + event
        load[moment - 8 : moment + 12] = np.nan
        broken = force(walker(), "r", load)
        events, _ = find_events(broken)
        assert events["r"].unsure == {moment + 12} and not events["l"].unsure
        strides, left_out = find_strides(broken, events)
        kept = {(stride.side, stride.start) for stride in strides}
        whole = find_strides(walker(), find_events(walker())[0])[0]
        touched = {(s.side, s.start) for s in whole if s.start <= moment <= s.end}
        assert {(s.side, s.start) for s in whole} - kept == touched
        assert left_out[NO_FORCE] == len(touched) == (3 if event == 0 else 2)
        assert {stride.end - stride.start for stride in strides} == {120}
        assert f"{len(touched)} strides left out" in " ".join(analyse(broken).notes)

    def test_a_gap_within_stance_costs_no_stride(self) -> None:
        load = up(walker())
        load[STRIKES[4] + 20 : STRIKES[4] + 40] = np.nan
        broken = force(walker(), "r", load)
        assert len(find_strides(broken, find_events(broken)[0])[0]) == 16


class TestPath:
    """Where force cannot be trusted, the feet's path tells."""

    def assert_by_path(self, recording: Recording) -> None:
        events, notes = find_events(recording)
        assert events["r"].method == "the path of heel and toe"
        found = events["r"].strikes
        near = np.array([strike for strike in STRIKES if found[0] - 2 <= strike <= found[-1] + 2])
        assert len(found) >= 9
        assert np.abs(found - near).max() <= 1
        assert events["l"].method == "ground force"
        assert len(notes) == 1 and "right foot" in notes[0]

    def test_a_shoe_that_never_unloads(self) -> None:
        self.assert_by_path(force(walker(), "r", up(walker()) + 0.1 * MASS * 9.81))

    def test_a_sole_that_touches_twice(self) -> None:
        load = up(walker())
        for strike in STRIKES[:-1]:
            load[strike + 20 : strike + 45] = 0.0  # 0.25 s: no dropout any more
        self.assert_by_path(force(walker(), "r", load))

    def test_no_force_at_all(self) -> None:
        self.assert_by_path(force(walker(), "r", np.zeros(1200)))

    def test_a_force_without_a_number(self) -> None:
        self.assert_by_path(force(walker(), "r", np.full(1200, np.nan)))

    def test_hip_flexion_where_feet_are_missing_too(self) -> None:
        """Peak hip flexion leads heel strike by 7 % of a stride; here the hip peaks at the strike: 8 frames late."""
        events, notes = find_events(changed(walker(), foot_position=None, ground_force=None))
        assert events["r"].method == "peak hip flexion" and events["r"].estimated
        assert notes[0].startswith("Heel strikes of the right foot are a guess") and "withheld" in notes[0]
        assert np.isin(STRIKES[1:-1] + 8, events["r"].strikes).all()

    def test_nothing_to_go_by(self) -> None:
        bare = changed(walker(), foot_position=None, ground_force=None, joint_position=None)
        events, notes = find_events(bare)
        assert events["r"].strikes.size == 0
        assert "right foot were found by nothing" in notes[0]

    def test_shuffling_feet_are_left_to_the_force(self) -> None:
        """Small steps do not show in the path; the force does see them."""
        slow = walker(speed=0.1)
        assert find_events(slow)[0]["r"].method == "ground force"


class TestRealWalker:
    """Two methods that share no signal find the same events."""

    def test_force_and_path_agree(self) -> None:
        real = load_recording(REAL)
        by_force, notes = find_events(real)
        assert not notes
        by_path, _ = find_events(changed(real, ground_force=None))
        for side in "rl":
            ours, theirs = by_force[side].strikes, by_path[side].strikes
            apart = np.abs(ours[:, None] - theirs[None, :]) * real.dt
            assert len(ours) >= 9
            assert apart.min(axis=0).max() <= 0.034  # two frames at 60 Hz
            assert (apart.min(axis=1) <= 0.034).mean() > 0.8  # the path does not see the first of an episode
            off = np.abs(by_force[side].toe_offs[:, None] - by_path[side].toe_offs[None, :]).min(axis=1) * real.dt
            assert np.median(off) <= 0.034

    def test_feet_alternate(self) -> None:
        real = load_recording(REAL)
        events, _ = find_events(real)
        for frames in real.episodes:
            both = sorted(
                (int(f), side) for side in "rl" for f in events[side].strikes if frames.start <= f < frames.stop
            )
            assert all(one[1] != other[1] for one, other in itertools.pairwise(both))


class TestStrides:
    def test_those_of_an_even_walker(self) -> None:
        strides, left_out = find_strides(walker(), find_events(walker())[0])
        right = [stride for stride in strides if stride.side == "r"]
        assert [stride.start for stride in right] == STRIKES[1:-1].tolist()
        assert [stride.end for stride in right] == STRIKES[2:].tolist()
        assert {stride.toe_off - stride.start for stride in strides} == {72}
        assert {stride.other_strike - stride.start for stride in strides} == {60}
        assert {stride.other_toe_off - stride.start for stride in strides} == {12}
        assert left_out == {"first of a foot in its episode": 2, "cut short by the end of the episode": 2}
        assert list(strides) == sorted(strides, key=lambda stride: (stride.episode, stride.start))

    def test_the_first_can_be_kept(self) -> None:
        strides, left_out = find_strides(walker(), find_events(walker())[0], skip=0)
        assert len(strides) == 9 + 9  # ten strikes of each foot
        assert "first of a foot in its episode" not in left_out

    def test_none_crosses_from_one_episode_into_the_next(self) -> None:
        both = together(walker(seconds=5.0), fall(seconds=5.0))
        strides, left_out = find_strides(both, find_events(both)[0])
        assert {stride.episode for stride in strides} == {0, 1}
        assert all((stride.start < 500) == (stride.end < 500) == (stride.episode == 0) for stride in strides)
        assert left_out["cut short by a fall"] == 2
        assert left_out["cut short by the end of the episode"] == 2

    def test_too_long(self) -> None:
        load, gap = up(walker()), slice(STRIKES[3] - 10, STRIKES[4] + 72)
        load[gap] = 0.0
        still = changed(force(walker(), "r", load), foot_position=None, joint_position=None)  # nothing else to go by
        strides, left_out = find_strides(still, find_events(still)[0])
        assert all(stride.end - stride.start == 120 for stride in strides if stride.side == "r")
        # of the right foot 3.6 s without a strike; the left foot stepped alone twice
        assert left_out["longer than 2.5 s"] == 1
        assert left_out["interrupted: the other foot did not step"] == 2

    def test_of_unusual_duration(self) -> None:
        load = up(walker())
        load[STRIKES[4] : STRIKES[4] + 120] = 0.0  # one right strike is missing: a stride of 2.4 s among 1.2 s
        odd = changed(force(walker(), "r", load), foot_position=None, joint_position=None)
        strides, left_out = find_strides(odd, find_events(odd)[0])
        assert left_out["of unusual duration"] == 1
        assert all(stride.end - stride.start == 120 for stride in strides)

    def test_slow_strides_count_where_a_slow_walk_was_asked_for(self) -> None:
        """Five strides of 2.0 s at 0.5 m/s after many of 1.2 s at 1.25 m/s; at one target speed they are odd."""
        slow = walker(seconds=12.0, stride_time=2.0, speed=0.5)
        asked = np.full(1200, 0.5)
        both = together(walker(seconds=24.0), changed(slow, target_speed=asked))
        strides, left_out = find_strides(both, find_events(both)[0])
        assert "of unusual duration" not in left_out
        assert [stride.end - stride.start for stride in strides if stride.episode == 1].count(200) == len(
            [stride for stride in strides if stride.episode == 1]
        )
        same = together(walker(seconds=24.0), slow)
        strides, left_out = find_strides(same, find_events(same)[0])
        assert {stride.episode for stride in strides} == {0} and left_out["of unusual duration"] >= 6

    def test_a_walker_who_falls_at_once_has_none(self) -> None:
        early = fall(seconds=0.4)
        assert find_strides(early, find_events(early)[0]) == ((), {})

    def test_an_empty_recording_has_none(self) -> None:
        empty = part(walker(), 0)
        assert find_strides(empty, find_events(empty)[0]) == ((), {})


class TestCycles:
    def test_from_strike_to_strike(self) -> None:
        even = walker()
        strides = [stride for stride in find_strides(even, find_events(even)[0])[0] if stride.side == "r"]
        hip = cycles(even, strides, "joint_position", "hip_flexion_r")
        assert hip.shape == (8, 101)
        # 0.4 cos(2 pi phase) + 0.05: 0.45 at both ends, -0.35 in the middle
        assert hip[:, [0, 50, 100]] == pytest.approx(np.tile([0.45, -0.35, 0.45], (8, 1)), abs=1e-12)

    def test_a_single_signal_has_no_column(self) -> None:
        even = walker()
        strides = find_strides(even, find_events(even)[0])[0]
        assert cycles(even, strides, "speed") == pytest.approx(np.full((16, 101), 1.25))

    def test_no_strides(self) -> None:
        assert cycles(walker(), [], "speed").shape == (0, 101)
