"""Functional muscle groups: complete, on every body, and true to the models' own moment arms."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from myoassist.errors import ConfigError
from myoassist.model.build import BuiltModel
from myoassist.model.driving import moment_arms
from myoassist.model.muscle_groups import GROUPS, PARTS, by_muscle, group_of, muscles_of
from myoassist.model.names import BODIES, known_names
from myoassist.reference.motion import load_gait
from myoassist.reference.retarget import reference_state, retarget

# Joint that a group turns, and the direction in OpenSim's signs.
ACTION = {
    "hip_flexors": ("hip_flexion", 1),
    "hip_extensors": ("hip_flexion", -1),
    "hip_adductors": ("hip_adduction", 1),
    "hip_abductors": ("hip_adduction", -1),
    "hip_internal_rotators": ("hip_rotation", 1),
    "hip_external_rotators": ("hip_rotation", -1),
    "knee_extensors": ("knee_angle", 1),
    "knee_flexors": ("knee_angle", -1),
    "quadriceps": ("knee_angle", 1),
    "hamstrings": ("knee_angle", -1),
    "dorsiflexors": ("ankle_angle", 1),
    "plantarflexors": ("ankle_angle", -1),
    "triceps_surae": ("ankle_angle", -1),
    "invertors": ("subtalar_angle", 1),
    "evertors": ("subtalar_angle", -1),
    "toe_extensors": ("mtp_angle", 1),
    "toe_flexors": ("mtp_angle", -1),
}


def names(body: str) -> tuple[str, ...]:
    return known_names(body, None).muscles


@pytest.mark.parametrize("body", BODIES)
def test_every_muscle_of_every_body_is_in_a_group(body: str) -> None:
    grouped = {stem for stems in GROUPS.values() for stem in stems}
    assert not [name for name in names(body) if name[:-2] not in grouped]


def test_no_group_names_a_muscle_that_no_body_has() -> None:
    stems = {name[:-2] for body in BODIES for name in names(body)}
    assert not [stem for group in GROUPS.values() for stem in group if stem not in stems]
    assert set(ACTION) == set(GROUPS)


def moments(built: BuiltModel) -> dict[str, dict[str, float]]:
    """Moment arm in m of each right muscle about each coordinate in OpenSim's signs, mean over the walking cycle."""
    model, index = built.models[0], built.index
    reference = retarget(load_gait(), model, index)
    legs = [joint for joint in index.joints.values() if joint.role == "leg" and joint.side == "r"]
    sums: dict[str, dict[str, float]] = {name: {} for name in index.muscles if name.endswith("_r")}
    phases = np.arange(0, 1, 0.25)
    for phase in phases:
        pose = reference_state(reference, model, index, float(phase))[0]
        arms = moment_arms(model, [(j.name, j.qpos) for j in legs], index.coupling, index.loop_dofs, pose)
        for name, found in sums.items():
            for joint in legs:  # a muscle pulls: it turns the joint the way that shortens it
                arm = -joint.sign * arms[index.muscles[name].id].get(joint.name, 0.0) / len(phases)
                found[joint.name[:-2]] = found.get(joint.name[:-2], 0.0) + arm
    return sums


@pytest.mark.parametrize("body", BODIES)
def test_muscles_turn_the_joint_of_their_group_that_way(build, body: str) -> None:
    arms = moments(build(body))
    for group, (coordinate, direction) in ACTION.items():
        for name in muscles_of(f"{group}_r", arms, where="test", complete=False):
            if coordinate in arms[name]:
                assert direction * arms[name][coordinate] > 0.002, (group, name)


@pytest.mark.parametrize("body", BODIES)
def test_strong_actions_are_listed(build, body: str) -> None:
    """A muscle with a large moment arm over the cycle is in the group of that action."""
    large = {"hip_flexion": 0.045, "hip_adduction": 0.05, "knee_angle": 0.015, "ankle_angle": 0.005}
    for name, found in moments(build(body)).items():
        for group, (coordinate, direction) in ACTION.items():
            anatomical = group in ("quadriceps", "hamstrings", "triceps_surae")
            if not anatomical and direction * found.get(coordinate, 0.0) > large.get(coordinate, np.inf):
                assert name[:-2] in GROUPS[group], (group, name)


def test_parts_together_do_about_what_the_whole_does(build) -> None:
    """Largest moment about the joint that the whole turns most: half to twice as much, in the same direction."""
    fewer, most = build("myolegs26"), build("myolegs")
    (whole_arms, whole_force), (part_arms, part_force) = ((moments(b), forces(b)) for b in (fewer, most))
    for whole, parts in PARTS.items():
        arms = whole_arms[f"{whole}_r"]
        coordinate = max(arms, key=lambda name: abs(arms[name]))
        members = {f"{name}_r" for name in (whole, *parts)} & set(part_arms)
        together = sum(part_arms[name][coordinate] * part_force[name] for name in members)
        if whole != "fdl":  # almost without strength on the smaller bodies
            assert 0.5 < together / (arms[coordinate] * whole_force[f"{whole}_r"]) < 2.0, whole


def forces(built: BuiltModel) -> dict[str, float]:
    """Peak isometric force of each muscle, N."""
    return {name: float(built.models[0].actuator_gainprm[m.id, 2]) for name, m in built.index.muscles.items()}


class TestNames:
    def test_group_side_name_and_glob(self) -> None:
        body = names("myolegs22")
        both = ["gastroc_r", "soleus_r", "fdl_r", "gastroc_l", "soleus_l", "fdl_l"]
        assert sorted(muscles_of("plantarflexors", body, where="x")) == sorted(both)
        assert sorted(muscles_of("plantarflexors_l", body, where="x")) == ["fdl_l", "gastroc_l", "soleus_l"]
        assert muscles_of("soleus_r", body, where="x") == ["soleus_r"]
        assert muscles_of("sol*", body, where="x") == ["soleus_r", "soleus_l"]
        assert muscles_of("hamstrings_r", body, where="x") == ["hamstrings_r"]  # a group and a muscle of that name
        assert group_of("knee_extensors_r") == ("knee_extensors", "r")
        assert group_of("vasti_r") is None and group_of("knee_extensors_x") is None

    def test_later_entries_win(self) -> None:
        values = by_muscle({"*": 0.9, "plantarflexors_r": 0.5, "soleus_*": 0.1}, names("myolegs22"), where="x")
        assert len(values) == 22
        assert [values[n] for n in ("gastroc_r", "soleus_r", "soleus_l", "gastroc_l")] == [0.5, 0.1, 0.1, 0.9]

    @pytest.mark.parametrize(
        ("pattern", "meant"),
        [
            ("plantar_flexors", "plantarflexors"),
            ("knee_extensor", "knee_extensors"),
            ("plantarflexor_r", "plantarflexors_r"),
            ("soleous_r", "soleus_r"),
        ],
    )
    def test_an_unknown_name_is_told_with_the_nearest(self, pattern: str, meant: str) -> None:
        with pytest.raises(
            ConfigError, match=rf"^here: no muscle named '{pattern}'; did you mean .*'{meant}'"
        ) as error:
            muscles_of(pattern, names("myolegs22"), where="here")
        assert "hip_abductors" in str(error.value) and "\n" not in str(error.value)

    def test_a_body_without_muscles(self) -> None:
        assert by_muscle({}, [], where="condition.strength") == {}
        with pytest.raises(ConfigError) as caught:
            by_muscle({"plantarflexors": 0.5}, [], where="condition.strength")
        assert str(caught.value) == (
            "condition.strength: this body has no muscles, so a condition cannot be used; take condition=healthy"
        )

    def test_a_group_that_the_body_does_not_have(self) -> None:
        with pytest.raises(ConfigError, match=r"^here: this body has no hip_abductors; it has hip_flexors, "):
            muscles_of("hip_abductors", names("myolegs22"), where="here")
        assert muscles_of("plantarflexors_r", ["soleus_l"], where="here", complete=False) == []  # a prosthesis


def test_fibers_are_mujocos(build) -> None:
    """The fibre gives its peak force at its optimal length, and none at its largest shortening velocity."""
    built = build("myolegs")
    model, index = built.models[0], built.index
    for name in ("soleus_r", "bflh_l", "glmed1_r"):
        muscle, fiber = index.muscles[name], index.architecture[name]
        gain = model.actuator_gainprm[muscle.id]
        length = fiber.tendon_slack_length + fiber.optimal_fiber_length
        between = (model.actuator_lengthrange[muscle.id], model.actuator_acc0[muscle.id])
        assert mujoco.mju_muscleGain(length, 0.0, *between, gain[:9]) == pytest.approx(-muscle.peak_force)
        fastest = -fiber.optimal_fiber_length * fiber.max_velocity
        assert mujoco.mju_muscleGain(length, fastest, *between, gain[:9]) == pytest.approx(0.0, abs=1e-9)
        assert mujoco.mju_muscleGain(length, 0.9 * fastest, *between, gain[:9]) < -1.0
