"""The simulation model against the full one: fewer parts, the same motion."""

from __future__ import annotations

import copy
from pathlib import Path

import mujoco
import numpy as np
import pytest
from helpers import experiment

from myoassist.config import RoughTerrain
from myoassist.env.walk import WalkEnv
from myoassist.model.build import BuiltModel
from myoassist.sim.batch import BatchSim

PAIRS = [("myolegs22", "Tutorial_L1"), ("myolegs26", "Tutorial_L1"), ("myolegs", "Tutorial_L1")]
BUMPY = RoughTerrain(amplitude=0.05, safe_zone=0.5, length=8.0)  # m
SECOND = 600  # physics steps


def falling(built: BuiltModel, steps: int, ahead: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Joint positions ``(steps, nq)`` and sensors of a walker that falls forward while its muscles twitch.

    The solver goes on until it improves nothing but rounding, which would decide about its last step before.
    """
    model, index = copy.copy(built.models[0]), built.index
    model.opt.tolerance = 1e-15
    data = mujoco.MjData(model)
    data.qpos[:] = index.standing_qpos
    data.qpos[index.joints["pelvis_tx"].qpos] = ahead
    data.qvel[index.joints["pelvis_tx"].dof] = 1.0
    low, high = model.actuator_ctrlrange.T
    controls = np.random.default_rng(1).uniform(low, high, size=(steps // 20, model.nu))
    qpos, sensors = np.zeros((steps, model.nq)), np.zeros((steps, model.nsensordata))
    for step in range(steps):
        data.ctrl[:] = controls[step // 20]
        mujoco.mj_step(model, data)
        qpos[step], sensors[step] = data.qpos, data.sensordata
    return qpos, sensors


@pytest.mark.slow
@pytest.mark.parametrize(("body", "device"), PAIRS)
@pytest.mark.parametrize("terrain", [None, BUMPY])
def test_lean_model_moves_like_the_full_one_for_a_second(build, body: str, device: str, terrain) -> None:
    lean, full = build(body, device, terrain), build(body, device, terrain, drawing=True)
    ahead = 0.0 if terrain is None else 1.0  # m, onto the bumps
    (a, felt), (b, sensed) = falling(lean, SECOND, ahead), falling(full, SECOND, ahead)
    assert np.abs(a - lean.index.standing_qpos)[:, 3:].max() > 0.3  # it did move
    assert a == pytest.approx(b, abs=1e-8)  # rad and m; rounding grows in a fall
    assert a[:200] == pytest.approx(b[:200], abs=1e-11)
    assert felt[:200] == pytest.approx(sensed[:200], abs=1e-3)  # N


@pytest.mark.parametrize(("body", "device"), [*PAIRS, ("myolegs22", "UTAnkleExo_L2"), ("myolegs", None)])
class TestParts:
    def test_fewer_bodies_geoms_and_meshes_and_the_same_names(self, build, body: str, device: str | None) -> None:
        lean, full = build(body, device).models[0], build(body, device, drawing=True).models[0]
        assert lean.ngeom < full.ngeom and lean.nmesh < full.nmesh and lean.nbody < full.nbody
        assert [lean.joint(j).name for j in range(lean.njnt)] == [full.joint(j).name for j in range(full.njnt)]
        assert [lean.actuator(i).name for i in range(lean.nu)] == [full.actuator(i).name for i in range(full.nu)]
        assert build(body, device).index.sensors == build(body, device, drawing=True).index.sensors

    def test_inertia_is_that_of_the_full_model_in_any_pose(self, build, body: str, device: str | None) -> None:
        lean, full = build(body, device), build(body, device, drawing=True)
        assert lean.index.mass == pytest.approx(lean.models[0].body_mass.sum(), rel=1e-12)
        assert lean.index.masses == full.index.masses
        random = np.random.default_rng(0)
        for _ in range(3):
            qpos = lean.index.standing_qpos + 0.2 * random.standard_normal(lean.index.nq)
            matrices = [mass_matrix(built.models[0], qpos) for built in (lean, full)]
            assert matrices[0] == pytest.approx(matrices[1], rel=1e-9, abs=1e-9)

    def test_contacts_are_as_soft_as_in_the_full_model(self, build, body: str, device: str | None) -> None:
        """MuJoCo derives it from the inverse inertia of the touching body."""
        lean, full = build(body, device), build(body, device, drawing=True)
        for sole in (name for names in lean.index.soles.values() for name in names):
            softness = [m.body_invweight0[m.geom(sole).bodyid[0]] for m in (lean.models[0], full.models[0])]
            assert softness[0] == pytest.approx(softness[1], rel=1e-9)


def mass_matrix(model: mujoco.MjModel, qpos: np.ndarray) -> np.ndarray:
    data, matrix = mujoco.MjData(model), np.zeros((model.nv, model.nv))
    data.qpos[:] = qpos
    mujoco.mj_forward(model, data)
    mujoco.mj_fullM(model, data, matrix)
    return matrix


class TestSensorsNobodyReads:
    @staticmethod
    def sim(built: BuiltModel, sensed: set[str] | None, threads: int = 1) -> BatchSim:
        models = [copy.copy(built.models[0])]
        sim = BatchSim(models, num_envs=3, substeps=20, threads=threads, sensed=sensed)
        state = np.zeros((3, sim.state.shape[1]))
        state[:, 1 : 1 + built.index.nq] = built.index.standing_qpos
        sim.set_rows(np.arange(3), state, np.zeros((3, built.models[0].nsensordata)))
        return sim

    def test_are_zero_and_change_nothing_else(self, build) -> None:
        built = build("myolegs22", "Tutorial_L1")
        wanted = {"contact.calcn_r_geom_1", "force.soleus_r"}
        all_of_them, some = self.sim(built, None), self.sim(built, wanted)
        for sim in (all_of_them, some):
            for _ in range(3):
                sim.step(np.full((3, built.index.nu), 0.3))
        assert np.array_equal(all_of_them.state, some.state)
        read = np.concatenate([np.arange(*built.index.sensors[name].indices(10_000)) for name in sorted(wanted)])
        assert np.array_equal(all_of_them.sensordata[:, read], some.sensordata[:, read])
        assert np.abs(some.sensordata[:, read]).min(axis=0).max() > 0
        assert not np.delete(some.sensordata, read, axis=1).any()
        assert np.delete(all_of_them.sensordata, read, axis=1).any()

    def test_one_that_is_asked_for_later_comes_with_the_next_step(self, build) -> None:
        built = build("myolegs22", "Tutorial_L1")
        wanted: set[str] = set()
        sim, everything = self.sim(built, wanted), self.sim(built, None)
        ctrl = np.full((3, built.index.nu), 0.3)
        place = built.index.sensors["length.soleus_r"]
        for one in (sim, everything):
            one.step(ctrl)
        assert not sim.sensordata[:, place].any()
        wanted.add("length.soleus_r")
        for one in (sim, everything):
            one.step(ctrl)
        assert np.array_equal(sim.sensordata[:, place], everything.sensordata[:, place])
        assert (sim.sensordata[:, place] > 0.1).all()  # m

    def test_a_walker_computes_what_its_terms_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        walk = WalkEnv(experiment("num_envs=2", "threads=1"))
        walk.reset()
        walk.step(np.zeros((2, len(walk.action_map))))
        quantities = {name.partition(".")[0] for name in walk.index.sensed}
        assert "contact" in quantities and not {"length", "velocity"} & quantities
        length = walk.index.sensor_columns("length", ["soleus_r"])
        assert not walk.state.sensordata[:, length].any()
        walk.step(np.zeros((2, len(walk.action_map))))
        assert (walk.state.sensordata[:, length] > 0.1).all()  # m
        walk.close()
