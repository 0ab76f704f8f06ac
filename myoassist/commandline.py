"""What ``train.py`` and ``eval.py`` share: Hydra, started so that a bad request ends in one clear line.

Hydra composes the configuration and starts the runs. Its own errors take several lines and speak of its internals, so
the request is composed once beforehand, and what goes wrong is said in the words of this project.
"""

from __future__ import annotations

import argparse
import copy
import functools
import itertools
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import hydra
import yaml
from hydra._internal.utils import get_args_parser  # Hydra has no public way to read its command line
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.types import Override
from hydra.core.utils import env_override
from hydra.errors import HydraException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from myoassist.errors import ConfigError, MyoAssistError, RunError
from myoassist.explain import COMPOSING_ERRORS, Composer, explain, one_line, quoted, quoted_text, syntax_problem
from myoassist.interrupting import interruptible
from myoassist.multirun import compare_sweeps, interrupted_sweep, jobs_not_started
from myoassist.processes import stop_signal, terminable
from myoassist.sweep.launcher import check_cluster, check_installed, take_failures
from myoassist.sweep.plan import as_typed, check_folder, named_by_time, plan_of
from myoassist.sweep.plugins import register
from myoassist.sweep.space import merged, runs_to_check
from myoassist.sweep.sweeper import as_trial, check_search, read_settings

_MOST_CHECKED = 100  # runs of a sweep that are composed beforehand; about 0.1 s each


class RunsFailedError(MyoAssistError):
    """A sweep of which some runs failed; ``lines`` has one on each.

    Args:
        not_started: runs that were asked for and not begun: with ``hydra.sweeper.max_batch_size``, Hydra's sweeper
            stops after a batch with a failure.
    """

    def __init__(self, lines: list[str], not_started: int = 0) -> None:
        runs = "1 run" if len(lines) == 1 else f"{len(lines)} runs"
        left = f", {not_started} not started (the same command with this hydra.sweep.dir starts them)"
        self.lines = [f"{runs} failed{left if not_started else ''}, the others are whole", *lines]
        super().__init__("\n".join(self.lines))


def config_dir() -> Path:
    """Return the folder of YAML choices: inside the installed package, else in the repository.

    Raises:
        RunError: neither exists.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "conf", package.parent / "conf"):
        if folder.is_dir():
            return folder
    raise RunError(f"conf: no such folder in {package} or {package.parent}; install the package again")


def hydra_entry(
    config_name: str,
    run: Callable[[DictConfig], Any],
    *,
    argv: Sequence[str] | None = None,
    check: Callable[[DictConfig], Any] | None = None,
) -> int:
    """Compose the configuration that the command line asks for and call ``run`` with it, or once per run of a sweep.

    A bad request writes one line to stderr and makes no file. Any other exception is a fault of the program and passes
    through with its traceback; with HYDRA_FULL_ERROR=1 in the environment everything does.

    Args:
        config_name: the file of ``conf/`` to start from, without ``.yaml``.
        run: the program; what it returns goes to Hydra's sweeper.
        argv: the command line without the program's name; the process's own by default.
        check: called with the configuration of every run of a sweep before the first one starts.

    Returns:
        The exit code: 0, 2 for a bad request, 1 where runs of a sweep failed, 130 after Ctrl-C, 143 after SIGTERM.
    """
    register()
    arguments = [quoted(argument) for argument in (sys.argv[1:] if argv is None else argv)]
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        _launch(config_name, run, arguments)
        return 0
    try:
        flags = _read_flags(arguments)
        # Hydra raises its errors, and does not print them
        with env_override({"HYDRA_FULL_ERROR": "1"}), terminable(), interruptible():
            more = [] if _is_foreign(flags) else _check_request(flags.config_name or config_name, flags, check)
            _launch(config_name, run, [*more, *_overrides_first(arguments, flags.overrides)])
    except KeyboardInterrupt:
        return _say(*_how_stopped())
    except MyoAssistError as error:
        return max(_say(line, 1) for line in error.lines) if isinstance(error, RunsFailedError) else _say(str(error), 2)
    except (HydraException, OmegaConfBaseException, yaml.YAMLError) as error:
        return _say(one_line(error), 2)
    return 0


def sweep_dir() -> Path | None:
    """Return the folder that Hydra gave this run of a sweep; None outside a sweep. Call it from ``run``."""
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    return Path(HydraConfig.get().runtime.output_dir)


def _how_stopped() -> tuple[str, int]:
    """What to say after a KeyboardInterrupt, and the exit code."""
    by = stop_signal()
    how = "interrupted from the keyboard" if by == "SIGINT" else f"stopped by {by}"
    return how, 128 + signal.Signals[by]


def _say(problem: str, code: int) -> int:
    print(f"error: {' '.join(problem.split())}", file=sys.stderr)
    return code


def _launch(config_name: str, run: Callable[[DictConfig], Any], arguments: list[str]) -> None:
    failures: list[Exception] = []

    @functools.wraps(run)
    def job(config: DictConfig) -> Any:
        if HydraConfig.get().mode != RunMode.MULTIRUN:
            sys.argv = [own_arguments[0], *map(as_typed, arguments)]  # for the record of the run
        try:
            return run(config)
        except (MyoAssistError, HydraException, OmegaConfBaseException) as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise  # the sweeper has to know, and names the run
            failures.append(error)  # raised below, past Hydra's own message

    main = hydra.main(version_base="1.3", config_path=str(config_dir()), config_name=config_name)(job)
    own_arguments = sys.argv
    sys.argv = [own_arguments[0], *arguments]
    try:
        main()
    except KeyboardInterrupt as error:
        if (folder := interrupted_sweep(error)) is not None:
            print(f"go on with: {_going_on(arguments, folder)}")
        raise
    except Exception as error:
        if lines := take_failures():
            raise RunsFailedError(lines, jobs_not_started()) from error
        raise
    finally:
        sys.argv = own_arguments
        compare_sweeps()  # after every sweep, whatever failed
    if failures:
        raise failures[0]


def _going_on(arguments: Sequence[str], folder: Path) -> str:
    """The command that goes on with the sweep in ``folder``."""
    own = [as_typed(part) for part in arguments if part != "-m" and not part.startswith("hydra.sweep.dir=")]
    place = quoted_text(os.path.relpath(folder))
    plain = re.fullmatch(r"[\w./-]+", place[1:-1])
    flag = ["-m"] if "-m" in arguments else []
    return shlex.join(["python", "train.py", *flag, *own, f"hydra.sweep.dir={place[1:-1] if plain else place}"])


# --- reading the command line -----------------------------------------------------------------------------------------


def _read_flags(arguments: list[str]) -> argparse.Namespace:
    """Read Hydra's flags. Raises ConfigError for an unknown one, or for several that exclude each other."""

    def refuse(message: str) -> NoReturn:
        flag = re.search(r"unrecognized arguments: --?(\w[\w.-]*)(?:=(\S*))?", message)
        if flag:
            raise ConfigError(f"--{flag[1]}: no such flag; settings have no dashes: {flag[1]}={flag[2] or '...'}")
        raise ConfigError(f"command line: {message}")

    parser = get_args_parser()
    parser.error = refuse
    flags = parser.parse_intermixed_args(arguments)
    modes = {"--multirun": flags.multirun, "--run": flags.run, "--cfg": flags.cfg, "--info": flags.info}
    modes["hydra.mode=RUN"] = flags.multirun and "hydra.mode=RUN" in flags.overrides  # Hydra would begin a sweep
    given = [name for name, value in modes.items() if value]
    if len(given) > 1:
        raise ConfigError(f"{' and '.join(given)}: only one of them at a time")
    if flags.resolve and not (flags.cfg or flags.help):
        raise ConfigError("--resolve: only together with --cfg")
    if flags.config_dir and not Path(flags.config_dir).is_dir():
        raise ConfigError(f"--config-dir: no folder {flags.config_dir!r} in {Path.cwd()}")
    return flags


def _overrides_first(arguments: list[str], overrides: list[str]) -> list[str]:
    """Put the overrides before the flags: Hydra itself refuses ``model=a -m seed=1,2``."""
    flags = list(arguments)
    for override in overrides:
        flags.remove(override)
    return [*overrides, *flags]


def _is_foreign(flags: argparse.Namespace) -> bool:
    """Whether Hydra composes from elsewhere, or not at all, so that there is nothing here to check."""
    return bool(flags.config_path or flags.experimental_rerun or flags.shell_completion)


def _check_request(config_name: str, flags: argparse.Namespace, check: Callable[[DictConfig], Any] | None) -> list[str]:
    """Compose every run of the request; overrides that belong to it beside those that were typed.

    Raises:
        ConfigError: the first thing that does not exist or fit.
    """
    with hydra.initialize_config_dir(str(config_dir()), version_base="1.3", job_name=config_name):
        composer = Composer(config_name, flags.config_dir)
        overrides = _parsed(composer, flags.overrides)
        first = _composed(composer, next(runs_to_check(overrides, search=True)))
        if not (flags.multirun or first.hydra.mode == RunMode.MULTIRUN):
            for override in overrides:
                if override.is_sweep_override():
                    key, _, values = (override.input_line or "").partition("=")
                    how = "several runs, which need -m"
                    raise ConfigError(f"{key}: {values} asks for {how}; a list is {key}=[{values}]")
            return []
        check_installed(first)
        search = read_settings(first)
        parse = partial(_parsed, composer)
        overrides = merged(first.hydra.sweeper.get("params") or {}, overrides, parse)
        for override in overrides:
            if override.is_interval_sweep() and search is None:
                how = "is searched, not listed: add hydra/sweeper=optuna, or give values, as 1,2,3 or range(0,10,2)"
                raise ConfigError(f"{override.input_line}: a range without steps {how}")
        runs = runs_to_check(overrides, search=search is not None)
        for number, job in enumerate(itertools.islice(runs, _MOST_CHECKED)):
            config = _composed(composer, [*job, *([as_trial(search)] if search else [])])
            if check and not flags.help:
                _check_job(check, config, number, [part for part in job if part not in flags.overrides])
        more = check_search(first, overrides, flags.overrides) if search else []
        config = _composed(composer, [*next(runs_to_check(overrides, search=True)), *more])
        if not named_by_time(config):
            folder = Path(str(config.hydra.sweep.dir)).absolute()
            check_folder(folder, plan_of(first, _parsed(composer, flags.overrides), parse))
        check_cluster(first)
        return more


def _parsed(composer: Composer, lines: Sequence[str]) -> list[Override]:
    try:
        return composer.parse(lines)
    except OverrideParseException as error:
        raise ConfigError(syntax_problem(error)) from error


def _composed(composer: Composer, job: Sequence[str]) -> DictConfig:
    try:
        return composer.compose(job)
    except COMPOSING_ERRORS as error:
        raise ConfigError(explain(error, composer.parse(job), composer)) from error


def _check_job(check: Callable[[DictConfig], Any], config: DictConfig, number: int, choice: list[str]) -> None:
    """Call ``check`` with what the run of this number will get; an error says which run it is."""
    with open_dict(config):
        config.hydra.mode, config.hydra.job.id, config.hydra.job.num = RunMode.MULTIRUN, number, number
        config.hydra.runtime.output_dir = os.path.abspath(f"{config.hydra.sweep.dir}/{config.hydra.sweep.subdir}")
    HydraConfig.instance().set_config(config)  # so that ${hydra:...} has its value
    job_config = copy.deepcopy(config)
    with read_write(job_config), open_dict(job_config):
        del job_config["hydra"]
    try:
        check(job_config)
    except MyoAssistError as error:
        raise type(error)(f"{error} (in the run {' '.join(choice)})" if choice else str(error)) from error
    finally:
        HydraConfig.instance().cfg = None
