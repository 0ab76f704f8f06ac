"""A training from configuration to saved policy, and its continuation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecNormalize

from myoassist.config import TrainConfig
from myoassist.env.sb3_vec_env import WalkVecEnv
from myoassist.env.walk import WalkEnv
from myoassist.errors import typed
from myoassist.files import write_beside
from myoassist.finishing import LOG
from myoassist.learn.algorithms import make_algorithm
from myoassist.learn.callbacks import BetweenUpdates, EpisodeStatistics, Stopper, Tasks
from myoassist.learn.checkpoint import Checkpoint
from myoassist.learn.evaluate import Evaluation, Evaluator, make_trials
from myoassist.learn.finding import find_policy
from myoassist.learn.finisher import Finisher
from myoassist.learn.freezing import freeze_actors
from myoassist.learn.judge import Judge
from myoassist.learn.layout import Layout
from myoassist.learn.networks import describe_network
from myoassist.learn.normalizer import normalized
from myoassist.learn.progress import Progress, clock, say
from myoassist.learn.requeue import begun_before, final_evaluation, finished, half_done
from myoassist.learn.resume import check_resumable, newest_checkpoint, restore
from myoassist.learn.run_folder import check_writable, choose_run_folder, make_run_folder, note_resumption, saved_config
from myoassist.learn.saving import Saver, disk_faults
from myoassist.learn.tracking import make_logger
from myoassist.learn.training_state import TrainingState
from myoassist.learn.transfer import transfer
from myoassist.learn.trial import SearchTrial
from myoassist.learn.watching import watched
from myoassist.places import REPORT, SUMMARY
from myoassist.runs.lock import RunLock
from myoassist.runs.status import recorded
from myoassist.track.start import tracked
from myoassist.view.screens import check_screen

ROW_STEPS = 2_048  # between rows of metrics.csv where an update takes only a few steps


@dataclass(frozen=True)
class TrainingResult:
    """Where a training is, how far it came, how the final policy walks, and the signal that stopped it, if any."""

    folder: Path
    checkpoint: Path
    steps: int
    evaluation: Evaluation | None
    stopped_by: str | None


@dataclass(frozen=True)
class Parts:
    """What a training is made of, built and not yet learning."""

    config: TrainConfig
    vec_env: WalkVecEnv
    env: VecNormalize
    model: BaseAlgorithm
    trials: dict[str, Evaluator]


def train(config: TrainConfig, *, run_dir: Path | None = None) -> TrainingResult:
    """Build, learn, save. Nothing is written before everything is built.

    Args:
        run_dir: run folder where the configuration names none (a sweep gives each of its runs one). A run of the same
            experiment that is there already goes on, or is left as it is at its end.

    Raises:
        MyoAssistError: the experiment does not fit together, or the run folder cannot be used.
    """
    if config.resume is not None:
        return resume_training(config)
    if (begun := begun_before(config, run_dir)) is not None:
        done = finished(begun, config)
        return _finished_before(begun, *done) if done else resume_training(replace(config, resume=str(begun)))
    folder = run_dir if run_dir is not None and config.run_dir is None else choose_run_folder(config)
    check_writable(folder)
    source = _source(config)
    with built(config) as parts:
        _start(parts, source)
        folder = make_run_folder(folder, config, named=config.run_dir is not None or run_dir is not None)
        lock = RunLock(folder)
        lock.acquire()
        try:
            say(f"run folder: {folder}")
            return _recorded(parts, folder)
        finally:
            lock.release()


def resume_training(config: TrainConfig) -> TrainingResult:
    """Go on with the run in the folder ``config.resume`` from its last checkpoint.

    Raises:
        MyoAssistError: there is no run, it is finished, another process has it, or ``config`` is another experiment.
    """
    folder = Path(config.resume or "")
    saved = saved_config(folder)
    lock = RunLock(folder)
    lock.acquire()
    try:
        checkpoint, steps = newest_checkpoint(folder)
        check_resumable(config, saved, steps)
        config = replace(config, resume=None)
        source = _source(config) if checkpoint is None else None
        with built(config) as parts:
            _start(parts, source)
            begin = restore(checkpoint, parts.model, parts.env) if checkpoint else None
            note_resumption(folder, parts.config, steps=steps)
            say(f"run folder: {folder}, resumed after {steps:,} steps")
            return _recorded(parts, folder, begin=begin, resumed_at=steps)
    finally:
        lock.release()


def _finished_before(folder: Path, checkpoint: Path, steps: int) -> TrainingResult:
    """The result of a run that an earlier process brought to its end; what its end cut off is made up for."""
    say(f"run folder: {folder}, finished before: {steps:,} steps")
    if waiting := half_done(folder):
        finisher = Finisher()
        for evaluation in waiting:
            finisher.add(evaluation)
        _finish(folder, finisher, stopped=False)
    return TrainingResult(folder, checkpoint, steps, final_evaluation(folder), None)


@contextmanager
def built(config: TrainConfig) -> Iterator[Parts]:
    """Build all parts of a training; closes them in the end."""
    check_screen(config.view)
    vec_env = WalkVecEnv(WalkEnv(config))
    env = normalized(vec_env, config.algorithm.normalize, discount=config.algorithm.discount)
    trials: dict[str, Evaluator] = {}
    try:
        model = make_algorithm(config.algorithm, config.network, env, seed=config.seed)
        trials = make_trials(config) if config.evaluation.every_steps else {}
        yield Parts(config, vec_env, env, model, trials)
    finally:
        env.close()
        for evaluator in trials.values():
            evaluator.close()


def _start(parts: Parts, source: Checkpoint | None) -> None:
    """Let the networks begin where ``source`` ended, and keep those that are frozen as they are."""
    config, walk = parts.config, parts.vec_env.walk
    if source is not None:
        reset = config.init_from.reset
        for line in transfer(source, parts.model, parts.env, Layout.of(walk), reset=reset, freeze=config.freeze):
            say(line)
    freeze_actors(parts.model, config.freeze)


def _source(config: TrainConfig) -> Checkpoint | None:
    return None if config.init_from.path is None else find_policy(config.init_from.path, key="init_from")


def _recorded(
    parts: Parts, folder: Path, *, begin: TrainingState | None = None, resumed_at: int | None = None
) -> TrainingResult:
    """Learn with the status of the run kept, then wait for what is made of its evaluations."""
    total = parts.config.total_steps
    with tracked(folder, parts.config.logging, say=say) as sent:
        counted = recorded(folder, total_steps=total, steps=lambda: parts.model.num_timesteps)
        with counted as ending, disk_faults(folder):
            result, finisher = _learn(parts, folder, begin=begin, resumed_at=resumed_at)
            ending.stopped(result.stopped_by)
        _finish(folder, finisher, stopped=result.stopped_by is not None)
        sent(result.stopped_by is None)
    return result


def _learn(
    parts: Parts, folder: Path, *, begin: TrainingState | None, resumed_at: int | None
) -> tuple[TrainingResult, Finisher]:
    config, model, env = parts.config, parts.model, parts.env
    say(describe_network(config.network, parts.vec_env.walk))
    first = model.num_timesteps
    saver = Saver(folder / "checkpoints", config, Layout.of(parts.vec_env.walk), model, env)
    stopper, statistics = Stopper(), EpisodeStatistics(parts.vec_env)
    trial = SearchTrial(config.search, stopper, every=config.evaluation.every_steps)
    judge = Judge(config.evaluation, parts.trials, folder, model, env, told=trial.report)
    tasks = Tasks(
        judge.evaluate, lambda state: judge.saved(saver(state)), _row_steps(parts), config.checkpoint.every_steps
    )
    between = BetweenUpdates(env, statistics, stopper, tasks, begin=begin)
    progress = Progress(config.logging, total=config.total_steps, statistics=statistics)
    model.set_logger(make_logger(folder, config.logging, resumed_at=resumed_at))
    begun = time.monotonic()
    stopper.listen()
    try:
        with trial.timed():
            _run(parts, [statistics, between, progress], fresh=begin is None)
        stopped = stopper.asked if _save_rewound(between, saver) else None
        if judge.final is not None:
            write_beside(folder / SUMMARY, json.dumps(asdict(judge.final), indent=2))
    except Exception:
        _save_rewound(between, saver)
        raise
    finally:
        stopper.restore()  # not before all is saved: who listened before may end this process at the next signal
        model.logger.close()
    _report(folder, config, model.num_timesteps - first, time.monotonic() - begun, judge.final, stopped, progress)
    assert saver.last is not None
    return TrainingResult(folder, saver.last, model.num_timesteps, judge.final, stopped), judge.finisher


def _run(parts: Parts, callbacks: list[BaseCallback], *, fresh: bool) -> None:
    left = parts.config.total_steps - parts.model.num_timesteps
    with watched(parts.config, parts.vec_env.walk):
        parts.model.learn(left, callback=CallbackList(callbacks), log_interval=None, reset_num_timesteps=fresh)  # type: ignore[arg-type]


def _save_rewound(between: BetweenUpdates, saver: Saver) -> bool:
    """Save the moment before a collection that was cut short; whether there was one."""
    state = between.rewind()
    if state is not None:
        saver(state)
    return state is not None


def _row_steps(parts: Parts) -> int:
    """Environment steps between rows of ``metrics.csv``: every update, or now and then where updates are many."""
    return 1 if isinstance(parts.model, OnPolicyAlgorithm) else ROW_STEPS


def _report(
    folder: Path,
    config: TrainConfig,
    steps: int,
    seconds: float,
    final: Evaluation | None,
    stopped: str | None,
    progress: Progress,
) -> None:
    """Tell how it ended, where it is, and how to look at it."""
    ended = f"stopped by {stopped}" if stopped else "finished"
    say(f"{ended}: {steps:,} steps in {clock(seconds)} ({steps / max(seconds, 1e-9):,.0f} steps/s)")
    if (grown := progress.growth()) is not None:
        say(grown)
    if final is not None:
        say(describe(final))
    say(f"run: {folder}")
    if stopped:
        say(f"go on with: python train.py {typed(f'resume={folder}')}")
    say(f"look at it: python eval.py {typed(f'checkpoint={folder}')}")
    if config.logging.tensorboard:
        say(f"curves:     tensorboard --logdir {typed(str(folder))}")


def _finish(folder: Path, finisher: Finisher, *, stopped: bool) -> None:
    """Wait for plots and videos of the evaluations and make the run's report; after a stop nothing is waited for."""
    if not finisher.used:
        return
    if stopped:
        finisher.leave()
        return
    finisher.add(folder)
    say("making plots, videos and report of the evaluations (Ctrl-C leaves that to the background) ...")
    try:
        finisher.wait()
    except KeyboardInterrupt:
        finisher.leave()
        return
    for failed in finisher.failed:
        say(f"warning: metrics, plots or videos of {failed} are not complete; {failed / LOG} says why")
    if (folder / REPORT).exists():
        say(f"report: {folder / REPORT}")


def describe(result: Evaluation) -> str:
    """One line on how a policy walks."""
    return (
        f"deterministic policy: {result.completed} of {result.episodes} episodes to the end, "
        f"mean {result.time:.1f} s and {result.distance:.1f} m (shortest {result.shortest_distance:.1f} m), "
        f"speed {result.speed:.2f} m/s, {100 * result.alternation:.0f} % alternating steps"
    )
