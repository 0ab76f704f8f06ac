"""Imported motions on bodies and in tasks: how well they fit, and what a task without a gait must leave out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from myoassist.env.replay import reference_walk, replay
from myoassist.errors import ConfigError
from myoassist.mdp.check import check_task
from myoassist.parsing import check_consistency, parse_config, to_plain, with_whole_paths
from myoassist.reference.fitting import report_fit
from myoassist.reference.motion import Gait, load_gait
from myoassist.reference.report import Report
from myoassist.reference.retarget import retarget
from tests.helpers import experiment
from tests.motions import PHASES, limping


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
