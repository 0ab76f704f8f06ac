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
