"""Room on the disk: which checkpoints go and which stay, and that the program asks before it removes any."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from pathlib import Path

import pytest
from run_folders import make_run, script

from myoassist.errors import RunError
from myoassist.places import STATUS
from myoassist.runs.checkpoints import list_checkpoints
from myoassist.runs.lock import OWNER, RunLock, is_held
from myoassist.runs.pruning import find_surplus, remove


def test_pruning_keeps_the_best_and_the_last(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (part,) = find_surplus([run])
    assert [path.name for path in part.checkpoints] == ["step_0000000001"] and part.size == 1000
    assert remove([part]) == (1000, [])
    assert [path.name for path in list_checkpoints(run / "checkpoints")] == ["step_0000000002", "step_0000000003"]
    assert find_surplus([run]) == []
    left = run / "checkpoints" / ".step_0000000009.partial"
    left.mkdir()
    assert find_surplus([run])[0].checkpoints == (left,)


def test_pruning_leaves_alone_what_trains_or_cannot_be_judged(tmp_path: Path) -> None:
    run, unclear = make_run(tmp_path / "run"), make_run(tmp_path / "unclear")
    (unclear / "checkpoints" / "best.json").write_text("{")
    surplus = find_surplus([run, unclear])
    assert [part.run for part in surplus] == [run]
    lock = RunLock(run)
    lock.acquire()
    assert find_surplus([run]) == []
    freed, problems = remove(surplus)  # found before it was resumed
    assert freed == 0 and len(problems) == 1 and len(list_checkpoints(run / "checkpoints")) == 3
    lock.release()


def test_a_run_that_trains_on_another_machine_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    run = make_run(tmp_path / "run")
    surplus = find_surplus([run])
    told = json.loads((run / STATUS).read_text())
    (run / STATUS).write_text(json.dumps({**told, "status": "running", "ended": None, "host": "node17"}))
    owner = json.dumps({"pid": 7, "host": "node17", "job": "41"})
    (run / OWNER).write_text(owner)
    assert find_surplus([run]) == []
    freed, problems = remove(surplus)
    assert freed == 0 and "trains now" in problems[0] and len(list_checkpoints(run / "checkpoints")) == 3
    with pytest.raises(RunError, match=r"process 7 on node17 trains .* nothing was changed"):
        RunLock(run).acquire()
    assert (run / OWNER).read_text() == owner and not is_held(run)
    monkeypatch.setenv("SLURM_JOB_ID", "41")  # the same job, queued again on this machine
    lock = RunLock(run)
    lock.acquire()
    lock.release()
    monkeypatch.delenv("SLURM_JOB_ID")
    (run / OWNER).write_text(owner)
    old = time.time() - 3600
    os.utime(run / "metrics.csv", (old, old))
    lock.acquire()
    lock.release()
    assert find_surplus([run]) == surplus


def test_the_program_asks_before_it_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, runs = make_run(tmp_path / "run"), script("runs")

    def left() -> int:
        return len(list_checkpoints(run / "checkpoints"))

    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))  # no terminal
    assert runs.main([str(run), "--prune"]) == 2 and left() == 3
    assert "nobody to ask" in capsys.readouterr().err
    assert runs.main([str(run), "--prune", "--dry-run"]) == 0 and left() == 3
    terminal = io.StringIO("n\ny\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert runs.main([str(run), "--prune"]) == 0 and left() == 3
    assert runs.main([str(run), "--prune"]) == 0 and left() == 2
    out = capsys.readouterr().out
    assert "step_0000000001" in out and "1 kB" in out
    assert runs.main([str(run), "--prune", "--yes"]) == 0 and left() == 2
