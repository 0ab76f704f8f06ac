"""Programs of the repository as processes, started in a folder of one's own, and the one line they end with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
Ended = subprocess.CompletedProcess[str]
TINY = ("evaluation.episodes=1", "evaluation.seconds=0.5", "evaluation.video.episodes=0")

# Presses Ctrl-C when a module is imported for the first time.
SITE = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["PRESS_AT"]:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

if os.environ.get("PRESS_AT"):
    sys.meta_path.insert(0, Finder())
"""


def run(
    program: str, *arguments: str, folder: Path, root: Path = ROOT, **more: str
) -> subprocess.CompletedProcess[str]:
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site" / "sitecustomize.py").write_text(SITE)
    environment = {**os.environ, "PYTHONPATH": str(folder / "site"), **more}
    command = [sys.executable, str(root / program), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=400)


def assert_one_line(done: Ended, code: int, said: str) -> None:
    assert done.returncode == code, done.stderr
    assert said in done.stderr and done.stderr.count("\n") == 1, done.stderr
