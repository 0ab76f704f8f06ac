"""Which checkpoints a training writes and keeps."""

from __future__ import annotations

from pathlib import Path

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import TrainConfig
from myoassist.files import flush
from myoassist.learn.checkpoint import Layout, save_checkpoint
from myoassist.learn.normalizer import Normalizer
from myoassist.learn.training_state import TrainingState
from myoassist.places import TRAINING_NUMBERS
from myoassist.runs.checkpoints import checkpoint_name, is_checkpoint, prune_checkpoints


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
