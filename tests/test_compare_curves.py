"""Learning curves of a comparison: what is smoothed, and that the band is the SD of what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from myoassist.analysis.plots.style import look
from myoassist.places import STEPS
from myoassist.runs.comparison import compare_outcomes
from myoassist.runs.metrics import measure_of
from myoassist.runs.outcome import Outcome
from myoassist.runs.page import curves_picture
from myoassist.runs.plots import learning_curves

ROWS = 80
EVALUATED, TRAINED = "eval/distance", "episode/distance"
SAID = "running means over a twentieth of the training"


def run(seed: int, values: Sequence[float], *keys: str) -> Outcome:
    steps, settings = np.arange(1.0, len(values) + 1) * 1000.0, {"seed": seed}
    curves = {STEPS: steps, **{key: np.array(values) for key in keys}}
    return Outcome(str(seed), "finished", settings=settings, values={key: 1.0 for key in keys}, curves=curves)


def drawn(outcomes: Sequence[Outcome], *keys: str) -> list[Axes]:
    told = compare_outcomes(outcomes, [Path()], metric=keys[0])
    with look():
        return learning_curves(outcomes, told.groups, told.differing, [measure_of(key) for key in keys]).axes


def test_the_band_is_the_sd_of_what_was_measured() -> None:
    swinging = np.tile([10.0, 14.0], ROWS // 2)
    runs = [run(1, swinging.tolist(), EVALUATED, TRAINED), run(2, (24.0 - swinging).tolist(), EVALUATED, TRAINED)]
    for axis in drawn(runs, EVALUATED, TRAINED):  # at every step 10 and 14 m: mean 12, SD sqrt(8)
        np.testing.assert_allclose(np.asarray(axis.lines[0].get_ydata(), dtype=float), 12.0)
        edges = np.asarray(cast(PolyCollection, axis.collections[0]).get_paths()[0].vertices)[:, 1]
        np.testing.assert_allclose([edges.min(), edges.max()], [12.0 - math.sqrt(8.0), 12.0 + math.sqrt(8.0)])


def test_evaluations_are_drawn_as_they_are_and_training_smoothed() -> None:
    spike = [0.0] * ROWS
    spike[40] = 1.0
    evaluated, trained = drawn([run(1, spike, EVALUATED, TRAINED)], EVALUATED, TRAINED)
    assert np.asarray(evaluated.lines[0].get_ydata()).tolist() == spike
    smooth = np.asarray(trained.lines[0].get_ydata(), dtype=float)
    assert np.isclose(smooth, 0.2).sum() == 5 and np.isclose(smooth.sum(), 1.0)  # the mean of 5 rows, 2 on each side


def test_the_caption_says_what_is_smoothed() -> None:
    for rows, key, said in ((ROWS, TRAINED, True), (40, TRAINED, False), (ROWS, EVALUATED, False)):
        picture = curves_picture(compare_outcomes([run(1, [1.0] * rows, key)], [Path()], metric=key))
        assert picture and (SAID in picture.caption) is said
