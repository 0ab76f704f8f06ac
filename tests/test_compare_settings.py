"""Which runs are one setting, whatever was typed for them, and which command does the best of them again."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from documented import check_training
from helpers import experiment
from pages import check_self_contained
from run_folders import write_run

from myoassist.parsing import save_config
from myoassist.runs.comparing import compare
from myoassist.runs.comparison import Comparison, as_text, compare_outcomes
from myoassist.runs.gathering import gather
from myoassist.runs.groups import parameters
from myoassist.runs.jobs import Job, note_job, plan_jobs
from myoassist.runs.page import importance_guide
from myoassist.runs.settings import is_learned, plain_value, read_settings

NETWORK = {"type": "mirrored", "actor": [128, 128]}
IMITATION, SPEED = ({"terms": {name: {"weight": 1.0}}} for name in ("imitation", "speed"))


def compared(folder: Path) -> Comparison:
    return compare_outcomes(gather([folder]), [folder])


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1e-4", "0.0001"), ("2_000", "2000"), ("False", "false"), ("None", "null"), ("22muscle", "22muscle"),
        ("[128, 128]", "[128,128]"), ("[1e-4,a, [True]]", "[0.0001,a,[true]]"), ("['foot_force.*']", "[foot_force.*]"),
        ("[a", "[a"),
    ],
)  # fmt: skip
def test_a_typed_value_is_shown_as_its_configuration_would(typed: str, shown: str) -> None:
    assert plain_value(typed) == shown


def test_one_configuration_typed_in_several_ways_is_one_setting(tmp_path: Path) -> None:
    ways = ("", "network.actor=[128,128]", "'network.actor=[128, 128]'", "reward=imitation")
    for seed, typed in enumerate(ways, start=1):
        write_run(
            tmp_path / str(seed), f"seed={seed} {typed}", 10.0 + seed, seed=seed, network=NETWORK, reward=IMITATION
        )
    told = compared(tmp_path)
    assert [group.members for group in told.groups] == [(0, 1, 2, 3)]
    assert told.spread(told.groups[0], told.objective).mean == 12.5
    assert told.alike == "Nothing but the seed differs" and told.command == ""
    write_run(tmp_path / "5", "seed=1 reward=speed", 20.0, network=NETWORK, reward=SPEED)
    told = compared(tmp_path)
    assert [(p.key, p.values) for p in told.differing] == [("reward", ("imitation",) * 4 + ("speed",))]
    assert [group.members for group in told.groups] == [(4,), (0, 1, 2, 3)]


def test_a_choice_under_which_settings_were_typed_is_told_by_those(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "", 10.0, num_envs=32, algorithm={"learning_rate": 1e-3})
    write_run(tmp_path / "b", "experiment=fast", 11.0, num_envs=32, algorithm={"learning_rate": 2e-3})
    write_run(tmp_path / "c", "algorithm.learning_rate=3e-3", 12.0, num_envs=32, algorithm={"learning_rate": 3e-3})
    (told,) = parameters(gather([tmp_path]))
    assert (told.key, told.values) == ("algorithm.learning_rate", ("0.001", "0.002", "0.003"))


def test_a_choice_that_sets_something_else_in_another_experiment_is_another_setting(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "", 10.0, reward=IMITATION)
    write_run(tmp_path / "b", "experiment=fast", 11.0, reward=SPEED)
    write_run(tmp_path / "c", "experiment=fast reward=imitation", 12.0, reward=IMITATION)
    told = compared(tmp_path)
    assert sorted(group.members for group in told.groups) == [(0, 2), (1,)]


def test_a_job_without_a_run_joins_the_setting_that_was_typed_for_it(tmp_path: Path) -> None:
    typed = [("network.actor=[128, 128]", "reward=imitation"), ("network.actor=[64, 64]", "reward=imitation")]
    plan_jobs(tmp_path, [*typed, typed[0]])
    for number, (lines, actor) in enumerate(zip(typed, ([128, 128], [64, 64]), strict=True)):
        write_run(tmp_path / str(number), " ".join(lines), 10.0, network={"actor": actor}, reward=IMITATION)
    note_job(tmp_path, Job(2, typed[0], True, "failed", "no memory"))
    assert sorted(group.members for group in compared(tmp_path).groups) == [(0, 2), (1,)]


@pytest.mark.parametrize("typed", [("total_steps=200",), ()])
def test_a_run_that_was_extended_is_told_by_its_steps(tmp_path: Path, typed: tuple[str, ...]) -> None:
    jobs = [(*typed, f"algorithm.learning_rate={rate}") for rate in ("0.001", "0.002", "0.003")]
    plan_jobs(tmp_path, jobs)
    for number, (lines, steps, distance) in enumerate(zip(jobs, (200, 400, 200), (11.0, 20.0, 13.0), strict=True)):
        rate = {"learning_rate": float(lines[-1].partition("=")[2])}
        run = write_run(tmp_path / str(number), " ".join(lines), distance, total_steps=steps, algorithm=rate)
        note_job(tmp_path, Job(number, lines, True, "finished", folder=str(number)))
        if steps == 400:
            with (run / "command.txt").open("a") as file:
                file.write(f"python train.py resume={run} total_steps=400\n")
    told = compared(tmp_path)
    assert {p.key: p.values for p in told.differing} == {
        "algorithm.learning_rate": ("0.001", "0.002", "0.003"),
        "total_steps": ("200", "400", "200"),
    }
    assert "total_steps" in as_text(told)
    assert shlex.split(told.command) == ["python", "train.py", "algorithm.learning_rate=0.002", "total_steps=400"]


def test_steps_typed_in_another_way_stay_as_typed(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "total_steps=2_00", 10.0, total_steps=200, num_envs=8)
    write_run(tmp_path / "b", "num_envs=16", 9.0, total_steps=200, num_envs=16)
    told = compared(tmp_path)
    assert [parameter.key for parameter in told.differing] == ["num_envs"]
    assert told.command == "python train.py total_steps=2_00"


def test_the_command_of_a_ready_sweep_keeps_it_and_repeats_the_run(tmp_path: Path) -> None:
    typed = ("sweep=ppo", "algorithm=ppo", "seed=2")
    jobs = [(*typed, f"algorithm.learning_rate={rate}") for rate in ("0.0001", "0.0004")]
    plan_jobs(tmp_path, jobs)
    for number, lines in enumerate(jobs):
        run = write_run(tmp_path / str(number), " ".join(lines), 10.0 + number)
        save_config(experiment(*lines), run / "config.yaml")
        note_job(tmp_path, Job(number, lines, True, "finished", folder=str(number)))
    words = shlex.split(compared(tmp_path).command)
    told = ["sweep=ppo", "algorithm=ppo", "seed=2", "algorithm.learning_rate=0.0004"]
    assert words == ["python", "train.py", *told, "hydra.mode=RUN"]
    check_training(words[2:])
    save_config(experiment(*told), tmp_path / "config.yaml")
    again, had = read_settings(tmp_path), read_settings(tmp_path / "1")
    assert {key for key in again.keys() | had.keys() if is_learned(key) and again.get(key) != had.get(key)} == set()
    assert again["total_steps"] == 1_000_000  # of conf/sweep/ppo.yaml; 2 million without it


def test_the_command_of_one_run_of_a_ready_sweep_keeps_it_too(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / name, f"sweep=ppo num_envs={envs} hydra.mode=RUN launch=slurm", 10.0 * envs, num_envs=envs)
        for name, envs in (("a", 8), ("b", 16))
    ]
    told = compare_outcomes(gather(runs), runs)
    assert told.command == "python train.py sweep=ppo num_envs=16 hydra.mode=RUN"
    for run in runs:
        asked = "python train.py -m sweep=mine hydra/launcher=joblib hydra.sweep.dir=here num_envs=8,16\n"
        (run / "command.txt").write_text(asked)
    told = compare_outcomes(gather(runs), runs)
    assert told.command == "python train.py sweep=mine num_envs=16 seed=1 hydra.mode=RUN"


def test_a_seed_that_was_trained_twice_counts_once(tmp_path: Path) -> None:
    for name, seed, distance, day in (("a", 1, 10.0, 3), ("b", 1, 30.0, 1), ("c", 2, 14.0, 2)):  # a is newer than b
        write_run(tmp_path / name, f"seed={seed}", distance, day=day, seed=seed)
    done = compare([tmp_path], output=tmp_path)
    (group,) = done.comparison.groups
    assert (group.members, group.counted, group.repeats) == ((0, 1, 2), (0, 2), (1,))
    told = done.comparison.spread(group, done.comparison.objective)
    assert (told.mean, told.sd, told.n) == (12.0, pytest.approx(8.0**0.5), 2)  # 10 and 14 m
    said = "Of runs with the same setting and seed the newest counts; left out: b."
    assert said in done.text and said in check_self_contained(done.page.read_text(encoding="utf-8")).words
    assert said not in as_text(compare_outcomes(gather([tmp_path / "a", tmp_path / "c"]), [tmp_path]))


def test_what_is_called_few_runs_are_those_that_count(tmp_path: Path) -> None:
    for number in range(36):
        rate = 10.0 ** -(1 + number % 2)
        run = write_run(tmp_path / f"{number:02d}", f"seed={number}", number, seed=number, algorithm={"rate": rate})
        if number >= 20:
            status = (run / "status.json").read_text()
            (run / "status.json").write_text(status.replace("finished", "stopped"))
    told = compared(tmp_path)
    assert len(told.outcomes) == 36 and sum(len(group.counted) for group in told.groups) == 20
    assert importance_guide(told) == "Only 20 runs count here: a rough guide, which a few more runs can turn round."


def test_runs_of_several_sweeps_below_a_place_have_labels_of_their_own(tmp_path: Path) -> None:
    for sweep in ("one/grid", "two/grid"):
        (tmp_path / sweep).mkdir(parents=True)
        plan_jobs(tmp_path / sweep, [("seed=1",), ("seed=2",)])
        write_run(tmp_path / sweep / "0", "seed=1", 10.0)
        note_job(tmp_path / sweep, Job(1, ("seed=2",), True, "failed", "no memory"))
    write_run(tmp_path / "alone", "", 12.0)
    found = gather([tmp_path])
    assert [outcome.label for outcome in found] == ["alone", "one/grid/0", "one/grid/1", "two/grid/0", "two/grid/1"]
    assert [outcome.reason for outcome in found if outcome.status == "failed"] == ["no memory", "no memory"]
    both = gather([tmp_path / "one" / "grid", tmp_path / "two" / "grid"])
    assert [outcome.label for outcome in both] == ["one/grid/0", "one/grid/1", "two/grid/0", "two/grid/1"]
    assert [outcome.label for outcome in gather([tmp_path / "one" / "grid"])] == ["0", "1"]
    runs = [tmp_path / "alone", tmp_path / "one" / "grid" / "0", tmp_path / "two" / "grid" / "0"]
    assert [outcome.label for outcome in gather(runs)] == ["alone", "one/grid/0", "two/grid/0"]
