"""Step width is taken across the line of progression, wherever that leads."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import changed, walker

from myoassist.analysis.analysis import analyse


@pytest.mark.parametrize("degrees", [-10.0, 0.0, 35.0])
def test_a_walker_who_veers_is_as_wide_as_one_who_goes_straight(degrees: float) -> None:
    straight, turn = walker(planar=False), np.radians(degrees)
    feet = straight["foot_position"].copy()
    x, y = straight["foot_position"][:, 0::3], straight["foot_position"][:, 1::3]
    feet[:, 0::3], feet[:, 1::3] = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
    metrics = analyse(changed(straight, foot_position=feet)).metrics
    found = [metrics[name].mean for name in ("step_width", "step_width_r", "step_width_l")]
    assert found == pytest.approx([0.1] * 3)
    assert metrics["step_width"].sd == pytest.approx(0.0, abs=1e-9)


def test_steps_on_the_spot_have_no_width() -> None:
    """A stride of 5 cm says nothing of the direction of progress, and so nothing of what is across it."""
    walking = walker(planar=False)
    feet = walking["foot_position"].copy()
    feet[:, 0::3] *= 0.05 / 1.4
    metrics = analyse(changed(walking, foot_position=feet)).metrics
    assert metrics["stride_length"].mean < 0.1
    assert np.isnan(metrics["step_width"].mean)
    assert "step_width" in analyse(walking).metrics
