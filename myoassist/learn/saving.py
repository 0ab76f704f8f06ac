"""Which checkpoints a training writes, and which of them walks best by the deterministic evaluation."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import TrainConfig
from myoassist.learn.algorithms import acting
from myoassist.learn.callbacks import Moment
from myoassist.learn.checkpoint import (
    Layout,
    checkpoint_name,
    is_checkpoint,
    prune_checkpoints,
    read_best,
    save_checkpoint,
    write_best,
)
from myoassist.learn.evaluate import Evaluation, Evaluator, summarize
from myoassist.learn.files import flush
from myoassist.learn.normalizer import Normalizer
from myoassist.learn.run_folder import METRICS
from myoassist.learn.training_state import TrainingState


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
        flush(self.folder.parent / METRICS)  # the rows so far belong to the checkpoint
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


class Judge:
    """Evaluates the deterministic policy now and then, logs it under ``eval/``, and notes the best checkpoint."""

    def __init__(
        self, evaluator: Evaluator | None, every: int, folder: Path, model: BaseAlgorithm, env: VecNormalize
    ) -> None:
        self._evaluator, self._every, self._folder, self._model, self._env = evaluator, every, folder, model, env
        best = read_best(folder)
        self._best = score(best["evaluation"]) if best else None
        self._better: Evaluation | None = None
        self.final: Evaluation | None = None

    def evaluate(self, moment: Moment) -> bool:
        """Evaluate if it is time; whether the policy walks better than any before and has to be saved."""
        if self._evaluator is None or not (moment.last or moment.due(self._every)):
            return False
        begun = time.perf_counter()
        result = evaluate_model(self._evaluator, self._model, self._env)
        record_evaluation(self._model.logger, result)
        self._model.logger.record("time/evaluation_s", time.perf_counter() - begun)
        if moment.last:
            self.final = result
        new = score(asdict(result))
        self._better = result if self._best is None or new > self._best else None
        self._best = new if self._better else self._best
        return self._better is not None

    def saved(self, checkpoint: Path) -> None:
        """Note that ``checkpoint`` is the best, if the evaluation just before said so."""
        if self._better is not None:
            write_best(self._folder, checkpoint, asdict(self._better))
            self._better = None


def record_evaluation(logger: Logger, result: Evaluation) -> None:
    """Write an evaluation to ``logger`` under ``eval/``, and the return of each reward term under ``eval/reward/``."""
    for name, value in asdict(result).items():
        for term, part in value.items() if isinstance(value, dict) else ():
            logger.record(f"eval/reward/{term}", part)
        if not isinstance(value, dict):
            logger.record(f"eval/{name}", value)


def evaluate_model(evaluator: Evaluator, model: BaseAlgorithm, env: VecNormalize) -> Evaluation:
    """How ``model`` walks now, deterministically."""
    normalizer = Normalizer.of(env)
    act = acting(model)
    return summarize(evaluator.run(lambda observation: act(normalizer(observation))))


def score(evaluation: dict[str, Any]) -> tuple[float, float]:
    """What makes a policy better: more episodes to the end, then more distance."""
    return float(evaluation["completed"]), float(evaluation["distance"])
