"""The rules that tie several settings together.

To add one, write a small function below and call it in ``check_consistency``.
"""

from __future__ import annotations

import math
import re
from dataclasses import fields
from pathlib import Path

from myoassist.config import (
    A2CConfig,
    CrossQConfig,
    MixtureCommand,
    OffPolicyConfig,
    OnPolicyConfig,
    PlainCommand,
    PPOConfig,
    RecurrentPPOConfig,
    ReferencePhaseReset,
    RolesConfig,
    Schedule,
    SeparateNetwork,
    TQCConfig,
    TrainConfig,
    TRPOConfig,
)
from myoassist.config_search import EVALUATED
from myoassist.errors import ConfigError, shown, unknown
from myoassist.rules_world import check_terrain

_WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789")}


def check_consistency(config: TrainConfig) -> None:
    """Check the rules that tie settings together. Raises ConfigError for the first one that is broken."""
    _name_can_be_a_folder(config)
    _physics_rate_is_multiple_of_control_rate(config)
    _environments_divide_transitions(config)
    _batch_divides_transitions(config)
    _batch_fits_the_buffer(config)
    _schedules_have_ends(config)
    _held_noise_is_plain(config)
    _adaptive_rate_has_an_aim(config)
    _network_fits_algorithm(config)
    _actor_names_are_plain(config)
    _frozen_actors_can_be(config)
    _command_ranges_are_ordered(config)
    check_terrain(config.terrain)
    _own_body_has_a_file(config)
    _reference_is_a_readable_file(config)
    _start_needs_a_reference(config)
    _torch_device_is_known(config)
    _conditions_name_muscles(config)
    _wandb_takes_the_names(config)
    _trial_has_values(config)


def _name_can_be_a_folder(config: TrainConfig) -> None:
    _can_be_a_folder("name", config.name)
    for trial in config.evaluation.trials:
        _can_be_a_folder("evaluation.trials", trial)


def _can_be_a_folder(key: str, name: str) -> None:
    safe = "letters of any language, digits, spaces, - and _ are safe on every system"
    if bad := sorted({letter for letter in name if letter in '<>:"/\\|?*' or not letter.isprintable()}):
        raise ConfigError(f"{key}: {name!r} has {' '.join(map(repr, bad))}, which a folder's name cannot have; {safe}")
    if name != name.strip() or name.endswith(".") or name.split(".")[0].strip().lower() in {"", *_WINDOWS_DEVICES}:
        why = "empty, a space or dot at an end, or a Windows device"
        raise ConfigError(f"{key}: {name!r} cannot be a folder's name ({why}); {safe}")
    if (size := len(name.encode())) > 200:  # folder names end at 255 bytes, and the run folder puts the time in front
        raise ConfigError(f"{key}: {shown(name)} is {size} bytes long; at most 200, where a Korean letter takes 3")


def _physics_rate_is_multiple_of_control_rate(config: TrainConfig) -> None:
    physics, control = config.model.physics_hz, config.model.control_hz
    if physics % control:
        problem = f"{physics} is not a whole multiple of model.control_hz={control}"
        raise ConfigError(f"model.physics_hz: {problem}; nearest: {_nearest_multiples(control, physics)}")


def _environments_divide_transitions(config: TrainConfig) -> None:
    total, envs = config.algorithm.transitions_per_update, config.num_envs
    if total % envs:
        problem = f"{envs} does not divide algorithm.transitions_per_update={total}"
        nearest = f"nearest: {_nearest_divisors(total, envs)}"
        other = f"or algorithm.transitions_per_update={_nearest_multiples(envs, total)}"
        raise ConfigError(f"num_envs: {problem}; {nearest}; {other}")


def _batch_divides_transitions(config: TrainConfig) -> None:
    if not isinstance(config.algorithm, PPOConfig | RecurrentPPOConfig | TRPOConfig):
        return
    total, batch = config.algorithm.transitions_per_update, config.algorithm.batch_size
    if total % batch:
        problem = f"{batch} does not divide algorithm.transitions_per_update={total}"
        raise ConfigError(f"algorithm.batch_size: {problem}; nearest: {_nearest_divisors(total, batch, smallest=2)}")


def _batch_fits_the_buffer(config: TrainConfig) -> None:
    algorithm = config.algorithm
    if isinstance(algorithm, OffPolicyConfig):
        least = max(algorithm.batch_size, algorithm.transitions_per_update)
        if algorithm.buffer_size < least:
            problem = f"got {algorithm.buffer_size}; at least {least}, a batch and an update's transitions"
            raise ConfigError(f"algorithm.buffer_size: {problem}")
    if isinstance(algorithm, TQCConfig) and algorithm.dropped_quantiles >= algorithm.quantiles:
        problem = f"got {algorithm.dropped_quantiles}; less than algorithm.quantiles={algorithm.quantiles}"
        raise ConfigError(f"algorithm.dropped_quantiles: {problem}")


def _schedules_have_ends(config: TrainConfig) -> None:
    for field in fields(config.algorithm):
        value = getattr(config.algorithm, field.name)
        if isinstance(value, Schedule) and (value.end is None) != (value.schedule == "constant"):
            wanted = "has no end" if value.schedule == "constant" else "needs an end"
            raise ConfigError(f"algorithm.{field.name}.end: a {value.schedule} schedule {wanted}")


def _held_noise_is_plain(config: TrainConfig) -> None:
    algorithm = config.algorithm
    if not isinstance(algorithm, PPOConfig) or algorithm.action_std is None:
        return
    if isinstance(algorithm.action_std, Schedule) and algorithm.action_std.end == 0:
        raise ConfigError("algorithm.action_std.end: got 0.0; expected a number > 0")
    if algorithm.noise_steps:
        problem = f"got {algorithm.noise_steps}; with algorithm.action_std the noise is plain: 0"
        raise ConfigError(f"algorithm.noise_steps: {problem}")


def _adaptive_rate_has_an_aim(config: TrainConfig) -> None:
    algorithm = config.algorithm
    if isinstance(algorithm, PPOConfig | RecurrentPPOConfig) and algorithm.adaptive_rate and not algorithm.target_kl:
        problem = "got true; it lowers learning_rate until updates stay within algorithm.target_kl, which is null"
        raise ConfigError(f"algorithm.adaptive_rate: {problem}; give a target_kl, or false")


def _network_fits_algorithm(config: TrainConfig) -> None:
    network, algorithm = config.network, config.algorithm
    if not isinstance(network, SeparateNetwork):
        if isinstance(algorithm, PPOConfig | A2CConfig) and algorithm.synergy_noise:
            problem = f"got {algorithm.synergy_noise}; it needs actors of their own: network=mirrored or separate_full"
            raise ConfigError(f"algorithm.synergy_noise: {problem}")
        return
    if isinstance(algorithm, RecurrentPPOConfig | CrossQConfig):
        fitting = "ppo, a2c, trpo, sac, td3 and tqc"
        raise ConfigError(
            f"network: type=separate does not fit algorithm={algorithm.type}; it fits {fitting}; or take network=shared"
        )
    if isinstance(algorithm, OffPolicyConfig) and network.critic.signals != ["*"]:
        problem = f"got {network.critic.signals}; the critic of {algorithm.type} sees every signal: ['*']"
        raise ConfigError(f"network.critic.signals: {problem}")
    if isinstance(algorithm, OnPolicyConfig) and algorithm.noise_steps:
        raise ConfigError(
            f"algorithm.noise_steps: got {algorithm.noise_steps}; state-dependent noise would mix the actors of "
            f"network type=separate; 0, or network=shared"
        )


def _actor_names_are_plain(config: TrainConfig) -> None:
    if not isinstance(config.network, SeparateNetwork):
        return
    if not config.network.actors:
        raise ConfigError("network.actors: gives no actor; add one, as human: {outputs: [muscles]}")
    for name in config.network.actors:
        if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII) or "value" in name:
            allowed = "a letter, then letters, digits and _, and without 'value', which marks the critic"
            raise ConfigError(f"network.actors: {name!r} cannot be an actor's name; {allowed}")


def _frozen_actors_can_be(config: TrainConfig) -> None:
    if not config.freeze:
        return
    if not isinstance(config.network, SeparateNetwork):
        raise ConfigError(
            "freeze: network.type=shared has one actor for everything; "
            "choose one with several, as network=separate_partial"
        )
    for name in config.freeze:
        if name not in config.network.actors:
            raise ConfigError(unknown("actor", name, config.network.actors, where="freeze"))
    if isinstance(config.algorithm, TRPOConfig):
        raise ConfigError("freeze: does not fit algorithm=trpo, whose step moves all actors at once")


def _command_ranges_are_ordered(config: TrainConfig) -> None:
    command = config.command
    if not isinstance(command, MixtureCommand):
        _command_is_ordered(command, "command")
        return
    if not any(part.weight for part in command.parts.values()):
        raise ConfigError("command.parts: needs a part whose weight is above 0, as slow: {weight: 1, command: …}")
    for name, part in command.parts.items():
        _command_is_ordered(part.command, f"command.parts.{name}.command")


def _command_is_ordered(command: PlainCommand, where: str) -> None:
    for low, high in (("low", "high"), ("shortest_period", "longest_period"), ("shortest_hold", "longest_hold")):
        if hasattr(command, low) and getattr(command, low) > getattr(command, high):
            raise ConfigError(
                f"{where}.{low}: got {getattr(command, low)}; at most {where}.{high}={getattr(command, high)}"
            )


def _own_body_has_a_file(config: TrainConfig) -> None:
    model = config.model
    if model.body == "mjcf" and model.path is None:
        raise ConfigError("model.path: missing; model=mjcf needs the file of the body, as model.path=my_walker.xml")
    if model.body != "mjcf" and (model.path is not None or model.roles != RolesConfig()):
        raise ConfigError(f"model.path and model.roles belong to model=mjcf, not to body={model.body}")


def _start_needs_a_reference(config: TrainConfig) -> None:
    if not config.reference.imitate and isinstance(config.reset, ReferencePhaseReset):
        raise ConfigError(
            "reset.type: reference_phase needs a gait, and reference=none has none; take experiment=no_reference, "
            "a whole task without one (3D bodies: with observation=walk_3d_without_phase), or reset=standing"
        )


def _reference_is_a_readable_file(config: TrainConfig) -> None:
    begin, end = config.reference.begin, config.reference.end
    if begin is not None and end is not None and begin >= end:
        raise ConfigError(f"reference.begin: got {begin:g}; less than reference.end={end:g}")
    try:
        if config.reference.path is not None:
            Path(config.reference.path).open("rb").close()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = f"cannot be read from {Path.cwd()} ({getattr(error, 'strerror', error)})"
        raise ConfigError(f"reference.path: {config.reference.path!r} {reason}; a file or null is allowed") from error


def _torch_device_is_known(config: TrainConfig) -> None:
    if config.algorithm.device not in ("auto", "cpu", "cuda"):
        raise ConfigError(unknown("device", config.algorithm.device, ("auto", "cpu", "cuda"), where="algorithm.device"))


def _conditions_name_muscles(config: TrainConfig) -> None:
    condition = config.condition
    for key in ("strength", "contraction_velocity", "deactivation_time", "fatigue.rates"):
        table = condition.fatigue.rates if key == "fatigue.rates" else getattr(condition, key)
        for pattern in table:
            if not re.fullmatch(r"[\w*?\[\]!-]+", pattern):
                allowed = "a muscle group such as 'plantarflexors', a muscle's name or a glob such as 'soleus_*'"
                raise ConfigError(f"condition.{key}: got {pattern!r}; {allowed} is allowed")
    if condition.fatigue.start_low > condition.fatigue.start_high:
        limit = f"at most condition.fatigue.start_high={condition.fatigue.start_high}"
        raise ConfigError(f"condition.fatigue.start_low: got {condition.fatigue.start_low}; {limit}")


def _trial_has_values(config: TrainConfig) -> None:
    key, settings = "hydra.sweeper.objective", config.evaluation
    for name in config.search.objective if config.search.trial is not None else ():
        kind, slash, metric = name.partition("/")
        if not slash or (kind == "eval" and metric not in EVALUATED):
            names = [f"eval/{field}" for field in EVALUATED]
            raise ConfigError(unknown("metric", name, names, where=key) + " Others: columns of metrics.csv, gait/….")
        if kind in ("eval", "best", "gait") and not settings.every_steps:
            raise ConfigError(f"evaluation.every_steps: got 0, which gives a search no {name}; above 0")
        if kind == "gait" and not settings.recorded_in_training:
            raise ConfigError(f"evaluation.recorded_in_training: got 0, which gives a search no {name}; above 0")


def _wandb_takes_the_names(config: TrainConfig) -> None:
    logging = config.logging
    for key, text, longest in [
        *((key, getattr(logging, key), 128) for key in ("entity", "project", "group", "run_name", "job_type")),
        *((f"tags[{place}]", tag, 64) for place, tag in enumerate(logging.tags)),
    ]:
        if text is not None and not 0 < len(text) <= longest:
            raise ConfigError(f"logging.{key}: {shown(text)} has {len(text)} letters; W&B takes 1 to {longest}")
    if bad := sorted(set(logging.project or "") & set("/\\#?%:")):
        raise ConfigError(f"logging.project: {logging.project!r} has {' '.join(bad)}; W&B takes none of / \\ # ? % :")


def _nearest_multiples(step: int, size: int) -> str:
    below = size // step * step
    return " or ".join(str(multiple) for multiple in (below, below + step) if multiple)


def _nearest_divisors(total: int, size: int, smallest: int = 1) -> str:
    small = [divisor for divisor in range(1, math.isqrt(total) + 1) if total % divisor == 0]
    divisors = sorted(divisor for divisor in {*small, *(total // divisor for divisor in small)} if divisor >= smallest)
    nearest = [d for d in divisors if d < size][-1:] + [d for d in divisors if d > size][:1]
    return " or ".join(map(str, nearest))
