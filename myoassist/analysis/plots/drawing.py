"""What a plot is: a function that draws, the words that explain it, and what it needs."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from myoassist.analysis.analysis import Analysis
from myoassist.analysis.plots.style import look
from myoassist.errors import RunError

Need = Callable[[Any], "str | None"]  # from what is drawn to the reason why it cannot be


@dataclass(frozen=True)
class Plot:
    """A plot, called as the function it is: ``kinematics(analysis, episode=3)`` gives a ``Figure``.

    Args:
        function: draws; its first argument is an :class:`Analysis`, of plots of a training the run folder.
        title: of its section in a report.
        caption: how to read it.
        needs: each says in words why it cannot be drawn, or None.
    """

    function: Callable[..., Figure]
    title: str
    caption: str
    needs: tuple[Need, ...] = ()

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.function.__name__

    def applies(self, source: Any) -> str | None:
        """Why it cannot be drawn of ``source``, in words; None if it can. A need that raises is a reason too."""
        try:
            return next((reason for need in self.needs if (reason := need(source))), None)
        except Exception as error:
            return f"what it needs could not be looked up: {fault(error)}"

    def __call__(self, source: Any, **options: Any) -> Figure:
        """Draw it. Raises RunError, with the reason of :meth:`applies`, where there is nothing to draw."""
        if reason := self.applies(source):
            raise RunError(f"plot {self.name}: {reason}")
        with look(), np.errstate(invalid="ignore", over="ignore"):  # signals may hold what is no number
            return self.function(source, **options)


def fault(error: Exception) -> str:
    """An error in a plot's own code, with the place where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"


def plot(title: str, caption: str, *needs: Need) -> Callable[[Callable[..., Figure]], Plot]:
    """Make a drawing function a :class:`Plot`."""
    return lambda function: Plot(function, title, caption, needs)


def strides(analysis: Analysis) -> str | None:
    """At least one complete stride."""
    if analysis.strides:
        return None
    return "no complete stride was found in the recording"


def signals(group: str, words: str) -> Need:
    """At least one column of ``group``; ``words`` say what that is."""

    def need(analysis: Analysis) -> str | None:
        held = group in analysis.recording.arrays and analysis.recording[group].size > 0
        return None if held else f"the recording holds no {words}"

    return need


def reference(analysis: Analysis) -> str | None:
    """Curves of a reference motion, and strides that can be compared with them."""
    if analysis.estimated:
        return "heel strikes are a guess, so that nothing can be compared with the reference"
    known = (analysis.recording.meta.get("reference") or {}).get("joints")
    return None if known else "the recording was made without a reference motion"
