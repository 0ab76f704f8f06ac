"""Spaces of the environment, shared by its three interfaces."""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box

from myoassist.env.walk import WalkEnv

LARGEST = float(np.finfo(np.float32).max)  # any finite number: infinity and NaN are outside the space


def observation_space(walk: WalkEnv) -> Box:
    """Float32 vector of the named signals of one environment, each any finite number."""
    return Box(-LARGEST, LARGEST, (len(walk.observer.signals),), np.float32)


def action_space(walk: WalkEnv) -> Box:
    """Float32 vector in [-1, 1]: muscles, then motors."""
    return Box(-1.0, 1.0, (len(walk.action_map),), np.float32)
