"""Requests as they are typed, with small files of choices, answered in this process."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from myoassist import commandline
from myoassist.commandline import hydra_entry, sweep_dir

REPOSITORY = Path(__file__).resolve().parent.parent
FILES = {
    "train.yaml": """
        defaults: [_self_, {model: 22muscle}, {terrain: flat}, {algorithm: ppo}, {experiment: null}, {hydra: default}]
        name: ${model.name}_first
        seed: 1
        init_from: null
        condition: {strength: {}}
        reward: {terms: {effort: {weight: 1.0}}}
        layers: [64, 64]
        """,
    "model/22muscle.yaml": "{name: 22muscle, physics_hz: 600}",
    "model/26muscle.yaml": "{name: 26muscle, physics_hz: 600}",
    "terrain/flat.yaml": "type: flat",
    "terrain/rough.yaml": "{type: rough, amplitude: 0.03}",
    "algorithm/ppo.yaml": "{type: ppo, learning_rate: 3e-4}",
    "experiment/rough_walk.yaml": """
        # @package _global_
        defaults: [{override /terrain: rough}]
        seed: 5
        """,
}


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("설정 files") / "conf"
    shutil.copytree(REPOSITORY / "conf" / "hydra", folder / "hydra")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        lines = [line.removeprefix(" " * 8) for line in content.strip().splitlines()]
        (folder / name).write_text("\n".join(lines))
    return folder


class Entry:
    """Calls ``hydra_entry`` in an empty folder and keeps what ``run`` received."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.configs: list[dict[str, Any]] = []
        self.sweep_dirs: list[Path | None] = []

    def run(self, config: DictConfig) -> None:
        self.configs.append(OmegaConf.to_container(config, resolve=True, throw_on_missing=True))  # type: ignore[arg-type]
        self.sweep_dirs.append(sweep_dir())

    def refused(self, *argv: str, code: int = 2, **options: Any) -> str:
        """Return the one line that the request must end in, after checking that nothing was run or written."""
        assert hydra_entry("train", options.pop("run", self.run), argv=argv, **options) == code
        lines = self.capsys.readouterr().err.splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("error: ")
        assert not self.configs
        assert not list(self.folder.iterdir())
        return lines[0].removeprefix("error: ")

    def accepted(self, *argv: str, **options: Any) -> list[dict[str, Any]]:
        assert hydra_entry("train", self.run, argv=argv, **options) == 0
        assert self.capsys.readouterr().err == ""
        return self.configs


@pytest.fixture
def entry(conf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Entry:
    monkeypatch.setattr(commandline, "config_dir", lambda: conf)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    monkeypatch.chdir(tmp_path)
    return Entry(tmp_path, capsys)
