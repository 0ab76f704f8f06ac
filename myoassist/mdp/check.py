"""Every name of a task checked before any model is built: terms, their parameters, joints, muscles and motors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from myoassist.config import TermConfig, TrainConfig
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
from myoassist.model.compose import check_pair
from myoassist.model.muscle_groups import by_muscle
from myoassist.model.names import Names, names_of


def check_task(config: TrainConfig) -> None:
    """Raise ``ConfigError`` or ``ModelError`` for the first name that body and device do not have, in one line."""
    check_pair(config.model, config.device)
    names = names_of(config.model, config.device)
    condition = config.condition
    for key in ("strength", "contraction_velocity", "deactivation_time"):
        by_muscle(getattr(condition, key), names.muscles, where=f"condition.{key}")
    by_muscle(condition.fatigue.rates, names.muscles, where="condition.fatigue.rates")
    sections: list[tuple[str, str, dict[str, Callable], Mapping[str, TermConfig]]] = [
        ("observation.terms", "observation term", OBSERVATIONS, config.observation.terms),
        ("reward.terms", "reward term", REWARDS, config.reward.terms),
        ("termination.terms", "termination", TERMINATIONS, config.termination.terms),
    ]
    for section, kind, registry, terms in sections:
        for name, term in terms.items():
            where = f"{section}.{name}"
            function = check_term(registry, term, kind=kind, where=where)
            if not config.reference.imitate and needs_reference(function):
                raise ConfigError(
                    f"{where}: {term.func} needs a gait, and reference=none has none; take the term out with ~{where}, "
                    f"or choose a reference"
                )
            _check_names(function, term, names, where)


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
