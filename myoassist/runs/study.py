"""The study of a search: where it is stored, and what a search and the processes of its trials tell each other there.

Optuna keeps parameters, values and intermediate values. As notes on a trial (its user attributes) stand beside them:
``owner`` (host and process of the search that started it), ``values`` (what its training gave), ``pruned`` (the steps
after which it was ended), ``reason`` (why it failed) and ``folder``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.pruners import BasePruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalFileSymlinkLock
from optuna.trial import TrialState

from myoassist.config_search import PrunerConfig, SearchConfig, shown_storage
from myoassist.errors import ConfigError
from myoassist.places import SEARCH_JOURNAL

_KEY = "hydra.sweeper.storage"
_PRUNER, _FOLDER, OBJECTIVE, SPACE = "pruner", "folder", "objective", "space"

optuna.logging.set_verbosity(optuna.logging.ERROR)  # what is to be told, the search tells


def whole_storage(place: str | None, folder: Path) -> str:
    """The storage as processes in any folder find it; None is the journal in ``folder``.

    Raises:
        ConfigError: it cannot be one.
    """
    if place is None:
        return str(folder.absolute() / SEARCH_JOURNAL)
    if place.startswith("sqlite:///"):
        return f"sqlite:///{Path(place.removeprefix('sqlite:///')).expanduser().absolute()}"
    if place.startswith("env:") or "://" in place:
        return place
    path = Path(place).expanduser().absolute()
    if path.suffix.lower() in (".db", ".sqlite", ".sqlite3"):
        raise ConfigError(f"{_KEY}: {place} looks like a database; write {_KEY}=sqlite:///{place}")
    return str(path / SEARCH_JOURNAL if path.is_dir() else path)


def exists(place: str) -> bool:
    """Whether there may be studies in ``place``; a file that is not there is not made."""
    file = place.removeprefix("sqlite:///")
    return Path(file).exists() if "://" not in file and not file.startswith("env:") else True


def open_storage(place: str) -> BaseStorage:
    """Open the storage that :func:`whole_storage` named, or make it.

    Raises:
        ConfigError: it cannot be opened.
    """
    if place.startswith("env:"):
        name = place.removeprefix("env:")
        if name not in os.environ:
            raise ConfigError(f"{_KEY}: the environment has no variable {name}")
        place = os.environ[name]
    try:
        if "://" in place:
            return RDBStorage(place, engine_kwargs={"connect_args": {"timeout": 60}} if "sqlite" in place[:6] else None)
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        lock = (
            JournalFileOpenLock(place) if os.name == "nt" else JournalFileSymlinkLock(place)
        )  # links need rights there
        _mend(Path(place), lock)
        return JournalStorage(JournalFileBackend(place, lock_obj=lock))
    except Exception as error:  # of the file system, SQLAlchemy, or the driver of some database
        problem = shown_storage(" ".join(str(error).split()))[:300]
        raise ConfigError(f"{_KEY}: {shown_storage(place)} cannot be opened: {problem}") from error


def _mend(journal: Path, lock: JournalFileOpenLock | JournalFileSymlinkLock) -> None:
    """Remove the half line that a process killed in the middle of writing, or a full disk, left at the end."""
    if not journal.exists() or _is_whole(journal.read_bytes()):
        return
    lock.acquire()  # nobody is in the middle of writing now
    try:
        if not _is_whole(content := journal.read_bytes()):
            with journal.open("r+b") as file:
                file.truncate(content.rfind(b"\n") + 1)
    finally:
        lock.release()


def _is_whole(content: bytes) -> bool:
    return not content or content.endswith(b"\n")


def make_pruner(settings: PrunerConfig) -> BasePruner:
    """Optuna's pruner; its steps are environment steps."""
    if settings.type == "median":
        return MedianPruner(n_startup_trials=settings.startup_trials, n_warmup_steps=settings.warmup_steps)
    if settings.type == "halving":
        first = settings.warmup_steps or "auto"
        return SuccessiveHalvingPruner(min_resource=first, reduction_factor=settings.keep)
    return NopPruner()


def open_study(storage: BaseStorage, name: str, pruner: BasePruner | None = None) -> optuna.Study:
    """The study of that name. Raises KeyError where there is none."""
    sampler = optuna.samplers.RandomSampler(seed=0)  # a trial's process draws nothing; the search sets its own
    return optuna.load_study(study_name=name, storage=storage, sampler=sampler, pruner=pruner or NopPruner())


def remember(
    study: optuna.Study,
    *,
    pruner: dict[str, Any],
    folder: Path,
    objective: list[str],
    space: dict[str, list[str]] | None = None,
) -> None:
    """Write into a new study what its trials and later commands have to know.

    ``space``: overrides that are ``fixed`` and those that are ``searched``.
    """
    for name, value in {_PRUNER: pruner, _FOLDER: str(folder), OBJECTIVE: objective, SPACE: space}.items():
        study.set_user_attr(name, value)


def folder_of(study: optuna.Study) -> Path | None:
    """The folder of the runs of a study, where it is on this machine."""
    told = study.user_attrs.get(_FOLDER)
    return Path(told) if told and Path(told).is_dir() else None


def note(study: optuna.Study, number: int, **facts: Any) -> None:
    """Leave notes on a trial that is not over."""
    trial_id = study._storage.get_trial_id_from_study_id_trial_number(study._study_id, number)
    for name, fact in facts.items():
        study._storage.set_trial_user_attr(trial_id, name, fact)


def put_back(study: optuna.Study, number: int) -> None:
    """Have a trial that is not over drawn again, with its number and parameters."""
    trial_id = study._storage.get_trial_id_from_study_id_trial_number(study._study_id, number)
    study._storage.set_trial_state_values(trial_id, TrialState.WAITING)


@dataclass(frozen=True)
class Link:
    """A trial from the side of the process that trains it."""

    trial: optuna.Trial
    several: bool  # objectives: nothing is pruned then

    @classmethod
    def to(cls, search: SearchConfig) -> Link | None:
        """The trial that ``search`` names; None where it is over, or there is none.

        Raises:
            Exception: of many kinds, where the storage cannot be reached.
        """
        if search.trial is None or search.storage is None or search.study is None:
            return None
        storage = open_storage(search.storage)
        study = open_study(storage, search.study)
        study.pruner = make_pruner(PrunerConfig(**study.user_attrs.get(_PRUNER, {"type": "none"})))
        study_id = storage.get_study_id_from_name(search.study)
        trial_id = storage.get_trial_id_from_study_id_trial_number(study_id, search.trial)
        if storage.get_trial(trial_id).state.is_finished():
            return None
        return cls(optuna.Trial(study, trial_id), len(study.directions) > 1)

    def report(self, steps: int, value: float) -> bool:
        """Tell the value of the objective after ``steps``; whether the trial shall end."""
        if self.several:
            return False
        self.trial.report(value, steps)
        if not self.trial.should_prune():
            return False
        self.note(pruned=steps)
        return True

    def note(self, **facts: Any) -> None:
        """Leave notes for the search."""
        for name, fact in facts.items():
            self.trial.set_user_attr(name, fact)
