"""Experiments composed as ``train.py`` composes them, and walkers with arrays filled in by hand."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hydra
import numpy as np
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from myoassist.config import RewardTermConfig, TrainConfig
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terms import Joints, TrackedJoints, bind
from myoassist.model.index import Actuator, Joint
from myoassist.model.muscle import MuscleArchitecture
from myoassist.model.terrain import Ground
from myoassist.parsing import parse_config
from myoassist.reference.motion import Harmonics
from myoassist.reference.retarget import Reference
from myoassist.sweep.launcher import register

CONF = Path(__file__).resolve().parent.parent / "conf"


def experiment(*overrides: str) -> TrainConfig:
    """The default experiment with overrides of the command line."""
    groups = tuple(line for line in overrides if (CONF / line.lstrip("+~").partition("=")[0]).is_dir())
    values = [line for line in overrides if line not in groups]
    tree = copy.deepcopy(composed(groups))
    if values:  # as Hydra itself does it, after the groups
        ConfigLoaderImpl._apply_overrides_to_config(OverridesParser.create().parse_overrides(values), tree)
    plain: Any = OmegaConf.to_container(tree, resolve=True)
    return parse_config(plain)


@cache
def composed(groups: tuple[str, ...]) -> DictConfig:
    """The files that the choices of groups name, composed once: that takes Hydra longer than all the rest."""
    register()
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        return hydra.compose("train", overrides=list(groups))


WEIGHT = 800.0  # N, of the hand-made walker
DT = 0.02  # s, its control step
SPEED = 1.25  # m/s, of its reference

_JOINTS = ("pelvis_tx", "pelvis_ty", "pelvis_tilt", "hip_r", "hip_l")  # qpos address = position here + 1
_SENSORS = {
    "contact.heel_r": slice(0, 3),
    "contact.toe_r": slice(3, 6),
    "contact.heel_l": slice(6, 9),
    "contact.toe_l": slice(9, 12),
    "limit.hip_r": slice(12, 13),
    "limit.hip_l": slice(13, 14),
    "force.soleus_r": slice(14, 15),
    "force.soleus_l": slice(15, 16),
    "length.soleus_r": slice(16, 17),
    "length.soleus_l": slice(17, 18),
    "velocity.soleus_r": slice(18, 19),
    "velocity.soleus_l": slice(19, 20),
    "force.exo_r": slice(20, 21),
    "force.exo_l": slice(21, 22),
    "foot.heel_r": slice(22, 25),
    "foot.toe_r": slice(25, 28),
    "foot.heel_l": slice(28, 31),
    "foot.toe_l": slice(31, 34),
}


def _joint(name: str, place: int) -> Joint:
    role = "root" if name.startswith("pelvis") else "leg"
    bounds = (-1.0, 2.0) if role == "leg" else (-np.inf, np.inf)
    return Joint(name, place + 1, place, 1.0, *bounds, side=name[-1] if role == "leg" else "", role=role)


def motor(name: str, number: int, low: float, high: float, *, peak: float = 100.0) -> Actuator:
    return Actuator(name=name, id=number, activation=-1, low=low, high=high, side=name[-1], peak_force=peak)


def muscle(name: str, number: int, *, activation: int, peak: float = 2000.0) -> Actuator:
    return Actuator(name=name, id=number, activation=activation, low=0.0, high=1.0, side=name[-1], peak_force=peak)


def architecture(side: str, *, peak: float = 2000.0) -> MuscleArchitecture:
    """A fibre of 50 mm on a tendon of 250 mm, shortening by at most 10 of its lengths per s."""
    return MuscleArchitecture(side, peak, 0.05, 0.25, 10.0, 0.5, 1.6, 1.3)


def stand_in_index(**changes: Any) -> Any:
    """An index of five joints, two muscles, two motors; addresses differ between qpos, dof, act and ctrl on purpose."""
    entries: dict[str, Any] = {
        "body": "mjcf",
        "joints": {name: _joint(name, place) for place, name in enumerate(_JOINTS)},
        "muscles": {
            "soleus_r": muscle("soleus_r", 2, activation=1),
            "soleus_l": muscle("soleus_l", 3, activation=0, peak=1000.0),
        },
        "architecture": {"soleus_r": architecture("r"), "soleus_l": architecture("l", peak=1000.0)},
        "motors": {"exo_r": motor("exo_r", 0, -1.0, 0.0), "exo_l": motor("exo_l", 1, -1.0, 0.0, peak=50.0)},
        "soles": {"r": ["heel_r", "toe_r"], "l": ["heel_l", "toe_l"]},
        "toe_soles": frozenset({"toe_r", "toe_l"}),
        "sole_heights": {"heel_r": 0.04, "toe_r": 0.02, "heel_l": 0.04, "toe_l": 0.02},
        "planar": True,
        "nu": 4,
        "body_weight": WEIGHT,
        "standing_height": 0.9,
    }
    index = SimpleNamespace(**{**entries, **changes})
    index.sensor_columns = lambda quantity, names: np.array(
        [c for n in names for c in range(*_SENSORS[f"{quantity}.{n}"].indices(99))], dtype=int
    )
    return index


def stand_in_reference(**changes: Any) -> Reference:
    """pelvis_ty 0.9 m, pelvis_tilt 0, hips ±0.4 cos(2 pi phase) rad; a cycle of 1 s at ``SPEED``."""
    entries: dict[str, Any] = {
        "joints": ("pelvis_ty", "pelvis_tilt", "hip_r", "hip_l"),
        "qpos": np.array([2, 3, 4, 5]),
        "dof": np.array([1, 2, 3, 4]),
        "mean": np.array([0.9, 0.0, 0.1, 0.1]),
        "cos": np.array([[0.0, 0.0, 0.4, -0.4]]),
        "sin": np.zeros((1, 4)),
        "low": np.array([-np.inf, -np.inf, -1.0, -1.0]),
        "high": np.array([np.inf, np.inf, 2.0, 2.0]),
        "forward": Harmonics(SPEED, np.zeros(1), np.zeros(1)),
        "cycle_seconds": 1.0,
        "speed": SPEED,
    }
    return Reference(**{**entries, **changes})


def stand_in_task(num_envs: int = 2, *, index: Any = None, ground: Ground | None = None, **changes: Any) -> Task:
    entries: dict[str, Any] = {"reference": stand_in_reference(), "dt": DT, **changes}
    return Task(index=index or stand_in_index(), ground=ground or Ground(), num_envs=num_envs, **entries)


def stand_in_state(num_envs: int = 2, *, task: Task | None = None, **arrays: Any) -> WalkState:
    """A real ``WalkState`` over arrays of zeros instead of a simulation; ``arrays`` are then filled in."""
    task = task or stand_in_task(num_envs)
    sim: Any = SimpleNamespace(
        num_envs=num_envs,
        qpos=np.zeros((num_envs, 6)),
        qvel=np.zeros((num_envs, 5)),
        act=np.zeros((num_envs, 2)),
        sensordata=np.zeros((num_envs, 34)),
        ground=np.arange(num_envs),
    )
    state = WalkState(task, sim, num_actions=4)
    for name, values in arrays.items():
        getattr(state, name)[:] = values
    return state


def tracked(**values: float) -> TrackedJoints:
    """Joints of the stand-in reference with a number each, as a term gets them."""
    found = TrackedJoints.resolve(values, stand_in_task(), "test")
    assert found.names == tuple(values)
    return found


def joints(*names: str) -> Joints:
    return Joints.resolve(list(names), stand_in_task(), "test")


def term(name: str, **params: Any) -> Any:
    """A reward term as the environment gets it, for the stand-in walker."""
    config = RewardTermConfig(func=name, params=params)
    return bind(REWARDS, config, stand_in_task(), name=name, kind="reward term", where="reward.terms.x").call
