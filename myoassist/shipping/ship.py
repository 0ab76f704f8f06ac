"""A checkpoint becomes a policy of the package: stripped, measured, held against a bar, described by a model card."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from myoassist.config import InitFromConfig, TrainConfig
from myoassist.env.walk import WalkEnv
from myoassist.errors import ConfigError, RunError
from myoassist.files import write_beside
from myoassist.learn.algorithms import make_policy
from myoassist.learn.axes import Axes, parameter_axes
from myoassist.learn.checkpoint import LAYOUT, NORMALIZER, POLICY, Checkpoint, load_checkpoint
from myoassist.learn.finding import find_policy
from myoassist.learn.layout import Layout
from myoassist.learn.shipped import CARD, POLICIES, read_card
from myoassist.parsing import save_config
from myoassist.places import CONFIG
from myoassist.replacing import replace_settings
from myoassist.shipping.bar import judged
from myoassist.shipping.card import network_of, task_of, training_of, write_card
from myoassist.shipping.measure import EPISODES, SECONDS, SEED, TOLERANCE, measured, short_check

MOST_KB = 1000  # of the files of a policy
OF_RESULTS = (
    "evaluation=default",
    "checkpoint=default",
    "logging=tensorboard",
    "view=none",
)  # not those of the training
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # the same policy gives the same file


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """What to ship and under which name; what is None or empty is taken from an earlier card of that name.

    ``bar`` replaces numbers of ``myoassist.shipping.bar.BAR`` (None leaves a line out), ``below_bar`` ships what
    misses it. ``replaced`` are settings of the command line, such as another evaluation, saved with the policy.
    ``output``: folder for the recordings. ``policies``: where policies of the package lie.
    """

    source: str
    name: str
    output: Path
    title: str | None = None
    limits: Sequence[str] = ()
    remarks: Sequence[str] = ()
    machine: str | None = None
    command: str | None = None
    bar: Mapping[str, float | None] = field(default_factory=dict)
    below_bar: bool = False
    replaced: Sequence[str] = ()
    policies: Path = POLICIES


def ship(order: Shipment, *, say: Callable[[str], Any]) -> Path:
    """Strip, measure, judge and describe; the folder of the policy, which is put in place whole or not at all.

    Raises:
        ConfigError: a setting that is not valid, or no title.
        RunError: the policy cannot be read, is too large, or misses the bar.
    """
    folder = order.policies / order.name
    earlier = read_card(folder) if (folder / CARD).is_file() else {}
    if not (order.title or earlier):
        raise ConfigError('title: say in a few words what the policy does, as "title=22 muscles, level ground"')
    source = find_policy(order.source, key="run")
    config = replace_settings(source.config, [*OF_RESULTS, *order.replaced])
    partial = folder.with_name(f".{order.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        checkpoint = strip(source, partial, replace(config, name=order.name, threads=0))
        say(f"{order.name}: {checkpoint.steps:,} steps, {size_kb(partial)} KB; walking ...")
        card = _card(order, earlier, source, checkpoint, say)
        write_card(partial, card)
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _card(
    order: Shipment, earlier: Mapping[str, Any], source: Checkpoint, checkpoint: Checkpoint, say: Callable[[str], Any]
) -> dict[str, Any]:
    """Content of the card. Raises RunError where the policy is too large or misses the bar."""
    size = size_kb(checkpoint.path)
    if size > MOST_KB:
        raise RunError(f"{order.name}: {size:,} KB; a policy of the package has at most {MOST_KB:,}")
    evaluation = measured(checkpoint, order.replaced, output=order.output, say=say)
    bar = judged(evaluation["trials"], order.bar)
    missed = [f"{line['about']} {_shown(line['found'])} ({line['bar']:g})" for line in bar if not line["met"]]
    if missed and not order.below_bar:
        raise RunError(f"{order.name}: misses the bar: {'; '.join(missed)}; below_bar=true ships it all the same")
    look = {"episodes": EPISODES, "seconds": SECONDS, "seed": SEED, "speed_tolerance": TOLERANCE}
    before = earlier.get("training", {})
    return {
        "name": order.name,
        "title": order.title or earlier["title"],
        "task": task_of(checkpoint),
        "network": network_of(checkpoint),
        "training": training_of(source, command=order.command, machine=order.machine or before.get("machine")),
        "remarks": list(order.remarks or earlier.get("remarks", ())),
        "limits": list(order.limits or earlier.get("limits", ())),
        "evaluation": evaluation,
        "bar": bar,
        "check": {**look, "trials": short_check(checkpoint)},
        "size_kb": size,
    }


def axes_of(config: TrainConfig) -> Axes:
    """Names of signals and actions along the weights of a policy of ``config``, which old checkpoints do not hold."""
    walk = WalkEnv(config, num_envs=1)
    try:
        return parameter_axes(make_policy(config.algorithm, config.network, walk), Layout.of(walk))
    finally:
        walk.close()


def size_kb(folder: Path) -> int:
    """Size of the files in ``folder``, in KB (1,000 bytes)."""
    return round(sum(file.stat().st_size for file in folder.iterdir()) / 1000)


def _shown(number: float | None) -> str:
    return "not measured" if number is None else f"{number:.3g}"


def strip(checkpoint: Checkpoint, folder: Path, config: TrainConfig) -> Checkpoint:
    """Write into ``folder`` what loading, evaluating and ``init_from`` need of a checkpoint, and read it again.

    Left out are optimisers, training state, replay buffer, and the pickled part of Stable-Baselines3's zip. ``config``
    is the experiment to save with it; places on the machine it was trained on are taken out.

    Raises:
        RunError: ``checkpoint`` is a lone zip, which has no layout.
    """
    source = checkpoint.path
    if not (source / LAYOUT).is_file():
        raise RunError(f"run={source}: a lone zip does not name its signals; give a run or checkpoint folder")
    folder.mkdir(parents=True)
    tensors = BytesIO()
    torch.save(checkpoint.policy, tensors)
    entry = zipfile.ZipInfo("policy.pth", _ZIP_TIME)
    with zipfile.ZipFile(folder / POLICY, "w") as archive:
        archive.writestr(entry, tensors.getvalue(), zipfile.ZIP_DEFLATED, 9)
    shutil.copyfile(source / NORMALIZER, folder / NORMALIZER)
    layout = {**asdict(checkpoint.layout), "steps": checkpoint.steps, "axes": checkpoint.axes or axes_of(config)}
    write_beside(folder / LAYOUT, json.dumps(layout, indent=1))
    save_config(replace(config, run_dir=None, resume=None, init_from=InitFromConfig(), freeze=[]), folder / CONFIG)
    return load_checkpoint(folder)
