"""Terms as the environment calls them: what a step refuses of their values, and a bad name told with its key."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import experiment

from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.state import WalkState


class TestInTheEnvironment:
    SMALL = ("device=none", "reset.bank_size=1")

    @pytest.mark.parametrize("shape", [(2, 1), (), (3,)])
    def test_a_reward_of_the_wrong_shape(self, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        def odd(state: WalkState) -> np.ndarray:
            return np.zeros(shape)

        monkeypatch.setitem(REWARDS, "odd", odd)
        walker = WalkEnv(experiment(*self.SMALL, "+reward.terms.mine={func: odd, weight: 1.0}"), num_envs=2, threads=1)
        walker.reset(seed=0)
        with pytest.raises(ConfigError, match=r"term 'mine' returned shape .*; it must return \(2,\)"):
            walker.step(np.zeros((2, 22)))
        walker.close()

    @pytest.mark.parametrize("value", [1.0, [1.0], None])
    def test_a_reward_that_is_no_array(self, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(REWARDS, "odd", lambda state: value)
        walker = WalkEnv(experiment(*self.SMALL, "+reward.terms.mine={func: odd, weight: 1.0}"), num_envs=2, threads=1)
        walker.reset(seed=0)
        with pytest.raises(ConfigError, match=r"term 'mine' returned shape \(1?,?\); it must return \(2,\)"):
            walker.step(np.zeros((2, 22)))
        walker.close()

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_reward_that_is_not_finite(self, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(REWARDS, "odd", lambda state: np.array([0.0, value]))
        config = experiment(*self.SMALL, "+reward.terms.mine={func: odd, weight: -1.0}")
        walker = WalkEnv(config, num_envs=2, threads=1)
        walker.reset(seed=0)
        with pytest.raises(ConfigError, match=rf"reward term 'mine' gave {value} in environment 1; it must be"):
            walker.step(np.zeros((2, 22)))
        monkeypatch.setattr(walker.sim, "step", lambda controls: np.array([False, True]))
        assert walker.step(np.zeros((2, 22))).reward[1] == 0.0  # what failed physics makes of a term is never seen
        walker.close()

    def test_no_reward_at_all(self) -> None:
        config = experiment(*self.SMALL, *(f"~reward.terms.{name}" for name in experiment().reward.terms))
        with pytest.raises(ConfigError, match=r"reward\.terms: gives no reward"):
            WalkEnv(config, num_envs=2, threads=1)

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("+reward.terms.mine={func: forwards, weight: 1}", r"reward\.terms\.mine\.func.*'forwards'.*'forward'"),
            ("+termination.terms.fall.params.part=1", r"termination\.terms\.fall\.params.*'part'"),
            ("+observation.terms.activation.params={muscles: soles_r}", r"observation\.terms\.activation.*'soleus_r'"),
            ("+observation.terms.mine={func: motor_force, params: {motors: Exo_R}}", r"observation\.terms\.mine.*none"),
        ],
    )
    def test_a_bad_name_is_told_with_its_key(self, override: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            WalkEnv(experiment(*self.SMALL, override), num_envs=1, threads=1)
