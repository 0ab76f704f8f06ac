"""Watching a walker while it walks: what it shows, what can be asked of it, and the loop that keeps real time.

A walker is a :class:`LiveWalker`. A screen (``window.py``, ``browser.py``) shows its frames and writes what the user
wants into its :class:`Controls`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from myoassist.config import TrainConfig
from myoassist.view.scene import Figure

SLOWEST, FASTEST = 0.1, 2.0  # share of real time
SMOOTH_HZ = 30.0  # pictures per second at least, where the machine is fast enough
MOST_STEPS = 10  # taken at once to keep up with real time


@dataclass(frozen=True)
class Frame:
    """A walker at one moment.

    ``qpos`` ``(nq,)`` in the model's order; ``activation`` ``(n_muscles,)`` and ``motor_force`` ``(n_motors,)`` (N or
    N m) in the order of the index; ``speed`` and ``target_speed`` m/s; ``time`` since the start of the episode, s;
    ``episode`` counts from 0; ``ground`` numbers the ground it
    stands on.
    """

    qpos: np.ndarray
    activation: np.ndarray
    motor_force: np.ndarray
    speed: float
    target_speed: float
    time: float
    episode: int
    ground: int = 0


@dataclass
class Controls:
    """What the user asks for; a screen writes it, the loop and the walker read it.

    ``rate``: share of real time. ``target_speed``: m/s instead of the command's, or None. ``device_on``: False keeps
    every motor at no effort. ``restart``: begin a new episode now; whoever does sets it back. ``closed``: the end.
    """

    paused: bool = False
    rate: float = 1.0
    target_speed: float | None = None
    device_on: bool = True
    restart: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Scene:
    """What a screen needs before the first frame: the figure to draw, what it may change, and a title.

    ``steerable``: the walker obeys ``target_speed``, ``device_on``, ``restart`` and ``rate``; one in training does not.
    """

    figure: Figure
    title: str
    motors: tuple[str, ...]
    motor_unit: str
    muscles: tuple[str, ...]
    target_speed: float = 1.25
    steerable: bool = True


class LiveWalker(Protocol):
    """A walker that is simulated as it is watched."""

    dt: float  # time of one step, s
    scene: Scene

    def step(self, controls: Controls) -> Frame:
        """Advance by one step and say how it stands then; begins a new episode by itself where one ends."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class Screen(Protocol):
    """Where frames are shown."""

    controls: Controls

    def show(self, frame: Frame) -> None:
        """Show a frame."""
        ...

    def close(self) -> None:
        """Close the window or the page."""
        ...


class Pace:
    """Keeps real time: how long to wait for the next step, and how many steps are due where showing took too long."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now, self._due = now, now()

    def next(self, seconds: float) -> tuple[float, int]:
        """Time to sleep, s, and steps to take then, 1 to ``MOST_STEPS``, with ``seconds`` between two steps."""
        now = self._now()
        self._due += seconds
        late = int((now - self._due) / seconds) if now > self._due else 0
        steps = 1 + min(late, MOST_STEPS - 1)
        self._due += (steps - 1) * seconds
        if late >= MOST_STEPS:  # the machine is too slow, or was asleep: do not chase after it
            self._due = now
        return max(0.0, self._due - now), steps


def watch(walker: LiveWalker, screen: Screen, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Let ``walker`` walk on ``screen`` in real time until the user closes it."""
    controls, pace = screen.controls, Pace()
    frame = walker.step(controls)
    while not controls.closed:
        rate = float(np.clip(controls.rate, SLOWEST, FASTEST))
        pictures = max(1, int(walker.dt / rate * SMOOTH_HZ)) if not controls.paused else 1
        wait, steps = pace.next(walker.dt / rate)
        before = frame
        if not controls.paused or controls.restart:
            for _ in range(steps):
                frame = walker.step(controls)
        for picture in range(1, pictures + 1):
            screen.show(between(before, frame, picture / pictures))
            sleep(wait / pictures)


def between(before: Frame, after: Frame, share: float) -> Frame:
    """The walker a ``share`` of the way from one frame to the next; in a new episode, just the next."""
    if share >= 1.0 or before.episode != after.episode or after.time <= before.time:
        return after
    numbers = {
        name: (1 - share) * getattr(before, name) + share * getattr(after, name)
        for name in ("qpos", "activation", "motor_force", "speed", "time")
    }
    return replace(after, **numbers)


def scene_of(config: TrainConfig, figure: Figure, *, title: str, steerable: bool) -> Scene:
    """A scene of an experiment's walker."""
    command = config.command
    speeds = [value for name in ("speed", "low", "high") if isinstance(value := getattr(command, name, None), float)]
    return Scene(
        figure=figure,
        title=title,
        motors=tuple(figure.index.motors),
        motor_unit=motor_unit(figure),
        muscles=tuple(figure.index.muscles),
        target_speed=float(np.mean(speeds)) if speeds else 1.25,
        steerable=steerable,
    )


def motor_unit(figure: Figure) -> str:
    """``N m`` where every motor turns a joint, ``N`` where every one pulls a cable, else both."""
    kinds = {str(figure.motor_unit(motor)) for motor in figure.index.motors}
    return kinds.pop() if len(kinds) == 1 else "N or N m"
