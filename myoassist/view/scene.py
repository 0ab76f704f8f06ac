"""The walker as pictures show it: the full model on the very ground of an episode, muscles coloured by activation."""

from __future__ import annotations

import mujoco
import numpy as np

from myoassist.analysis.recording import Recording
from myoassist.config import TrainConfig
from myoassist.errors import RunError
from myoassist.model.build import BuiltModel, build_model, ground_generator
from myoassist.model.index import ModelIndex
from myoassist.model.terrain import lay_ground
from myoassist.parsing import parse_config
from myoassist.view.colours import activation_colour, muscle_radius

WRAPPING = (3, 4)  # geom groups of the bodies that hold wrapping surfaces and collision shapes
PULLEY = -2  # what MuJoCo writes in ``wrap_obj`` for a pulley
CABLE = [0.18, 0.18, 0.20, 1.0]  # of the device's tendons


class Figure:
    """One walker to be drawn: a model with meshes, and its pose.

    ``model`` and ``data`` are MuJoCo's; only what drawing needs is computed (:meth:`pose`).
    """

    def __init__(self, built: BuiltModel) -> None:
        self.model, self.index = built.models[0], built.index
        self.ground, self.which = built.ground, 0
        self.data = mujoco.MjData(self.model)
        muscles = list(self.index.muscles.values())
        pulls = [self.model.actuator_trntype[m.id] == mujoco.mjtTrn.mjTRN_TENDON for m in muscles]  # not at a joint
        self.drawn = np.flatnonzero(pulls)  # numbers of the muscles that have a path to be seen
        self.tendons = np.array([self.model.actuator_trnid[muscles[i].id, 0] for i in self.drawn], dtype=int)
        self.slack = 0.006 if len(muscles) < 40 else 0.004
        if self.model.ntendon:
            self.model.tendon_rgba[:] = CABLE
            self.model.tendon_width[:] = 0.003
        self._pelvis = self.model.body("pelvis").id
        self.activation = np.zeros(len(muscles))
        self.pose(self.index.standing_qpos, np.zeros(len(muscles)))

    def pose(self, qpos: np.ndarray, activation: np.ndarray) -> None:
        """Take the pose ``qpos`` ``(nq,)`` and colour the muscles by ``activation`` ``(n_muscles,)`` in their order."""
        data, model = self.data, self.model
        data.qpos[:] = qpos
        mujoco.mj_normalizeQuat(model, data.qpos)
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        mujoco.mj_camlight(model, data)
        mujoco.mj_tendon(model, data)
        self.activation[:] = activation
        model.tendon_rgba[self.tendons, :3] = activation_colour(activation[self.drawn])
        model.tendon_width[self.tendons] = muscle_radius(activation[self.drawn], slack=self.slack)

    def stand_on(self, which: int) -> bool:
        """Lay ground number ``which``; whether that is another one than before."""
        if which == self.which or self.ground.grid is None:
            return False
        self.which = which
        lay_ground(self.model, self.ground.grid, which)
        return True

    @property
    def pelvis(self) -> np.ndarray:
        """Where the pelvis is, m ``(3,)``."""
        return self.data.xpos[self._pelvis].copy()

    def motor_unit(self, name: str) -> str:
        """``N m`` for a motor that turns a joint, ``N`` for one that pulls."""
        turns = self.model.actuator_trntype[self.index.motors[name].id] == mujoco.mjtTrn.mjTRN_JOINT
        return "N m" if turns else "N"

    @property
    def half_width(self) -> float:
        """How far the ground reaches to each side of the course, m; infinite for a plane."""
        return np.inf if self.ground.grid is None else -self.ground.grid.y_first

    def ground_height(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Height of this walker's ground at ``x``, ``y``, m."""
        return self.ground.height(np.full(np.shape(x), self.which), x, y)


def make_figure(config: TrainConfig, *, seed: int, grounds: int = 1, which: int = 0) -> Figure:
    """The walker of an experiment on ground number ``which`` of the ``grounds`` that ``seed`` gives."""
    built = build_model(
        config.model,
        config.device,
        config.terrain,
        config.condition,
        grounds=grounds,
        rng=ground_generator(seed),
        drawing=True,
        only=which,
    )
    figure = Figure(built)
    figure.which = which
    return figure


def figure_of(recording: Recording, episode: int) -> Figure:
    """The walker of a recorded episode, on the ground it walked on.

    Raises:
        RunError: the recording has no such episode, or belongs to another model than its configuration now gives.
    """
    facts = recording.meta["episodes"]
    if not 0 <= episode < len(facts):
        raise RunError(f"{recording.path or 'recording'}: episode {episode} of {len(facts)}; they count from 0")
    meta = recording.meta
    config = parse_config(meta["experiment"])
    figure = make_figure(config, seed=meta["seed"], grounds=meta["num_envs"], which=facts[episode]["ground"])
    check_columns(recording, figure.index)
    return figure


def tendon_path(data: mujoco.MjData, tendon: int) -> list[np.ndarray]:
    """The course of a tendon in the world as lines, each ``(points, 3)`` m; a pulley begins a new one."""
    begin, count = data.ten_wrapadr[tendon], data.ten_wrapnum[tendon]
    points = data.wrap_xpos.reshape(-1, 3)[begin : begin + count]
    pulleys = np.flatnonzero(data.wrap_obj.ravel()[begin : begin + count] == PULLEY)
    return [part for part in np.split(points, pulleys) if len(part) > 1]


def check_columns(recording: Recording, index: ModelIndex) -> None:
    """Raise RunError where positions or muscles of the recording are not those of the model."""
    same_muscles = recording.columns("activation") == tuple(index.muscles)
    if len(recording.columns("qpos")) != index.nq or not same_muscles:
        raise RunError(f"{recording.path or 'recording'}: made with another version of the body or device")


def picture_options() -> mujoco.MjvOption:
    """What is drawn: skin, bones, device and muscles; no sites and no wrapping surfaces."""
    options = mujoco.MjvOption()
    options.sitegroup[:] = 0
    options.geomgroup[list(WRAPPING)] = 0
    options.flags[mujoco.mjtVisFlag.mjVIS_TENDON] = 1
    return options
