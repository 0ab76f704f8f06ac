"""Training curves: the lines carry the columns of the table, whatever it holds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from myoassist.analysis.plots import TRAINING_PLOTS, save_training_plots, terrain_levels, training_curves
from myoassist.analysis.plots.training import running_mean
from myoassist.analysis.training_numbers import read_metrics
from myoassist.errors import RunError
from tests.drawn import draw_quickly, line, panel, unlabelled

pytestmark = pytest.mark.filterwarnings("error")


def table(folder: Path, rows: list[dict[str, float]]) -> Path:
    """A run folder with a table; a row may lack columns."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with (folder / "metrics.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return folder


def rows(n: int) -> list[dict[str, float]]:
    """Updates of 10000 steps and 36 s each; every fifth is evaluated, in every second some episodes end by a fall."""
    made = []
    for number in range(1, n + 1):
        row = {
            "time/total_timesteps": 10_000.0 * number,
            "time/time_elapsed": 36.0 * number,
            "episode/seconds": 0.5 * number,
            "episode/count": 10.0,
            "reward/forward": 2.0 * number,
            "reward/never": 0.0,
            "train/value_loss": 1.0 / number,
        }
        row |= {"eval/time": 0.8 * number, "eval/completed": 5.0, "eval/episodes": 20.0} if number % 5 == 0 else {}
        row |= {"end/fall": 0.3} if number % 2 == 0 else {}
        made.append(row | {"end/time_up": 0.7})
    return made


def test_lines_are_the_columns(tmp_path: Path) -> None:
    figure = training_curves(table(tmp_path, rows(10)))
    figure.draw_without_rendering()
    axis = panel(figure, "Duration of an episode")
    assert line(axis, "training") == pytest.approx(0.5 * np.arange(1, 11))
    points = next(item for item in axis.lines if item.get_label() == "evaluation")
    assert np.asarray(points.get_xdata()).tolist() == [50.0, 100.0]  # thousand steps
    assert np.asarray(points.get_ydata()).tolist() == [4.0, 8.0]
    assert line(panel(figure, "Episodes without a fall"), "evaluation").tolist() == [0.25, 0.25]
    assert line(panel(figure, "Why episodes end"), "fall") == pytest.approx([0.0, 0.3] * 5)
    terms = [item.get_label() for item in panel(figure, "Reward terms").lines]
    assert terms == ["forward"]


@pytest.mark.parametrize(("updates", "label", "unit"), [(10, "Time (min)", 60.0), (200, "Time (h)", 3600.0)])
def test_time_stands_above_the_steps(tmp_path: Path, updates: int, label: str, unit: float) -> None:
    axis = panel(training_curves(table(tmp_path, rows(updates))), "Duration of an episode")
    (top,) = axis.child_axes
    assert top.get_xlabel() == label
    forward, back = top._functions  # pyright: ignore[reportAttributeAccessIssue]
    thousand = 1.0 if updates < 100 else 1e-3  # steps are counted in millions in a long training
    assert forward(thousand * np.array([0.0, 50.0, 100.0, 120.0])) * unit == pytest.approx([0, 180, 360, 432], abs=1e-2)
    assert back(np.array([180.0]) / unit) == pytest.approx([50.0 * thousand], abs=1e-3)


def test_axes_have_labels_with_units(tmp_path: Path) -> None:
    figure = training_curves(table(tmp_path, rows(3)))
    for part in figure.subfigs:
        assert part.get_supxlabel() == "Environment steps (thousand)"
    assert [text for text in unlabelled(figure) if not text.startswith("x of")] == []


def test_values_close_together_have_plain_numbers(tmp_path: Path) -> None:
    """No offset such as 1e-5+2.2e-1 above the axis."""
    narrow = [row | {"train/std": 0.22 + 1e-6 * number} for number, row in enumerate(rows(10))]
    figure = training_curves(table(tmp_path, narrow))
    figure.draw_without_rendering()
    axis = panel(figure, "Exploration")
    assert axis.yaxis.get_offset_text().get_text() == ""


def test_levels_of_a_curriculum(tmp_path: Path) -> None:
    shares = [row | {"curriculum/level": 0.1 * n, "curriculum/envs_on_level_10": 0.25} for n, row in enumerate(rows(4))]
    shares = [row | {"curriculum/envs_on_level_2": 0.75} for row in shares]
    figure = terrain_levels(table(tmp_path, shares))
    draw_quickly(figure)
    assert line(panel(figure, "Level of the environments"), "_line") == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert [item.get_label() for item in panel(figure, "Environments on each level").lines] == ["level 2", "level 10"]


def test_what_cannot_be_drawn_says_why(tmp_path: Path) -> None:
    for plot in TRAINING_PLOTS.values():
        assert "cannot be read" in str(plot.applies(tmp_path))
    (tmp_path / "metrics.csv").write_text("")
    assert training_curves.applies(tmp_path) == "the training has not written a row yet"
    table(tmp_path, rows(2))
    assert terrain_levels.applies(tmp_path) == "the training had no terrain levels"
    with pytest.raises(RunError, match="plot terrain_levels: the training had no terrain levels"):
        terrain_levels(tmp_path)
    assert list(save_training_plots(tmp_path, tmp_path / "figures")) == ["training_curves"]


@pytest.mark.parametrize("n", [1, 2])
def test_a_training_that_has_just_begun(tmp_path: Path, n: int) -> None:
    draw_quickly(training_curves(table(tmp_path, rows(n))))


def test_broken_rows(tmp_path: Path) -> None:
    folder = table(tmp_path, rows(60))
    text = (folder / "metrics.csv").read_text()
    (folder / "metrics.csv").write_text(text + "nan,inf,what\n120000\n")
    assert np.isnan(read_metrics(folder)["episode/seconds"][-2:]).all()
    draw_quickly(training_curves(folder))


def test_running_mean() -> None:
    assert running_mean(np.arange(5.0)).tolist() == [0, 1, 2, 3, 4]  # few are shown as they are
    values = np.where(np.arange(80) % 2 == 0, 1.0, 0.0)
    mean = running_mean(values)  # of five at a time
    assert mean[[0, 1, 40, 41]] == pytest.approx([2 / 3, 0.5, 0.6, 0.4])
