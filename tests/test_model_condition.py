"""Muscles that are weaker, slower or relax longer: those of the condition only, by as much as it says."""

from __future__ import annotations

import copy

import mujoco
import numpy as np
import pytest
from bodies import SMALL, stand
from helpers import experiment

from myoassist.config import ConditionConfig, DeviceConfig, FlatTerrain
from myoassist.errors import ConfigError
from myoassist.model.build import BuiltModel, build_model
from myoassist.model.condition import apply_condition

NO_DEVICE = DeviceConfig(name="none")


def _hill(share: float) -> float:
    """MuJoCo's force at optimal length when shortening at a share of the largest velocity, over the isometric one."""
    return (1 - share) ** 2


class TestCondition:
    @staticmethod
    def built(strength: dict[str, float]) -> BuiltModel:
        return build_model(SMALL, NO_DEVICE, FlatTerrain(), ConditionConfig(strength=strength))

    def test_scales_the_matched_muscles_only_and_later_globs_win(self, build) -> None:
        healthy, index = build("myolegs22").models[0], build("myolegs22").index
        weak = self.built({"soleus_*": 0.5, "*_r": 0.25})
        for name, muscle in index.muscles.items():
            factor = 0.25 if name.endswith("_r") else 0.5 if name == "soleus_l" else 1.0
            peak = healthy.actuator_gainprm[muscle.id, 2]
            assert peak > 100
            assert weak.models[0].actuator_gainprm[muscle.id, 2] == pytest.approx(factor * peak)
            assert weak.index.muscles[name].peak_force == pytest.approx(factor * muscle.peak_force)
        others = np.delete(np.arange(healthy.actuator_gainprm.shape[1]), 2)
        assert (weak.models[0].actuator_gainprm[:, others] == healthy.actuator_gainprm[:, others]).all()

    def test_muscles_that_the_body_or_its_prosthesis_lacks(self, build) -> None:
        """A group that the body lacks is refused; one that only its prosthesis took away is dropped."""
        model, weak = copy.copy(build("myolegs22").models[0]), {"hip_adductors": 0.5, "soleus_r": 0.5}
        with pytest.raises(ConfigError, match=r"^condition\.strength: this body has no hip_adductors"):
            apply_condition(model, ConditionConfig(strength=weak), body="myolegs22")
        before = model.actuator_gainprm[:, 2].copy()
        apply_condition(model, ConditionConfig(strength=weak), body="myolegs26")  # adductors are missing in the model
        changed = np.flatnonzero(model.actuator_gainprm[:, 2] != before)
        assert [model.actuator(int(i)).name for i in changed] == ["soleus_r"]

    @pytest.mark.parametrize("activation", [0.0, 0.7])
    def test_half_the_strength_is_half_the_force(self, build, activation: float) -> None:
        forces = []
        for built in (build("myolegs22"), self.built({"bifemsh_r": 0.5})):  # this muscle is stretched when standing
            data = stand(built, lift=0.5)
            data.act[:] = activation
            mujoco.mj_forward(built.models[0], data)
            forces.append(
                {name: data.sensordata[built.index.sensors[f"force.{name}"]][0] for name in built.index.muscles}
            )
        healthy, weak = forces
        assert healthy["bifemsh_r"] < -50  # N, pulling
        assert weak.pop("bifemsh_r") == pytest.approx(0.5 * healthy.pop("bifemsh_r"))
        assert weak == pytest.approx(healthy)

    def test_groups_of_one_side(self, build) -> None:
        healthy, index = build("myolegs22").models[0], build("myolegs22").index
        weak = self.built({"plantarflexors_r": 0.5}).models[0]
        changed = {
            n for n, m in index.muscles.items() if (weak.actuator(n).gainprm != healthy.actuator(n).gainprm).any()
        }
        assert changed == {"gastroc_r", "soleus_r", "fdl_r"}

    def test_sarcopenia_is_weaker_slower_and_relaxes_longer(self, build) -> None:
        old = build_model(SMALL, NO_DEVICE, FlatTerrain(), experiment("condition=sarcopenia").condition)
        healthy, model = build("myolegs22").models[0], old.models[0]
        for name in old.index.muscles:
            before, after = healthy.actuator(name), model.actuator(name)
            assert after.gainprm[2] == pytest.approx(0.7 * before.gainprm[2])  # N
            assert after.gainprm[6] == pytest.approx(0.8 * before.gainprm[6])  # optimal lengths per s
            assert after.dynprm[1] == pytest.approx(1.2 * before.dynprm[1])  # s
            assert after.dynprm[0] == before.dynprm[0]
            between = (model.actuator_lengthrange[after.id], model.actuator_acc0[after.id])
            fiber = old.index.architecture[name]
            rest = fiber.tendon_slack_length + fiber.optimal_fiber_length
            slow = -fiber.optimal_fiber_length * 4.0  # half of the largest velocity, 8 per s
            ratio = mujoco.mju_muscleGain(rest, slow, *between, after.gainprm[:9]) / before.gainprm[2]
            young = mujoco.mju_muscleGain(rest, slow, *between, before.gainprm[:9]) / before.gainprm[2]
            assert ratio / young == pytest.approx(0.7 * _hill(0.5) / _hill(0.4), rel=1e-6)

    def test_unknown_muscle(self) -> None:
        with pytest.raises(
            ConfigError, match=r"^condition\.strength: no muscle named 'solius_\*'; did you mean 'soleus_"
        ) as error:
            self.built({"solius_*": 0.5})
        assert "\n" not in str(error.value)
