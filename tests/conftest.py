"""What the tests share: models take up to two seconds to build, so each is built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from myoassist.config import DeviceConfig, FlatTerrain, ModelConfig, Terrain
from myoassist.model.build import BuiltModel, build_model

SHARED = [file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith(("test_", "conftest"))]
pytest.register_assert_rewrite(*SHARED)  # their asserts say what was compared, as those of the tests do

Build = Callable[..., BuiltModel]


@pytest.fixture(scope="session")
def build() -> Build:
    """``build(body, device=None, terrain=…, grounds=1, seed=0, drawing=False, **model)``: a built model.

    It is shared by all tests that ask for the same one: copy what you want to change.
    """
    known: dict[Any, BuiltModel] = {}

    def build(
        body: str,
        device: str | None = None,
        terrain: Terrain | None = None,
        *,
        grounds: int = 1,
        seed: int = 0,
        drawing: bool = False,
        **model: Any,
    ) -> BuiltModel:
        terrain = terrain or FlatTerrain()
        key = (body, device, repr(terrain), grounds, seed, drawing, *sorted(model.items()))
        if key not in known:
            known[key] = build_model(
                ModelConfig(name=body, body=body, **model),  # type: ignore[arg-type]
                DeviceConfig(name=device or "none", assist_sim=device),
                terrain,
                grounds=grounds,
                rng=np.random.default_rng(seed),
                drawing=drawing,
            )
        return known[key]

    return build


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Any:
    """``target(*overrides)``: a training that is built, and closed after the test."""
    from transfers import Target  # with PyTorch, which most tests do without

    made: list[Target] = []

    def make(*overrides: str) -> Target:
        made.append(Target(*overrides))
        return made[-1]

    yield make
    for one in made:
        one.close()
