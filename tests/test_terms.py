"""Names and parameters of terms: what a YAML may say, and one readable line for what it may not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers import experiment, joints, stand_in_index, stand_in_state, stand_in_task, tracked

from myoassist.config import TermConfig
from myoassist.errors import ConfigError, ModelError
from myoassist.mdp.check import check_task
from myoassist.mdp.observations import OBSERVATIONS, observation
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.state import Task, WalkState
from myoassist.mdp.terminations import TERMINATIONS
from myoassist.mdp.terms import BoundTerm, Joints, Motors, Muscles, bind, check_term, match, parameters
from myoassist.model.names import known_names
from myoassist.registry import by_name


def made(registry: dict, func: str, *, task: Task | None = None, **params: Any) -> BoundTerm:
    config = TermConfig(func=func, params=params)
    return bind(registry, config, task or stand_in_task(), name="x", kind="reward term", where="reward.terms.x")


def refused(registry: dict, func: str, *, task: Task | None = None, **params: Any) -> str:
    """The message about a term that must be refused, which is one line."""
    with pytest.raises(ConfigError) as caught:
        made(registry, func, task=task, **params)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def plain(
    state: WalkState, *, count: int = 1, on: bool = False, side: str = "r", pause: float | None = 1.0
) -> np.ndarray:
    """A term with parameters that need no model."""
    return np.zeros(state.num_envs)


class TestNamesThatComeTwice:
    def test_an_observation(self) -> None:
        def target_speed(state: WalkState) -> np.ndarray:
            return state.target_speed[:, None]

        with pytest.raises(ConfigError, match=r"^two observation terms are named 'target_speed': myoassist\.mdp\.obs"):
            observation(lambda task: ("",))(target_speed)
        assert OBSERVATIONS["target_speed"] is not target_speed

    def test_an_entry_of_a_table(self) -> None:
        def forward(state: WalkState) -> np.ndarray:
            return state.speed

        with pytest.raises(ConfigError, match=r"two reward terms are named 'forward': .*; give one of them another"):
            by_name((REWARDS["forward"], forward), kind="reward term")
        assert by_name((forward, forward), kind="reward term") == {"forward": forward}


class TestUnknownNames:
    def test_function(self) -> None:
        message = refused(REWARDS, "foward")
        assert message.startswith("reward.terms.x.func: no reward term named 'foward'; did you mean 'forward'")
        assert "joint_position" in message  # all that is allowed is listed

    def test_parameter(self) -> None:
        message = refused(REWARDS, "forward", sharpnes=3.0)
        assert message.startswith("reward.terms.x.params: no parameter of forward named 'sharpnes'")
        assert "did you mean 'sharpness'" in message

    def test_missing_parameter(self) -> None:
        assert refused(REWARDS, "joint_position") == "reward.terms.x.params: joint_position needs joints"

    def test_a_parameter_without_a_star_before_it(self) -> None:
        def pos_jerk(state: WalkState, scale: float = 1.0) -> np.ndarray:
            return np.full(state.num_envs, scale)

        def needs_scale(state: WalkState, scale: float) -> np.ndarray:
            return np.full(state.num_envs, scale)

        registry = {"pos_jerk": pos_jerk, "needs_scale": needs_scale}
        assert refused(registry, "pos_jerk", scale=10) == (
            "reward.terms.x.params: pos_jerk takes 'scale' by its place; put * before it in the definition: "
            "pos_jerk(state, *, scale, …)"
        )
        assert "put * before it in the definition: needs_scale(state, *, scale" in refused(registry, "needs_scale")
        assert made(registry, "pos_jerk").call(stand_in_state()).tolist() == [1.0, 1.0]

    def test_joint(self) -> None:
        message = refused(OBSERVATIONS, "joint_position", joints=["pelvis_ty", "pelvis_tlt"])
        assert message.startswith("reward.terms.x.params.joints: no joint named 'pelvis_tlt'")
        assert "did you mean 'pelvis_tilt'" in message

    def test_tracked_joint(self) -> None:
        message = refused(TERMINATIONS, "out_of_trajectory", limits={"hip_rr": 0.5})
        assert message.startswith("reward.terms.x.params.limits: no joint of the reference named 'hip_rr'")
        assert "did you mean 'hip_r'" in message

    def test_joint_that_the_reference_does_not_move(self) -> None:
        message = refused(REWARDS, "joint_velocity", joints={"pelvis_tx": 1})
        assert "no joint of the reference named 'pelvis_tx'" in message

    def test_muscle(self) -> None:
        message = refused(REWARDS, "activation", muscles="soleus")
        assert message.startswith("reward.terms.x.params.muscles: no muscle named 'soleus'")
        assert "'soleus_r'" in message and "'soleus_l'" in message

    def test_motor(self) -> None:
        message = refused(REWARDS, "device_effort", motors=["exo_r", "exo_x"])
        assert message.startswith("reward.terms.x.params.motors: no motor named 'exo_x'")
        assert "did you mean 'exo_r'" in message

    def test_motor_where_the_device_has_none(self) -> None:
        task = stand_in_task(index=stand_in_index(motors={}))
        message = refused(REWARDS, "device_effort", task=task, motors="exo_r")
        assert message == "reward.terms.x.params.motors: no motor named 'exo_r'; Allowed: none."


class TestWrongValues:
    @pytest.mark.parametrize("value", ["5", None, True, [1.0], float("nan"), float("inf")])
    def test_a_number_is_wanted(self, value: object) -> None:
        message = refused(REWARDS, "forward", sharpness=value)
        assert message == f"reward.terms.x.params.sharpness: must be a number, not {value!r}"

    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("count", 2.5, "a whole number"),
            ("count", True, "a whole number"),
            ("on", 1, "true or false"),
            ("on", "false", "true or false"),
            ("side", 3, "text"),
            ("pause", "5", "a number"),
        ],
    )
    def test_what_the_annotation_says_is_wanted(self, name: str, value: Any, words: str) -> None:
        message = refused({"plain": plain}, "plain", **{name: value})
        assert message == f"reward.terms.x.params.{name}: must be {words}, not {value!r}"

    def test_what_suits_the_annotation(self) -> None:
        arguments = made({"plain": plain}, "plain", count=3.0, on=True, side="l", pause=None).arguments
        assert arguments == {"count": 3, "on": True, "side": "l", "pause": None}
        assert type(arguments["count"]) is int  # it may be a size

    @pytest.mark.parametrize("value", [[], None, 3, ["hip_r", 3], {"hip_r": 1.0}])
    def test_names_are_wanted(self, value: object) -> None:
        message = refused(OBSERVATIONS, "joint_position", joints=value)
        assert message.startswith("reward.terms.x.params.joints: joint names must be a name, a glob or a list of them")

    @pytest.mark.parametrize("value", [{}, ["hip_r"], "hip_r", None])
    def test_a_number_for_each_joint_is_wanted(self, value: object) -> None:
        message = refused(TERMINATIONS, "out_of_trajectory", limits=value)
        assert message.startswith("reward.terms.x.params.limits: must map joint names or globs to numbers")

    @pytest.mark.parametrize("value", ["wide", None, True, float("nan")])
    def test_each_is_a_number(self, value: object) -> None:
        message = refused(TERMINATIONS, "out_of_trajectory", limits={"hip_*": value})
        assert message == f"reward.terms.x.params.limits.hip_*: must be a number, not {value!r}"


class TestResolving:
    def test_match_keeps_the_models_order_and_names_nothing_twice(self) -> None:
        names = ["a_r", "b_r", "a_l", "b_l"]
        assert match(["b_*", "a_l", "*_l"], names, kind="joint", where="here") == ["b_r", "a_l", "b_l"]
        assert match("a_?", iter(names), kind="joint", where="here") == ["a_r", "a_l"]

    def test_joints(self) -> None:
        found = joints("hip_l", "pelvis_tx")
        assert found.names == ("pelvis_tx", "hip_l")
        assert found.qpos.tolist() == [1, 5]
        assert found.dof.tolist() == [0, 4]

    def test_tracked_joints(self) -> None:
        found = tracked(hip_l=0.5, pelvis_ty=2)
        assert (found.qpos.tolist(), found.dof.tolist()) == ([5, 2], [4, 1])
        assert found.columns.tolist() == [3, 0]  # of the reference
        assert found.values.tolist() == [0.5, 2.0]

    def test_a_later_pattern_wins(self) -> None:
        term = made(TERMINATIONS, "out_of_trajectory", limits={"hip_*": 0.6, "hip_l": 0.1})
        limits = term.arguments["limits"]
        assert dict(zip(limits.names, limits.values, strict=True)) == {"hip_r": 0.6, "hip_l": 0.1}

    def test_muscles_and_motors(self) -> None:
        found = Muscles.resolve("*_l", stand_in_task(), "here")
        assert (found.names, found.ids.tolist(), found.columns.tolist()) == (("soleus_l",), [3], [1])
        found = Motors.resolve(["exo_*"], stand_in_task(), "here")
        assert (found.names, found.ids.tolist(), found.columns.tolist()) == (("exo_r", "exo_l"), [0, 1], [0, 1])

    def test_every_motor_of_no_device_is_none(self) -> None:
        task = stand_in_task(index=stand_in_index(motors={}))
        for pattern in ("*", ["*"]):
            assert Motors.resolve(pattern, task, "here").names == ()


class TestChecking:
    def test_needs_no_model(self) -> None:
        config = TermConfig(func="joint_position", params={"joints": {"no_such_joint": 1.0}})
        assert check_term(REWARDS, config, kind="reward term", where="x") is REWARDS["joint_position"]

    def test_parameters_are_keywords_with_their_types(self) -> None:
        known = parameters(REWARDS["activation"])
        assert list(known) == ["muscles", "exponent"]
        assert known["muscles"].annotation is Muscles
        assert (known["exponent"].annotation, known["exponent"].default) == (float, 1.0)
        assert parameters(REWARDS["device_effort"])["motors"].annotation is Motors
        assert parameters(OBSERVATIONS["joint_position"])["joints"].annotation is Joints
        assert parameters(REWARDS["alive"]) == {}

    def test_only_terms_with_memory_are_reset(self) -> None:
        made(REWARDS, "forward").reset(np.array([0]))  # nothing to forget
        term, state = made(REWARDS, "step_duration"), stand_in_state()
        term.call(state)
        term.reset(np.array([0]))
        state.heel_strike[:] = True
        assert term.call(state) == pytest.approx([0.02, 0.04])


class TestBeforeAnyModel:
    """``check_task`` refuses a bad name from the lists in ``assets/names.yaml``, in one line that names the key."""

    @pytest.mark.parametrize(
        "overrides",
        [(), ("device=none",), ("device=osl_knee_ankle",), ("model=26muscle",), ("model=80muscle", "device=hmedi")],
    )
    def test_shipped_experiments_pass(self, overrides: tuple[str, ...]) -> None:
        check_task(experiment(*overrides))

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("+reward.terms.mine={func: forwards, weight: 1}", r"^reward\.terms\.mine\.func: .*did you mean 'forward'"),
            ("+reward.terms.forward.params.speed=1", r"^reward\.terms\.forward\.params: .*'speed'"),
            ("+termination.terms.fall.params.fractio=1", r"did you mean 'fraction'"),
            (
                "+observation.terms.activation.params={muscles: [soleus_r, soles_l]}",
                r"^observation\.terms\.activation\.params\.muscles: no muscle named 'soles_l'; did you mean 'soleus_l'",
            ),
            (
                "+reward.terms.joint_position.params.joints.hip_flexio_r=1",
                r"^reward\.terms\.joint_position\.params\.joints: no joint named .* did you mean 'hip_flexion_r'",
            ),
            ("+reward.terms.mine={func: device_effort, params: {motors: Exo_X}}", r"did you mean 'Exo_R'"),
            ("+condition.strength={sole_*: 0.5}", r"^condition\.strength: no muscle named 'sole_\*'"),
        ],
    )
    def test_bad_names(self, override: str, message: str) -> None:
        with pytest.raises(ConfigError, match=message) as caught:
            check_task(experiment(override))
        assert "\n" not in str(caught.value)

    def test_a_device_the_body_cannot_carry(self) -> None:
        with pytest.raises(ModelError, match=r"device\.assist_sim: no device of body myolegs22 named 'Exo_L9'"):
            check_task(experiment("device.assist_sim=Exo_L9"))

    @pytest.mark.parametrize(
        ("body", "device"), [("myolegs22", None), ("myolegs22", "Tutorial_L1"), ("myolegs26", None), ("myolegs", None)]
    )
    def test_the_lists_are_those_of_the_models(self, build, body: str, device: str | None) -> None:
        index, names = build(body, device).index, known_names(body, device)
        assert set(names.joints) == set(index.joints)
        assert set(names.muscles) == set(index.muscles)
        assert set(names.motors) == set(index.motors)
