"""The command line: a bad request ends in one clear line and exit code 2, and leaves no file behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typed_requests
from omegaconf import DictConfig, OmegaConf
from typed_requests import REPOSITORY, Entry

from myoassist import commandline
from myoassist.commandline import hydra_entry
from myoassist.errors import RunError

conf, entry = typed_requests.conf, typed_requests.entry  # fixtures
PROGRAM = """
import sys
from pathlib import Path
from omegaconf import OmegaConf
from myoassist import commandline

def run(config):
    if config.seed == 99:
        raise ZeroDivisionError("a fault of the program")
    print("seed", config.seed, OmegaConf.to_container(config, resolve=True))

folder = Path(sys.argv.pop(1))
commandline.config_dir = lambda: folder
sys.exit(commandline.hydra_entry("train", run))
"""


# --- requests that run ------------------------------------------------------------------------------------------------


def test_single_run_receives_the_configuration_and_makes_no_file(entry: Entry) -> None:
    (config,) = entry.accepted("model=26muscle", "seed=3", "algorithm.learning_rate=1e-4", "name='첫 걸음'")
    assert config["model"] == {"name": "26muscle", "physics_hz": 600}
    assert (config["seed"], config["algorithm"]["learning_rate"], config["name"]) == (3, 1e-4, "첫 걸음")
    assert "hydra" not in config
    assert entry.sweep_dirs == [None]
    assert not list(entry.folder.iterdir())


@pytest.mark.parametrize("given", ["name=첫걸음", "name=첫 번째", "name='첫걸음'", "name=Schritt für Schritt"])
def test_letters_of_every_language_need_no_quotes(entry: Entry, given: str) -> None:
    assert hydra_entry("train", entry.run, argv=[given]) == 0
    assert entry.configs[0]["name"] == given.partition("=")[2].strip("'")


def test_process_is_left_as_it_was(entry: Entry) -> None:
    arguments = list(sys.argv)
    entry.accepted("seed=3")
    entry.configs.clear()
    entry.refused("sed=3")
    assert sys.argv == arguments
    assert "HYDRA_FULL_ERROR" not in os.environ


def test_experiment_changes_other_groups(entry: Entry) -> None:
    (config,) = entry.accepted("experiment=rough_walk", "terrain.amplitude=0.1")
    assert (config["terrain"], config["seed"]) == ({"type": "rough", "amplitude": 0.1}, 5)


def test_extra_folder_of_choices(entry: Entry, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("my 'own' choices")
    (folder / "terrain").mkdir()
    (folder / "terrain" / "hill.yaml").write_text("type: hill")
    (config,) = entry.accepted("--config-dir", str(folder), "terrain=hill")
    assert config["terrain"] == {"type": "hill"}
    entry.configs.clear()
    assert "did you mean 'hill'?" in entry.refused("--config-dir", str(folder), "terrain=hil")


def test_help_lists_groups_and_examples(entry: Entry) -> None:
    with pytest.raises(SystemExit) as caught:
        hydra_entry("train", entry.run, argv=["--help"])
    text = entry.capsys.readouterr().out
    assert caught.value.code == 0
    assert "model: 22muscle, 26muscle\nterrain: flat, rough\n" in text
    assert "python train.py -m model=22muscle,26muscle" in text
    assert "$" not in text


def test_showing_the_configuration_does_not_run(entry: Entry) -> None:
    assert hydra_entry("train", entry.run, argv=["--cfg", "job", "seed=4"]) == 0
    assert OmegaConf.create(entry.capsys.readouterr().out).seed == 4
    assert not entry.configs


# --- requests that are refused ----------------------------------------------------------------------------------------


REFUSED = {
    "choice": (
        ["model=22muscl"],
        "model: no choice named '22muscl'; did you mean '22muscle' or '26muscle'? Allowed: 22muscle, 26muscle.",
    ),
    "choice that is a number": (["model=22"], "model: no choice named '22'; did you mean '22muscle'? Allowed:"),
    "no choice": (["experiment=null"], "experiment: no choice named 'null'"),
    "plugin": (["hydra/launcher=joblob"], "hydra/launcher: no choice named 'joblob'"),
    "primary file": (["--config-name", "trian"], "--config-name: no choice named 'trian'; did you mean 'train'?"),
    "second choice": (["+model=26muscle"], "model: already has a choice; replace it with model=26muscle"),
    "group": (["terain=flat"], "terain: no such key; did you mean 'terrain'"),
    "group of hydra": (["hydr/launcher=x"], "hydr/launcher: no such key; did you mean 'hydra/launcher'"),
    "section": (["algoritm.learning_rate=1"], "algoritm.learning_rate: no such key; did you mean 'algorithm.learn"),
    "key": (
        ["model.fysics_hz=3"],
        "model.fysics_hz: no such key; did you mean 'model.physics_hz'? Allowed in model: name, physics_hz.",
    ),
    "key without section": (["learning_rate=1"], "learning_rate: no such key; did you mean 'algorithm.learning_rate'?"),
    "key of hydra": (["hydra.swep.dir=x"], "hydra.swep.dir: no such key; did you mean 'hydra.sweep.dir'"),
    "key of another choice": (
        ["terrain.amplitude=0.1"],
        "terrain.amplitude: the chosen terrain=flat has no such key; it belongs to terrain=rough",
    ),
    "key with a default": (
        ["model.control_hz=60"],
        "model.control_hz: the chosen files do not list it; to add it, write +model.control_hz",
    ),
    "key with a free name": (
        ["condition.strength.soleus_r=1"],
        "condition.strength.soleus_r: the chosen files do not list it",
    ),
    "misspelt free name": (
        ["reward.terms.efort.weight=2"],
        "reward.terms.efort.weight: the chosen files do not list it; did you mean 'reward.terms.effort.weight",
    ),
    "mapping with a new key": (
        ["condition.strength={soleus_*:0.6}"],
        "condition.strength: the chosen files do not list soleus_*; to add it, write +condition.strength={soleus_*:",
    ),
    "key inside a value": (["seed.x=1"], "seed.x: seed is a single value, 1, and has no keys"),
    "index": (["layers.2=64"], "layers.2: no such key; Allowed in layers: 0, 1."),
    "deletion": (["~modle"], "modle: no such key; did you mean 'model'?"),
    "addition of what is there": (["+seed=3"], "Could not append to config. An item is already at 'seed'."),
    "no value": (["foo"], "foo: cannot be read; write key=value, without spaces around the ="),
    "spaces": (["seed = 3"], "seed = 3: cannot be read; write key=value, without spaces around the ="),
    "unquoted text": (
        ["name=a;b"],
        "name=a;b: cannot be read; text with signs other than a-z 0-9 _ - . / needs quotes: \"name='a;b'\"",
    ),
    "bracket": (["seed=[1,"], "seed=[1,: cannot be read; a key has letters, digits, _ and . only; a list is key=[1,2]"),
    "key with a star": (
        ["+condition.strength.soleus_*=1"],
        "+condition.strength.soleus_*=1: cannot be read; a key has",
    ),
    "several values": (["seed=1,2"], "seed: 1,2 asks for several runs, which need -m; a list is seed=[1,2]"),
    "sweep without a match": (["-m", "model=glob(x*)"], "model=glob(x*): matches nothing, so there is nothing to run"),
    "sweep with a bad choice": (["-m", "seed=1,2", "model=22muscle,2"], "model: no choice named '2'"),
    "sweep that cannot be listed": (
        ["-m", "seed=interval(1,2)"],
        "seed=interval(1,2): a range without steps is searched, not listed: add hydra/sweeper=optuna, or give values",
    ),
    "missing value": (["name=???"], "name: missing; give it, as name=..."),
    "reference to nothing": (["name=${nothing}"], "name: Interpolation key 'nothing' not found"),
    "flag": (["--seed", "3"], "--seed: no such flag; settings have no dashes: seed=..."),
    "flag with value": (["--seed=3"], "--seed: no such flag; settings have no dashes: seed=3"),
    "value of a flag": (["--cfg", "jobs"], "command line: argument --cfg/-c: invalid choice: 'jobs'"),
    "flags that exclude each other": (["-m", "--cfg", "job"], "--multirun and --cfg: only one of them at a time"),
    "flag that needs another": (["--resolve"], "--resolve: only together with --cfg"),
    "folder of choices": (["--config-dir", "none"], "--config-dir: no folder 'none' in "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_request_is_one_line(entry: Entry, case: str) -> None:
    argv, expected = REFUSED[case]
    assert entry.refused(*argv).startswith(expected)


def test_index_of_a_list_is_a_key(entry: Entry) -> None:
    assert entry.refused("layers.1=32", "sed=1").startswith("sed: no such key; did you mean 'seed'?")


def test_broken_file_is_named_with_its_line(entry: Entry, conf: Path) -> None:
    path = conf / "terrain" / "broken.yaml"
    path.write_text("type: flat\nbad: : x\n")
    try:
        assert entry.refused("terrain=broken").startswith(f"{path}: not valid YAML in line 2: ")
    finally:
        path.unlink()


def test_file_in_another_encoding_is_one_line(entry: Entry, conf: Path) -> None:
    path = conf / "terrain" / "korean.yaml"
    path.write_bytes("type: flat # 평지".encode("cp949"))
    try:
        assert entry.refused("terrain=korean").startswith("conf: one of the chosen files is not UTF-8 text")
    finally:
        path.unlink()


def test_added_mapping_reaches_the_program(entry: Entry) -> None:
    (config,) = entry.accepted("+condition.strength={soleus_*: 0.6}")
    assert config["condition"] == {"strength": {"soleus_*": 0.6}}


def test_error_of_the_program_about_the_request_is_one_line(entry: Entry) -> None:
    def run(config: DictConfig) -> None:
        raise RunError(f"run_dir: seed {config.seed}\nhas a run already")

    assert entry.refused("seed=3", run=run) == "run_dir: seed 3 has a run already"


def test_interrupt_is_one_line_and_130(entry: Entry) -> None:
    def run(config: DictConfig) -> None:
        raise KeyboardInterrupt

    assert entry.refused(run=run, code=130) == "interrupted from the keyboard"


def test_fault_of_the_program_keeps_its_traceback(entry: Entry) -> None:
    def run(config: DictConfig) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        hydra_entry("train", run, argv=[])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_sigterm_is_not_told_as_ctrl_c(entry: Entry) -> None:
    def run(config: DictConfig) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    before = signal.getsignal(signal.SIGTERM)
    assert entry.refused(run=run, code=143) == "stopped by SIGTERM"
    assert signal.getsignal(signal.SIGTERM) is before


def test_full_error_of_hydra_on_demand(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(Exception, match="Could not find 'model/22muscl'"):
        hydra_entry("train", entry.run, argv=["model=22muscl"])


def test_config_dir_is_the_installed_one_or_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert commandline.config_dir() == REPOSITORY / "conf"
    package = tmp_path / "site" / "myoassist"
    package.mkdir(parents=True)
    monkeypatch.setattr(commandline, "__file__", str(package / "commandline.py"))
    with pytest.raises(RunError, match="conf: no such folder"):
        commandline.config_dir()
    (tmp_path / "site" / "conf").mkdir()
    assert commandline.config_dir() == tmp_path / "site" / "conf"
    (package / "conf").mkdir()
    assert commandline.config_dir() == package / "conf"


# --- as a process -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "code", "out", "error"),
    [
        (["seed=3"], 0, "seed 3", ""),
        (["--info", "defaults"], 0, "| terrain/flat ", ""),
        (["sed=3"], 2, "", "error: sed: no such key"),
        (["seed=99"], 1, "", "ZeroDivisionError: a fault of the program"),
    ],
)
def test_exit_code_of_the_process(conf: Path, tmp_path: Path, argv: list[str], code: int, out: str, error: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
    environment["PYTHONPATH"] = str(REPOSITORY)
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(conf), *argv],
        cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == code, result.stderr
    assert out in result.stdout
    assert error in result.stderr
    assert ("Traceback" in result.stderr) == (code == 1)
    assert not list(tmp_path.iterdir())
