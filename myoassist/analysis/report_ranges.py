"""What healthy adults show, beside the numbers of a walker: ranges from the literature, with their sources.

They hold for adults without impairment on level ground at the speed they choose, about 1.2 to 1.5 m/s. They are typical
means of groups, not limits of health, and do not apply to other target speeds, to slopes or rough ground.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SOURCES: dict[str, str] = {
    "Bohannon 2011": "Bohannon RW, Williams Andrews A. Normal walking speed: a descriptive meta-analysis. "
    "Physiotherapy 97(3), 182-189, 2011.",
    "Donelan 2001": "Donelan JM, Kram R, Kuo AD. Mechanical and metabolic determinants of the preferred step width in "
    "human walking. Proc R Soc Lond B 268, 1985-1992, 2001.",
    "Perry 2010": "Perry J, Burnfield JM. Gait Analysis: Normal and Pathological Function. 2nd ed., SLACK, 2010.",
    "Ralston 1958": "Ralston HJ. Energy-speed relation and optimal speed during level walking. "
    "Int Z angew Physiol 17, 277-283, 1958.",
    "Waters 1999": "Waters RL, Mulroy S. The energy expenditure of normal and pathologic gait. "
    "Gait & Posture 9(3), 207-231, 1999.",
    "Winter 1991": "Winter DA. The Biomechanics and Motor Control of Human Gait: Normal, Elderly and Pathological. "
    "2nd ed., Waterloo, 1991.",
}


RESPIROMETRY = (
    "Cost of healthy adults was measured with a respirometer. The muscles of the model cost more than that: the "
    "comparison is for orientation only; compare conditions of one body with each other."
)

IMPACT = (
    "The first force peak of people comes at 12 to 15 % of the stride, when the body has come down on the leg. "
    "One before about 8 % is the impact of the heel, and the valley after it is that of the impact."
)


@dataclass(frozen=True)
class HumanRange:
    """``low`` to ``high`` in ``unit`` for metrics whose name without its side matches ``pattern``.

    ``caveat``: why a walker is not measured as people were.
    """

    pattern: str
    low: float
    high: float
    unit: str
    source: str
    caveat: str = ""

    def place(self, value: float) -> str:
        """``below``, ``within`` or ``above``."""
        slack = 1e-9 * self.high  # a bound that was only rounded is within
        return "below" if value < self.low - slack else "above" if value > self.high + slack else "within"


RANGES: tuple[HumanRange, ...] = (
    HumanRange("speed", 1.2, 1.5, "m/s", "Bohannon 2011"),
    HumanRange("stride_speed", 1.2, 1.5, "m/s", "Bohannon 2011"),
    HumanRange("cadence", 100.0, 120.0, "steps/min", "Winter 1991"),
    HumanRange("stride_time", 1.0, 1.2, "s", "Winter 1991"),
    HumanRange("step_time", 0.5, 0.6, "s", "Winter 1991"),
    HumanRange("stride_length", 1.3, 1.5, "m", "Perry 2010"),
    HumanRange("step_length", 0.65, 0.75, "m", "Perry 2010"),
    HumanRange("step_width", 0.08, 0.12, "m", "Perry 2010; Donelan 2001"),
    HumanRange("stance_share", 0.60, 0.62, "1", "Perry 2010"),
    HumanRange("swing_share", 0.38, 0.40, "1", "Perry 2010"),
    HumanRange("double_support_share", 0.20, 0.24, "1", "Perry 2010"),
    HumanRange(r"hip_flexion\.rom", 40.0, 48.0, "deg", "Perry 2010"),
    HumanRange(r"knee_angle\.rom", 55.0, 65.0, "deg", "Perry 2010"),
    HumanRange(r"ankle_angle\.rom", 25.0, 35.0, "deg", "Perry 2010"),
    HumanRange(r"ground_force\.first_peak", 1.0, 1.2, "BW", "Winter 1991", IMPACT),
    HumanRange(r"ground_force\.valley", 0.7, 0.8, "BW", "Winter 1991", IMPACT),
    HumanRange(r"ground_force\.second_peak", 1.0, 1.2, "BW", "Winter 1991"),
    HumanRange("metabolic_rate(_bhargava)?", 3.9, 4.6, "W/kg", "Waters 1999", RESPIROMETRY),
    HumanRange("cost_of_transport(_bhargava)?", 3.0, 3.5, "J/kg/m", "Ralston 1958; Waters 1999", RESPIROMETRY),
)


def human_range(name: str, unit: str) -> HumanRange | None:
    """The range for a metric, by its name without a side; None where the literature gives none, or in another unit."""
    found = (known for known in RANGES if known.unit == unit and re.fullmatch(known.pattern, name))
    return next(found, None)
