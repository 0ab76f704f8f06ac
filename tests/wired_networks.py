"""Networks of experiments, wired on environments whose simulation experiments with the same body share."""

from __future__ import annotations

import copy
from functools import cache

from myoassist.env.walk import WalkEnv
from myoassist.learn.wiring import Wiring, resolve_wiring
from myoassist.mdp.actions import ActionMap
from tests.helpers import experiment

SMALL = ("num_envs=2", "threads=1", "reset.bank_size=1", "evaluation.every_steps=0")


@cache
def built(*overrides: str) -> WalkEnv:
    return WalkEnv(experiment(*SMALL, *overrides))


def walker(*overrides: str) -> WalkEnv:
    """The environment of an experiment, on a simulation that experiments with the same body share."""
    config = experiment(*SMALL, *overrides)
    same = (name for name in overrides if not name.lstrip("+").startswith(("network", "algorithm", "experiment")))
    walk = copy.copy(built(*same))
    walk.config, walk.action_map = config, ActionMap(config.action, walk.index, config.network.constants)
    return walk


def wired(*overrides: str) -> tuple[Wiring, list[str], list[str]]:
    """The wiring of an experiment, and the names of its signals and actions."""
    walk = walker(*overrides)
    signals = [signal.name for signal in walk.observer.signals]
    return resolve_wiring(walk.config.network, walk), signals, list(walk.action_map.names)  # type: ignore[arg-type]
