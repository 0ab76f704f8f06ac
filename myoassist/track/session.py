"""One session with Weights & Biases: opened, filled, ended. Whatever goes wrong there is an exception here."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import sys
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import yaml

from myoassist.config import LoggingConfig
from myoassist.errors import RunError
from myoassist.files import read_json
from myoassist.parsing import parse_config
from myoassist.places import COMMAND, CONFIG, ENVIRONMENT, STEPS
from myoassist.runs.checkpoints import LAYOUT
from myoassist.runs.finding import is_sweep
from myoassist.runs.status import status_of
from myoassist.track.found import Outcome
from myoassist.track.rows import Row
from myoassist.track.state import FOLDER, State

PROJECT = "myoassist"
HELD = (
    "policy.zip",
    "normalizer.npz",
    LAYOUT,
    CONFIG,
)  # of a checkpoint: all that evaluating and starting from it need
ROOM = 262_144  # bytes that must fit on the disk before more is sent
Mode = Literal["online", "offline"]


def settings_of(run: Path) -> tuple[LoggingConfig, dict[str, Any]]:
    """Settings of the logging of a run, and its whole experiment as plain data; unknown keys are left out.

    Raises:
        RunError: the folder holds no run that can be read.
    """
    known = {field.name for field in fields(LoggingConfig)}
    try:
        plain = yaml.safe_load((run / CONFIG).read_text(encoding="utf-8"))
        given = {name: value for name, value in plain["logging"].items() if name in known}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise RunError(f"{run}: holds no run that can be read ({CONFIG}: {type(error).__name__})") from error
    return parse_config(given, LoggingConfig, "logging"), plain


def has_login() -> bool:
    """Whether there is a key for W&B, in WANDB_API_KEY or from ``wandb login``; no network is used."""
    import wandb

    try:
        return bool(wandb.login(prompt=False))
    except Exception:  # there is one that W&B does not like: what needs it says why
        return True


class Session:
    """A run of W&B that takes numbers and files. Every call may raise what W&B raises.

    Args:
        run: the run folder; all files of W&B go into its folder ``wandb``.
        timeout: longest wait for the server when the session is opened, s.
        live: whether the training runs now, so that the load of the machine belongs to it.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(self, run: Path, state: State, *, mode: Mode, timeout: float, live: bool) -> None:
        self._folder, self._state = (run / FOLDER).absolute(), state
        check_room(self._folder)
        import wandb

        config, plain = settings_of(run)
        options: dict[str, Any] = dict(console="off", silent=True, save_code=False, disable_job_creation=True)
        told = status_of(run)
        options |= dict(x_disable_stats=not live, **({"x_stats_pid": told.pid} if live and told and told.pid else {}))
        sys.argv = _command(run)  # W&B shows it as the command of the run
        self._run = wandb.init(
            dir=str(self._folder.parent),
            mode=mode,
            id=state.id,
            resume="allow",
            entity=config.entity,
            project=config.project or os.environ.get("WANDB_PROJECT") or PROJECT,
            group=config.group or (run.absolute().parent.name if is_sweep(run.absolute().parent) else None),
            name=config.run_name or f"{plain.get('name')}_{run.absolute().name}".removeprefix("None_"),
            job_type=config.job_type,
            tags=config.tags or None,
            notes=config.notes,
            settings=wandb.Settings(program=sys.argv[0], init_timeout=timeout, **options),
        )
        self.offline_folder = Path(self._run.settings.sync_dir) if mode == "offline" else None
        if self._folder not in Path(self._run.settings.sync_dir).parents:  # W&B takes a temporary one by itself
            raise OSError(errno.EACCES, "cannot be written", str(self._folder))
        self._run.config.update({**plain, "environment": read_json(run / ENVIRONMENT)}, allow_val_change=True)
        self._run.define_metric(STEPS)
        self._run.define_metric("*", step_metric=STEPS)
        self._steps = self.steps_there()  # of the last row

    @property
    def url(self) -> str | None:
        """Page of the run; None offline."""
        return self._run.url if self.offline_folder is None else None

    def steps_there(self) -> int:
        """Environment steps of the last row that the server has of this run; -1 where it has none or is not asked."""
        steps = self._run.summary.get(STEPS) if self._run.resumed else None
        return int(steps) if isinstance(steps, int | float) else -1

    def rows(self, rows: Iterable[Row]) -> None:
        """Send rows of metrics.csv."""
        for row in rows:
            self._run.log(row)
            self._steps = int(row[STEPS])

    def outcome(self, outcome: Outcome, *, plots: bool, videos: bool) -> None:
        """Send an evaluation: its gait metrics, and plots and videos if they are wanted."""
        import wandb

        media: dict[str, Any] = {}
        if plots:
            media |= {name: wandb.Image(str(path)) for name, path in outcome.plots.items()}
        if videos:
            films = outcome.videos.items()
            media |= {name: wandb.Video(str(path), format=_film_format(path)) for name, path in films}
        self._run.log({STEPS: outcome.steps, **outcome.numbers, **media})
        if self._steps >= 0:  # its steps are earlier ones: a session after a kill would send the rows since then again
            self._run.summary[STEPS] = self._steps

    def checkpoint(self, folder: Path, aliases: list[str], facts: dict[str, Any]) -> bool:
        """Send a checkpoint as a version of the run's policy; False where it is gone, as old ones are removed."""
        import wandb

        artifact = wandb.Artifact(self._state.policy, "model", metadata=facts)
        try:
            for name in HELD:
                if (folder / name).exists():
                    artifact.add_file(str(folder / name), name=name)
        except (OSError, ValueError):
            if (folder / LAYOUT).exists():
                raise
        if not {"policy.zip", "normalizer.npz", LAYOUT} <= set(artifact.manifest.entries):
            return False
        self._run.log_artifact(artifact, aliases=aliases)
        return True

    def report(self, page: Path) -> None:
        """Send the report of the run."""
        import wandb

        artifact = wandb.Artifact(f"report-{self._state.id}", "report")
        artifact.add_file(str(page), name=page.name)
        self._run.log_artifact(artifact)

    def close(self, *, steps: int, failed: bool) -> None:
        """Wait until all is sent, or written. ``steps``: of the last row; ``failed``: how W&B shows the run."""
        check_room(self._folder)
        if steps >= 0:
            self._run.summary[STEPS] = steps  # an evaluation that came later belongs to earlier steps
        self._run.finish(exit_code=1 if failed else 0)

    def check_room(self) -> None:
        """Raise ``OSError`` where nothing more can be written: W&B itself would lose it in silence."""
        check_room(self._folder)


def keep_files_in(folder: Path) -> None:
    """Have W&B put into ``folder`` what it would put into the user's home, and report nothing about itself.

    Call it before anything of W&B starts.
    """
    for name in ("data", "cache"):
        os.environ[f"WANDB_{name.upper()}_DIR"] = str(folder.absolute() / name)
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # it asks the network, in offline mode too


def let_go() -> None:
    """Forget a session that broke, so that a new one can be opened in this process."""
    import wandb

    with contextlib.suppress(Exception):  # its process may be gone, and says so
        wandb.teardown(exit_code=1)


def check_room(folder: Path) -> None:
    """Make ``folder`` and write some bytes there; OSError where that cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".room"
    try:
        with probe.open("wb") as file:
            file.write(bytes(ROOM))
    finally:
        probe.unlink(missing_ok=True)


def _command(run: Path) -> list[str]:
    """The last command of the run's record; W&B gets it in place of this process's own."""
    try:
        lines = (run / COMMAND).read_text(encoding="utf-8").splitlines()
        words = shlex.split(lines[-1])
        return words[words[:1] == ["python"] :] or ["train.py"]
    except (OSError, ValueError, IndexError):
        return ["train.py"]


def _film_format(path: Path) -> Literal["gif", "mp4", "webm"]:
    return "gif" if path.suffix == ".gif" else "webm" if path.suffix == ".webm" else "mp4"
