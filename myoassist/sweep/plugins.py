"""The plugins of this package that Hydra is told of."""

from __future__ import annotations

from hydra.core.plugins import Plugins

from myoassist.sweep.launcher import register as register_launchers
from myoassist.sweep.sweeper import PLUGIN, SearchSweeper


def register() -> None:
    """Tell Hydra of launchers and searches, which it would load from packages of a fixed name only."""
    register_launchers()
    Plugins.instance().class_name_to_class[PLUGIN] = SearchSweeper
