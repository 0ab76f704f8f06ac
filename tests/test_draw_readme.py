"""scripts/draw_readme.py: the strides it shows, the places on the curves, and a small film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageChops
from recordings import RATE, fall, walker

from myoassist.analysis.analysis import analyse
from myoassist.errors import ConfigError, RunError
from myoassist.view.offscreen import NoGraphicsError, graphics_library
from scripts.draw_readme import FPS, between, main, moments, read_arguments, two_strides


def draws() -> bool:
    try:
        return bool(graphics_library())
    except NoGraphicsError:
        return False


def test_settings_that_are_not_known_are_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'policy'"):
        read_arguments(["polcy=walk"])
    with pytest.raises(ConfigError, match="output: give a value, as output=<file>"):
        read_arguments(["output="])
    assert read_arguments(["policy=rough"])["policy"] == "rough"


def test_two_strides_in_a_row_from_the_middle() -> None:
    first, second = two_strides(analyse(walker(seconds=12.0)))
    assert (first.side, second.side) == ("r", "r") and first.end == second.start
    assert 3 * RATE < first.start < 9 * RATE


def test_a_walker_that_falls_cannot_be_shown() -> None:
    with pytest.raises(RunError, match="no two strides"):
        two_strides(analyse(fall(seconds=1.0)))


def test_moments_are_real_time_and_count_the_cycle_from_zero() -> None:
    strides = two_strides(analyse(walker(seconds=12.0)))
    shown = moments(strides, 1.0 / RATE)
    frames = strides[1].end - strides[0].start
    assert len(shown) == pytest.approx(frames / RATE * FPS, abs=1)
    assert shown[0].percent == 0.0
    assert np.diff([m.place for m in shown]) == pytest.approx(RATE / FPS)
    percent = np.array([m.percent for m in shown])
    assert percent.min() >= 0 and percent.max() < 100 and (np.diff(percent) < 0).sum() == 1  # begins anew once


def test_between_frames() -> None:
    values = np.array([[0.0, 10.0], [1.0, 20.0]])
    assert between(values, 0.25) == pytest.approx([0.25, 12.5])
    assert between(values, 1.0) == pytest.approx([1.0, 20.0])


@pytest.mark.slow
@pytest.mark.skipif(not draws(), reason="no OpenGL library draws without a window here")
def test_makes_a_small_film_that_moves(tmp_path: Path, capsys: Any) -> None:
    output = tmp_path / "new" / "walker.gif"
    assert main([f"output={output}"]) == 0
    assert f"written: {output}" in capsys.readouterr().out
    assert output.stat().st_size < 1.5e6
    with Image.open(output) as film:
        assert getattr(film, "n_frames", 1) > 20 and film.info["duration"] == 1000 // FPS
        first = film.convert("RGB")
        film.seek(10)
        changed = ImageChops.difference(first, film.convert("RGB"))
        assert changed.crop((0, 0, 400, 400)).getbbox(), "the walker moves"
        assert changed.crop((400, 0, 860, 400)).getbbox(), "and the dots on the curves"
