"""Every name of a task checked before any model is built: terms, their parameters, joints, muscles and motors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from myoassist.config import DeviceConfig, FlatTerrain, ModelConfig, Schedule, TermConfig, TrainConfig
from myoassist.errors import ConfigError
from myoassist.mdp.observations import OBSERVATIONS, gait_phase
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.terminations import TERMINATIONS
from myoassist.mdp.terms import (
    Joints,
    Motors,
    Muscles,
    ReferenceJoints,
    TrackedJoints,
    check_term,
    match,
    muscle_names,
    parameters,
)
from myoassist.model.build import build_model
from myoassist.model.compose import check_pair
from myoassist.model.muscle_groups import by_muscle
from myoassist.model.names import Names, known_names
from myoassist.reference.reading import read_gait


def check_task(config: TrainConfig) -> None:
    """Raise ``ConfigError`` or ``ModelError`` for the first name that body and device do not have, in one line."""
    check_pair(config.model, config.device)
    names = names_of(config.model, config.device)
    condition = config.condition
    for key in ("strength", "contraction_velocity", "deactivation_time"):
        by_muscle(getattr(condition, key), names.muscles, where=f"condition.{key}")
    by_muscle(condition.fatigue.rates, names.muscles, where="condition.fatigue.rates")
    for pattern in config.aid.joints:
        match(pattern, names.joints, kind="joint", where="aid.joints")
    check_mirror(config)
    sections: list[tuple[str, str, dict[str, Callable], Mapping[str, TermConfig]]] = [
        ("observation.terms", "observation term", OBSERVATIONS, config.observation.terms),
        ("reward.terms", "reward term", REWARDS, config.reward.terms),
        ("termination.terms", "termination", TERMINATIONS, config.termination.terms),
    ]
    comparing = []
    for section, kind, registry, terms in sections:
        for name, term in terms.items():
            where = f"{section}.{name}"
            function = check_term(registry, term, kind=kind, where=where)
            if needs_reference(function):
                comparing.append(where)
            _check_names(function, term, names, where)
    if comparing and not config.reference.imitate:
        raise ConfigError(_clashes(comparing, names))


def _clashes(comparing: list[str], names: Names) -> str:
    """What to do about terms that compare with a gait where there is none."""
    needs = f"{', '.join(comparing)}: {'need' if len(comparing) > 1 else 'needs'} a gait, and reference=none has none"
    observation = "walk_3d_without_phase" if "pelvis_list" in names.joints else "walk_without_phase"
    whole = f"take experiment=no_reference observation={observation}"
    return f"{needs}; {whole}, or take them out: {' '.join(f'~{where}' for where in comparing)}"


def names_of(model: ModelConfig, device: DeviceConfig) -> Names:
    """Names of a configured body with its device; a user's own MJCF is built to know them. Raises as build_model."""
    if model.body != "mjcf":
        return known_names(model.body, device.assist_sim)
    index = build_model(model, device, FlatTerrain()).index
    return Names(tuple(index.joints), tuple(index.muscles), tuple(index.motors))


def check_mirror(config: TrainConfig) -> None:
    """Raise ``ConfigError`` where left and right are made alike but the motion's left leg is not the right one's.

    The symmetry loss does that, and so does a network of the muscles that both sides share. One of the motors alone
    does not: legs that walk differently get different torques from it.
    """
    weight = getattr(config.algorithm, "mirror_weight", 0.0)
    actors = getattr(config.network, "actors", {})
    shared = sorted(name for name, actor in actors.items() if actor.per_side and actor.outputs != ["motors"])
    if not (weight or shared) or not config.reference.imitate or not read_gait(config.reference).left:
        return
    alike = "left and right alike half a cycle apart, but"
    motion = f"{config.reference.path} is asymmetric"
    if weight:
        given = "a schedule" if isinstance(weight, Schedule) else f"{weight:g}"
        raise ConfigError(
            f"algorithm.mirror_weight: got {given}, which makes {alike} {motion}; 0, or a motion without a left leg of "
            "its own"
        )
    raise ConfigError(
        f"network.actors.{shared[0]}.per_side: got true, which makes {alike} {motion}; false, network=shared, or a "
        "motion without a left leg of its own"
    )


def needs_reference(function: Callable) -> bool:
    """Whether a term compares the walker with the reference, or tells its phase."""
    kinds = {parameter.annotation for parameter in parameters(function).values()}
    return function is gait_phase or bool(kinds & {TrackedJoints, ReferenceJoints})


def _check_names(function: Callable, term: TermConfig, names: Names, where: str) -> None:
    kinds = parameters(function)
    for key, value in term.params.items():
        place = f"{where}.params.{key}"
        annotation = kinds[key].annotation
        if annotation in (Joints, TrackedJoints, ReferenceJoints):
            listed = list(value) if isinstance(value, dict) and annotation is TrackedJoints else value
            match(listed, names.joints, kind="joint", where=place)
        elif annotation is Muscles and (names.muscles or value not in ("*", ["*"])):
            muscle_names(value, names.muscles, where=place)
        elif annotation is Motors and value not in ("*", ["*"]):
            match(value, names.motors, kind="motor", where=place)
