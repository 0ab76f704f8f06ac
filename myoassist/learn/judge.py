"""How well the policy walks while it learns: its trials now and then, and which checkpoint is best."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import EvaluationConfig
from myoassist.env.episodes import Episode
from myoassist.learn.acting import acting_as_asked
from myoassist.learn.callbacks import Moment
from myoassist.learn.evaluate import Evaluation, Evaluator, Policy, summarize
from myoassist.learn.evaluations import (
    EVALUATIONS,
    read_summary,
    results_folder,
    write_summary,
    write_trial,
    written_whole,
)
from myoassist.learn.finisher import Finisher
from myoassist.learn.normalizer import Normalizer
from myoassist.runs.checkpoints import checkpoint_name, read_best, write_best


class Judge:
    """Runs the trials now and then, logs them under ``eval/``, keeps recordings, and notes the best checkpoint.

    Args:
        trials: by name, as :func:`make_trials` gives them; none never evaluates.
        run: the run folder.
        told: called with the steps and the outcome of each evaluation before the last.
    """

    def __init__(
        self,
        settings: EvaluationConfig,
        trials: dict[str, Evaluator],
        run: Path,
        model: BaseAlgorithm,
        env: VecNormalize,
        *,
        told: Callable[[int, Evaluation], None] | None = None,
    ) -> None:
        self._settings, self._trials, self._run, self._model, self._env = settings, trials, run, model, env
        self._told = told
        self._checkpoints = run / "checkpoints"
        best = read_best(self._checkpoints)
        self._best = score(best["evaluation"]) if best else None
        self._better: Evaluation | None = None
        self.final: Evaluation | None = None
        self.finisher = Finisher()

    def evaluate(self, moment: Moment) -> bool:
        """Evaluate if it is time; whether the policy walks better than any before and has to be saved."""
        self.finisher.go_on()
        if not self._trials or not (moment.last or moment.due(self._settings.every_steps)):
            return False
        begun = time.perf_counter()
        result = self._walk()
        self._model.logger.record("time/evaluation_s", time.perf_counter() - begun)
        if moment.last:
            self.final = result
        elif self._told is not None:
            self._told(moment.steps, result)
        new = score(asdict(result))
        self._better = result if self._best is None or new > self._best else None
        self._best = new if self._better else self._best
        return self._better is not None

    def saved(self, checkpoint: Path) -> None:
        """Note that ``checkpoint`` is the best, if the evaluation just before said so."""
        if self._better is not None:
            write_best(self._checkpoints, checkpoint, asdict(self._better))
            self._better = None

    def _walk(self) -> Evaluation:
        """Run every trial, log it, and write the recordings to ``evaluations/step_<n>``; the outcome over all."""
        recorded, outcomes = self._settings.recorded_in_training, {}
        name, place = checkpoint_name(self._model.num_timesteps), self._run / EVALUATIONS
        facts = {"checkpoint": str(self._checkpoints / name), "steps": self._model.num_timesteps}
        if not recorded:
            outcomes = {trial: evaluator.run(self._policy(evaluator)) for trial, evaluator in self._trials.items()}
            return self._logged(outcomes)
        again = "in_training" in read_summary(place / name)  # from before a stop: the same, or older
        folder = results_folder(place, name, overwrite=again)
        with written_whole(folder) as partial:
            for trial, evaluator in self._trials.items():
                policy, envs = self._policy(evaluator), min(recorded, evaluator.walk.num_envs)
                outcomes[trial], recording = evaluator.record(policy, envs=envs, name=trial, **facts)
                write_trial(partial / trial, outcomes[trial], recording)
            write_summary(partial, outcomes, **facts, replaced=[], in_training=True)
        self.finisher.add(folder)
        return self._logged(outcomes)

    def _policy(self, evaluator: Evaluator) -> Policy:
        """The policy as it is now, from raw observations to actions; a recurrent one remembers nothing yet."""
        normalizer, config = Normalizer.of(self._env), evaluator.config
        act = acting_as_asked(self._model, config, evaluator.walk, config.evaluation)
        return lambda observation: act(normalizer(observation))

    def _logged(self, outcomes: dict[str, list[Episode]]) -> Evaluation:
        over_all = summarize([episode for episodes in outcomes.values() for episode in episodes])
        record_evaluation(self._model.logger, over_all)
        if len(outcomes) > 1:
            for trial, episodes in outcomes.items():
                record_evaluation(self._model.logger, summarize(episodes), under=f"eval/{trial}")
        return over_all


def record_evaluation(logger: Logger, result: Evaluation, *, under: str = "eval") -> None:
    """Write an evaluation to ``logger`` under ``<under>/``, the return of each reward term under ``<under>/reward/``.

    The share of episodes completed on each level of a curriculum goes under ``<under>/completed/``.
    """
    for name, value in asdict(result).items():
        for key, part in value.items() if isinstance(value, dict) else ():
            logger.record(f"{under}/{'reward' if name == 'terms' else 'completed'}/{key}", part)
        if not isinstance(value, dict):
            logger.record(f"{under}/{name}", value)


def score(evaluation: dict[str, Any]) -> tuple[float, float]:
    """What makes a policy better: more episodes to the end, then more reward.

    Not distance, which would prefer a walker that is faster than it was asked to be.
    """
    return float(evaluation["completed"]), float(evaluation["total_reward"])
