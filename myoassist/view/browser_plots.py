"""Live plots on the page: muscles by choice, the device, and the speed, over the last seconds."""

from __future__ import annotations

from collections import deque

import numpy as np
import viser
import viser.uplot as uplot

from myoassist.view.colours import PALETTE
from myoassist.view.live import Frame, Scene

SECONDS = 4.0  # in sight
EVERY = 0.2  # s of the walker's time between drawings; the figure itself is smoother
RIGHT, LEFT = "right leg", "left leg"


class LivePlots:
    """Keeps the last seconds of the frames it is given and draws them on the page."""

    def __init__(self, server: viser.ViserServer, scene: Scene) -> None:
        self._gui, self._scene = server.gui, scene
        self._frames: deque[Frame] = deque()
        self._drawn = -np.inf
        self._groups = muscle_groups(scene.muscles)
        self._folder = self._gui.add_folder("Muscles")
        with self._folder:
            first = next((name for name in self._groups if name.startswith("soleus")), next(iter(self._groups)))
            self._choice = self._gui.add_dropdown("Shown", tuple(self._groups), initial_value=first)
        self._muscles = self._muscle_plot()
        self._choice.on_update(lambda _: self._replace_muscles())
        self._motors = None
        if scene.motors:
            with self._gui.add_folder("Device"):
                title = "torque" if scene.motor_unit == "N m" else "force"
                names = list(scene.motors)[: len(PALETTE)]
                self._motors = self._plot(f"{title} ({scene.motor_unit})", names)
        with self._gui.add_folder("Speed"):
            self._speed = self._plot("m/s", ["speed", "target"])

    def add(self, frame: Frame) -> bool:
        """Take a frame in; whether the plots were drawn anew."""
        if self._frames and (frame.episode != self._frames[-1].episode or frame.time < self._frames[-1].time):
            self._frames.clear()
            self._drawn = -np.inf
        self._frames.append(frame)
        while frame.time - self._frames[0].time > SECONDS:
            self._frames.popleft()
        if frame.time - self._drawn < EVERY or len(self._frames) < 2:
            return False
        self._drawn = frame.time
        self._draw()
        return True

    def _draw(self) -> None:
        frames = tuple(self._frames)
        time = np.array([frame.time for frame in frames])
        activation = np.array([frame.activation for frame in frames])
        handle, columns = self._muscles
        handle.data = (time, *(activation[:, column] for column in columns))
        if self._motors is not None:
            force = np.array([frame.motor_force for frame in frames])
            self._motors.data = (time, *(force[:, column] for column in range(len(self._motors.data) - 1)))
        speeds = np.array([(frame.speed, frame.target_speed) for frame in frames])
        self._speed.data = (time, speeds[:, 0], speeds[:, 1])

    def _muscle_plot(self) -> tuple[viser.GuiUplotHandle, list[int]]:
        columns = self._groups[self._choice.value]
        names = [self._scene.muscles[column] for column in columns]
        with self._folder:
            return self._plot("activation", names, low=0.0, high=1.0), columns

    def _replace_muscles(self) -> None:
        old, _ = self._muscles
        self._muscles = self._muscle_plot()
        old.remove()

    def _plot(
        self, title: str, names: list[str], *, low: float | None = None, high: float | None = None
    ) -> viser.GuiUplotHandle:
        empty = np.zeros(2)
        lines = [
            uplot.Series(label=name, stroke=PALETTE[number % len(PALETTE)], width=1.5)
            for number, name in enumerate(names)
        ]
        scales = {"x": uplot.Scale(time=False)}
        if low is not None and high is not None:
            scales["y"] = uplot.Scale(range=(low, high))
        return self._gui.add_uplot(
            (empty, *(empty for _ in names)),
            (uplot.Series(label="s"), *lines),
            title=title,
            scales=scales,
            legend=uplot.Legend(show=len(names) <= 12),
            aspect=2.0,
        )


def muscle_groups(muscles: tuple[str, ...]) -> dict[str, list[int]]:
    """Columns by what can be chosen: each muscle with its other side, then all of one leg."""
    groups: dict[str, list[int]] = {}
    for column, name in enumerate(muscles):
        groups.setdefault(name.removesuffix("_r").removesuffix("_l"), []).append(column)
    for words, ending in ((RIGHT, "_r"), (LEFT, "_l")):
        if side := [column for column, name in enumerate(muscles) if name.endswith(ending)]:
            groups[words] = side
    return groups
