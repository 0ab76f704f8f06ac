"""OpenSim's names of coordinates, and what the names of other files mean in them."""

from __future__ import annotations

import re

import mujoco

ROOT_COORDINATES = ("pelvis_tx", "pelvis_ty", "pelvis_tz", "pelvis_tilt", "pelvis_list", "pelvis_rotation")
LEG_COORDINATES = (
    "hip_flexion",
    "hip_adduction",
    "hip_rotation",
    "knee_angle",
    "ankle_angle",
    "subtalar_angle",
    "mtp_angle",
)
ROOT_SIDEWAYS = ("pelvis_tz", "pelvis_list", "pelvis_rotation")  # a planar body has none of these
LEG_SIDEWAYS = ("hip_adduction", "hip_rotation", "subtalar_angle")
LEG_JOINT = re.compile(rf"^({'|'.join(LEG_COORDINATES)})_([rl])$")
_ANY_LEG_ANGLE = re.compile(rf"({'|'.join(LEG_COORDINATES)})(_[rl])?$")
_SIDE_SUFFIX = re.compile(r"_(r|l|R|L|dx|sx|right|left)$")
_SIDE_OF = {"r": "r", "R": "r", "dx": "r", "right": "r", "l": "l", "L": "l", "sx": "l", "left": "l"}

# Other words for a coordinate, side left off. Positive directions may differ: they are found by moving the joint.
_SYNONYMS = {
    "hip": "hip_flexion",
    "hip_flex": "hip_flexion",
    "hip_pitch": "hip_flexion",
    "hip_extension": "hip_flexion",
    "hip_add": "hip_adduction",
    "hip_abduction": "hip_adduction",
    "hip_roll": "hip_adduction",
    "hip_rot": "hip_rotation",
    "hip_yaw": "hip_rotation",
    "knee": "knee_angle",
    "knee_flexion": "knee_angle",
    "knee_extension": "knee_angle",
    "knee_flex": "knee_angle",
    "knee_pitch": "knee_angle",
    "ankle": "ankle_angle",
    "ankle_flexion": "ankle_angle",
    "ankle_dorsiflexion": "ankle_angle",
    "ankle_flex": "ankle_angle",
    "ankle_pitch": "ankle_angle",
    "subtalar": "subtalar_angle",
    "ankle_inversion": "subtalar_angle",
    "ankle_roll": "subtalar_angle",
    "mtp": "mtp_angle",
    "toe": "mtp_angle",
    "toes": "mtp_angle",
    "toe_angle": "mtp_angle",
}
_FILLERS = {"joint", "jnt", "q", "angle", "rad", "deg"}


def side_of_name(name: str) -> str:
    """Side ``"r"``, ``"l"`` or ``""`` told by the end of a name (``_r``, ``_L``, ``_dx``, ``_left`` …)."""
    found = _SIDE_SUFFIX.search(name)
    return _SIDE_OF[found.group(1)] if found else ""


def coordinate_of(name: str) -> str:
    """OpenSim leg coordinate a joint's name ends with, side left off (also of a prosthetic joint), or ``""``."""
    found = _ANY_LEG_ANGLE.search(name)
    return found.group(1) if found else ""


def opensim_name(name: str) -> str:
    """OpenSim's name of a pelvis or leg coordinate that a file may call otherwise, or ``""``.

    ``RightKnee``, ``knee_right``, ``r_knee_flexion`` and ``/jointset/walker_knee_r/knee_angle_r/value`` are all
    ``knee_angle_r``. A name without a side is not taken for a leg coordinate.
    """
    parts = [part for part in name.split("/") if part]
    if len(parts) > 1 and parts[-1] in ("value", "speed", "acceleration", "state"):
        return opensim_name(parts[-2]) if parts[-1] == "value" else ""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", parts[-1] if parts else "")
    words = [word for word in re.split(r"[\W_]+", spaced.lower()) if word]
    if "_".join(words) in ROOT_COORDINATES:
        return "_".join(words)
    sides = [_SIDE_OF[word] for word in words if word in _SIDE_OF]
    if len(sides) != 1:
        return ""
    rest = [word for word in words if word not in _SIDE_OF]
    for candidate in ("_".join(rest), "_".join(word for word in rest if word not in _FILLERS)):
        coordinate = candidate if candidate in LEG_COORDINATES else _SYNONYMS.get(candidate, "")
        if coordinate:
            return f"{coordinate}_{sides[0]}"
    return ""


def body_side(model: mujoco.MjModel, body: int) -> str:
    """Side ``"r"``, ``"l"`` or ``""`` of a body: that of the nearest leg joint on it or above it."""
    while body > 0:
        first = int(model.body_jntadr[body])
        for joint in range(first, first + int(model.body_jntnum[body])):
            found = LEG_JOINT.match(model.joint(joint).name)
            if found:
                return found.group(2)
        body = int(model.body_parentid[body])
    return ""
