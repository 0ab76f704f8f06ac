"""A table of another program as OpenSim coordinates: names, units, signs, walking direction, one sample rate."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from myoassist.config import ReferenceConfig
from myoassist.errors import ReferenceError, nearest, unknown
from myoassist.model.naming import LEG_COORDINATES, ROOT_COORDINATES, opensim_name
from myoassist.reference.report import Report
from myoassist.reference.tables import Table

SLIDES = ("pelvis_tx", "pelvis_ty", "pelvis_tz")
SPEED = "pelvis_tx_velocity"
MOST_RADIANS = 3.4  # no leg angle of a walker reaches this; degrees do
LEAST_DEGREES = 5.0  # no knee or hip of a walker moves by less than this; radians do
HEADING = np.deg2rad(2.0)  # a walking direction closer to x than this is left as it is
LEAST_SAMPLES, LEAST_RATE = 20, 15.0
LEG_NEEDED = ("hip_flexion", "knee_angle")  # of one leg: strides are cut by them
ALLOWED = (*ROOT_COORDINATES, *(f"{coordinate}_{side}" for coordinate in LEG_COORDINATES for side in "rl"))


@dataclass(frozen=True)
class Series:
    """Coordinates ``(n,)`` by OpenSim's name in rad and m, ``rate`` samples per second. ``pelvis_tx`` runs forward.

    ``contact``: vertical ground force of each side, where the file has it.
    """

    values: dict[str, np.ndarray]
    rate: float
    contact: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))


def make_series(table: Table, config: ReferenceConfig, report: Report) -> Series:
    """Turn a table into coordinates.

    Raises:
        ReferenceError: too short, values that are not finite, no leg with hip and knee, or angles that cannot be in
            that unit.
    """
    where = f"reference.path: {config.path}"
    for note in table.notes:
        report.warn(note)
    time, rows = _window(table.time, config, where)
    named = _named(table, config, report, where)
    columns = {name: values[rows] for name, values in named.items()}
    for name, values in columns.items():
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            count = f"{len(bad)} of {len(values)} values"
            raise ReferenceError(f"{where}: {name} has {count} that are no numbers, the first at {time[bad[0]]:g} s")
    contact = {name[-1]: columns.pop(name) for name in list(columns) if name.startswith("contact_")}
    _to_radians(columns, table.unit, config, report, where)
    _turn_signs(columns, config, report)
    _face_forward(columns, report)
    return _resampled(columns, contact, time, report, where)


def _window(time: np.ndarray, config: ReferenceConfig, where: str) -> tuple[np.ndarray, np.ndarray]:
    first = time[0] if config.begin is None else config.begin
    last = time[-1] if config.end is None else config.end
    rows = np.flatnonzero((time >= first) & (time <= last))
    if len(rows) < LEAST_SAMPLES:
        window = f" from {first:g} to {last:g} s" if len(rows) < len(time) else ""
        raise ReferenceError(f"{where}: {len(rows)} samples{window}; a stride needs at least {LEAST_SAMPLES}")
    return time[rows], rows


def _named(table: Table, config: ReferenceConfig, report: Report, where: str) -> dict[str, np.ndarray]:
    """Columns by OpenSim's name; the rest is left out and reported."""
    for name, column in config.columns.items():
        if name not in ALLOWED:
            raise ReferenceError(unknown("coordinate", name, ALLOWED, where="reference.columns"))
        if column not in table.columns:
            raise ReferenceError(unknown("column", column, table.columns, where=f"reference.columns.{name}"))
    own = {column: name for name, column in config.columns.items()}
    found: dict[str, str] = {}
    for column in table.columns:
        name = own.get(column) or _meaning(column)
        if not name or (name in config.columns and column not in own):
            continue
        if name in found:
            both = f"{found[name]!r} and {column!r}"
            raise ReferenceError(f"{where}: {both} both look like {name}; choose: +reference.columns.{name}=<column>")
        found[name] = column
    renamed = [f"{column} is {name}" for name, column in found.items() if column != name]
    if renamed:
        report.say(f"columns: {', '.join(renamed)}")
    left = [column for column in table.columns if column not in found.values()]
    if left:
        report.say(f"not used: {', '.join(left)}")
    _check_leg(found, list(table.columns), left, where)
    report.numbers["columns"], report.numbers["not_used"] = found, left
    return {name: table.columns[column] for name, column in found.items()}


def _check_leg(found: dict[str, str], columns: list[str], unused: list[str], where: str) -> None:
    """Raise ReferenceError unless one leg has both hip and knee; it tells which column that may be."""
    listed = f"columns of the file: {', '.join(columns[:24])}"
    if missing := [name for name in LEG_NEEDED if not _has(found, name)]:
        column = f"+reference.columns.{missing[0]}_r=<column>"
        raise ReferenceError(f"{where}: no {' and no '.join(missing)}; name its column: {column}; {listed}")
    lacking = [[f"{name}_{side}" for name in LEG_NEEDED if f"{name}_{side}" not in found] for side in "rl"]
    if all(lacking):
        named = [(name, near[0]) for side in lacking for name in side if (near := nearest(name, unused))]
        name, column = (named or [(lacking[0][0], "<column>")])[0]
        raise ReferenceError(
            f"{where}: {' and '.join(LEG_NEEDED)} of the same leg are needed, but it has no {lacking[0][0]} and no "
            f"{lacking[1][0]}; name the column: +reference.columns.{name}={column}; {listed}"
        )


def _meaning(column: str) -> str:
    """OpenSim's name of a column, ``pelvis_tx_velocity``, ``contact_r``, ``contact_l`` or ``""``."""
    words = re.sub(r"\W+", "_", column.lower()).strip("_")
    if words in (SPEED, "pelvis_tx_speed", "pelvis_tx_u"):
        return SPEED
    contact = re.match(
        r"^(?:(?:ground_force|grf|contact|foot_force)_(r|l)(?:_vy|_y|_vertical)?|(r|l)_grf(?:_y)?)$", words
    )
    if contact:
        return f"contact_{contact.group(1) or contact.group(2)}"
    return opensim_name(column)


def _has(names: dict[str, str], coordinate: str) -> bool:
    return any(f"{coordinate}_{side}" in names for side in "rl")


def _to_radians(
    columns: dict[str, np.ndarray], declared: str, config: ReferenceConfig, report: Report, where: str
) -> None:
    """Angles in radians, in place. Raises ReferenceError where the values contradict the unit that is declared."""
    angles = [name for name in columns if name not in SLIDES and name != SPEED]
    legs = [name for name in angles if name.startswith(("hip_flexion", "knee_angle"))]
    spans = {name: float(np.ptp(columns[name])) for name in legs}
    largest = max(spans, key=lambda name: spans[name])
    reach = max(float(np.abs(columns[name]).max()) for name in legs)
    if spans[largest] < 1e-9:
        raise ReferenceError(f"{where}: {largest} does not move, nor does any other hip or knee; this is no walking")
    shown = "deg" if reach > MOST_RADIANS else "rad"
    unit = config.unit if config.unit != "auto" else declared or shown
    told = "reference.unit says" if config.unit != "auto" else "the file says" if declared else ""
    said = told or "seen from the values, the unit is"
    if unit == "rad" and shown == "deg":
        problem = f"{said} radians, but {largest} moves by {spans[largest]:.3g}, which are degrees"
        raise ReferenceError(f"{where}: {problem}; give reference.unit=deg")
    if unit == "deg" and spans[largest] < LEAST_DEGREES:
        problem = f"{said} degrees, but {largest} moves by {spans[largest]:.3g} only"
        advice = ", which are radians; give reference.unit=rad" if told else "; this is no walking"
        raise ReferenceError(f"{where}: {problem}{advice}")
    if unit == "deg":
        for name in angles:
            columns[name] = np.deg2rad(columns[name])
    how = "declared" if told else "seen from the values"
    report.say(f"angles in {unit} ({how})" + (", turned into rad" if unit == "deg" else ""))
    report.numbers["unit"] = unit
    most = float(np.ptp(columns[largest]))
    if most < np.deg2rad(10):
        problem = f"{largest} moves by {np.rad2deg(most):.2g} deg only, no other hip or knee by more"
        guessed = "" if told else f" (in {unit}, seen from the values)"
        raise ReferenceError(f"{where}: {problem}{guessed}; this is no walking")


def _turn_signs(columns: dict[str, np.ndarray], config: ReferenceConfig, report: Report) -> None:
    for name in config.flip:
        if name not in columns:
            raise ReferenceError(unknown("coordinate of the motion", name, columns, where="reference.flip"))
        columns[name] = -columns[name]
        report.say(f"{name}: sign turned, as asked for")
    for side in "rl":
        name = f"knee_angle_{side}"
        if name in columns and name not in config.flip and columns[name].max() > -columns[name].min():
            columns[name] = -columns[name]
            report.say(f"{name}: flexion was positive; sign turned (OpenSim's gait models: flexion negative)")


def _face_forward(columns: dict[str, np.ndarray], report: Report) -> None:
    """Turn a walk in another direction onto x: OpenSim's ground has x forward, y up, z to the right.

    The pelvis is turned as a rigid body: tilt, list and rotation are the angles of ``Rz(tilt) Rx(list) Ry(rotation)``.
    """
    if "pelvis_tx" not in columns or "pelvis_tz" not in columns:
        return
    along, across = (float(columns[name][-1] - columns[name][0]) for name in ("pelvis_tx", "pelvis_tz"))
    heading = float(np.arctan2(-across, along))  # about y, up
    if np.hypot(along, across) < 0.3 or abs(heading) < HEADING:
        return
    x, z = columns["pelvis_tx"] - columns["pelvis_tx"][0], columns["pelvis_tz"] - columns["pelvis_tz"][0]
    columns["pelvis_tx"] = np.cos(heading) * x - np.sin(heading) * z
    columns["pelvis_tz"] = np.sin(heading) * x + np.cos(heading) * z
    columns.pop(SPEED, None)
    names = ("pelvis_tilt", "pelvis_list", "pelvis_rotation")
    if all(name in columns for name in names):
        angles = np.stack([columns[name] for name in names], axis=1)
        turned = Rotation.from_euler("y", -heading) * Rotation.from_euler("ZXY", angles)
        for name, values in zip(names, turned.as_euler("ZXY").T, strict=True):
            columns[name] = np.unwrap(values)
    report.say(f"walking direction turned by {np.rad2deg(-heading):.1f} deg about the vertical, onto x")
    report.numbers["heading"] = heading


def _resampled(
    columns: dict[str, np.ndarray], contact: dict[str, np.ndarray], time: np.ndarray, report: Report, where: str
) -> Series:
    steps = np.diff(time)
    rate = 1.0 / float(np.median(steps))
    if rate < LEAST_RATE:
        hint = "; is its time in ms? s are needed" if 1000 * rate >= LEAST_RATE and rate <= 1 else ""
        raise ReferenceError(
            f"{where}: {rate:.3g} samples per s; at least {LEAST_RATE:g} are needed to follow a stride{hint}"
        )
    gap = int(np.argmax(steps))
    if steps[gap] > 0.1:
        raise ReferenceError(
            f"{where}: nothing between {time[gap]:g} and {time[gap + 1]:g} s; give begin and end without gaps"
        )
    report.numbers |= {"rate_hz": rate, "samples": len(time), "seconds": float(time[-1] - time[0])}
    report.say(f"{len(time)} samples at {rate:.4g} Hz, {time[-1] - time[0]:.3g} s")
    if np.ptp(steps) > 0.01 / rate:
        even = np.arange(time[0], time[-1] + 1e-9, 1.0 / rate)
        columns = {name: CubicSpline(time, values)(even) for name, values in columns.items()}
        contact = {side: np.interp(even, time, values) for side, values in contact.items()}
        report.say(f"uneven times: resampled to {rate:.4g} Hz by cubic splines")
    return Series(columns, rate, contact)
