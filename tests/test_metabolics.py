"""Metabolic power against values worked out by hand, and the muscle curves against MuJoCo's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import mujoco
import numpy as np
import pytest
from conftest import Build
from helpers import DT, experiment, stand_in_index, stand_in_state, stand_in_task

from myoassist.analysis.gait import Gait
from myoassist.analysis.muscles import metabolic_powers
from myoassist.config import RewardTermConfig
from myoassist.env.recorder import Recorder
from myoassist.env.walk import WalkEnv
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.terms import bind
from myoassist.model.metabolics import MuscleParameters, bhargava_2004, slow_twitch_share, umberger_2010
from myoassist.model.muscle import MuscleArchitecture

SOLEUS: dict[str, Any] = {  # 80 % slow fibres
    "peak_force": 3000.0,
    "optimal_fiber_length": 0.05,
    "tendon_slack_length": 0.25,
    "max_velocity": 10.0,
    "shortest_active": 0.5,
    "longest_active": 1.5,
    "passive_peak": 1.0,
}
MASS = 0.2649250  # kg: 3000 / 0.6e6 * 1059.7 * 0.05
MUSCLES = MuscleParameters.of({"soleus_r": SOLEUS})


def state(**signals: float) -> dict[str, np.ndarray]:
    """Half activated at optimal length and still, but for what is given."""
    resting = {"excitation": 0.5, "activation": 0.5, "force": 1500.0, "length": 0.3, "velocity": 0.0}
    return {name: np.array([value]) for name, value in (resting | signals).items()}


def umberger(**signals: float) -> float:
    return float(umberger_2010(MUSCLES, **state(**signals))[0])


def bhargava(**signals: float) -> float:
    return float(bhargava_2004(MUSCLES, **state(**signals))[0])


class TestMuscle:
    def test_mass(self) -> None:
        assert MUSCLES.mass == pytest.approx([MASS])

    def test_fiber_length(self) -> None:
        assert MUSCLES.fiber_length(np.array([[0.3], [0.275]])) == pytest.approx(np.array([[1.0], [0.5]]))

    def test_force_length(self) -> None:
        lengths = np.array([[0.4], [0.5], [0.75], [0.9], [1.0], [1.25], [1.4], [1.5], [2.0]])
        # parabolas: half at 0.75 and 1.25; 1 - 2 * 0.2^2 at 0.9; 2 * 0.2^2 at 1.4
        assert MUSCLES.force_length(lengths)[:, 0] == pytest.approx([0, 0, 0.5, 0.92, 1, 0.5, 0.08, 0, 0], abs=1e-12)

    def test_passive_force(self) -> None:
        lengths = np.array([[0.8], [1.0], [1.125], [1.25], [1.5]])
        # 0 up to the optimal length; 0.5 * 0.5^2; 0.5; then in a line by 1 per 0.25
        assert MUSCLES.passive_force(lengths)[:, 0] == pytest.approx([0, 0, 375, 1500, 4500])

    @pytest.mark.parametrize(
        ("name", "share"),
        [
            ("soleus_r", 0.80),
            ("gastroc_l", 0.54),
            ("gasmed_r", 0.57),
            ("vasti_l", 0.50),
            ("recfem_r", 0.39),
            ("tibant_r", 0.70),
            ("glmax1_l", 0.55),
            ("addmagDist_r", 0.55),
            ("iliopsoas_r", 0.50),
            ("sart_l", 0.50),
        ],
    )
    def test_fibre_types(self, name: str, share: float) -> None:
        assert slow_twitch_share(name) == share


class TestUmberger:
    """Heat per kg times 1.5 (aerobic) times mass, plus positive work."""

    def test_isometric(self) -> None:
        # (128 * 0.2 + 25) 0.5^0.6 = 50.6 * 0.6597540 = 33.38355; 1.5 * 33.38355 * 0.264925
        assert umberger() == pytest.approx(13.26621, rel=1e-6)

    def test_excitation_above_activation_counts_fully_and_below_half(self) -> None:
        # A = 0.7: 50.6 * 0.8073443; A = (0.3 + 0.5) / 2 = 0.4: 50.6 * 0.5770800
        assert umberger(excitation=0.7) == pytest.approx(1.5 * 50.6 * 0.8073443 * MASS, rel=1e-6)
        assert umberger(excitation=0.3) == pytest.approx(1.5 * 50.6 * 0.5770800 * MASS, rel=1e-6)

    def test_shortening(self) -> None:
        """0.05 m/s is one optimal length per s.

        Slow 100 / 4 = 25, fast 153 / 10 = 15.3 W/kg per length/s: (25 * 0.8 + 15.3 * 0.2) 0.5^2 = 5.765.
        1.5 * (33.38355 + 5.765) * 0.264925 + 1500 N * 0.05 m/s
        """
        assert umberger(velocity=-0.05) == pytest.approx(15.55716 + 75.0, rel=1e-6)

    def test_slow_fibres_give_at_most_100_watts_per_kg(self) -> None:
        # 8 lengths per s: 25 * 8 = 200 -> 100; (100 * 0.8 + 15.3 * 8 * 0.2) 0.25 = 26.12; no force, no work
        assert umberger(velocity=-0.4, force=0.0) == pytest.approx(1.5 * (33.38355 + 26.12) * MASS, rel=1e-6)

    def test_lengthening_costs_heat_and_gives_no_work_back(self) -> None:
        # 0.3 * 25 * 1 * 0.5 = 3.75
        assert umberger(velocity=0.05) == pytest.approx(1.5 * (33.38355 + 3.75) * MASS, rel=1e-6)

    def test_long_fibres(self) -> None:
        """At 1.25 optimal lengths the isometric share is 0.5, and half the peak force is passive.

        Maintenance * (0.4 + 0.6 * 0.5) = 23.36849, shortening * 0.5 = 2.8825; work of 2000 - 1500 = 500 N.
        """
        given = umberger(length=0.3125, velocity=-0.05, force=2000.0)
        assert given == pytest.approx(1.5 * (23.36849 + 2.8825) * MASS + 25.0, rel=1e-6)

    def test_resting_muscle_gives_off_a_watt_per_kg(self) -> None:
        assert umberger(excitation=0.0, activation=0.0, force=0.0) == pytest.approx(MASS)

    def test_any_shape(self) -> None:
        both = MuscleParameters.of({"soleus_r": SOLEUS, "soleus_l": SOLEUS})
        arrays = {name: np.broadcast_to(value, (4, 3, 2)) for name, value in state().items()}
        assert umberger_2010(both, **arrays) == pytest.approx(np.full((4, 3, 2), 13.26621), rel=1e-6)


class TestBhargava:
    """Excitation 0.5: slow fibres 0.8 sin(45°) = 0.5656854, fast 0.2 (1 - cos 45°) = 0.0585786."""

    # activation 40 * 0.5656854 + 133 * 0.0585786 = 30.41837; maintenance 74 * … + 111 * … = 48.36295
    def test_isometric(self) -> None:
        assert bhargava() == pytest.approx((30.41837 + 48.36295) * MASS, rel=1e-6)

    def test_maintenance_depends_on_length(self) -> None:
        # half at 0.75 rises to 0.75 of it; 0.5 at 1.25, where nothing moves
        assert bhargava(length=0.2875) == pytest.approx((30.41837 + 0.75 * 48.36295) * MASS, rel=1e-6)
        assert bhargava(length=0.3125) == pytest.approx((30.41837 + 0.5 * 48.36295) * MASS, rel=1e-6)

    def test_shortening(self) -> None:
        # isometric force 0.5 * 3000: (0.16 * 1500 + 0.18 * 1500) 0.05 = 25.5 W of heat, 75 W of work
        assert bhargava(velocity=-0.05) == pytest.approx(78.78132 * MASS + 25.5 + 75.0, rel=1e-6)

    def test_lengthening_takes_heat_up_to_rest(self) -> None:
        # 0.157 * 1500 * 0.05 = 11.775 W less; fast lengthening ends at 1 W/kg
        assert bhargava(velocity=0.05) == pytest.approx(78.78132 * MASS - 11.775, rel=1e-6)
        assert bhargava(velocity=0.5) == pytest.approx(MASS)


@pytest.mark.parametrize("body", ["myolegs22", "myolegs"])
def test_muscle_curves_are_mujocos(build: Build, body: str) -> None:
    """Force of the compiled model at rest = activation * peak * force-length + passive, for every muscle."""
    built = build(body)
    model, index = built.models[0], built.index
    names = list(index.architecture)
    muscles = MuscleParameters.of({name: vars(index.architecture[name]) for name in names})
    ids = [index.muscles[name].id for name in names]
    data = mujoco.MjData(model)
    data.qpos[:] = index.standing_qpos
    for activation in (0.0, 0.6):
        data.act[[index.muscles[name].activation for name in names]] = activation
        mujoco.mj_forward(model, data)
        fiber = muscles.fiber_length(data.actuator_length[ids])
        expected = activation * muscles.peak_force * muscles.force_length(fiber) + muscles.passive_force(fiber)
        assert -data.actuator_force[ids] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_muscle_mass_of_the_bodies_is_human(build: Build) -> None:
    """Both legs of an adult hold about 15 kg of muscle (Handsfield et al. 2014, J Biomech 47:631-638)."""
    for body in ("myolegs22", "myolegs"):
        architecture = build(body).index.architecture
        assert 12.0 < MuscleParameters.of({n: vars(a) for n, a in architecture.items()}).mass.sum() < 20.0


class TestReward:
    def test_by_hand(self) -> None:
        """The right soleus as above, the left one at rest; 80 kg in all."""
        shape = {"side": "r", **SOLEUS}
        index = stand_in_index(
            architecture={name: MuscleArchitecture(**shape) for name in ("soleus_r", "soleus_l")}, mass=80.0
        )
        task = stand_in_task(1, index=index)
        walkers = stand_in_state(1, task=task, activation=[0.5, 0.0])
        walkers.sensordata[0, 14:20] = -1500.0, 0.0, 0.3, 0.3, -0.05, 0.0  # force, length, velocity; right, left
        sim: Any = SimpleNamespace(controls=np.array([[0.0, 0.0, 0.5, 0.0]]))
        walkers.sim = sim
        config = RewardTermConfig(func="metabolic_rate")
        term = bind(REWARDS, config, task, name="x", kind="reward term", where="reward.terms.x").call
        # 15.55716 + 75 W of the right, 0.264925 W of the left, over 80 kg
        assert term(walkers) == pytest.approx([-DT * (90.55716 + 0.264925) / 80.0], rel=1e-6)

    def test_on_a_real_body_it_is_the_metric_of_the_recording(self) -> None:
        """Two ways to the same watts: sensors of the simulation, columns of a recording. Activation costs."""
        walk = WalkEnv(experiment("device=none", "reward=metabolic"), num_envs=2, threads=1)
        recorder = Recorder(walk, record_hz=30, envs=2)  # one frame per control step
        walk.watchers.append(recorder)
        walk.reset(seed=1)
        for activity in (-1.0, -1.0, 1.0, 1.0):
            walk.step(np.full((2, len(walk.action_map)), activity))
        made = recorder.recording([], name="walk", checkpoint="", steps=0, seed=1, deterministic=True)
        weight, dt, mass = walk.config.reward.terms["metabolic_rate"].weight, walk.task.dt, walk.index.mass
        walk.close()
        power = metabolic_powers(Gait(made, skip=0))["umberger_2010"]
        assert made.column("reward", "metabolic_rate") == pytest.approx(-weight * dt * power / mass, rel=1e-4)
        rest, active = power[made["time"] < 0.05] / mass, power[made["time"] > 0.1] / mass  # W/kg
        assert (rest > 0.1).all() and (rest < 5.0).all() and (active > 10.0 * rest.max()).all()
