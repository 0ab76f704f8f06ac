"""Write ``myoassist/assets/names.yaml``: the joint, muscle and motor names of every body and device of assist-sim.

Run it after an upgrade of assist-sim or myo-sim; a test compares the file with the compiled models.
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

from collections.abc import Sequence

import yaml

from myoassist.config import DeviceConfig, FlatTerrain, ModelConfig
from myoassist.model.build import build_model
from myoassist.model.compose import available_devices
from myoassist.model.names import BODIES, NAMES_FILE
from myoassist.processes import ArgumentParser, exit_code

HEADER = "# Names of the compiled models; written by scripts/write_names.py, compared with the models by a test.\n"


def collect() -> dict[str, dict[str, dict[str, list[str]]]]:
    """Names by body, and by device those that no body has."""
    bodies: dict[str, dict[str, list[str]]] = {}
    devices: dict[str, dict[str, list[str]]] = {}
    for body in BODIES:
        bare = build_model(ModelConfig(name=body, body=body), DeviceConfig(name="none"), FlatTerrain()).index
        bodies[body] = {"joints": list(bare.joints), "muscles": list(bare.muscles)}
        for device in available_devices(body):
            index = build_model(
                ModelConfig(name=body, body=body), DeviceConfig(name=device, assist_sim=device), FlatTerrain()
            ).index
            found = devices.setdefault(device, {"joints": [], "motors": []})
            found["joints"] = sorted({*found["joints"], *(set(index.joints) - set(bare.joints))})
            found["motors"] = sorted({*found["motors"], *index.motors})
    return {"bodies": bodies, "devices": devices}


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code."""
    return exit_code(lambda: write(arguments))


def write(arguments: Sequence[str]) -> None:
    """Write the file. Raises ConfigError for any argument but ``--help``."""
    ArgumentParser(prog="python scripts/write_names.py", description=__doc__).parse_args(arguments)
    NAMES_FILE.write_text(HEADER + yaml.safe_dump(collect(), sort_keys=False, width=118), encoding="utf-8")
