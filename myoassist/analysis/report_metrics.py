"""Metrics as a reader wants them: grouped, right beside left, with units, spread, and what healthy adults show."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from myoassist.analysis.gait_metric import Metric
from myoassist.analysis.plots.names import muscle_title
from myoassist.analysis.report_ranges import HumanRange, human_range

EACH_MUSCLE = "Each muscle"

# Title of a group and what the names in it, without a side, match; the first that fits takes it.
GROUPS: tuple[tuple[str, str], ...] = (
    ("Symmetry of right and left", r"symmetry.*"),
    (
        "Spatio-temporal",
        r"(speed|target_speed|cadence|stride|step_|stance|swing|double_support|single_support|flight).*",
    ),
    ("Device", r"(device|motor).*|.*\.device.*"),
    ("Joints against the reference", r".*\.(rom|rmse|correlation|minimum|maximum)"),
    ("Ground force", r"ground_force.*"),
    ("Muscles and metabolic cost", r"(metabolic|cost_of_transport|co_contraction|activation|excitation).*"),
    ("Falls and distance", r"falls?|time_to_fall|distance|episode.*"),
    (EACH_MUSCLE, r".*\.(activation|excitation|force).*"),
    ("Other", r".*"),
)
ORDER = (
    "Spatio-temporal",
    "Joints against the reference",
    "Ground force",
    "Muscles and metabolic cost",
    "Device",
    "Symmetry of right and left",
    "Falls and distance",
    "Other",
    EACH_MUSCLE,
)
_UNITS = {"1": "", "deg": "°", "N m": "N·m", "N m/kg": "N·m/kg", "BW s": "BW·s", "J/kg/m": "J/(kg·m)"}
_SHARES = re.compile(r"falls|.*_share")  # shown in per cent
_WORDS = {
    "activation_squared": "activation squared",
    "ankle_angle": "ankle",
    "co_contraction": "co-contraction",
    "correlation": "correlation",
    "cost_of_transport_bhargava": "cost of transport (Bhargava)",
    "device_onset": "onset of device torque",
    "device_peak_phase": "phase of peak device torque",
    "device_peak_torque": "peak device torque",
    "device_power_negative": "device power, taken from the body",
    "device_power_positive": "device power, given to the body",
    "first_peak": "first peak, vertical",
    "first_peak_phase": "phase of the first peak",
    "knee_angle": "knee",
    "metabolic_rate_bhargava": "metabolic rate (Bhargava)",
    "metabolic_rate_muscles": "metabolic rate, muscles alone",
    "mtp_angle": "toes",
    "pelvis_tx": "pelvis, forward",
    "pelvis_ty": "pelvis height",
    "pelvis_tz": "pelvis, sideways",
    "rmse": "RMS error",
    "rom": "range of motion",
    "second_peak": "second peak, vertical",
    "subtalar_angle": "subtalar",
    "valley": "valley between the peaks",
}
_SIDED = re.compile(r"^(?P<first>[^.]*?)_(?P<side>[rl])(?P<rest>\..*)?$")


def split_side(name: str) -> tuple[str, str]:
    """``knee_angle_r.rmse`` is ``("knee_angle.rmse", "r")``; the side is ``""`` for what has none."""
    if match := _SIDED.match(name):
        return match["first"] + (match["rest"] or ""), match["side"]
    return name, ""


def group_of(base: str) -> str:
    """Title of the group that a name without side belongs to."""
    return next(title for title, pattern in GROUPS if re.fullmatch(pattern, base))


def label_of(base: str) -> str:
    """A name without side in words: ``knee_angle.rmse`` is ``Knee: RMS error``."""
    parts = base.removeprefix("symmetry.").removeprefix("ground_force.").split(".")
    text = ": ".join(_words(part) for part in parts)
    return text[:1].upper() + text[1:]


def _words(part: str) -> str:
    muscle = muscle_title(part)
    return muscle if muscle != part else _WORDS.get(part, part.replace("_", " "))


@dataclass(frozen=True)
class Cell:
    """One metric as text."""

    mean: str
    sd: str
    n: int
    about: str
    place: str = ""  # below, within or above the human range

    @property
    def text(self) -> str:
        """Mean, SD and n in one line."""
        if not self.n:
            return "no value"
        return f"{self.mean} ± {self.sd} (n = {self.n})" if self.sd else f"{self.mean} (n = {self.n})"


@dataclass
class Row:
    """A measure with a cell for the whole body (``""``), the right and the left side."""

    base: str
    label: str
    unit: str
    about: str
    human: HumanRange | None
    cells: dict[str, Cell] = field(default_factory=dict)

    @property
    def sided(self) -> bool:
        """Whether it was measured for each side."""
        return bool({"r", "l"} & set(self.cells))

    @property
    def place(self) -> str:
        """Where the whole body lies against healthy adults: below, within, above, or empty."""
        return self.cells[""].place if "" in self.cells else ""

    @property
    def human_text(self) -> str:
        """The range of healthy adults, as written in the table."""
        if self.human is None:
            return ""
        return range_text(self.base, self.human)


def grouped(metrics: Mapping[str, Metric], *, walks: bool = True) -> list[tuple[str, list[Row]]]:
    """Groups in the order of :data:`ORDER`, rows in the order of ``metrics``; those without a value are left out.

    ``walks``: else nothing is set against healthy adults.
    """
    rows: dict[str, Row] = {}
    digits: Counter[str] = Counter()  # as many in all cells of a row: else rounding looks like a side that differs
    for name, metric in metrics.items():
        base = split_side(name)[0]
        digits[base] = max(digits[base], _digits(base, metric))
    for name, metric in metrics.items():
        base, side = split_side(name)
        if base not in rows:
            shown = unit_of(base, metric.unit)
            human = human_range(base, metric.unit) if walks else None
            rows[base] = Row(base, label_of(base), shown, _about(metric.about), human)
        rows[base].cells[side] = cell(base, metric, walks=walks, digits=digits[base])
    held = [row for row in rows.values() if any(cell.n for cell in row.cells.values())]
    return [(title, found) for title in ORDER if (found := [row for row in held if group_of(row.base) == title])]


def without_value(metrics: Mapping[str, Metric]) -> list[str]:
    """Measures that have no value at all, in words."""
    held = {split_side(name)[0] for name, metric in metrics.items() if metric.n}
    bases = dict.fromkeys(split_side(name)[0] for name in metrics)
    return [label_of(base) for base in bases if base not in held]


def _about(text: str) -> str:
    return re.sub(r"; (both feet|both sides|right|left)$", "", text)


def unit_of(base: str, unit: str) -> str:
    """Unit as shown; shares become per cent."""
    return "%" if factor_of(base, unit) != 1.0 else _UNITS.get(unit, unit)


def factor_of(base: str, unit: str) -> float:
    """From a value to what is shown: 100 for shares, else 1."""
    return 100.0 if unit == "1" and _SHARES.fullmatch(base) else 1.0


def range_text(base: str, human: HumanRange) -> str:
    """A range of healthy adults in the unit that is shown: ``1.0–1.2``."""
    low, high = (bound * factor_of(base, human.unit) for bound in (human.low, human.high))
    digits = next(digits for digits in range(4) if all(abs(round(x, digits) - x) < 1e-9 for x in (low, high)))
    return f"{low:.{digits}f}–{high:.{digits}f}"


def cell(base: str, metric: Metric, *, walks: bool = True, digits: int | None = None) -> Cell:
    """A metric as text, with as many ``digits`` after the point as it needs; ``walks`` as in :func:`grouped`."""
    factor = factor_of(base, metric.unit)
    mean, sd = metric.mean * factor, metric.sd * factor
    digits = _digits(base, metric) if digits is None else digits
    human = human_range(base, metric.unit) if walks else None
    place = human.place(metric.mean) if human and math.isfinite(metric.mean) else ""
    return Cell(number(mean, digits), _spread(sd, digits), metric.n, metric.about, place)


def _digits(base: str, metric: Metric) -> int:
    """Digits after the point that a metric needs: three significant ones, more where the SD would vanish."""
    factor = factor_of(base, metric.unit)
    mean, sd = metric.mean * factor, metric.sd * factor
    digits = decimals(mean if abs(mean) > 1e-12 else sd)
    return max(digits, decimals(sd, 1)) if math.isfinite(sd) and sd > 1e-9 else digits


def _spread(sd: float, digits: int) -> str:
    if not math.isfinite(sd):
        return ""
    return "0" if sd <= 1e-9 else number(sd, digits)


def decimals(value: float, significant: int = 3) -> int:
    """Digits after the point that show ``significant`` ones of ``value``, at most 4; none of 0."""
    if not math.isfinite(value) or value == 0.0:
        return 0
    return min(4, max(0, significant - 1 - math.floor(math.log10(abs(value)))))


def number(value: float, digits: int) -> str:
    """A number with a true minus sign and thin spaces at thousands; ``–`` for one that is not finite."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:,.{digits}f}".replace(",", "\u202f").replace("-", "−")
    return text.removeprefix("−") if not any(c in "123456789" for c in text) else text
