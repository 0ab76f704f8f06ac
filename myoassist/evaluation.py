"""``eval.py``: a saved policy on the experiment it was trained with, parts of which may be replaced."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from myoassist.errors import ConfigError, MyoAssistError

USAGE = """Evaluate the deterministic policy of a run from random starts.

  python eval.py checkpoint=<run folder or checkpoint folder> [group=choice ...] [key=value ...]

The experiment is rebuilt from the run's saved configuration; what you name replaces it:

  python eval.py checkpoint=outputs/2026-01-31/12-00-00_walk
  python eval.py checkpoint=outputs/2026-01-31/12-00-00_walk terrain=rough terrain.amplitude=0.02
  python eval.py checkpoint=outputs/2026-01-31/12-00-00_walk command=uniform evaluation.episodes=50
  evaluation.seconds=10

The outcome is printed and written to the run's folder evaluations/<steps>[_<number>]."""


def evaluate_command(arguments: Sequence[str]) -> int:
    """Run an evaluation asked for on the command line; returns the exit code (0, 2 for a bad request, 130)."""
    if not arguments or any(argument in ("-h", "--help") for argument in arguments):
        sys.stdout.write(USAGE + "\n")
        return 0 if arguments else 2
    try:
        _evaluate(list(arguments))
    except MyoAssistError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted from the keyboard\n")
        return 130
    return 0


def _evaluate(arguments: list[str]) -> None:
    places = [argument.partition("=")[2] for argument in arguments if argument.startswith("checkpoint=")]
    if len(places) != 1 or not places[0]:
        raise ConfigError("checkpoint: give one, as checkpoint=outputs/<date>/<time>_<name>")
    from myoassist.learn.checkpoint import Layout, load_checkpoint  # after the simple checks: torch takes seconds
    from myoassist.learn.evaluate import Evaluator, make_actor, summarize
    from myoassist.learn.progress import say
    from myoassist.learn.training import describe
    from myoassist.replacing import replace_settings

    checkpoint = load_checkpoint(places[0])
    replaced = [argument for argument in arguments if not argument.startswith("checkpoint=")]
    config = replace_settings(checkpoint.config, replaced)
    evaluator = Evaluator(config)
    try:
        checkpoint.layout.require(Layout.of(evaluator.walk), where=f"checkpoint={checkpoint.path}")
        say(f"checkpoint: {checkpoint.path} ({checkpoint.steps:,} steps)")
        episodes = evaluator.run(make_actor(checkpoint, evaluator.walk))
    finally:
        evaluator.close()
    result = summarize(episodes)
    folder = _results_folder(checkpoint.path, checkpoint.steps)
    (folder / "evaluation.json").write_text(
        json.dumps({"checkpoint": str(checkpoint.path), "replaced": replaced, **asdict(result)}, indent=2),
        encoding="utf-8",
    )
    _write_episodes(folder / "episodes.csv", [asdict(episode) for episode in episodes])
    say(describe(result))
    say(f"written to {folder}")


def _results_folder(checkpoint: Path, steps: int) -> Path:
    """A new folder beside the checkpoints; earlier evaluations stay."""
    run = checkpoint.parent.parent if checkpoint.parent.name == "checkpoints" else checkpoint
    folder, number = run / "evaluations" / str(steps), 2
    while folder.exists():
        folder, number = run / "evaluations" / f"{steps}_{number}", number + 1
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(f"checkpoint: cannot write the results to {folder}: {error.strerror}") from error
    return folder


def _write_episodes(path: Path, rows: list[dict]) -> None:
    for row in rows:
        row.update({f"reward.{name}": value for name, value in row.pop("terms").items()})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
