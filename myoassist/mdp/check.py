"""Every name of a task checked before any model is built: terms, their parameters, joints, muscles and motors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from myoassist.config import TermConfig, TrainConfig
from myoassist.mdp.observations import OBSERVATIONS
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.terminations import TERMINATIONS
from myoassist.mdp.terms import Joints, Motors, Muscles, TrackedJoints, check_term, match, parameters
from myoassist.model.compose import check_pair
from myoassist.model.names import Names, known_names


def check_task(config: TrainConfig) -> None:
    """Raise ``ConfigError`` or ``ModelError`` for the first name that body and device do not have, in one line."""
    check_pair(config.model, config.device)
    names = known_names(config.model.body, config.device.assist_sim)
    for pattern in config.condition.strength:
        match(pattern, names.muscles, kind="muscle", where="condition.strength")
    sections: list[tuple[str, str, dict[str, Callable], Mapping[str, TermConfig]]] = [
        ("observation.terms", "observation term", OBSERVATIONS, config.observation.terms),
        ("reward.terms", "reward term", REWARDS, config.reward.terms),
        ("termination.terms", "termination", TERMINATIONS, config.termination.terms),
    ]
    for section, kind, registry, terms in sections:
        for name, term in terms.items():
            where = f"{section}.{name}"
            _check_names(check_term(registry, term, kind=kind, where=where), term, names, where)


def _check_names(function: Callable, term: TermConfig, names: Names, where: str) -> None:
    kinds = parameters(function)
    for key, value in term.params.items():
        place = f"{where}.params.{key}"
        annotation = kinds[key].annotation
        if annotation in (Joints, TrackedJoints):
            listed = list(value) if isinstance(value, dict) and annotation is TrackedJoints else value
            match(listed, names.joints, kind="joint", where=place)
        elif annotation is Muscles:
            match(value, names.muscles, kind="muscle", where=place)
        elif annotation is Motors and value not in ("*", ["*"]):
            match(value, names.motors, kind="motor", where=place)
