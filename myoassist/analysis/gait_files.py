"""An analysis as files: ``metrics.json`` and ``strides.csv``."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from myoassist.files import write_beside

if TYPE_CHECKING:
    from myoassist.analysis.analysis import Analysis

METRICS, STRIDES = "metrics.json", "strides.csv"


def write_analysis(analysis: Analysis, folder: Path) -> None:
    """Write ``metrics.json`` and ``strides.csv`` into ``folder``, each whole or not at all.

    Numbers that could not be computed are null in one and empty in the other. Raises RunError where it cannot write.
    """
    write_beside(folder / METRICS, json.dumps(as_plain(analysis), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    write_beside(folder / STRIDES, _table(analysis))


def as_plain(analysis: Analysis) -> dict[str, Any]:
    """Metrics and how they came about, as JSON data."""
    meta = analysis.recording.meta
    return {
        "trial": meta["name"],
        "checkpoint": meta.get("checkpoint"),
        "steps": meta.get("steps"),
        "seed": meta.get("seed"),
        "episodes": len(analysis.recording.episodes),
        "strides": {side: len(analysis.of_side(side)) for side in ("r", "l")},
        "left_out": analysis.left_out,
        "notes": list(analysis.notes),
        "metrics": {
            name: {key: _number(value) for key, value in asdict(metric).items()}
            for name, metric in analysis.metrics.items()
        },
    }


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _table(analysis: Analysis) -> str:
    """One row per stride; the unit stands behind each name."""
    dt = analysis.recording.dt
    time, text = analysis.recording["time"], io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    measured = [f"{m.name} [{m.unit}]" for m in analysis.per_stride]
    table.writerow(["episode", "side", "start [s]", "toe_off [s]", "end [s]", *measured])
    for row, stride in enumerate(analysis.strides):
        values = [float(measure.values[row]) for measure in analysis.per_stride]
        start = float(time[stride.start])
        toe_off = math.nan if stride.side in analysis.estimated else start + (stride.toe_off - stride.start) * dt
        moments = [start, toe_off, start + (stride.end - stride.start) * dt]
        shown = [f"{value:.6g}" if math.isfinite(value) else "" for value in (*moments, *values)]
        table.writerow([stride.episode, stride.side, *shown])
    return text.getvalue()
