"""Short recordings of walkers that hold still, small films of them, and what is in a film."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from helpers import experiment

from myoassist.analysis.recording import Recording
from myoassist.config import VideoConfig
from myoassist.env.recorder import Recorder
from myoassist.env.walk import WalkEnv
from myoassist.view.offscreen import NoGraphicsError, graphics_library

ENVS, SECONDS, SEED = 2, 0.5, 7
SMALL = VideoConfig(width=160, height=120, fps=20, seconds=0.4)


def draws() -> bool:
    try:
        return bool(graphics_library())
    except NoGraphicsError:
        return False


needs_gl = pytest.mark.skipif(not draws(), reason="no OpenGL library draws without a window on this machine")


def record(*overrides: str) -> Recording:
    """Walkers that hold still, two episodes of half a second."""
    config = experiment("termination=fall", f"termination.max_seconds={SECONDS}", "reset.bank_size=2", *overrides)
    walk = WalkEnv(config, num_envs=ENVS, seed=SEED, threads=1)
    recorder = Recorder(walk, record_hz=120, envs=ENVS)
    walk.watchers.append(recorder)
    walk.reset()
    finished = {}
    while len(finished) < ENVS:
        walk.step(np.zeros((ENVS, len(walk.action_map))))
        finished |= {e.env: e for e in walk.episodes.drain() if e.env not in finished}
    walk.close()
    described = {"name": "walk", "checkpoint": "", "steps": 0, "seed": SEED, "deterministic": True}
    return recorder.recording([finished[env] for env in range(ENVS)], **described)


def probe(path: Path) -> tuple[dict, str]:
    """Facts of a film, and all that ffmpeg says of it."""
    reader = imageio_ffmpeg.read_frames(str(path))
    facts = next(reader)
    reader.close()
    said = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(path)], capture_output=True, text=True).stderr
    return facts, said


def missing() -> str:
    raise RuntimeError("No ffmpeg exe could be found.")
