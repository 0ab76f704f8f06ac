"""A small search, for the launchers that need a cluster."""

from __future__ import annotations

import json
from pathlib import Path

SEARCH = (
    "hydra/sweeper=optuna", "hydra.sweeper.n_trials=3", "hydra.sweeper.n_jobs=2",
    "algorithm.learning_rate=tag(log,interval(1e-4,1e-3))",
    "evaluation.every_steps=128", "evaluation.episodes=1", "evaluation.seconds=0.3",
    "evaluation.recorded_in_training=0",
)  # fmt: skip


def assert_searched(folder: Path) -> None:
    """Every trial trained in its folder, and the best of them is named."""
    found = json.loads((folder / "search.json").read_text(encoding="utf-8"))
    assert found["counts"] == {"finished": 3}
    for trial in found["trials"]:
        final = json.loads((folder / str(trial["number"]) / "evaluation.json").read_text(encoding="utf-8"))
        assert trial["values"] == {"eval/distance": final["distance"]}
    assert found["best"][0]["values"]["eval/distance"] == max(t["values"]["eval/distance"] for t in found["trials"])
    assert (folder / "sweep.html").is_file()
