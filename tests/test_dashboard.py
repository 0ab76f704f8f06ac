"""The W&B workspace: every panel shows numbers that a run really writes, with their units; built without a network."""

from __future__ import annotations

import csv
import json
import re
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
