"""The reference gait: the figures of its file, and what they become on each body."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache

import mujoco
import numpy as np
import pytest
from motions import FIGURES, PHASES

from myoassist.model.build import BuiltModel
from myoassist.reference.motion import load_gait
from myoassist.reference.retarget import Reference, reference_state, retarget

PAIRS = [(body, device) for body in ("myolegs22", "myolegs26", "myolegs") for device in (None, "Tutorial_L1")]
TRUNK = 0.13496  # rad: mean pelvis tilt of the file, which goes to the hips of a rigid trunk


def gait_angle(name: str, phase: np.ndarray | float) -> np.ndarray:
    """The file's own curve, summed term by term."""
    table = FIGURES[name]
    terms = zip(table["cos"], table["sin"], strict=True)
    parts = [
        cos * np.cos(2 * np.pi * k * phase) + sin * np.sin(2 * np.pi * k * phase)
        for k, (cos, sin) in enumerate(terms, start=1)
    ]
    return table["mean"] + np.sum(parts, axis=0)


class Fitted:
    """A body with its reference."""

    def __init__(self, built: BuiltModel) -> None:
        self.model, self.index = built.models[0], built.index
        self.reference: Reference = retarget(load_gait(), self.model, self.index)
        self.column = {name: i for i, name in enumerate(self.reference.joints)}

    def position(self, joint: str, phase: np.ndarray | float) -> np.ndarray:
        return self.reference.sample(np.atleast_1d(phase).astype(float))[0][:, self.column[joint]]

    def velocity(self, joint: str, phase: np.ndarray | float) -> np.ndarray:
        return self.reference.sample(np.atleast_1d(phase).astype(float))[1][:, self.column[joint]]


@pytest.fixture(scope="module")
def fits(build):
    known: dict[tuple[str, str | None], Fitted] = {}

    def fit(body: str, device: str | None = None) -> Fitted:
        if (body, device) not in known:
            known[body, device] = Fitted(build(body, device))
        return known[body, device]

    return fit


class TestFigures:
    """Curves that no correction touches, against sums of the file's figures by hand."""

    def test_pelvis_tilt(self, fits) -> None:
        # phase 0: the cosines, -0.02704 - 0.00783 - 0.00295
        # 1/4: k=2 cos(pi) = -1, k=4 cos(2 pi) = 1, k=6 cos(3 pi) = -1: 0.02704 - 0.00783 + 0.00295
        # 1/8: k=2 sin(pi/2) = 1, k=4 cos(pi) = -1, k=6 sin(3 pi/2) = -1: 0.02155 + 0.00783 + 0.00397
        assert fits("myolegs22").position("pelvis_tilt", np.array([0.0, 0.25, 0.125])) == pytest.approx(
            [-0.03782, 0.02216, 0.03335], abs=1e-9
        )

    def test_pelvis_list_and_rotation(self, fits) -> None:
        fit = fits("myolegs26")
        # phase 0: the cosines; 1/4: sin of k = 1, 3, 5 is 1, -1, 1
        expected = [-0.01147 - 0.00449 - 0.00349, 0.04662 + 0.0326 + 0.00148]
        assert fit.position("pelvis_list", np.array([0.0, 0.25])) == pytest.approx(expected, abs=1e-9)
        expected = [0.09001 + 0.00288 + 0.00463, 0.02411 + 0.00211 - 0.00325]
        assert fit.position("pelvis_rotation", np.array([0.0, 0.25])) == pytest.approx(expected, abs=1e-9)

    def test_cycle_and_speed(self, fits) -> None:
        fit = fits("myolegs22")
        assert (fit.reference.cycle_seconds, fit.reference.speed) == (1.14, 1.2496)
        # 1.2496 / 1.2731 times the file's forward velocity: at phase 0, 1.2731 + 0.12552 + 0.00715 + 0.00936
        assert fit.reference.forward_velocity(np.zeros(1)) == pytest.approx([1.2496 / 1.2731 * 1.41513], rel=1e-6)

    def test_mean_of_the_tilt_goes_to_the_hips(self, fits) -> None:
        fit = fits("myolegs22")
        assert fit.position("pelvis_tilt", PHASES).mean() == pytest.approx(0.0, abs=1e-9)
        for side in "rl":  # -0.02019 + 0.13496 = 0.11477; lifting the swing leg takes or adds a little
            assert fit.position(f"hip_flexion_{side}", PHASES).mean() == pytest.approx(0.11477, abs=0.01)


@pytest.mark.parametrize(("body", "device"), PAIRS)
class TestOnEveryBody:
    def test_velocities_are_the_slopes_of_the_positions(self, fits, body: str, device: str | None) -> None:
        reference = fits(body, device).reference
        phase, step = (np.arange(50) + 0.37) / 50, 1e-6
        before, velocity = reference.sample(phase - step / 2)
        after, _ = reference.sample(phase + step / 2)
        slope = (after - before) / (step * 1.14)
        inside = np.all([(p > reference.low) & (p < reference.high) for p in (before, after)], axis=0)
        assert inside.mean() > 0.9
        assert velocity[inside] == pytest.approx(slope[inside], abs=2e-3)  # rad/s; accelerations reach 500 rad/s²
        assert np.abs(velocity).max() > 3  # the knee swings

    def test_left_is_right_half_a_cycle_later(self, fits, body: str, device: str | None) -> None:
        fit = fits(body, device)
        for name in fit.column:
            joint = fit.index.joints[name]
            if joint.side != "l":
                continue
            other = fit.index.joints[name[:-1] + "r"]
            left = joint.sign * fit.position(name, PHASES)
            assert left == pytest.approx(other.sign * fit.position(other.name, PHASES + 0.5), abs=1e-5), name
            if name.startswith(("hip_flexion", "knee", "ankle")):  # and not together with it
                assert np.abs(left - other.sign * fit.position(other.name, PHASES)).max() > 0.2

    def test_mean_forward_velocity_is_the_speed(self, fits, body: str, device: str | None) -> None:
        fit = fits(body, device)
        assert fit.reference.forward_velocity(PHASES).mean() == pytest.approx(fit.reference.speed, rel=1e-9)

    def test_every_leg_joint_is_tracked(self, fits, body: str, device: str | None) -> None:
        fit = fits(body, device)
        legs = ("hip_flexion", "knee_angle", "ankle_angle", "mtp_angle")
        wanted = {"pelvis_ty", "pelvis_tilt", *(f"{leg}_{side}" for leg in legs for side in "rl")}
        if body != "myolegs22":
            hips = {f"hip_{way}_{side}" for way in ("adduction", "rotation") for side in "rl"}
            wanted |= {"pelvis_list", "pelvis_rotation", *hips}
        assert set(fit.column) == wanted

    def test_knees_bend_the_right_way(self, fits, body: str, device: str | None) -> None:
        fit = fits(body, device)
        sign = -1.0 if body == "myolegs" else 1.0  # OpenSim's knee flexes negative, the 80-muscle body's positive
        for side in "rl":
            knee = sign * fit.position(f"knee_angle_{side}", PHASES)
            assert knee.max() < 0.02
            assert -1.2 < knee.min() < -0.9  # rad, in swing
        assert sign * fit.position("knee_angle_r", 0.72) < -0.8  # the right leg swings in the second half
        assert sign * fit.position("knee_angle_l", 0.22) < -0.8


class Poses:
    """The model in every phase: its joints, and how far its soles are from the ground by MuJoCo's own collisions."""

    def __init__(self, fit: Fitted) -> None:
        model = copy.copy(fit.model)
        ground = model.geom("ground").id
        model.geom_margin[ground] = 0.2  # m: contacts are listed from this far
        side = {model.geom(name).id: side for side in "rl" for name in fit.index.soles[side]}
        data = mujoco.MjData(model)
        self.qpos, self.qvel, self.lateral = [], [], []
        self.lowest = {"r": np.full(len(PHASES), np.inf), "l": np.full(len(PHASES), np.inf)}
        for row, phase in enumerate(PHASES):
            qpos, qvel = reference_state(fit.reference, model, fit.index, float(phase))
            self.qpos.append(qpos)
            self.qvel.append(qvel)
            data.qpos[:] = qpos
            mujoco.mj_fwdPosition(model, data)
            for contact in data.contact[: data.ncon]:
                for geom in set(contact.geom.tolist()) & set(side):
                    self.lowest[side[geom]][row] = min(self.lowest[side[geom]][row], contact.dist)
            self.lateral.append(data.body("calcn_r").xpos[1])
        self.right_stance = PHASES < 0.5


@pytest.fixture(scope="module")
def poses_of(fits) -> Callable[..., tuple[Fitted, Poses]]:
    return cache(lambda body, device: (fits(body, device), Poses(fits(body, device))))


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0]}-{pair[1]}")
def posed(request, poses_of) -> tuple[Fitted, Poses]:
    return poses_of(*request.param)


class TestPoses:
    def test_stance_foot_stays_on_the_ground(self, posed) -> None:
        _, poses = posed
        stance = np.where(poses.right_stance, poses.lowest["r"], poses.lowest["l"])
        assert np.abs(stance).max() < 0.010

    def test_swing_foot_stays_above_the_ground(self, posed) -> None:
        _, poses = posed
        swing = np.where(poses.right_stance, poses.lowest["l"], poses.lowest["r"])
        assert swing.min() > -0.010
        for side, start in (("r", 0.0), ("l", 0.5)):  # in mid-swing, 0.7 to 0.9 of the leg's own stride
            middle = np.abs((PHASES - start) % 1 - 0.8) < 0.05
            assert poses.lowest[side][middle].min() > 0.008

    def test_limits_are_kept(self, posed) -> None:
        fit, poses = posed
        qpos = np.array(poses.qpos)
        for joint in fit.index.joints.values():
            assert qpos[:, joint.qpos].min() >= joint.low - 1e-9, joint.name
            assert qpos[:, joint.qpos].max() <= joint.high + 1e-9, joint.name

    def test_coupled_joints_agree(self, posed) -> None:
        fit, poses = posed
        assert fit.index.coupling.count > 0
        assert np.abs(fit.index.coupling.residual(np.array(poses.qpos))).max() < 1e-9
        later = np.array(poses.qpos) + 1e-6 * np.array(poses.qvel)
        assert np.abs(fit.index.coupling.residual(later)).max() < 1e-9  # and go on agreeing

    def test_pelvis_height_is_plausible(self, posed) -> None:
        fit, poses = posed
        height = np.array(poses.qpos)[:, fit.index.joints["pelvis_ty"].qpos]
        assert height.max() < fit.index.standing_height + 0.03
        assert height.min() > fit.index.standing_height - 0.08
        assert 0.02 < np.ptp(height) < 0.07  # m up and down per step

    def test_stance_foot_stays_in_its_track(self, posed) -> None:
        """Pelvis list, rotation, hip adduction and rotation cancel at the foot; a wrong sign moves it by 3 to 5 cm."""
        _, poses = posed
        assert np.std(np.array(poses.lateral)[10:100]) < 0.02

    @pytest.mark.parametrize("device", [None, "Tutorial_L1"])
    def test_legs_follow_the_figures(self, poses_of, device: str | None) -> None:
        fit, poses = poses_of("myolegs22", device)
        qpos = np.array(poses.qpos)
        for coordinate, offset in (("hip_flexion", TRUNK), ("knee_angle", 0.0), ("ankle_angle", 0.0)):
            for side, start in (("r", 0.0), ("l", 0.5)):
                joint = fit.index.joints[f"{coordinate}_{side}"]
                correction = joint.sign * qpos[:, joint.qpos] - gait_angle(coordinate, PHASES + start) - offset
                assert np.degrees(np.abs(correction).max()) < 6.0, joint.name


class TestOnDevices:
    @pytest.mark.slow
    @pytest.mark.parametrize("phase", [0.0, 0.3, 0.8])
    def test_closed_loops_are_as_closed_as_they_can_be(self, build, phase: float) -> None:
        """The device's own joints follow the ankle; its one hinge cannot follow the ankle's oblique axis to the end."""
        body = build("myolegs22", "UTAnkleExo_L2")
        fit = Fitted(body)
        model, dofs = copy.copy(fit.model), fit.index.loop_dofs
        model.opt.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
        data = mujoco.MjData(model)
        data.qpos[:], data.qvel[:] = reference_state(fit.reference, model, fit.index, phase)
        mujoco.mj_forward(model, data)
        rows = np.flatnonzero(data.efc_type[: data.nefc] == mujoco.mjtConstraint.mjCNSTR_EQUALITY)
        rows = rows[model.eq_type[data.efc_id[rows]] == mujoco.mjtEq.mjEQ_CONNECT]
        assert len(rows) == 18  # three points of three coordinates on each side
        gap, slopes = data.efc_pos[rows], data.efc_J.reshape(-1, model.nv)[rows]
        assert np.abs(gap).max() < 0.07  # m
        assert slopes[:, dofs].T @ gap == pytest.approx(0.0, abs=5e-3)  # no way to make the gaps smaller
        assert slopes[:, dofs].T @ (slopes @ data.qvel) == pytest.approx(0.0, abs=1e-6)  # nor their growth

    @pytest.mark.slow
    def test_prosthetic_joints_walk_like_those_they_replace(self, build) -> None:
        fit = Fitted(build("myolegs22", "OpenSourceLeg_KA_L1"))
        knee = next(name for name in fit.column if "osl_knee" in name)
        angle = fit.index.joints[knee].sign * fit.position(knee, PHASES)
        assert np.degrees(np.abs(angle - gait_angle("knee_angle", PHASES))).max() < 15
        assert "ankle_angle_l" in fit.column and "ankle_angle_r" not in fit.column
