"""The folder of composed models: any path, no leftovers, several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from myoassist.config import DeviceConfig, ModelConfig
from myoassist.errors import ModelError
from myoassist.model.compose import cache_folder, compose

MODEL = ModelConfig(name="small", body="myolegs22")


@pytest.mark.parametrize("device", [None, "OpenExo_L1"])
def test_a_path_with_spaces_and_korean_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build, device: str | None
) -> None:
    folder = tmp_path / "내 모델 폴더 (1)"
    monkeypatch.setenv("MYOASSIST_CACHE", str(folder))
    expected = build("myolegs22", device, drawing=True).models[0]
    for _ in range(2):  # composed, then read back
        model = compose(MODEL, DeviceConfig(name="x", assist_sim=device)).compile()
        assert model.nmesh == expected.nmesh > 0
        kept = sorted(path.name for path in (folder / "models").iterdir())
        assert [name.split(".", 1)[1] for name in kept] == ["meta.json", "xml"]


@pytest.mark.slow
def test_a_broken_entry_is_composed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYOASSIST_CACHE", str(tmp_path))
    compose(MODEL, DeviceConfig(name="none"))
    (entry,) = tmp_path.rglob("*.xml")
    whole = entry.read_bytes()
    entry.write_bytes(whole[: len(whole) // 2])
    assert compose(MODEL, DeviceConfig(name="none")).compile().nu == 22
    assert entry.read_bytes() == whole


def test_a_folder_that_cannot_be_made_gives_way_to_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("MYOASSIST_CACHE", str(file / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert cache_folder().parent.parent == tmp_path
    assert cache_folder().is_dir()
    monkeypatch.setattr(tempfile, "tempdir", str(file))
    with pytest.raises(ModelError, match="set MYOASSIST_CACHE"):
        compose(MODEL, DeviceConfig(name="none"))


@pytest.mark.slow
def test_processes_that_start_at_once_share_an_empty_folder(tmp_path: Path) -> None:
    code = (
        "from myoassist.config import *; from myoassist.model.compose import compose;"
        "print(compose(ModelConfig(name='a', body='myolegs22'), DeviceConfig(name='b', assist_sim='OpenExo_L1'))"
        ".compile().nu)"
    )
    environment = {**os.environ, "MYOASSIST_CACHE": str(tmp_path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    answers = [process.communicate(timeout=120) for process in started]
    assert [out.strip() for out, _ in answers] == ["24"] * 4, answers
    assert len(list(tmp_path.rglob("*.xml"))) == 1
    assert not list(tmp_path.rglob("*.partial"))
