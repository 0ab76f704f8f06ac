"""Ground heights against MuJoCo's own ray casts, their bounds, and bodies standing and falling on them."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from myoassist.config import RoughTerrain
from myoassist.model.build import BuiltModel
from myoassist.model.geometry import Surfaces
from myoassist.model.terrain import HeightGrid, make_ground

ROUGH = RoughTerrain(amplitude=0.08, length=12.0, width=3.0, safe_zone=2.0)


@pytest.fixture(params=["myolegs22", "myolegs"])
def rough(request: pytest.FixtureRequest, build) -> BuiltModel:
    return build(request.param, terrain=ROUGH, grounds=3)


def heights(seed: int, **changes: float) -> np.ndarray:
    config = RoughTerrain(**{"length": 12.0, **changes})  # type: ignore[arg-type]
    ground = make_ground(config, planar=True, grounds=2, rng=np.random.default_rng(seed))
    assert ground.grid is not None
    return ground.grid.heights


def test_height_between_samples_by_hand() -> None:
    #  y=2 |  3   5        the cell is cut from its first corner (0, 0) to its last (1, 1)
    #  y=0 |  1   2
    grid = HeightGrid(heights=np.array([[[1.0, 2.0], [3.0, 5.0]]]), x_first=0.0, y_first=0.0, spacing=2.0)
    x = np.array([0.0, 2.0, 0.0, 2.0, 1.0, 1.0, 0.0, 1.5, 0.5, -9.0, 9.0])
    y = np.array([0.0, 0.0, 2.0, 2.0, 0.0, 1.0, 1.0, 0.5, 1.5, -9.0, 1.0])
    wanted = [1.0, 2.0, 3.0, 5.0, 1.5, 3.0, 2.0, 2.5, 3.0, 1.0, 3.5]
    assert grid.at(np.zeros(11, dtype=int), x, y) == pytest.approx(wanted)


def test_flat_ground_is_level_everywhere(build) -> None:
    built = build("myolegs22")
    assert len(built.models) == 1
    x = np.linspace(-5, 500, 6).reshape(2, 3)
    assert (built.ground.height(np.zeros((2, 3), dtype=int), x, x) == np.zeros((2, 3))).all()


def test_height_equals_a_ray_cast(rough: BuiltModel) -> None:
    rng = np.random.default_rng(3)
    grid = rough.ground.grid
    assert grid is not None
    half_width = -grid.y_first
    for which, model in enumerate(rough.models):
        data = mujoco.MjData(model)
        data.qpos[rough.index.joints["pelvis_ty"].qpos] = 50.0  # out of the rays' way
        mujoco.mj_forward(model, data)
        x, y = rng.uniform(-2.9, 11.9, 50), rng.uniform(-0.95 * half_width, 0.95 * half_width, 50)
        ours = rough.ground.height(np.full(50, which), x, y)
        geom = np.zeros(1, dtype=np.int32)
        for at in range(50):
            start = np.array([x[at], y[at], 5.0])
            distance = mujoco.mj_ray(model, data, start, np.array([0.0, 0.0, -1.0]), None, 1, -1, geom)
            assert geom[0] == model.geom("ground").id
            assert ours[at] == pytest.approx(5.0 - distance, abs=1e-6)
        assert np.abs(ours).max() > 0.02


def test_heights_stay_within_the_amplitude_and_use_it() -> None:
    found = heights(0, amplitude=0.05)
    assert np.abs(found).max() <= 0.05
    assert (np.abs(found).max(axis=(1, 2)) > 0.03).all()
    assert (heights(0, amplitude=0.0) == 0).all()


def test_the_start_is_level() -> None:
    found = heights(0, safe_zone=2.0)
    x = -3.0 + 0.1 * np.arange(found.shape[2])
    assert (found[:, :, x <= 2.0 + 1e-9] == 0).all()
    assert (np.abs(found[:, :, (x > 2.2) & (x < 3.2)]).max(axis=(1, 2)) > 1e-4).all()
    assert x[-1] == pytest.approx(12.0)


def test_grounds_differ_and_a_seed_repeats_them() -> None:
    first, again, other = heights(1), heights(1), heights(2)
    assert (first == again).all()
    assert np.abs(first[0] - first[1]).max() > 0.01
    assert np.abs(first - other).max() > 0.01


def test_more_smoothing_makes_gentler_slopes() -> None:
    steep, gentle = (np.abs(np.diff(heights(0, smoothing=sigma), axis=2)).mean() for sigma in (0.0, 0.5))
    assert gentle < 0.5 * steep


def test_soles_stand_on_rough_ground_and_the_body_falls_without_going_through(rough: BuiltModel) -> None:
    index = rough.index
    for which, model in enumerate(rough.models):
        data = mujoco.MjData(model)
        data.qpos[:] = index.standing_qpos
        mujoco.mj_forward(model, data)
        for names in index.soles.values():
            assert Surfaces(model, [model.geom(name).id for name in names]).lowest(data).min() == pytest.approx(
                -0.001, abs=2e-4
            )
            force = data.sensordata[index.sensor_columns("contact", names)].reshape(-1, 3).sum(axis=0)
            assert force[2] > 5
        data.qpos[index.joints["pelvis_tx"].qpos] += 4.0  # among the bumps
        data.qpos[index.joints["pelvis_ty"].qpos] += 0.1
        for _ in range(300):
            mujoco.mj_step(model, data)
        assert np.isfinite(data.qpos).all() and data.warning.number.sum() == 0
        feet = data.sensordata[np.concatenate([index.sensor_columns("foot", names) for names in index.soles.values()])]
        x, y, z = feet.reshape(-1, 3).T
        assert (z > rough.ground.height(np.full(len(x), which), x, y) - 0.01).all()
