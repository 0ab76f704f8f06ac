"""The W&B workspace: every panel shows numbers that a run really writes, with their units; built without a network."""

from __future__ import annotations

import csv
import gzip
import http.server
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from recordings import REAL
from running import REPOSITORY, small

from myoassist.analysis.analysis import analyse
from myoassist.analysis.gait_files import write_analysis
from myoassist.analysis.plots.registry import PLOTS
from myoassist.analysis.recording import load_recording
from myoassist.errors import ConfigError, RunError
from myoassist.learn.training import train
from myoassist.track.dashboard import build_workspace, overview, specification
from myoassist.track.dashboard_table import (
    GAIT,
    SHIPPED,
    Panel,
    Sweep,
    expanded,
    load_table,
    metrics_of,
    pattern_of,
    read_sweep,
    title_of,
)
from myoassist.track.found import finished_evaluations

TABLE = load_table()
PANELS = [panel for part in TABLE.sections for panel in part.panels]
NAMED = sorted({name for panel in PANELS for name in metrics_of(panel)})
SWEEPS = [read_sweep(path) for path in sorted((REPOSITORY / "conf" / "sweep").glob("wandb_*.yaml"))]
LEARNED_ENTROPY = "train/ent_coef"  # of off-policy algorithms


def panel_ids(panel: Panel) -> str:
    return title_of(panel)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Columns of metrics.csv of a real, short run on a curriculum and with an aid, which has every kind of number."""
    folder = tmp_path_factory.mktemp("numbers") / "run"
    train(small(folder, "terrain=curriculum", "terrain.levels=2", "+aid.joints.pelvis_tilt={stiffness: 1.0}"))
    return header(folder)


def header(folder: Path) -> set[str]:
    with (folder / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return set(next(csv.reader(file)))


@pytest.fixture(scope="module")
def gait_metrics() -> dict[str, str]:
    """Every metric of a recorded walker with an exoskeleton, as W&B gets it, and its unit."""
    metrics = analyse(load_recording(REAL)).metrics
    return {f"{GAIT}{name}": metric.unit for name, metric in metrics.items()}


@pytest.fixture(scope="module")
def reward_terms() -> set[str]:
    """Names of the terms of every shipped reward."""
    files = [yaml.safe_load(path.read_text()) for path in (REPOSITORY / "conf" / "reward").glob("*.yaml")]
    return {f"{under}/{term}" for file in files for term in file["terms"] for under in ("reward", "eval/reward")}


def shown(name: str, keys: Any) -> list[str]:
    return [key for key in keys if re.search(pattern_of([name]), key)]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMED if not name.startswith(GAIT) and name != LEARNED_ENTROPY])
def test_every_number_of_a_panel_is_one_that_a_run_writes(name: str, written: set[str], reward_terms: set[str]) -> None:
    assert shown(name, written | reward_terms), f"no run writes {name}"


@pytest.mark.slow
def test_an_off_policy_run_has_its_losses_and_entropy_weight(tmp_path: Path) -> None:
    few = ("algorithm.transitions_per_update=64", "algorithm.batch_size=32", "algorithm.warmup=64")
    train(small(tmp_path / "run", "evaluation.every_steps=0", "algorithm=sac", "~algorithm.epochs", *few))
    assert LEARNED_ENTROPY in header(tmp_path / "run")
    assert {"train/actor_loss", "train/critic_loss"} <= set(shown("train/*loss", header(tmp_path / "run")))


@pytest.mark.parametrize("name", [name for name in NAMED if name.startswith(GAIT)])
def test_every_gait_metric_exists_and_its_axis_has_its_unit(name: str, gait_metrics: dict[str, str]) -> None:
    units = {gait_metrics[key] for key in shown(name, gait_metrics)}
    assert len(units) == 1, f"{name} is no gait metric, or several of different units: {units}"
    unit = units.pop()
    for panel in PANELS:
        if name in panel.lines:
            (label,) = re.findall(r"\(([^()]*)\)$", panel.axis)
            assert label in (("0 to 1", "no unit") if unit == "1" else (unit,)), panel


@pytest.mark.parametrize("panel", PANELS, ids=panel_ids)
def test_every_panel_has_a_title_and_lines_an_axis_with_a_unit(panel: Panel) -> None:
    assert title_of(panel)
    if panel.kind == "lines":
        assert re.search(r"\(.+\)$", panel.axis) or panel.axis == "Episodes", panel.axis


def test_new_reward_terms_appear_by_themselves(reward_terms: set[str]) -> None:
    everything = next(panel for panel in PANELS if panel.title == "All terms in training").lines
    assert {key for name in everything for key in shown(name, reward_terms)} == {
        key for key in reward_terms if key.startswith("reward/")
    }
    assert shown("reward/*", ["reward/a_term_of_mine", "eval/reward/forward"]) == ["reward/a_term_of_mine"]
    groups = [name for panel in PANELS for name in panel.lines if name.startswith("reward/") and name != "reward/*"]
    alone = {key for key in reward_terms if key.startswith("reward/")} - {
        key for name in groups for key in shown(name, reward_terms)
    }
    assert alone <= {"reward/symmetry"}, "a shipped term that only the panel of all terms shows"


def test_gait_metrics_are_found_with_one_trial_and_with_several() -> None:
    keys = ["gait/knee_angle_r.rmse", "gait/slow/knee_angle_l.rmse", "gait/knee_angle_rxrmse", "gait/knee_angle.rmse"]
    assert shown("gait/knee_angle_?.rmse", keys) == keys[:2]


@pytest.mark.parametrize("trials", [[""], ["slow", "fast"]], ids=["one trial", "two trials"])
def test_gait_metrics_pictures_and_films_are_sent_under_the_names_of_the_panels(
    tmp_path: Path, trials: list[str]
) -> None:
    names = [trial or "walk" for trial in trials]
    place = tmp_path / "evaluations" / "step_0000000128"
    for name in names:
        write_analysis(analyse(load_recording(REAL)), place / name)
        for file in ("videos/episode_0.mp4", *(f"plots/{plot}.png" for plot in PLOTS)):
            (place / name / file).parent.mkdir(exist_ok=True)
            (place / name / file).touch()
    summary = {"steps": 128, "in_training": True, "trials": {name: {} for name in names}}
    (place / "evaluation.json").write_text(json.dumps(summary))
    (outcome,) = finished_evaluations(tmp_path, [], all_there=True)
    drawn = [panel for part in TABLE.sections for panel, _ in expanded(part, trials, [])]
    media = {key for panel in drawn for key in panel.media}
    assert len(media) == 5 * len(trials) and media <= {*outcome.plots, *outcome.videos}
    for name in NAMED:
        assert not name.startswith(GAIT) or len(shown(name, outcome.numbers)) >= len(trials), name


def test_the_columns_of_the_list_of_runs_exist(written: set[str]) -> None:
    assert {name.removeprefix("summary:") for name in TABLE.columns if name.startswith("summary:")} <= written


# --- the specification ------------------------------------------------------------------------------------------------


def workspace(trials: tuple[str, ...] = ("",)) -> Any:
    pytest.importorskip("wandb_workspaces")
    return build_workspace(TABLE, name="Walkers", entity="lab", project="walking", trials=trials, sweeps=SWEEPS)


def test_the_specification_holds_every_panel_over_environment_steps() -> None:
    sections = specification(workspace())["spec"]["section"]["panelBankConfig"]["sections"]
    assert [section["name"] for section in sections] == [part.name for part in TABLE.sections]
    panels = {panel["config"].get("chartTitle"): panel for section in sections for panel in section["panels"]}
    drawn = [panel["config"] for panel in panels.values() if panel["viewType"] == "Run History Line Plot"]
    assert len(drawn) == sum(panel.kind == "lines" for panel in PANELS) - 1  # one title stands in two sections
    assert {(line["xAxis"], line["xAxisTitle"]) for line in drawn} == {("time/total_timesteps", "Environment steps")}
    assert all(line["chartTitle"] and line["yAxisTitle"] and (line["metrics"] or line["metricRegex"]) for line in drawn)
    evaluated = panels["Distance walked in evaluation"]["config"]
    assert evaluated["metrics"] == ["eval/distance", "eval/shortest_distance"] and evaluated["smoothingType"] == "none"
    assert panels["Return of an episode"]["config"]["smoothingWeight"] == 0.6
    assert panels["Knee: RMS error"]["config"]["metricRegex"] == r"^(gait/([^/]+/)?knee_angle_[^/]\.rmse)$"


def test_each_sweep_has_its_parallel_coordinates() -> None:
    sections = {section.name: section for section in workspace().sections}
    drawn = [panel for panel in sections["Sweep comparison"].panels if type(panel).__name__.startswith("Parallel")]
    assert [panel.title for panel in drawn] == [f"Sweep of {sweep.name}" for sweep in SWEEPS]
    ppo = next(panel for panel in drawn if panel.title == "Sweep of ppo")._to_model().config.columns
    assert ppo[0].accessor == "config:algorithm.value.learning_rate" and ppo[0].log
    assert ppo[-1].accessor == "summary:eval/distance"


def test_each_trial_has_its_films() -> None:
    keys = [panel.media_keys for section in workspace(trials=("slow", "fast")).sections for panel in section.panels
            if type(panel).__name__ == "MediaBrowser"]  # fmt: skip
    assert ["video/slow/episode_0"] in keys and ["video/fast/episode_0"] in keys


def test_the_overview_names_every_section_and_panel() -> None:
    text = " ".join(" ".join(overview(workspace())).split())
    assert all(part.name in text for part in TABLE.sections)
    assert all(title_of(p) in text for p in PANELS if p.kind in ("lines", "bars"))


# --- a table of one's own ---------------------------------------------------------------------------------------------


def test_a_panel_is_one_line(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8").splitlines()
    place = text.index("- name: Timing") + 2
    line = "  - {title: Mine, lines: [reward/mine], axis: Mine (N)}"
    own = tmp_path / "own.yaml"
    own.write_text("\n".join([*text[:place], line, *text[place:]]), encoding="utf-8")
    assert [p.title for part in load_table(own).sections for p in part.panels if p.title == "Mine"] == ["Mine"]


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        ("{title: A, axis: B (m)}", "nothing to show"),
        ("{title: A, lines: [a], bars: b, axis: B (m)}", "got lines and bars"),
        ("{title: A, lines: [a]}", "no axis"),
        ("{lines: [eval/speed], axis: Speed (m/s)}", "no title"),
        ("{title: A, line: [a]}", "did you mean 'lines'"),
        ("{title: A, lines: [a], axis: B (m), smoothing: 1.5}", "smoothing"),
        ("{title: A", "not valid YAML in line"),
    ],
)
def test_a_wrong_panel_is_one_clear_line(tmp_path: Path, panel: str, message: str) -> None:
    (tmp_path / "own.yaml").write_text(f"sections:\n- name: S\n  panels:\n  - {panel}\n")
    with pytest.raises(ConfigError, match=re.escape(message)) as error:
        load_table(tmp_path / "own.yaml")
    assert "\n" not in str(error.value)


def test_files_that_are_none_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        load_table(tmp_path / "missing.yaml")
    (tmp_path / "wandb_x.yaml").write_text("a: 1")
    with pytest.raises(ConfigError, match="no W&B sweep"):
        read_sweep(tmp_path / "wandb_x.yaml")
    (tmp_path / "wandb_y.yaml").write_text("parameters: {seed: {values: [1]}, name: {value: a}}")
    assert read_sweep(tmp_path / "wandb_y.yaml") == Sweep("y", {"seed": False})


# --- the program ------------------------------------------------------------------------------------------------------


def dashboard(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script for someone without a login, where no W&B server is, unless ``environment`` says so."""
    pytest.importorskip("wandb_workspaces")
    home.mkdir(exist_ok=True)
    own = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    nowhere = {"HOME": str(home), "PYTHONPATH": str(REPOSITORY), "WANDB_BASE_URL": "http://127.0.0.1:9"}
    command = [sys.executable, str(REPOSITORY / "scripts" / "dashboard.py"), *arguments]
    return subprocess.run(
        command, cwd=home, env={**own, **nowhere, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.fixture()
def program() -> Any:
    """``scripts/dashboard.py`` as a module."""
    spec = importlib.util.spec_from_file_location("dashboard_script", REPOSITORY / "scripts" / "dashboard.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2 and not done.stdout, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.slow
def test_a_dry_run_writes_the_whole_specification_without_login_or_network(tmp_path: Path) -> None:
    done = dashboard("--dry-run", "spec.json", "--name", "Walkers", home=tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "spec.json").read_text(encoding="utf-8"))
    sections = content["spec"]["section"]["panelBankConfig"]["sections"]
    assert content["displayName"] == "Walkers" and len(sections) == len(TABLE.sections)
    assert f"Learning ({len(sections[0]['panels'])})" in done.stdout


@pytest.mark.slow
def test_no_network_is_one_line(tmp_path: Path) -> None:
    assert "127.0.0.1:9: W&B cannot be reached" in one_line(dashboard(home=tmp_path, WANDB_API_KEY="a" * 40))


@pytest.mark.slow
def test_no_login_is_one_line_that_says_so(tmp_path: Path) -> None:
    said = one_line(dashboard(home=tmp_path))
    assert "W&B: no login; run `wandb login`" in said and "127.0.0.1" not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nme", "a"], "unrecognized arguments: --nme a"),
        (["--dry-run", "--panels", "mine.yaml"], "mine.yaml: cannot be read"),
        (["--dry-run", "--name", "a = b"], "refuses 'a = b'"),
    ],
)
def test_a_wrong_request_is_one_line(
    arguments: list[str], message: str, program: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(arguments) == 2
    said = capsys.readouterr()
    assert message in said.err and len(said.err.splitlines()) == 1 and not said.out


def test_a_missing_package_names_the_extra(
    program: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces.reports.v2", None)  # as where it cannot be imported
    assert program.main(["--dry-run"]) == 2
    assert 'pip install "myoassist[dashboard]"' in capsys.readouterr().err


class Server(http.server.ThreadingHTTPServer):
    """Answers as far as saving a workspace asks, and keeps what was saved; ``refusal`` is what it says to a save."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.saved: list[dict[str, Any]] = []
        self.refusal = ""


class Answer(http.server.BaseHTTPRequestHandler):
    server: Server  # type: ignore[assignment]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.reply({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.endswith("/graphql"):
            return self.reply({})
        request = json.loads(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        if "upsertView" not in request["query"]:
            return self.reply({"data": {"viewer": {"id": "1", "username": "me", "entity": "lab", "flags": "{}"}}})
        if self.server.refusal:
            return self.reply({"errors": [{"message": self.server.refusal}], "data": {"upsertView": None}})
        self.server.saved.append(request["variables"])
        return self.reply({"data": {"upsertView": {"view": {"id": "1", "name": "nw-abc-v"}, "inserted": True}}})

    def reply(self, content: dict[str, Any]) -> None:
        text = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture()
def server() -> Iterator[Server]:
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield serving
        serving.shutdown()
        thread.join()


@pytest.mark.slow
def test_a_server_gets_the_specification_and_its_address_is_said(tmp_path: Path, server: Server) -> None:
    place = f"http://127.0.0.1:{server.server_port}"
    assert "no login" in one_line(dashboard(home=tmp_path, WANDB_BASE_URL=place))
    login = {"WANDB_BASE_URL": place, "WANDB_API_KEY": "a" * 40}
    done = dashboard("--project", "walking", home=tmp_path, **login)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"workspace: {place}/lab/walking?nw=abc\n", "")
    (saved,) = server.saved
    assert (saved["entityName"], saved["projectName"], saved["displayName"]) == ("lab", "walking", "MyoAssist")
    sections = json.loads(saved["spec"])["section"]["panelBankConfig"]["sections"]
    assert [section["name"] for section in sections] == [part.name for part in TABLE.sections]
    server.refusal = "permission denied"
    assert "permission denied" in one_line(dashboard(home=tmp_path, **login))
