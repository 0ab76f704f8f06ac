"""Colours of muscles by activation: blue at rest, red-orange at full activation, told apart by every kind of eye."""

from __future__ import annotations

import numpy as np

STOPS = np.array([[0.15, 0.35, 0.78], [0.66, 0.24, 0.58], [0.98, 0.33, 0.10]])  # activation 0, 0.5, 1
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000")  # Okabe and Ito


def activation_colour(activation: np.ndarray) -> np.ndarray:
    """Red, green and blue in [0, 1] ``(..., 3)`` for activations ``(...)``; those outside [0, 1] are cut."""
    at = np.clip(np.asarray(activation, dtype=float), 0.0, 1.0) * (len(STOPS) - 1)
    below = np.minimum(at.astype(int), len(STOPS) - 2)
    share = (at - below)[..., None]
    return (1.0 - share) * STOPS[below] + share * STOPS[below + 1]


def muscle_radius(activation: np.ndarray, *, slack: float) -> np.ndarray:
    """Radius in m at which a muscle is drawn: ``slack`` at rest, 2.2 times that at full activation."""
    return slack * (1.0 + 1.2 * np.clip(activation, 0.0, 1.0))
