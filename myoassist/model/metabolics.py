"""Metabolic power of muscles from what a musculoskeletal simulation knows of them. NumPy only.

Two models, both for rigid tendons without pennation, in W per muscle:

* :func:`umberger_2010`: Umberger, Gerritsen, Martin (2003) Comput Methods Biomech Biomed Engin 6:99-111 with the
  changes of Umberger (2010) J R Soc Interface 7:1329-1340: lengthening gives 0.3 times the slow fibres' shortening heat
  coefficient, and negative work is not given back.
* :func:`bhargava_2004`: Bhargava, Pandy, Anderson (2004) J Biomech 37:81-88, with a constant activation heat (its decay
  after long stimulation is left out) and without negative work.

Muscle mass is peak force / specific tension · density · optimal fibre length. Specific tension is 0.6 MPa, with which
the peak forces of this family of bodies were made (Rajagopal et al. 2016, IEEE Trans Biomed Eng 63:2068-2079), density
1059.7 kg/m³ (Mendez and Keys 1960). Shares of slow fibres are those of Johnson et al. (1973) J Neurol Sci 18:111-129
and others as gathered by Uchida et al. (2016) PLoS ONE 11:e0150378; a muscle that stands for several has their mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

SPECIFIC_TENSION = 0.6e6  # Pa
DENSITY = 1059.7  # kg/m³
BASAL = 1.2  # W per kg of body mass, standing (Umberger et al. 2003, p. 105)
AEROBIC = 1.5  # scales heat for walking, which is aerobic (Umberger et al. 2003)
LEAST_HEAT = 1.0  # W per kg of muscle: what resting muscle gives off (Umberger et al. 2003, p. 104)

_SLOW_TWITCH = {  # the first pattern that matches the start of a muscle's name
    r"semimem": 0.49,
    r"semiten": 0.43,
    r"(bflh|bifemlh)": 0.54,
    r"(bfsh|bifemsh)": 0.53,
    r"hamstrings": 0.49,
    r"(glut?max|glmax|glmed|glmin|glut_|abd)": 0.55,
    r"(addmag|add_mag|add_)": 0.55,
    r"(rec(t)?fem|rect_fem)": 0.39,
    r"(vasmed|vas_med)": 0.50,
    r"(vasint|vas_int)": 0.54,
    r"(vaslat|vas_lat)": 0.46,
    r"vasti": 0.50,
    r"(gasmed|med_gas)": 0.57,
    r"(gaslat|lat_gas)": 0.51,
    r"gastroc": 0.54,
    r"soleus": 0.80,
    r"(tibant|tib_ant)": 0.70,
    r"(tibpost|tib_post|fdl|fhl|flex_|perbrev|perlong|per_brev|per_long)": 0.60,
    r"(edl|ehl|ext_|pertert|per_tert)": 0.75,
}
_UNKNOWN = 0.50  # where nothing was measured


def slow_twitch_share(muscle: str) -> float:
    """Share of slow-twitch fibres of a muscle by its name, 0 to 1."""
    return next((share for start, share in _SLOW_TWITCH.items() if re.match(start, muscle.lower())), _UNKNOWN)


@dataclass(frozen=True)
class MuscleParameters:
    """Parameters of muscles, arrays ``(n_muscles,)``; as :class:`myoassist.model.muscle.MuscleArchitecture`."""

    peak_force: np.ndarray
    optimal_fiber_length: np.ndarray
    tendon_slack_length: np.ndarray
    max_velocity: np.ndarray
    shortest_active: np.ndarray
    longest_active: np.ndarray
    passive_peak: np.ndarray
    slow_twitch: np.ndarray

    @classmethod
    def of(cls, muscles: Mapping[str, Mapping[str, Any]]) -> MuscleParameters:
        """From a table by name of muscle; of the last three of an architecture, MuJoCo's defaults where it has none."""
        defaults = {"shortest_active": 0.5, "longest_active": 1.6, "passive_peak": 1.3}
        keys = ("peak_force", "optimal_fiber_length", "tendon_slack_length", "max_velocity", *defaults)
        columns = {
            key: np.array([m[key] if key not in defaults else m.get(key, defaults[key]) for m in muscles.values()])
            for key in keys
        }
        return cls(slow_twitch=np.array([slow_twitch_share(name) for name in muscles]), **columns)

    @property
    def mass(self) -> np.ndarray:
        """Muscle mass ``(n_muscles,)``, kg."""
        return self.peak_force / SPECIFIC_TENSION * DENSITY * self.optimal_fiber_length

    def fiber_length(self, length: np.ndarray) -> np.ndarray:
        """Fibre length in optimal lengths ``(…, n_muscles)`` from the length of muscle and tendon in m."""
        return (length - self.tendon_slack_length) / self.optimal_fiber_length

    def force_length(self, fiber: np.ndarray) -> np.ndarray:
        """Active isometric force as a share of the peak ``(…, n_muscles)`` at a fibre length in optimal lengths.

        Four parabolas (MuJoCo documentation, Computation, Muscles).
        """
        rising = np.clip((fiber - self.shortest_active) / (1.0 - self.shortest_active), 0.0, 1.0)
        falling = np.clip((self.longest_active - fiber) / (self.longest_active - 1.0), 0.0, 1.0)
        share = np.minimum(rising, falling)
        return np.where(share < 0.5, 2.0 * share**2, 1.0 - 2.0 * (1.0 - share) ** 2)

    def passive_force(self, fiber: np.ndarray) -> np.ndarray:
        """Passive force ``(…, n_muscles)``, N: a parabola, from half way to the longest active length on a line."""
        stretch = np.maximum(fiber - 1.0, 0.0) / (0.5 * (self.longest_active - 1.0))
        share = np.where(stretch <= 1.0, 0.5 * stretch**2, stretch - 0.5)
        return self.peak_force * self.passive_peak * share


def umberger_2010(
    muscles: MuscleParameters,
    *,
    excitation: np.ndarray,
    activation: np.ndarray,
    force: np.ndarray,
    length: np.ndarray,
    velocity: np.ndarray,
) -> np.ndarray:
    """Metabolic power of each muscle ``(…, n_muscles)``, W, without the basal rate.

    Args:
        excitation: 0 to 1; ``activation``: 0 to 1. All arrays ``(…, n_muscles)``.
        force: tension, active and passive, N, positive when it pulls.
        length: of muscle and tendon, m; ``velocity``: its rate, m/s, positive when it lengthens.
    """
    fiber = muscles.fiber_length(length)
    rate = velocity / muscles.optimal_fiber_length
    slow, fast = muscles.slow_twitch, 1.0 - muscles.slow_twitch
    A = np.maximum(np.where(excitation > activation, excitation, 0.5 * (excitation + activation)), 0.0)
    isometric = np.where(fiber > 1.0, muscles.force_length(fiber), 1.0)  # only beyond the optimal length
    maintenance = (128.0 * fast + 25.0) * A**0.6 * (0.4 + 0.6 * isometric)
    of_slow = 100.0 / (muscles.max_velocity / 2.5)
    of_fast = 153.0 / muscles.max_velocity
    short = np.maximum(-rate, 0.0)
    shortening = (np.minimum(of_slow * short, 100.0) * slow + of_fast * short * fast) * A**2
    lengthening = 0.3 * of_slow * np.maximum(rate, 0.0) * A
    heat = AEROBIC * (maintenance + (shortening + lengthening) * isometric)
    active = np.maximum(force - muscles.passive_force(fiber), 0.0)
    return muscles.mass * np.maximum(heat, LEAST_HEAT) + active * np.maximum(-velocity, 0.0)


def bhargava_2004(
    muscles: MuscleParameters,
    *,
    excitation: np.ndarray,
    activation: np.ndarray,
    force: np.ndarray,
    length: np.ndarray,
    velocity: np.ndarray,
) -> np.ndarray:
    """Metabolic power of each muscle ``(…, n_muscles)``, W, without the basal rate; as :func:`umberger_2010`."""
    fiber, mass = muscles.fiber_length(length), muscles.mass
    slow = muscles.slow_twitch * np.sin(0.5 * np.pi * excitation)
    fast = (1.0 - muscles.slow_twitch) * (1.0 - np.cos(0.5 * np.pi * excitation))
    maintained = np.interp(fiber, (0.5, 1.0, 1.5), (0.5, 1.0, 0.0))
    heat = mass * (40.0 * slow + 133.0 * fast + maintained * (74.0 * slow + 111.0 * fast))
    isometric = activation * muscles.force_length(fiber) * muscles.peak_force
    heat -= velocity * np.where(velocity <= 0.0, 0.16 * isometric + 0.18 * force, 0.157 * force)
    active = np.maximum(force - muscles.passive_force(fiber), 0.0)
    return np.maximum(heat, LEAST_HEAT * mass) + active * np.maximum(-velocity, 0.0)


METABOLIC_MODELS: dict[str, Callable[..., np.ndarray]] = {
    "umberger_2010": umberger_2010,
    "bhargava_2004": bhargava_2004,
}
