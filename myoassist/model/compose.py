"""Body and device from assist-sim, as an editable ``MjSpec`` in the project's root convention."""

from __future__ import annotations

import os
import tempfile
import uuid
from pathlib import Path

import assist_sim
import mujoco
import numpy as np
from assist_sim.root_frame import to_planar_root

from myoassist.config import DeviceConfig, ModelConfig
from myoassist.errors import ModelError, unknown
from myoassist.model.mjcf import load_mjcf
from myoassist.places import cache_root

STANDING_HEIGHT = 0.91  # m, pelvis height of the unassisted body in assist-sim's "stand" keyframe
# Joints that a device of assist-sim 1.0.0 moves away from the origin of their body, where the bare body has them: these
# ankles would turn about a point 0.4 m below the talus.
MISPLACED = {("myolegs", "STRIDE_L2"): ("ankle_angle_r", "ankle_angle_l")}


def cache_folder() -> Path:
    """Folder of composed models: in ``$MYOASSIST_CACHE``, else the user's cache folder; else a temporary one.

    Raises:
        ModelError: none of them can be written.
    """
    wanted = cache_root()
    user = getattr(os, "getuid", int)()  # Windows has a temporary folder for each user
    for folder in (wanted, Path(tempfile.gettempdir()) / f"myoassist-{user}"):
        try:
            (folder / "models").mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder / "models").close()
            return folder / "models"
        except OSError:
            continue
    raise ModelError(f"{wanted}: cannot be written; set MYOASSIST_CACHE to a folder for composed models")


def available_devices(body: str) -> list[str]:
    """Names of the assist-sim devices that ``body`` can carry."""
    return sorted(assist_sim.get_available_combinations().get(body, []))


def check_pair(model: ModelConfig, device: DeviceConfig) -> None:
    """Raise ``ModelError`` where assist-sim cannot put ``device`` on ``model``; builds nothing."""
    if device.assist_sim is None:
        return
    if model.body == "mjcf":
        raise ModelError(
            f"device.assist_sim={device.assist_sim}: devices of assist-sim do not fit your own MJCF; give device=none, "
            f"and the motors of the file are the device"
        )
    devices = available_devices(model.body)
    if device.assist_sim not in devices:
        raise ModelError(unknown(f"device of body {model.body}", device.assist_sim, devices, where="device.assist_sim"))


def compose(model: ModelConfig, device: DeviceConfig) -> mujoco.MjSpec:
    """Compose body and device with the pelvis coordinates ``tx ty tz tilt list rotation`` at the root.

    ``pelvis_ty`` is the height of the pelvis origin over level ground on every body, and ``pelvis_tx`` and
    ``pelvis_tz`` are zero with the pelvis over the world origin.

    Raises:
        ModelError: assist-sim does not know the pair or cannot build it.
    """
    check_pair(model, device)
    if model.body == "mjcf":
        spec = load_mjcf(model)
        _lift_pelvis_to_standing(spec)
        return spec
    cache = cache_folder()
    # assist-sim writes mesh paths relative to its cache, so the copy has to lie in the same folder
    xml = cache / f"{uuid.uuid4().hex}.read.xml"
    try:
        if device.assist_sim is None:
            assist_sim.load_msk(model.body, export_xml=str(xml), cache_dir=cache)
        else:
            assist_sim.load_combined(
                model.body, device.assist_sim, export_xml=str(xml), cache_dir=cache, planar_root=True
            )
        spec = mujoco.MjSpec.from_file(str(xml))
    except (ValueError, ImportError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(f"model.body={model.body} device.assist_sim={device.assist_sim}: {reason}") from error
    finally:
        xml.unlink(missing_ok=True)
    if device.assist_sim is None:
        to_planar_root(spec)  # load_msk has no such option; no effect on a body that is planar already
    for joint in MISPLACED.get((model.body, device.assist_sim or ""), ()):
        spec.joint(joint).pos = np.zeros(3)
    _lift_pelvis_to_standing(spec)
    return spec


def _lift_pelvis_to_standing(spec: mujoco.MjSpec) -> None:
    """Make ``pelvis_ty`` the pelvis height, with the standing height as the joint's reference position.

    The compiler fixes the anchors of a device's closed loops in the reference pose; devices are authored beside a body
    that stands on the ground, so the reference pose has to stand there too.
    """
    probe = spec.compile()
    data = mujoco.MjData(probe)
    mujoco.mj_kinematics(probe, data)
    vertical = spec.joint("pelvis_ty")
    height = float(probe.key("stand").qpos[probe.joint("pelvis_ty").qposadr[0]]) if probe.nkey else STANDING_HEIGHT
    vertical.ref = height
    vertical.parent.pos = np.asarray(vertical.parent.pos) - data.body("pelvis").xpos + [0.0, 0.0, height]
