"""Which checkpoints a training writes and keeps."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import TrainConfig
from myoassist.errors import RunError, typed
from myoassist.files import flush
from myoassist.learn.checkpoint import Layout, save_checkpoint
from myoassist.learn.normalizer import Normalizer
from myoassist.learn.training_state import TrainingState
from myoassist.places import TRAINING_NUMBERS
from myoassist.runs.checkpoints import checkpoint_name, is_checkpoint, prune_checkpoints

_OF_THE_DISK = {getattr(errno, name, None) for name in ("ENOSPC", "EDQUOT", "EROFS", "EIO", "EACCES", "ESTALE")}


@contextmanager
def disk_faults(run: Path) -> Iterator[None]:
    """Turns what a disk raises that is full, gone or may not be written into one line: how the run goes on."""
    before = threading.excepthook
    threading.excepthook = lambda told: None if _disk_reason(told.exc_value) else before(told)  # TensorBoard's thread
    try:
        yield
    except Exception as error:
        if (reason := _disk_reason(error)) is None:
            raise
        raise RunError(
            f"{run}: cannot be written ({reason}); its checkpoints are whole: put that right, then go on with "
            f"python train.py {typed(f'resume={run}')}"
        ) from error
    finally:
        threading.excepthook = before


def _disk_reason(error: BaseException | None) -> str | None:
    """What the system said where a disk is behind ``error``, which libraries wrap in errors of their own."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _OF_THE_DISK - {None}:
            return error.strerror
        error = error.__cause__ or error.__context__
    return None


class Saver:
    """Writes checkpoints of one training and removes what is too old; ``last`` is the newest."""

    def __init__(
        self, folder: Path, config: TrainConfig, layout: Layout, model: BaseAlgorithm, env: VecNormalize
    ) -> None:
        self.folder = folder
        self._config, self._layout, self._model, self._env = config, layout, model, env
        self.last: Path | None = None

    def __call__(self, state: TrainingState) -> Path:
        self.last = self.folder / checkpoint_name(self._model.num_timesteps)
        flush(self.folder.parent / TRAINING_NUMBERS)  # the rows so far belong to the checkpoint
        if not is_checkpoint(self.last):  # else it was written at this very moment
            save_checkpoint(
                self.folder,
                model=self._model,
                normalizer=Normalizer.of(self._env),
                layout=self._layout,
                config=self._config,
                state=state,
            )
        prune_checkpoints(self.folder, self._config.checkpoint.keep_last)
        return self.last
