"""Write the table of ``docs/devices.md`` from the compiled models: what each device drives and how strongly, what it
weighs, what it limits and replaces. Run it after an upgrade of assist-sim; a test compares.

  python scripts/write_devices.py
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

import math
from collections.abc import Sequence

import yaml

from myoassist.analysis.events import SIDE_NAMES
from myoassist.config import DeviceConfig, FlatTerrain, ModelConfig
from myoassist.model.build import BuiltModel, build_model
from myoassist.model.index import Actuator
from myoassist.processes import ArgumentParser, exit_code
from scripts.write_docs import CONF, DOCS, first_sentence, markdown, with_table

PAGE = DOCS / "devices.md"
WAYS = {  # what a positive and a negative torque does, in OpenSim's signs
    "hip": ("hip flexion", "hip extension"),
    "knee": ("knee extension", "knee flexion"),
    "ankle": ("dorsiflexion", "plantarflexion"),
}
JOINTS = {"hip_flexion": "hip", "knee_angle": "knee", "ankle_angle": "ankle", "mtp_angle": "toes"}
UNEVEN = 0.1  # moment arms of the two sides that differ by more than this share say nothing about the device


def device_table() -> str:
    """The table as Markdown, one row for each file of ``conf/device``."""
    bare = built(DeviceConfig(name="none"))
    heads = ["`device=`", "", "motors", "each motor gives", "mass", "other limits", "replaces", "muscles removed"]
    body = []
    for file in sorted((CONF / "device").glob("*.yaml")):
        device = DeviceConfig(**yaml.safe_load(file.read_text(encoding="utf-8")))
        if device.assist_sim is not None:
            body.append([f"`{file.stem}`", first_sentence(file).rstrip("."), *facts(built(device), bare)])
    return markdown(heads, body)


def built(device: DeviceConfig) -> BuiltModel:
    """The 22-muscle body with a device."""
    return build_model(ModelConfig(name="22muscle", body="myolegs22"), device, FlatTerrain())


def facts(made: BuiltModel, bare: BuiltModel) -> list[str]:
    """Number of motors, what they give, mass against the bare body, joints limited, joints and muscles gone."""
    index = made.index
    motors = list(index.motors.values())
    gone = [name for name in bare.index.joints if name not in index.joints]
    muscles = [name for name in bare.index.muscles if name not in index.muscles]
    mass = f"{index.mass - bare.index.mass:+.1f} kg".replace("-", "−")
    given = list(dict.fromkeys(output(made, motor, motors) for motor in motors))
    replaced = ", ".join(f"right {JOINTS[name[:-2]]}" for name in gone)
    number = str(len(motors)) if motors else "none, passive"
    return [number, "; ".join(given), mass, limits(made, bare), replaced, ", ".join(muscles)]


def limits(made: BuiltModel, bare: BuiltModel) -> str:
    """Joints of the leg whose range or damping is not that of the bare body, as they are with the device."""
    told: dict[str, list[str]] = {}
    for joint, name in JOINTS.items():
        for side in SIDE_NAMES:
            key = f"{joint}_{side}"
            if key in made.index.joints and _range(made, key) != _range(bare, key):
                told.setdefault(f"{name} {_range(made, key)}", []).append(SIDE_NAMES[side])
    return "; ".join(text if len(sides) == len(SIDE_NAMES) else f"{sides[0]} {text}" for text, sides in told.items())


def _range(built: BuiltModel, joint: str) -> str:
    low, high = (
        round(math.degrees(angle)) for angle in (built.index.joints[joint].low, built.index.joints[joint].high)
    )
    damping = float(built.models[0].joint(joint).damping[0])
    return f"{low} to {high}°, damping {damping:g}".replace("-", "−")


def output(made: BuiltModel, motor: Actuator, motors: list[Actuator]) -> str:
    """Range of the torque of a motor at the joint it drives; of a cable its tension, and the torque when standing."""
    name, arm = next(iter(motor.drives.items()))
    kind = next(kind for kind in WAYS if kind in name)
    gain = float(made.models[0].actuator_gainprm[motor.id, 0]) * made.index.joints[name].sign
    torques = {gain * limit * arm for limit in (motor.low, motor.high)} - {0.0}
    told = [f"{abs(torque):.0f} N m {WAYS[kind][torque < 0]}" for torque in sorted(torques)]
    if abs(abs(arm) - 1.0) < 1e-6:  # it sits on the joint
        return " and ".join(told)
    arms = [abs(next(iter(other.drives.values()))) for other in motors]
    if max(arms) - min(arms) > UNEVEN * max(arms):
        return f"cable, {motor.peak_force:.0f} N; lever at the {kind} differs from pose to pose"
    return f"cable, {motor.peak_force:.0f} N: {' and '.join(told)} when standing"


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code."""
    return exit_code(lambda: write(arguments))


def write(arguments: Sequence[str]) -> None:
    """Write the table. Raises ConfigError for any argument but ``--help``."""
    ArgumentParser(prog="python scripts/write_devices.py", description=__doc__).parse_args(arguments)
    PAGE.write_text(with_table(PAGE, "write_devices.py", device_table()), encoding="utf-8")
