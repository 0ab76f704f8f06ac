"""Runs beside one another: means over seeds, what matters, what failed and why, and the command of the best."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path

import numpy as np
import pytest
import run_folders
from helpers import experiment
from run_folders import fill, make_run, overrides

from myoassist.config_search import SearchConfig
from myoassist.errors import ConfigError, RunError
from myoassist.learn.run_folder import note_resumption
from myoassist.learn.trial import trial_values
from myoassist.runs.comparing import compare
from myoassist.runs.comparison import as_text, compare_outcomes
from myoassist.runs.gathering import gather
from myoassist.runs.groups import Parameter, group_runs, parameters, short_names, spread
from myoassist.runs.importance import importance
from myoassist.runs.jobs import Job, note_failure, note_job, plan_jobs, read_jobs
from myoassist.runs.metrics import direction_of, measure_of
from myoassist.runs.outcome import run_outcome
from myoassist.runs.plots import mean_curve
from myoassist.runs.typed import by_key, typed_lines, with_choices

sweep = run_folders.sweep  # a fixture


def test_mean_and_sd_by_hand() -> None:
    told = spread([10.0, 11.0, 12.0, math.nan])
    assert (told.mean, told.sd, told.n) == (11.0, 1.0, 3)
    told = spread([20.0, 22.0])
    assert told.mean == 21.0 and told.sd == pytest.approx(math.sqrt(2.0))
    assert math.isnan(spread([5.0]).sd) and math.isnan(spread([]).mean)


def test_runs_that_differ_in_their_seed_share_a_row(sweep: Path) -> None:
    comparison = compare_outcomes(gather([sweep]), [sweep])
    assert [parameter.key for parameter in comparison.differing] == ["algorithm.learning_rate"]
    assert [(group.setting, group.members, group.counted) for group in comparison.groups] == [
        (("0.0003",), (3, 4, 5), (3, 4)),
        (("0.0001",), (0, 1, 2), (0, 1, 2)),
    ]
    assert comparison.spread(comparison.groups[1], comparison.objective).mean == 11.0
    assert comparison.best == 4
    assert comparison.outcomes[0].values["eval/completed_share"] == 0.75
    assert comparison.outcomes[0].values["time/steps_per_second"] == 5.0  # 100 steps in 20 s
    assert comparison.outcomes[0].curves["eval/distance"].shape == (2,)  # no row that was cut short
    (failed,) = comparison.failures
    assert (failed.label, failed.status, failed.seed) == ("5", "failed", "2")


def test_less_can_be_better(sweep: Path) -> None:
    outcomes = gather([sweep])
    assert compare_outcomes(outcomes, [sweep], minimize=True).best == 0
    assert compare_outcomes(outcomes, [sweep], metric="best/distance").objective.unit == "m"
    assert measure_of("gait/walk/knee_angle.rmse").lower and measure_of("gait/walk/knee_angle.rmse").unit == "deg"
    assert not measure_of("eval/distance").guessed and not measure_of("best/distance").guessed
    with pytest.raises(ConfigError, match="eval/distance"):
        compare_outcomes(outcomes, [sweep], metric="eval/distanse")


def test_a_direction_that_nobody_knows_is_said(sweep: Path) -> None:
    for unclear in ("gait/propulsion_impulse", "gait/walk/ground_force.first_peak", "eval/speed", "time/evaluation_s"):
        assert measure_of(unclear).guessed and not measure_of(unclear).lower
        assert not measure_of(unclear, minimize=True).guessed and direction_of(unclear) is None
    assert direction_of("gait/walk/cost_of_transport") == direction_of("best/activation") == "minimize"
    said = "of eval/episodes more is taken to be better; --minimize turns it"
    assert said in as_text(compare_outcomes(gather([sweep]), [sweep], metric="eval/episodes"))
    assert said not in as_text(compare_outcomes(gather([sweep]), [sweep], metric="eval/episodes", minimize=True))


def add_evaluation(run: Path, steps: int, cost: float | None) -> None:
    """An evaluation made in training, analysed where there is a cost of transport."""
    trial = run / "evaluations" / f"step_{steps:010d}" / "walk"
    trial.mkdir(parents=True)
    (trial.parent / "evaluation.json").write_text(json.dumps({"steps": steps, "in_training": True}))
    if cost is not None:
        (trial / "metrics.json").write_text(json.dumps({"metrics": {"cost_of_transport": {"mean": cost}}}))


def test_gait_metrics_are_those_of_the_evaluation_beside_them(sweep: Path) -> None:
    cost, search = "gait/cost_of_transport", SearchConfig(objective=["gait/cost_of_transport"])
    run = sweep / "0"  # rows at 50 and 100 steps, the last one with an evaluation
    add_evaluation(run, 50, 9.0)
    add_evaluation(run, 100, None)
    assert cost not in run_outcome(run, "0").values
    with pytest.raises(RunError, match=r"the policy after 100 steps, its last, has no gait metrics"):
        trial_values(search, run)
    (run / "evaluations" / "step_0000000100" / "walk" / "metrics.json").write_text(
        json.dumps({"metrics": {"cost_of_transport": {"mean": 4.0}}})
    )
    assert trial_values(search, run) == [4.0]
    with (run / "metrics.csv").open("w") as file:
        file.write("time/total_timesteps,eval/distance\n50,10.0\n100,\n")
    assert run_outcome(run, "0").values[cost] == 9.0
    with pytest.raises(RunError, match="its last, was not evaluated"):
        trial_values(search, run)
    (run / "metrics.csv").write_text("time/total_timesteps,eval/distance\n80,\n110,10.0\n")  # rows now and then
    assert run_outcome(run, "0").values[cost] == 4.0


def test_a_run_that_goes_on_loses_the_numbers_of_its_earlier_end(sweep: Path) -> None:
    run = sweep / "0"
    (run / "evaluation.json").write_text(json.dumps({"distance": 99.0}))
    assert run_outcome(run, "0").values["eval/distance"] == 99.0
    note_resumption(run, experiment("experiment=smoke"), steps=100)
    assert run_outcome(run, "0").values["eval/distance"] == 10.0


def test_a_failure_noted_from_outside_keeps_the_run_folder(tmp_path: Path) -> None:
    note_job(tmp_path, Job(3, ("seed=1",), True, folder="walk_3"))
    note_failure(tmp_path, 3, ("seed=1",), "killed by SIGKILL")
    job = read_jobs(tmp_path)[3]
    assert (job.folder, job.ended, job.reason, job.overrides) == ("walk_3", "failed", "killed by SIGKILL", ("seed=1",))
    note_failure(tmp_path, 4, ("seed=2",), "no memory")
    assert read_jobs(tmp_path)[4].folder == "4"


def test_a_search_is_sorted_by_its_own_objective(sweep: Path) -> None:
    (sweep / "search.json").write_text(json.dumps({"objective": ["eval/distance"], "direction": ["minimize"]}))
    assert compare([sweep]).comparison.best == 0
    assert compare([sweep], minimize=False).comparison.best == 4
    (sweep / "search.json").write_text("{")
    assert compare([sweep]).comparison.best == 4


def test_the_best_command_is_ready_for_a_shell(sweep: Path) -> None:
    line = compare_outcomes(gather([sweep]), [sweep]).command
    assert shlex.split(line) == ["python", "train.py", *overrides("3e-4", "1")]


def test_runs_without_a_list_of_jobs_tell_their_settings_themselves(sweep: Path) -> None:
    (sweep / "jobs.json").unlink()
    for path in (sweep / "jobs").glob("*.json"):
        path.unlink()
    for number in range(5):
        asked = "train.py -m experiment=smoke algorithm.learning_rate=1e-4,3e-4 seed=0,1,2\n"
        (sweep / str(number) / "command.txt").write_text(asked)
    comparison = compare_outcomes(gather([sweep]), [sweep])
    assert [group.members for group in comparison.groups] == [(3, 4), (0, 1, 2)]
    assert comparison.command == "python train.py experiment=smoke algorithm.learning_rate=0.0003 seed=1"


def test_every_job_has_a_status(sweep: Path) -> None:
    (sweep / "jobs" / "5.json").unlink()
    assert [outcome.status for outcome in gather([sweep])][5] == "not started"
    (sweep / "jobs" / "5.json").write_text("{")  # half-written
    (sweep / "0" / "config.yaml").write_text("[")
    (sweep / "1" / "status.json").write_text(json.dumps({"status": "running", "steps": 5, "total_steps": 9}))
    found = {outcome.label: (outcome.status, outcome.reason) for outcome in gather([sweep])}
    assert found["0"] == ("failed", "its configuration cannot be read")
    assert found["1"] == ("failed", "the process is gone")
    assert read_jobs(sweep)[5].started is False
    with pytest.raises(RunError, match="no run to compare"):
        gather([sweep / "jobs"])


def test_several_sweeps_beside_one_another(sweep: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    plan_jobs(other, [overrides("1e-3", "0")])
    fill(other / "0", "1e-3", "0", 30.0)
    outcomes = gather([sweep, other, sweep / "0"])
    assert [outcome.label for outcome in outcomes] == [*(f"my sweep/{n}" for n in range(6)), "other/0"]
    assert compare_outcomes(outcomes, [sweep, other]).groups[0].setting == ("0.001",)


def test_a_choice_of_a_group_is_one_setting(sweep: Path) -> None:
    outcomes = gather([sweep])
    for outcome in outcomes[:5]:
        outcome.settings["reward.exponent"] = outcome.settings["algorithm.learning_rate"] * 2
    assert [parameter.key for parameter in parameters(outcomes)] == ["algorithm.learning_rate"]
    assert by_key(("+a=1", "~b", "c.d=[1,2]")) == {"a": "1", "b": "removed", "c.d": "[1,2]"}
    assert short_names(["a.weight", "b.weight", "rate"]) == ["a.weight", "b.weight", "rate"]
    assert short_names(["learning_rate.end", "action_std.until"]) == ["learning_rate.end", "action_std.until"]
    assert len(group_runs(outcomes, [])) == 1


def test_importance_by_hand() -> None:
    y = np.repeat([1.0, 3.0, 5.0, 7.0], 2)
    told = importance(Parameter("a", tuple("xxxxzzzz")), y)
    # SS total 40 about 4; within 4 + 4 = 8; epsilon² = 1 - (7 / 6) (8 / 40) = 23 / 30
    assert told.share == pytest.approx(23 / 30) and told.levels == 2 and math.isnan(told.trend)
    told = importance(Parameter("b", tuple("11221122")), y)
    # ranks 2.5 2.5 6.5 6.5 2.5 2.5 6.5 6.5 and 1.5 1.5 3.5 3.5 5.5 5.5 7.5 7.5 about 4.5: 16 / sqrt(32 * 40)
    # within 4 (2²) about 3 and as much about 5 = 32; epsilon² = 1 - (7 / 6) (32 / 40) = 1 / 15
    assert told.share == pytest.approx(1 / 15) and told.trend == pytest.approx(16.0 / math.sqrt(32.0 * 40.0))
    assert "once" in importance(Parameter("c", tuple("pqrstuvw")), y).note
    assert "8 are needed" in importance(Parameter("a", tuple("xxxxzzzz")), np.append(y[:7], np.nan)).note
    assert "same" in importance(Parameter("a", tuple("xxxxzzzz")), np.ones(8)).note


def test_importance_of_a_number_drawn_at_random() -> None:
    x = np.linspace(0.0, 1.0, 40)
    told = importance(Parameter("rate", tuple(map(repr, x.tolist()))), x**2)
    assert told.share > 0.85 and told.levels == 5 and told.trend == pytest.approx(1.0)
    noise = np.random.default_rng(1).permutation(40).astype(float)
    assert importance(Parameter("rate", tuple(map(repr, x.tolist()))), noise).share < 0.3


def test_a_mean_curve_covers_the_steps_that_all_runs_have() -> None:
    steps, mean, sd = mean_curve([
        (np.array([0.0, 10.0, 20.0]), np.array([0.0, 1.0, 2.0])),
        (np.array([5.0, 15.0]), np.array([3.5, 4.5])),
    ])  # fmt: skip
    assert (steps[0], steps[-1]) == (5.0, 15.0)
    np.testing.assert_allclose(mean, 2.0 + (steps - 5.0) / 10.0)  # 0.5 and 3.5 at 5 steps
    np.testing.assert_allclose(sd, 3.0 / math.sqrt(2.0))
    alone = mean_curve([(np.array([1.0, 2.0]), np.array([3.0, 4.0]))])
    assert alone[1].tolist() == [3.0, 4.0] and np.isnan(alone[2]).all()


def make_typed(folder: Path, typed: str, *, model: str = "22muscle", network: str = "shared") -> Path:
    """A run that was started by itself, whose configuration has more than what was typed."""
    make_run(folder)
    actors = "" if network == "shared" else "\n  actors:\n    exo: {layers: [8, 8]}"
    term = "speed" if "reward=speed" in typed else "effort"
    (folder / "config.yaml").write_text(
        f"name: walk\nseed: 1\nrun_dir: {folder}\nmodel:\n  name: {model}\n  path: null\n  body: legs_{model}\n"
        f"network:\n  type: {network}{actors}\nreward:\n  terms: {{{term}: {{weight: 0.1}}}}\n"
    )
    (folder / "command.txt").write_text(f"train.py experiment=smoke run_dir={folder} hydra.sweep.subdir=x {typed}\n")
    return folder


def test_single_runs_are_told_apart_by_the_choices_that_were_typed(tmp_path: Path) -> None:
    runs = [
        make_typed(tmp_path / "a", ""),
        make_typed(tmp_path / "b", "model=26muscle", model="26muscle"),
        make_typed(tmp_path / "c", "network=separate_partial reward=speed", network="separate"),
    ]
    outcomes = gather(runs)
    told = {parameter.key: parameter.values for parameter in parameters(outcomes)}
    assert told == {
        "model": ("22muscle", "26muscle", "22muscle"),
        "network": ("shared", "shared", "separate_partial"),
        "reward": ("default", "default", "speed"),
    }
    comparison = compare_outcomes(outcomes, runs, metric="best/distance")
    assert "reward=speed" in as_text(comparison) or "speed" in as_text(comparison)
    assert shlex.split(comparison.command)[:3] == ["python", "train.py", "experiment=smoke"]
    assert "run_dir" not in comparison.command and "hydra" not in comparison.command


def test_a_choice_that_nobody_typed_has_the_name_of_its_group(tmp_path: Path) -> None:
    runs = [make_typed(tmp_path / name, "", model=name) for name in ("22muscle", "26muscle")]
    for run in runs:
        (run / "command.txt").unlink()
    (parameter,) = parameters(gather(runs))
    assert parameter.key == "model" and parameter.values == ("22muscle", "26muscle")
    assert short_names(["model", "init_from.path", "network.type"]) == ["model", "init_from.path", "network.type"]


def test_what_was_typed_when_a_run_was_resumed_counts(tmp_path: Path) -> None:
    run = make_typed(tmp_path / "a", "seed=2 +reward.terms.effort.weight=0.2 --cfg=job")
    with (run / "command.txt").open("a") as file:
        file.write("train.py resume=x seed=3 'not closed\ntrain.py resume=x seed=4\n")
    assert typed_lines(run, run_outcome(run, "a").settings) == (
        "experiment=smoke", f"run_dir={run}", "seed=4", "+reward.terms.effort.weight=0.2",
    )  # fmt: skip
    told = with_choices(run_outcome(run, "a").settings, run)
    assert (told["experiment"], told["model"], told["network"]) == ("smoke", "22muscle", "shared")


def test_training_time_of_a_resumed_run_is_that_of_all_its_parts(sweep: Path) -> None:
    rows = ["time/total_timesteps,time/time_elapsed", "50,10", "100,20", "150,4", "200,9", ""]
    (sweep / "0" / "metrics.csv").write_text("\n".join(rows))
    values = run_outcome(sweep / "0", "0").values
    assert values["time/seconds"] == 29.0 and values["time/steps_per_second"] == pytest.approx(200.0 / 29.0)
