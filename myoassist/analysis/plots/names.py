"""Joints and muscles in plain words, and the signs in which they are drawn: clinical ones, flexion upward.

A recording holds OpenSim's coordinates, in which the knee of the lower-limb models extends positive. Here the knee
flexes upward, and pelvis list and rotation are turned round in left strides, so that even gait gives equal curves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.gait_joints import reference_cycle
from myoassist.analysis.recording import Recording

# OpenSim coordinate: name in the strides of a side, name over time, sign against OpenSim's.
COORDINATES: dict[str, tuple[str, str, float]] = {
    "pelvis_tilt": ("Pelvis tilt, backward", "Pelvis tilt, backward", 1.0),
    "pelvis_list": ("Pelvis list, own side down", "Pelvis list, right side down", 1.0),
    "pelvis_rotation": ("Pelvis rotation, own side forward", "Pelvis rotation, to the left", 1.0),
    "hip_flexion": ("Hip flexion", "Hip flexion", 1.0),
    "hip_adduction": ("Hip adduction", "Hip adduction", 1.0),
    "hip_rotation": ("Hip internal rotation", "Hip internal rotation", 1.0),
    "knee_angle": ("Knee flexion", "Knee flexion", -1.0),
    "ankle_angle": ("Ankle dorsiflexion", "Ankle dorsiflexion", 1.0),
    "subtalar_angle": ("Subtalar inversion", "Subtalar inversion", 1.0),
    "mtp_angle": ("Toe extension", "Toe extension", 1.0),
}
MIRRORED = ("pelvis_list", "pelvis_rotation")
SAGITTAL = ("hip_flexion", "knee_angle", "ankle_angle")

_ANGLE = re.compile(rf"^(?P<device>.+_)??(?P<coordinate>{'|'.join(COORDINATES)})(_(?P<side>[rl]))?$")

MUSCLES: dict[str, str] = {
    "abd": "Hip abductors",
    "add": "Hip adductors",
    "addbrev": "Adductor brevis",
    "addlong": "Adductor longus",
    "addmagDist": "Add. magnus, distal",
    "addmagIsch": "Add. magnus, ischial",
    "addmagMid": "Add. magnus, middle",
    "addmagProx": "Add. magnus, proximal",
    "bflh": "Biceps fem., long head",
    "bfsh": "Biceps fem., short head",
    "bifemsh": "Biceps fem., short head",
    "edl": "Ext. digitorum longus",
    "ehl": "Ext. hallucis longus",
    "fdl": "Flex. digitorum longus",
    "fhl": "Flex. hallucis longus",
    "gaslat": "Gastrocnemius lateralis",
    "gasmed": "Gastrocnemius medialis",
    "gastroc": "Gastrocnemius",
    "glmax": "Gluteus maximus",
    "glmed": "Gluteus medius",
    "glmin": "Gluteus minimus",
    "glutmax": "Gluteus maximus",
    "grac": "Gracilis",
    "hamstrings": "Hamstrings",
    "iliacus": "Iliacus",
    "iliopsoas": "Iliopsoas",
    "perbrev": "Peroneus brevis",
    "perlong": "Peroneus longus",
    "piri": "Piriformis",
    "psoas": "Psoas",
    "recfem": "Rectus femoris",
    "rectfem": "Rectus femoris",
    "sart": "Sartorius",
    "semimem": "Semimembranosus",
    "semiten": "Semitendinosus",
    "soleus": "Soleus",
    "tfl": "Tensor fasciae latae",
    "tibant": "Tibialis anterior",
    "tibpost": "Tibialis posterior",
    "vasint": "Vastus intermedius",
    "vaslat": "Vastus lateralis",
    "vasmed": "Vastus medialis",
    "vasti": "Vasti",
}


@dataclass(frozen=True)
class Angle:
    """An angle of the body: a coordinate with its columns in the recording, by side (``""`` for the pelvis).

    ``device``: name of the part of a device that it belongs to, where the body has the joint too; a joint of the device
    that is none of the body's coordinates has ``""`` for a coordinate.
    """

    coordinate: str
    columns: dict[str, str]
    device: str = ""

    @property
    def label(self) -> str:
        """Name and positive direction, in the strides of a side."""
        return self._named(0)

    @property
    def label_over_time(self) -> str:
        """Name and positive direction, independent of strides."""
        return self._named(1)

    def _named(self, which: int) -> str:
        words = str(COORDINATES[self.coordinate][which]) if self.coordinate else ""
        return ", ".join(part for part in (words, self.device) if part)

    def column(self, side: str) -> str | None:
        """Column to be shown for a side; None where that side has no such joint."""
        return self.columns.get(side, self.columns.get(""))

    def sign(self, side: str = "") -> float:
        """Factor from OpenSim's sign to the drawn one."""
        own = COORDINATES[self.coordinate][2] if self.coordinate else 1.0
        return -own if side == "l" and self.coordinate in MIRRORED else own

    def cycles(self, analysis: Analysis, side: str, group: str = "joint_position") -> np.ndarray:
        """Its strides ``(n, 101)`` in degrees, or degrees per second for ``joint_velocity``."""
        column = self.column(side)
        if column not in analysis.recording.columns(group):
            return np.zeros((0, 101))
        return self.sign(side) * np.degrees(analysis.cycles(group, column, side))

    def reference(self, recording: Recording, side: str) -> np.ndarray | None:
        """The reference over the cycle of a side ``(101,)`` in degrees; None where it does not name the joint.

        It begins at the reference's own heel strike of that side.
        """
        curve = reference_cycle(recording, self.column(side) or "", side)
        return None if curve is None else self.sign(side) * np.degrees(curve)


def angles(recording: Recording) -> list[Angle]:
    """All angles of pelvis and legs that are recorded, in the order of :data:`COORDINATES`.

    A prosthetic joint stands in the place of the joint that it replaces; other joints of a device come by their names.
    """
    found = [match for name in recording.columns("joint_position") if (match := _ANGLE.match(name))]
    own: dict[str, dict[str, str]] = {}
    for match in found:
        if not match["device"]:
            own.setdefault(match["coordinate"], {})[match["side"] or ""] = match[0]
    devices: dict[tuple[str, str], list[re.Match[str]]] = {}
    for match in found:
        if match["device"]:
            devices.setdefault((match["coordinate"], match["side"] or ""), []).append(match)
    made = []
    for (coordinate, side), matches in devices.items():
        if len(matches) == 1 and side not in own.setdefault(coordinate, {}):
            own[coordinate][side] = matches[0][0]
        else:
            made += [Angle(coordinate, {side: match[0]}, match["device"].strip("_")) for match in matches]
    made += [Angle(coordinate, columns) for coordinate, columns in own.items() if columns]
    order = list(COORDINATES)
    return sorted(made, key=lambda angle: (order.index(angle.coordinate), angle.device))


def joint_angles(analysis: Analysis) -> str | None:
    """At least one angle of pelvis and legs."""
    held = len(analysis.recording) and angles(analysis.recording)
    return None if held else "the recording holds no joint angles of pelvis and legs"


def sagittal(recording: Recording) -> dict[str, Angle]:
    """Angles of hip, knee and ankle in the sagittal plane, those that are there, by coordinate."""
    found = {angle.coordinate: angle for angle in angles(recording) if not angle.device}
    return {name: found[name] for name in SAGITTAL if name in found}


def base_name(name: str, side: str) -> str:
    """A name without the ending that tells its side."""
    return re.sub(rf"_({side}|{side.upper()})$", "", name) if side else name


def muscle_title(base: str) -> str:
    """Name of a muscle in words; parts of one are numbered (``glmax2``); an unknown one keeps its name."""
    if base in MUSCLES:
        return MUSCLES[base]
    stem = base.rstrip("0123456789")
    return f"{MUSCLES[stem]} {base[len(stem) :]}" if stem in MUSCLES else base


def muscle_pairs(recording: Recording) -> dict[str, dict[str, str]]:
    """Columns of ``activation`` by muscle and side, in the order of the recording."""
    facts = recording.meta.get("muscles") or {}
    pairs: dict[str, dict[str, str]] = {}
    for name in recording.columns("activation"):
        side = facts.get(name, {}).get("side") or (name[-1] if name[-2:] in ("_r", "_l") else "")
        pairs.setdefault(base_name(name, side), {})[side] = name
    return pairs
