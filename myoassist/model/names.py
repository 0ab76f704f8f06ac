"""Joint, muscle and motor names of bodies and devices; those of the shipped ones are known without building them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from myoassist.config import DeviceConfig, FlatTerrain, ModelConfig
from myoassist.model.build import build_model

NAMES_FILE = Path(__file__).parent.parent / "assets" / "names.yaml"
BODIES = ("myolegs22", "myolegs26", "myolegs")


@dataclass(frozen=True)
class Names:
    """Names that a body with a device can have; a prosthesis removes some of the body's."""

    joints: tuple[str, ...]
    muscles: tuple[str, ...]
    motors: tuple[str, ...]


@cache
def _table() -> dict:
    return yaml.safe_load(NAMES_FILE.read_text(encoding="utf-8"))


def known_names(body: str, device: str | None) -> Names:
    """Names of ``body`` with ``device`` (an assist-sim key, or None)."""
    own, added = _table()["bodies"][body], _table()["devices"].get(device, {"joints": [], "motors": []})
    return Names((*own["joints"], *added["joints"]), tuple(own["muscles"]), tuple(added["motors"]))


def names_of(model: ModelConfig, device: DeviceConfig) -> Names:
    """Names of a configured body with its device; a user's own MJCF is built to know them. Raises as build_model."""
    if model.body != "mjcf":
        return known_names(model.body, device.assist_sim)
    index = build_model(model, device, FlatTerrain()).index
    return Names(tuple(index.joints), tuple(index.muscles), tuple(index.motors))
