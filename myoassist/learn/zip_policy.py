"""A Stable-Baselines3 ``.zip`` that lies beside its configuration, read as a checkpoint without running its code."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError
from myoassist.learn.checkpoint import NORMALIZER, Checkpoint, load_checkpoint, read_parameters, reading
from myoassist.learn.layout import Layout
from myoassist.learn.normalizer import Normalizer
from myoassist.parsing import load_config
from myoassist.places import CONFIG
from myoassist.runs.checkpoints import LAYOUT


def load_policy(place: str | Path, *, key: str = "checkpoint") -> Checkpoint:
    """Read a run folder, a checkpoint folder, or a ``.zip`` with ``config.yaml`` beside it.

    A zip without ``normalizer.npz`` beside it sees raw observations; without ``layout.json`` its signals and actions
    are taken to be those of its configuration. ``key`` is the setting that names it, for messages.

    Raises:
        RunError: there is none, or a file is missing, cut off or of another kind.
    """
    path = Path(place)
    if path.suffix != ".zip":
        return load_checkpoint(place, key=key)
    if not path.is_file():
        raise RunError(f"{key}={place}: no such file")
    if (path.parent / LAYOUT).is_file() and path.name == "policy.zip":
        return load_checkpoint(path.parent, key=key)
    if not (path.parent / CONFIG).is_file():
        raise RunError(f"{key}={place}: the experiment is missing; put its {CONFIG} beside the zip")
    return _load_alone(path, key)


def _load_alone(path: Path, key: str) -> Checkpoint:
    config = load_config(path.parent / CONFIG)
    walk = WalkEnv(config, num_envs=1)
    layout = Layout.of(walk)
    walk.close()
    with reading(path, key=key):
        policy = read_parameters(path)["policy"]
        with zipfile.ZipFile(path) as archive:
            steps = int(json.loads(archive.read("data")).get("num_timesteps", 0))  # plain JSON; its pickles stay shut
        beside = path.parent / NORMALIZER
        normalizer = Normalizer.load(beside) if beside.is_file() else Normalizer.identity(len(layout.signals))
    return Checkpoint(path, policy, normalizer, layout, config, steps, {})
