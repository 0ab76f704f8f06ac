"""Springs that help a 3D walker in training: their torque by hand, how they fade, and that no evaluation has them."""

from __future__ import annotations

from collections.abc import Iterator

import mujoco
import numpy as np
import pytest
from helpers import experiment

from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.learn.evaluate import trial_config
from myoassist.mdp import fading
from myoassist.mdp.check import check_task
from myoassist.mdp.fading import Fading
from myoassist.sim.springs import Springs

BODY = ("model=26muscle", "observation=walk_3d", "reset.bank_size=4", "aid=balance")


@pytest.fixture(scope="module")
def walk() -> Iterator[WalkEnv]:
    walk = WalkEnv(experiment(*BODY), num_envs=2, threads=1)
    yield walk
    walk.close()


class TestSprings:
    """A hinge with a stiffness of 3 N m/rad and a damping of 0.5 N m s/rad of its own."""

    @pytest.fixture
    def model(self) -> mujoco.MjModel:
        return mujoco.MjModel.from_xml_string(
            "<mujoco><option><flag spring='disable'/></option><worldbody><body><joint type='hinge' axis='1 0 0' "
            "stiffness='3' damping='0.5'/><geom size='0.1'/></body></worldbody></mujoco>"
        )

    def torque(self, model: mujoco.MjModel) -> float:
        data = mujoco.MjData(model)
        data.qpos[0], data.qvel[0] = 0.2, -0.1
        mujoco.mj_forward(model, data)
        return float(data.qfrc_passive[0])

    def test_torque_by_hand(self, model: mujoco.MjModel) -> None:
        springs = Springs([model], dofs=[0], stiffness=[2000.0], damping=[200.0])
        springs.scale(1.0)
        assert self.torque(model) == pytest.approx(-2003.0 * 0.2 + 200.5 * 0.1)
        springs.scale(0.5)
        assert self.torque(model) == pytest.approx(-1003.0 * 0.2 + 100.5 * 0.1)
        springs.scale(0.0)
        assert self.torque(model) == pytest.approx(-3.0 * 0.2 + 0.5 * 0.1)


class TestFading:
    """Two walkers, control steps of 1/30 s; the rate forgets half of itself in a step."""

    def test_softer_while_they_keep_up_and_stiffer_while_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fading, "RATE_STEPS", 4)
        share = Fading(num_envs=2, dt=1 / 30, least=0.4, keep_seconds=1.0, halving_steps=4)
        nobody, both = np.array([False, False]), np.array([True, True])
        # 15, 7.5, 3.75, 1.875 and 0.9375/s: from the fifth step on they last longer than a second
        root = 0.5**0.5
        assert [share.fade(nobody) for _ in range(7)] == pytest.approx([1.0] * 4 + [root, 0.5, 0.4])
        assert [share.fade(both) for _ in range(3)] == pytest.approx([0.4 / root, 0.8, 1.0])


class TestAid:
    def test_rights_a_body_that_leans_to_the_side(self, walk: WalkEnv) -> None:
        assert walk.aid is not None and walk.numbers()["aid_share"] == 1.0
        model, joint = walk.sim.models[0], walk.index.joints["pelvis_list"]
        data = mujoco.MjData(model)
        for angle in (0.1, -0.1):
            mujoco.mj_resetData(model, data)
            data.qpos[joint.qpos] = angle
            mujoco.mj_forward(model, data)
            assert data.qfrc_passive[joint.dof] == pytest.approx(-2000.0 * angle, rel=0.01)

    def test_fades_on_every_ground_as_the_walkers_step(self) -> None:
        hills = WalkEnv(experiment(*BODY, "terrain=rough", "terrain.length=10"), num_envs=2, threads=1)
        dof = hills.index.joints["pelvis_list"].dof
        assert hills.aid is not None and len(hills.sim.models) == 2
        hills.reset(seed=1)
        state = hills.get_state()
        hills.set_state({**state, "aid/_share": np.array([0.5]), "aid/_rate": np.array([0.0])})
        hills.step(np.zeros((2, len(hills.action_map))))
        expected = 2000.0 * 0.5 * 0.5 ** (2 / 300_000)
        assert [m.jnt_stiffness[m.dof_jntid[dof]] for m in hills.sim.models] == pytest.approx([expected] * 2, rel=1e-9)
        hills.reset(seed=1)
        assert hills.numbers()["aid_share"] == 1.0
        assert [m.jnt_stiffness[m.dof_jntid[dof]] for m in hills.sim.models] == [2000.0, 2000.0]
        hills.close()

    def test_goes_on_where_a_training_was_saved(self, walk: WalkEnv) -> None:
        assert walk.aid is not None
        model, joint = walk.sim.models[0], walk.index.joints["pelvis_list"]
        hinge = model.dof_jntid[joint.dof]
        state = walk.get_state()
        assert state["aid/_share"] == [1.0]
        walk.set_state({**state, "aid/_share": np.array([0.25])})
        assert walk.numbers()["aid_share"] == 0.25 and model.jnt_stiffness[hinge] == pytest.approx(500.0)
        walk.set_state(state)
        assert model.jnt_stiffness[hinge] == pytest.approx(2000.0)

    def test_no_evaluation_has_it(self, walk: WalkEnv) -> None:
        assert trial_config(walk.config).aid.joints == {}

    def test_a_joint_that_is_not_there_is_one_line(self) -> None:
        config = experiment(*BODY, "+aid.joints.pelvis_lost={stiffness: 1}")
        for refuse in (check_task, lambda config: WalkEnv(config, num_envs=1, threads=1)):
            with pytest.raises(ConfigError, match=r"aid\.joints: .*pelvis_lost.*pelvis_list"):
                refuse(config)

    def test_a_planar_body_says_that_it_is_one(self) -> None:
        with pytest.raises(ConfigError, match=r"^aid\.joints: no joint named 'pelvis_list', .* model=26muscle or"):
            check_task(experiment("model=22muscle", "aid=balance"))
