"""Frames without a walker, a screen without a picture, and what a page is sent."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import viser
import websockets
import websockets.sync.client
from helpers import experiment

from myoassist.config import TrainConfig
from myoassist.view.live import Controls, Frame

ROOT = Path(__file__).resolve().parent.parent
QUICK = ("termination=fall", "reset.bank_size=2", "evaluation.seed=5")


def frame(number: int = 0, **changes: Any) -> Frame:
    values = {"qpos": np.full(3, float(number)), "activation": np.full(2, 0.1 * number), "motor_force": np.zeros(1)}
    return Frame(**{**values, "speed": 1.0, "target_speed": 1.25, "time": float(number), "episode": 0, **changes})


class FakeScreen:
    def __init__(self, on_show: Callable[[Controls, int], None] = lambda controls, shown: None) -> None:
        self.controls, self.shown, self._on_show = Controls(), [], on_show

    def show(self, frame: Frame) -> None:
        self.shown.append(frame)
        self._on_show(self.controls, len(self.shown))

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def config() -> TrainConfig:
    return experiment(*QUICK)


def any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def messages(port: int, seconds: float = 20.0) -> Generator[bytes, None, None]:
    """What a page is sent."""
    protocol = f"viser-v{viser.__version__}"
    place, own = f"ws://127.0.0.1:{port}", [websockets.Subprotocol(protocol)]
    with websockets.sync.client.connect(place, subprotocols=own, max_size=None) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            data = client.recv(timeout=seconds)
            yield data if isinstance(data, bytes) else data.encode()


def until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
