"""Muscles over the gait cycle: activation, co-contraction, and metabolic power."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from myoassist.analysis.gait import Gait
from myoassist.analysis.gait_metric import PerStride
from myoassist.analysis.strides import Stride
from myoassist.model.metabolics import BASAL, METABOLIC_MODELS, MuscleParameters

SLOWEST = 0.1  # m/s, below which a cost per way means nothing

# Antagonists by the start of their names, in all bodies.
ANTAGONISTS = {
    "ankle": (r"soleus|gas", r"tibant"),
    "knee": (r"vas", r"hamstrings|semi|bf|bifem"),
    "hip": (r"glutmax|glmax", r"iliopsoas|iliacus|psoas"),
}

_SIGNALS = {  # what a metabolic model takes, and the group that holds it
    "excitation": "excitation",
    "activation": "activation",
    "force": "muscle_force",
    "length": "muscle_length",
    "velocity": "muscle_velocity",
}
_FRAMES = 512  # at a time, which stay in the processor's cache


def muscle_activity(gait: Gait) -> list[PerStride]:
    """Mean activation and its mean square: of all muscles, and of each."""
    activation = gait.group("activation")
    if activation is None or not activation.shape[1]:
        return []
    mean, square = gait.means(activation), gait.means(activation**2)
    found = [
        PerStride("activation", mean.mean(axis=1), "1", "activation, mean of all muscles and over the stride", "body"),
        PerStride("activation_squared", square.mean(axis=1), "1", "squared activation, mean of all muscles", "body"),
    ]
    names = gait.recording.columns("activation")
    for muscle in dict.fromkeys(name[:-2] for name in names if name[-2:] in ("_r", "_l")):
        for label, values, about in (("activation", mean, "activation"), ("activation_squared", square, "its square")):
            own = np.full(len(gait.strides), np.nan)
            sides = tuple(side for side in ("r", "l") if f"{muscle}_{side}" in names)
            for side in sides:
                rows = gait.sides == side
                own[rows] = values[rows, names.index(f"{muscle}_{side}")]
            found.append(PerStride(f"{muscle}.{label}", own, "1", f"{about}, mean over the stride", "foot", sides))
    return found


def co_contraction(gait: Gait) -> list[PerStride]:
    """Share of antagonists' activity that they have in common over a stride, 0 to 1.

    ``2 int min(a, b) dt / int (a + b) dt`` with a and b the mean activations of either group; Falconer and Winter
    (1985) Electromyogr Clin Neurophysiol 25:135-149.
    """
    activation = gait.group("activation")
    if activation is None:
        return []
    names = gait.recording.columns("activation")

    def mean_of(pattern: str, side: str) -> np.ndarray | None:
        columns = [i for i, name in enumerate(names) if re.match(pattern, name) and name.endswith(f"_{side}")]
        return activation[:, columns].mean(axis=1) if columns else None

    found = []
    for joint, patterns in ANTAGONISTS.items():

        def shared(side: str, strides: Sequence[Stride], patterns: tuple[str, str] = patterns) -> np.ndarray | None:
            one, other = (mean_of(pattern, side) for pattern in patterns)
            if one is None or other is None:
                return None
            total = gait.means(one + other, strides)
            return 2.0 * gait.means(np.minimum(one, other), strides) / np.where(total > 0.0, total, np.nan)

        values = gait.of_foot(shared)
        if np.isfinite(values).any() or not len(values):
            about = f"{joint} antagonists' common share of activation (Falconer and Winter 1985)"
            found.append(PerStride(f"co_contraction.{joint}", values, "1", about))
    return found


def metabolic_powers(gait: Gait) -> dict[str, np.ndarray]:
    """Metabolic power of all muscles ``(frames,)``, W, without the basal rate, by model; none without the signals."""
    table = gait.recording.meta.get("muscles") or {}
    names = gait.recording.columns("activation")
    signals = {quantity: gait.group(group) for quantity, group in _SIGNALS.items()}
    known = {quantity: values for quantity, values in signals.items() if values is not None}
    if not names or any(name not in table for name in names) or len(known) < len(signals):
        gait.note(
            "Metabolic power needs excitation, activation, force, length, velocity and parameters of the muscles."
        )
        return {}
    muscles = MuscleParameters.of({name: table[name] for name in names})
    powers = {model: np.zeros(len(gait.recording)) for model in METABOLIC_MODELS}
    for start in range(0, len(gait.recording), _FRAMES):
        frames = slice(start, start + _FRAMES)
        part = {quantity: values[frames] for quantity, values in known.items()}
        for model, power in METABOLIC_MODELS.items():
            powers[model][frames] = power(muscles, **part).sum(axis=1)
    return powers


def metabolic_cost(gait: Gait) -> list[PerStride]:
    """Metabolic rate, of muscles and basal, and cost of transport, per kg of the walker's own mass."""
    rates = {model: gait.means(power) / gait.body_mass for model, power in metabolic_powers(gait).items()}
    if not rates:
        return []
    net, other, gross = rates["umberger_2010"], rates["bhargava_2004"], f"muscles and basal rate of {BASAL} W/kg"
    found = [
        PerStride("metabolic_rate", net + BASAL, "W/kg", f"{gross}, Umberger (2010)", "body"),
        PerStride("metabolic_rate_muscles", net, "W/kg", "the modelled muscles alone, Umberger (2010)", "body"),
        PerStride("metabolic_rate_bhargava", other + BASAL, "W/kg", f"{gross}, Bhargava (2004)", "body"),
    ]
    velocity = gait.signal("speed")
    if velocity is not None:
        speed = gait.means(velocity)
        speed = np.where(speed > SLOWEST, speed, np.nan)
        about = "metabolic rate / speed"
        found += [
            PerStride("cost_of_transport", (net + BASAL) / speed, "J/kg/m", f"{about}, Umberger (2010)", "body"),
            PerStride(
                "cost_of_transport_bhargava", (other + BASAL) / speed, "J/kg/m", f"{about}, Bhargava (2004)", "body"
            ),
        ]
    return found
