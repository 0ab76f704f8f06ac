"""Sensors the task reads; they replace those of body and device, whose order and reach differ from pair to pair."""

from __future__ import annotations

import mujoco

from myoassist.model.contact import GROUND

_CONTACT_FORCE = 1 << int(mujoco.mjtConDataField.mjCONDATA_FORCE)
_NET_FORCE = 3  # reduction of a contact sensor: the sum over its contacts, in world axes

_ACTUATOR_SENSORS = {
    "force": mujoco.mjtSensor.mjSENS_ACTUATORFRC,
    "length": mujoco.mjtSensor.mjSENS_ACTUATORPOS,
    "velocity": mujoco.mjtSensor.mjSENS_ACTUATORVEL,
}


def replace_sensors(spec: mujoco.MjSpec, *, soles: list[str], limited_joints: list[str], actuators: list[str]) -> None:
    """Give ``spec`` exactly these sensors, named ``<quantity>.<object>``.

    ``contact.<geom>``: force of the ground on a sole geom, 3 values, N, world axes. ``limit.<joint>``: joint-limit
    torque, N m. ``force|length|velocity.<actuator>``: N or N m, m or rad, m/s or rad/s. ``foot.<geom>``: position of
    the sole geom's centre, m.
    """
    for sensor in list(spec.sensors):
        spec.delete(sensor)
    for geom in soles:
        spec.add_sensor(
            name=f"contact.{geom}",
            type=mujoco.mjtSensor.mjSENS_CONTACT,
            objtype=mujoco.mjtObj.mjOBJ_GEOM,
            objname=GROUND,
            reftype=mujoco.mjtObj.mjOBJ_GEOM,
            refname=geom,
            intprm=[_CONTACT_FORCE, _NET_FORCE, 1],
        )
        spec.add_sensor(
            name=f"foot.{geom}",
            type=mujoco.mjtSensor.mjSENS_FRAMEPOS,
            objtype=mujoco.mjtObj.mjOBJ_GEOM,
            objname=geom,
        )
    for joint in limited_joints:
        spec.add_sensor(
            name=f"limit.{joint}",
            type=mujoco.mjtSensor.mjSENS_JOINTLIMITFRC,
            objtype=mujoco.mjtObj.mjOBJ_JOINT,
            objname=joint,
        )
    for quantity, kind in _ACTUATOR_SENSORS.items():
        for actuator in actuators:
            spec.add_sensor(
                name=f"{quantity}.{actuator}", type=kind, objtype=mujoco.mjtObj.mjOBJ_ACTUATOR, objname=actuator
            )
