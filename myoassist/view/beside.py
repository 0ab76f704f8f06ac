"""A process of its own that draws one walker of a training, so that the training does not wait for pictures.

``python -m myoassist.view.beside`` is started by :class:`Beside`, which hands it the experiment on its standard input;
where that input ends, the process that trains is gone, and this one ends too.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from myoassist.config import TrainConfig, ViewConfig
from myoassist.errors import MyoAssistError
from myoassist.model.index import ModelIndex
from myoassist.parsing import parse_config, to_plain
from myoassist.processes import child_environment, python_command
from myoassist.view.live import Frame, Screen, between, scene_of
from myoassist.view.mailbox import Mailbox
from myoassist.view.scene import make_figure
from myoassist.view.screens import make_screen

PICTURES_HZ = 30.0
POLITE = 10  # lower priority of the drawing process
_CHECK_EVERY = 50  # frames between looks at whether it still runs


class Beside:
    """The drawing process as the training sees it: it takes frames, and says once when it is gone.

    Args:
        index, seed, grounds: of the environment that is shown.
        say: gets one line if the process ends before the training.
    """

    def __init__(
        self, config: TrainConfig, view: ViewConfig, index: ModelIndex, *, grounds: int, say: Callable[[str], None]
    ) -> None:
        handle, name = tempfile.mkstemp(prefix="myoassist-view-")
        os.close(handle)
        self._box, self._say, self._frames = Mailbox(Path(name), index, create=True), say, 0
        request = {"experiment": to_plain(config), "view": asdict(view), "grounds": grounds, "mailbox": name}
        self._process: subprocess.Popen[str] | None = subprocess.Popen(
            python_command("myoassist.view.beside"),
            stdin=subprocess.PIPE,
            text=True,
            env=child_environment(),
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    @property
    def running(self) -> bool:
        """Whether anyone still looks."""
        return self._process is not None

    def show(self, frame: Frame) -> None:
        """Hand over a frame."""
        self._box.put(frame)
        self._frames += 1
        if self._process is not None and self._frames % _CHECK_EVERY == 0 and self._process.poll() is not None:
            code = self._process.returncode
            self._let_go()
            why = "was closed" if code == 0 else f"ended with exit code {code}"
            self._say(f"view: {why}; the training goes on without it")

    def close(self) -> None:
        """End the drawing process."""
        if self._process is not None:
            self._let_go()
        self._box.path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        """Close the pipe, which ends the process, and wait for that."""
        process, self._process = self._process, None
        assert process is not None and process.stdin is not None
        with contextlib.suppress(OSError):  # it is gone already
            process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> int:
    """Draw until the standard input ends or the screen is closed; returns the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the training, which ends this process too
    request = json.loads(sys.stdin.readline())
    if hasattr(os, "nice"):
        os.nice(POLITE)
    config = parse_config(request["experiment"])
    try:
        figure = make_figure(config, seed=config.seed, grounds=request["grounds"])
        box = Mailbox(Path(request["mailbox"]), figure.index)
        title = f"training: {config.name}"
        scene = scene_of(config, figure, title=title, steerable=False)
        screen = make_screen(scene, parse_config(request["view"], ViewConfig))
    except (MyoAssistError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    draw(box, screen, ended, clock=time.perf_counter, sleep=time.sleep)
    screen.close()
    with contextlib.suppress(OSError):  # the training removes it too, unless it was killed
        box.path.unlink(missing_ok=True)
    return 0


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def draw(
    box: Mailbox, screen: Screen, ended: Any, *, clock: Callable[[], float], sleep: Callable[[float], None]
) -> None:
    """Show the newest frame of ``box`` again and again; between two, the walker moves on smoothly, one frame late."""
    count, before, after = 0.0, None, None
    arrived, interval = clock(), 0.1
    while not ended.is_set() and not screen.controls.closed:
        if news := box.get(count):
            now = clock()
            interval, arrived = min(0.5, max(0.005, now - arrived)), now
            before, (count, after) = after, news
        if after is not None:
            share = (clock() - arrived) / interval
            screen.show(between(before or after, after, share))
        sleep(1.0 / PICTURES_HZ)


if __name__ == "__main__":
    sys.exit(main())
