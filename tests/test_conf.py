"""Every file of conf/ composes, is valid by the schema, and names only what body and device have."""

from __future__ import annotations

import dataclasses
import re
import typing
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from myoassist.commandline import config_dir
from myoassist.config import TrainConfig
from myoassist.mdp.check import check_task
from myoassist.parsing import check_consistency, parse_config
from myoassist.reference.motion import SHIPPED
from tests.helpers import composed, experiment
from tests.own_bodies import biped

FILES = sorted(
    (file.parent.name, file.stem)
    for file in config_dir().glob("*/*.yaml")
    if file.parent.name not in ("hydra",) and not file.stem.startswith("wandb_")  # those are read by W&B, not by Hydra
)
WITH = {  # choices that need more than the default experiment has
    ("observation", "walk_3d"): ["model=26muscle"],
    ("observation", "walk_3d_terrain"): ["model=26muscle"],
    ("observation", "walk_3d_without_phase"): ["experiment=no_reference", "model=26muscle"],
    ("aid", "balance"): ["model=26muscle"],
    ("reward", "imitation_3d"): ["model=26muscle"],
    ("reward", "gait_3d"): ["model=26muscle"],
    ("termination", "imitation_3d"): ["model=80muscle"],
    ("termination", "tracking_3d"): ["model=80muscle"],
    ("model", "mjcf"): ["device=none", "model.path={folder}/walker.xml"],
    ("reference", "file"): ["reference.path={folder}/gait.yaml"],
    ("reference", "none"): ["experiment=no_reference"],
}


def is_plain(group: str, choice: str) -> bool:
    """Whether the file is a section and no more, which Hydra puts in its place as it is."""
    text = (config_dir() / group / f"{choice}.yaml").read_text(encoding="utf-8")
    return not re.search("^defaults:|@package", text, re.MULTILINE) and (group, choice) not in WITH


def put_in_place(group: str, choice: str) -> TrainConfig:
    """The default experiment with a plain file, in a tenth of the time that Hydra takes."""
    tree = composed(()).copy()
    tree[group] = OmegaConf.load(config_dir() / group / f"{choice}.yaml")
    plain: Any = OmegaConf.to_container(tree, resolve=True)
    return parse_config(plain)


@pytest.mark.parametrize(("group", "choice"), FILES)
def test_every_choice_composes_and_fits_the_default_experiment(group: str, choice: str, tmp_path: Path) -> None:
    if is_plain(group, choice):
        config = put_in_place(group, choice)
    else:
        (tmp_path / "walker.xml").write_text(biped())
        (tmp_path / "gait.yaml").write_bytes(SHIPPED.read_bytes())
        more = [override.format(folder=tmp_path) for override in WITH.get((group, choice), [])]
        config = experiment(f"{group}={choice}", *more)
    check_consistency(config)
    check_task(config)


@pytest.mark.slow
@pytest.mark.parametrize(("group", "choice"), [file for file in FILES if is_plain(*file)])
def test_hydra_puts_plain_files_in_place_the_same_way(group: str, choice: str) -> None:
    assert experiment(f"{group}={choice}") == put_in_place(group, choice)


def test_every_key_of_the_schema_is_listed_in_conf() -> None:
    """Hydra refuses an override of a key that no file lists, so a field left out could not be set."""
    missing = []
    for name, kind in typing.get_type_hints(TrainConfig).items():
        for variant in typing.get_args(kind) or (kind,):
            if isinstance(variant, type) and dataclasses.is_dataclass(variant):
                missing += _unlisted(name, variant)
    assert not missing, missing


def _unlisted(group: str, variant: type) -> list[str]:
    fields = {field.name for field in dataclasses.fields(variant)}
    kinds = [field.default for field in dataclasses.fields(variant) if field.name == "type"]
    files: list[Any] = [OmegaConf.load(file) for file in Path(config_dir(), group).glob("*.yaml")]
    inline = OmegaConf.select(OmegaConf.load(Path(config_dir(), "train.yaml")), group)
    files += [] if inline is None else [inline]  # a section without choices
    files = [file.get(group, file) for file in files]  # one for the whole tree names its section
    files = [file for file in files if not kinds or file.get("type") == kinds[0]]
    assert files, f"conf/{group} has no file for {variant.__name__}"
    return [f"{group}.{field} ({variant.__name__})" for field in fields if not any(field in file for file in files)]
