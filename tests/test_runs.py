"""Runs from outside: lists of them, as tables and files, and the settings in which they differ."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from run_folders import SCRIPTS, make_run, script

from myoassist.errors import ConfigError, RunError
from myoassist.places import STATUS
from myoassist.processes import READER_GONE, child_environment, exit_code
from myoassist.runs.entry import last_steps, read_entry
from myoassist.runs.finding import find_runs
from myoassist.runs.jobs import Job, note_job, plan_jobs
from myoassist.runs.listing import Filters, age_text, as_csv, as_json, as_table, list_runs, size_text
from myoassist.runs.settings import Change, changes, fits, flat, parse_conditions, shown_value
from myoassist.runs.table import Column, shortened, text_table, wide

# --- lists ------------------------------------------------------------------------------------------------------------


def test_a_run_is_read_from_its_folder(tmp_path: Path) -> None:
    run = read_entry(make_run(tmp_path / "run", name="걷기", steps=50, total=100, status="stopped", reason="SIGINT"))
    assert (run.name, run.status, run.reason, run.steps, run.total_steps) == ("걷기", "stopped", "SIGINT", 50, 100)
    assert (run.distance, run.completed, run.episodes) == (12.34, 3, 4)
    assert run.started == 1_769_860_800.0  # 2026-01-31 12:00 UTC
    assert run.size == sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())


def test_steps_are_those_of_the_last_whole_row(tmp_path: Path) -> None:
    table = tmp_path / "metrics.csv"
    assert last_steps(tmp_path) == 0
    table.write_text("time/total_timesteps,b\n128,1.0\n256,2.0\n5")
    assert last_steps(tmp_path) == 256
    table.write_text("time/total_timesteps,b\n128,1.0\n256\n")
    assert last_steps(tmp_path) == 128
    table.write_text("b,time/total_timesteps\n" + "0.125,7\n" * 20_000 + "0.5,8\n")
    assert last_steps(tmp_path) == 8
    table.write_bytes(b"\x00\xff\n\x00")
    assert last_steps(tmp_path) == 0


def test_broken_and_foreign_folders_never_stop_the_list(tmp_path: Path) -> None:
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    (tmp_path / "photos" / "config.txt").write_text("name: x")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.yaml").write_bytes(b"\xff\x00: [")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / STATUS).write_text('{"status": "runn')
    (tmp_path / "half" / "checkpoints").write_text("not a folder")
    checkpoint = tmp_path / "alone" / "step_1"
    checkpoint.mkdir(parents=True)
    (checkpoint / "config.yaml").write_text("name: checkpoint")
    (checkpoint / "layout.json").write_text("{}")
    (tmp_path / "loop").symlink_to(tmp_path)
    make_run(tmp_path / "2026-01-31" / "12-00-00_walk")
    make_run(tmp_path / "multirun" / "x" / "0")
    names = [run.folder.relative_to(tmp_path).as_posix() for run in list_runs([tmp_path], Filters(), sort="folder")]
    assert names == ["2026-01-31/12-00-00_walk", "broken", "half", "multirun/x/0"]
    assert as_table(list_runs([tmp_path], Filters()), width=80)


def test_runs_from_before_there_was_a_status(tmp_path: Path) -> None:
    for name, steps in (("whole", 100), ("cut", 60)):
        (make_run(tmp_path / name, steps=steps) / STATUS).unlink()
    assert read_entry(tmp_path / "whole").status == "finished"
    assert read_entry(tmp_path / "cut").status == "stopped"


def test_filters_and_orders(tmp_path: Path) -> None:
    make_run(tmp_path / "a", name="walk_slow", started="2026-01-01T00:00:00+00:00", status="failed")
    make_run(tmp_path / "b", name="walk_fast", started="2026-01-03T00:00:00+00:00", steps=70)
    make_run(tmp_path / "c", name="run", started="2026-01-02T00:00:00+00:00", model="26muscle")

    def found(sort: str = "age", reverse: bool = False, **filters: Any) -> list[str]:
        return [run.folder.name for run in list_runs([tmp_path], Filters(**filters), sort=sort, reverse=reverse)]

    assert found() == ["b", "c", "a"]
    assert found(reverse=True) == ["a", "c", "b"]
    assert found(sort="name") == ["c", "b", "a"]
    assert found(sort="steps") == ["a", "c", "b"]
    assert found(status=["failed"]) == ["a"]
    assert found(name="walk*") == ["b", "a"]
    assert found(where=["model.name=26*"]) == ["c"]
    assert found(where=["algorithm.learning_rate=1e-4", "model.name=22muscle"]) == ["b", "a"]
    assert found(since="2026-01-02") in (["b", "c"], ["b"])  # in the zone of this machine
    assert found(since="1h") == []
    mistakes: list[dict[str, Any]] = [
        {"status": ["walking"]}, {"where": ["model.nam=1"]}, {"where": ["model.name"]}, {"since": "soon"}
    ]  # fmt: skip
    for wrong in mistakes:
        with pytest.raises(ConfigError):
            found(**wrong)
    with pytest.raises(ConfigError, match="distance"):
        found(sort="distanse")
    with pytest.raises(RunError, match="does not exist"):
        find_runs([tmp_path / "no"])


def test_jobs_that_never_became_a_run_are_listed(tmp_path: Path) -> None:
    sweep = tmp_path / "multirun" / "rates"
    jobs = [("name=fast", "total_steps=1_000", f"algorithm.learning_rate=1e-{number}") for number in range(6)]
    make_run(sweep / "0")
    plan_jobs(sweep, jobs)
    note_job(sweep, Job(0, jobs[0], True, "finished", folder="0"))
    note_job(sweep, Job(1, jobs[1], True, "failed", "init_from=/missing: does not exist", folder="1"))
    note_job(sweep, Job(2, jobs[2], True, "finished", folder="2"))  # its folder was removed
    note_job(sweep, Job(3, jobs[3], True, folder="3"))  # begins just now
    note_job(sweep, Job(4, (), True, "stopped", "SIGTERM", folder="4"))
    found = {run.folder.name: run for run in list_runs([tmp_path], Filters())}
    assert {name: run.status for name, run in found.items()} == {
        "0": "finished", "1": "failed", "3": "running", "4": "stopped",
    }  # fmt: skip
    assert (found["1"].name, found["1"].total_steps, found["1"].reason) == (
        "fast", 1000, "init_from=/missing: does not exist",
    )  # fmt: skip
    assert found["4"].name == "rates/4" and found["1"].started == pytest.approx(time.time(), abs=60)
    assert "rates/1: failed: init_from=/missing" in as_table([found["1"]])
    (failed,) = list_runs([tmp_path], Filters(status=["failed"], where=["algorithm.learning_rate=0.1"], since="1h"))
    assert failed.folder == sweep / "1"
    assert [run.folder.name for run in list_runs([sweep / "0"], Filters())] == ["0"]


def test_runs_are_found_by_the_choice_of_a_group(tmp_path: Path) -> None:
    for name, typed in (("a", "network=separate_partial reward=speed"), ("b", "network=separate_full"), ("c", "")):
        run = make_run(tmp_path / name)
        with (run / "config.yaml").open("a") as file:
            file.write("network:\n  type: separate\nreward:\n  exponent: 2\n")
        (run / "command.txt").write_text(f"train.py {typed}\n")

    def found(*where: str) -> list[str]:
        return [run.folder.name for run in list_runs([tmp_path], Filters(where=where), sort="folder")]

    assert found("network=separate_partial") == ["a"] and found("network=separate_*") == ["a", "b"]
    assert found("network=separate") == ["c"] and found("model=22muscle") == ["a", "b", "c"]
    assert found("reward=default") == ["b", "c"] and found("reward=speed", "network.type=separate") == ["a"]
    with pytest.raises(ConfigError, match="did you mean 'network'"):
        found("netwrk=separate_full")


def test_close_distances_can_be_told_apart(tmp_path: Path) -> None:
    for name, distance in (("a", 0.4341), ("b", 0.4343)):
        run = make_run(tmp_path / name)
        (run / "checkpoints" / "best.json").write_text(
            json.dumps({"checkpoint": "step_0000000002", "evaluation": {"distance": distance}})
        )
    assert [run.folder.name for run in list_runs([tmp_path], Filters(), sort="distance")] == ["b", "a"]
    text = as_table(list_runs([tmp_path], Filters()))
    assert "0.4341 m" in text and "0.4343 m" in text
    assert "12.3 m" in as_table([read_entry(make_run(tmp_path / "c"))])


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
@pytest.mark.parametrize(
    ("program", "unbuffered"), [("scripts/runs.py", ""), ("scripts/compare.py", "1"), ("scripts/sync.py", "")]
)
def test_a_reader_that_has_enough_ends_a_program_without_a_word(tmp_path: Path, program: str, unbuffered: str) -> None:
    make_run(tmp_path / "run")
    reader, writer = os.pipe()
    os.close(reader)  # as of: scripts/runs.py | head, when head has its lines
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, str(SCRIPTS.parent / program), str(tmp_path / "run")],
            env={**child_environment(), "PYTHONUNBUFFERED": unbuffered},
            cwd=tmp_path, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=120,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (READER_GONE, "")


def test_a_broken_pipe_of_another_kind_is_no_silence(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        raise BrokenPipeError("of an encoder")

    with pytest.raises(BrokenPipeError, match="encoder"):
        exit_code(work)


def test_csv_and_json_hold_the_same(tmp_path: Path) -> None:
    make_run(tmp_path / "run")
    runs = list_runs([tmp_path], Filters())
    (row,) = csv.DictReader(io.StringIO(as_csv(runs)))
    (entry,) = json.loads(as_json(runs))
    assert row == {key: "" if value is None else str(value) for key, value in entry.items()}
    assert as_csv([]).startswith("folder,name,status") and json.loads(as_json([])) == []


def test_columns_are_aligned_and_fit(tmp_path: Path) -> None:
    columns = [Column("Name", cut=True), Column("Steps", right=True)]
    table = text_table(columns, [["걷기 실험", "5"], ["a very long name of a run", "1,000"]], width=20)
    assert [wide(line) for line in table.splitlines()] == [20, 20, 20]
    assert table.splitlines()[2].startswith("a very long …") and table.endswith("1,000")
    assert shortened("걷기", 3) == "걷…"
    assert (age_text(45), age_text(720), age_text(7200), age_text(260_000)) == ("45 s", "12 min", "2 h", "3 d")
    assert (size_text(0), size_text(2_500_000), size_text(3_100_000_000)) == ("0 kB", "2.5 MB", "3.1 GB")


def test_the_program_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    runs = script("runs")
    assert runs.main([]) == 0
    assert capsys.readouterr().out == "no run in outputs\n"
    make_run(tmp_path / "outputs" / "2026-01-31" / "12-00-00_walk", status="failed", reason="it fell")
    assert runs.main(["--status", "failed"]) == 0
    out = capsys.readouterr().out
    assert "12.3 m" in out and "3 of 4" in out and "it fell" in out
    assert runs.main(["--model", "80muscle"]) == 0
    assert capsys.readouterr().out == "no run that fits in outputs\n"
    for wrong in (["--json", "--csv"], ["--yes"], ["--nothing"], ["missing"]):
        assert runs.main(wrong) == 2
        assert capsys.readouterr().err.count("\n") == 1


# --- settings ---------------------------------------------------------------------------------------------------------


def test_what_differs_between_runs() -> None:
    base = {"name": "a", "seed": 1, "model": {"name": "22muscle", "body": "22"}, "algorithm": {"discount": 0.99}}
    other = {"name": "b", "seed": 2, "model": {"name": "26muscle", "body": "26"}, "algorithm": {"discount": 0.99}}
    third = {**other, "algorithm": {"discount": 0.9}}
    runs = [flat(tree) for tree in (base, other, third)]
    assert changes(runs) == [Change("model.name", ("model.body",)), Change("algorithm.discount")]
    assert changes(runs[:1]) == [] and changes([]) == []


def test_values_as_they_are_typed() -> None:
    values = [shown_value(value) for value in (None, True, 0.0003, 5, [1, "a"], {"a": 0.5}, 1 / 3)]
    assert values == ["null", "true", "0.0003", "5", "[1,a]", "{a:0.5}", "0.3333333333333333"]
    assert fits({"a.b": 2_000_000}, parse_conditions(["a.b=2_000_000"]))
    assert not fits({"a.b": True}, parse_conditions(["a.b=1"]))
