"""A training from configuration to saved policy."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import TrainConfig
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.learn.algorithms import act, make_algorithm
from myoassist.learn.callbacks import EpisodeStatistics, EveryTransitions, Saver, Stopper, evaluate_now
from myoassist.learn.checkpoint import Layout, save_checkpoint
from myoassist.learn.evaluate import Evaluation, Evaluator, summarize
from myoassist.learn.normalizer import Normalizer, normalized
from myoassist.learn.progress import Progress, clock, say
from myoassist.learn.run_folder import check_writable, choose_run_folder, make_run_folder
from myoassist.learn.tracking import make_logger


@dataclass(frozen=True)
class TrainingResult:
    """Where a training is, how far it came, how the final policy walks, and the signal that stopped it, if any."""

    folder: Path
    checkpoint: Path
    steps: int
    evaluation: Evaluation | None
    stopped_by: str | None


def train(config: TrainConfig, *, run_dir: Path | None = None) -> TrainingResult:
    """Build, learn, save. Nothing is written before everything is built.

    Args:
        run_dir: run folder where the configuration names none (a sweep gives each of its runs one).

    Raises:
        MyoAssistError: the experiment does not fit together, or the run folder cannot be used.
    """
    folder = run_dir if run_dir is not None and config.run_dir is None else choose_run_folder(config)
    check_writable(folder)
    walk = WalkEnv(config)
    vec_env = WalkVecEnv(walk)
    env = normalized(vec_env, config.algorithm.normalize, discount=config.algorithm.discount)
    model = make_algorithm(config.algorithm, config.network, env, seed=config.seed)
    evaluator = Evaluator(config) if config.evaluation.every_steps else None
    make_run_folder(folder, config)
    say(f"run folder: {folder}")
    try:
        return _learn(config, folder, vec_env, env, model, evaluator)
    finally:
        env.close()
        if evaluator is not None:
            evaluator.close()


def _learn(
    config: TrainConfig,
    folder: Path,
    vec_env: WalkVecEnv,
    env: VecNormalize,
    model: BaseAlgorithm,
    evaluator: Evaluator | None,
) -> TrainingResult:
    layout = Layout.of(vec_env.walk)

    def save(target: Path) -> Path:
        return save_checkpoint(target, model=model, normalizer=Normalizer.of(env), layout=layout, config=config)

    saver, stopper = Saver(folder / "checkpoints", config.checkpoint.keep_last, save), Stopper()
    statistics = EpisodeStatistics(vec_env)
    callbacks: list[BaseCallback] = [stopper, statistics]
    if evaluator is not None:
        run_evaluation = evaluator
        callbacks.append(EveryTransitions(config.evaluation.every_steps, lambda c: evaluate_now(c, run_evaluation)))
    callbacks.append(EveryTransitions(config.checkpoint.every_steps, saver))
    callbacks.append(Progress(config.logging.progress, total=config.total_steps, statistics=statistics))
    model.set_logger(make_logger(folder, config.logging))
    begun = time.monotonic()
    try:
        model.learn(config.total_steps, callback=CallbackList(callbacks), log_interval=1)
    finally:
        saver()
        stopper.restore()
        model.logger.close()
    final = None
    if evaluator is not None and stopper.asked is None:
        final = _final_evaluation(folder, model, Normalizer.of(env), evaluator)
    _report(folder, config, model.num_timesteps, time.monotonic() - begun, final, stopper.asked)
    assert saver.last is not None
    return TrainingResult(folder, saver.last, model.num_timesteps, final, stopper.asked)


def _final_evaluation(folder: Path, model: BaseAlgorithm, normalizer: Normalizer, evaluator: Evaluator) -> Evaluation:
    result = summarize(evaluator.run(lambda observation: act(model, normalizer(observation))))
    (folder / "evaluation.json").write_text(json.dumps(asdict(result), indent=2), encoding="utf-8")
    return result


def _report(
    folder: Path, config: TrainConfig, steps: int, seconds: float, final: Evaluation | None, stopped: str | None
) -> None:
    """Tell how it ended, where it is, and how to look at it."""
    ended = f"stopped by {stopped}" if stopped else "finished"
    say(f"{ended}: {steps:,} steps in {clock(seconds)} ({steps / max(seconds, 1e-9):,.0f} steps/s)")
    if final is not None:
        say(describe(final))
    say(f"run: {folder}")
    say(f"look at it: python eval.py checkpoint={folder}")
    if config.logging.tensorboard:
        say(f"curves:     tensorboard --logdir {folder}")


def describe(result: Evaluation) -> str:
    """One line on how a policy walks."""
    return (
        f"deterministic policy: {result.completed} of {result.episodes} episodes to the end, "
        f"mean {result.time:.1f} s and {result.distance:.1f} m (shortest {result.shortest_distance:.1f} m), "
        f"speed {result.speed:.2f} m/s, {100 * result.alternation:.0f} % alternating steps"
    )
