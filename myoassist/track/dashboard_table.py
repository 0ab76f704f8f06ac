"""The panels of the W&B workspace as a table: ``myoassist/assets/dashboard.yaml``, or a file of the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from myoassist.analysis.report_metrics import label_of, split_side
from myoassist.errors import ConfigError, RunError
from myoassist.fields import setting
from myoassist.parsing import parse_config

SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "dashboard.yaml"
GAIT = "gait/"  # of an evaluation; where it has several trials, the name of the trial follows
KINDS = ("lines", "bars", "media", "sweeps", "importance", "differences")
LABELLED = ("lines", "bars", "sweeps")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel; exactly one of ``KINDS`` says what it shows."""

    title: str = setting("", help="title; empty takes that of its gait metric")
    axis: str = setting("", help="what the y axis shows, with its unit")
    smoothing: float | None = setting(None, ge=0, lt=1, help="weight of the running mean; null is that of its section")
    lines: list[str] = setting([], help="metrics over environment steps: names or globs")
    bars: str = setting("", help="metric whose newest value is drawn as a bar per run")
    media: list[str] = setting([], help="keys of pictures or films; {trial} stands for the name of a trial")
    sweeps: str = setting("", help="metric to draw the parameters of each ready sweep against")
    importance: str = setting("", help="metric that the settings are to explain")
    differences: bool = setting(False, help="what differs between the runs")

    @property
    def kind(self) -> str:
        """The one of ``KINDS`` that is given."""
        return next(kind for kind in KINDS if getattr(self, kind))


@dataclass(frozen=True, kw_only=True)
class Part:
    """A section of the workspace."""

    name: str = setting(help="title of the section")
    open: bool = setting(False, help="whether it is unfolded at first")
    smoothing: float = setting(0.0, ge=0, lt=1, help="weight of the running mean of its lines; 0 shows every value")
    panels: list[Panel] = setting(help="panels in their order")


@dataclass(frozen=True, kw_only=True)
class Table:
    """A whole workspace."""

    columns: list[str] = setting([], help="columns of the list of runs: run:<attribute> or summary:<metric>")
    sections: list[Part] = setting(help="sections in their order")


@dataclass(frozen=True)
class Sweep:
    """A W&B sweep: its name, and its parameters with whether they are drawn on a logarithmic scale."""

    name: str
    parameters: Mapping[str, bool]


def load_table(path: Path = SHIPPED) -> Table:
    """Read a table of panels.

    Raises:
        RunError, ConfigError: it cannot be read, has a key that does not exist, or a panel that shows nothing.
    """
    table = parse_config(_read(path), Table)
    for number, part in enumerate(table.sections):
        for place, panel in enumerate(part.panels):
            _check(panel, f"{path.name}: sections[{number}].panels[{place}]")
    return table


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise ConfigError(f"{path}: not valid YAML in line {line}: {getattr(error, 'problem', error)}") from error


def _check(panel: Panel, where: str) -> None:
    given = [kind for kind in KINDS if getattr(panel, kind)]
    if len(given) != 1:
        raise ConfigError(
            f"{where}: got {' and '.join(given) or 'nothing to show'}; expected one of {', '.join(KINDS)}"
        )
    if given[0] in LABELLED and not panel.axis:
        raise ConfigError(f"{where}: no axis; say what the y axis shows, as axis: Distance (m)")
    if not title_of(panel):
        raise ConfigError(f"{where}: no title; only a panel of a gait metric has one of its own")


def title_of(panel: Panel) -> str:
    """The panel's title, or what the report calls its first gait metric; empty where there is neither."""
    first = panel.lines[0] if panel.lines else ""
    own = label_of(split_side(first.removeprefix(GAIT))[0]) if first.startswith(GAIT) else ""
    return panel.title or own


def expanded(part: Part, trials: Sequence[str], sweeps: Sequence[Sweep]) -> Iterator[tuple[Panel, Sweep | None]]:
    """The panels of a section as they are drawn: one of a film for each trial, one of a sweep for each sweep.

    The keys of the only trial of an evaluation have no name of a trial in them; ``trials`` is ``[""]`` then.
    """
    for panel in part.panels:
        if panel.kind == "media":
            for trial in trials:
                keys = [key.replace("{trial}/", f"{trial}/" if trial else "") for key in panel.media]
                yield replace(panel, title=panel.title.replace("{trial}", trial).rstrip(", "), media=keys), None
        elif panel.kind == "sweeps":
            for sweep in sweeps:
                yield replace(panel, title=panel.title.replace("{sweep}", sweep.name)), sweep
        else:
            yield panel, None


def needs_pattern(names: Iterable[str]) -> bool:
    """Whether some of ``names`` are globs, or gait metrics, which may have a trial's name in them."""
    return any(set("*?") & set(name) or name.startswith(GAIT) for name in names)


def pattern_of(names: Iterable[str]) -> str:
    """One regular expression for names and globs, in what RE2 and JavaScript both read; ``*`` does not pass a slash."""
    return f"^({'|'.join(map(_alternative, names))})$"


def _alternative(name: str) -> str:
    signs = {"*": "[^/]*", "?": "[^/]"}
    text = "".join(signs.get(sign) or re.escape(sign) for sign in name)
    return re.sub(f"^{GAIT}", f"{GAIT}([^/]+/)?", text)


def metrics_of(panel: Panel) -> list[str]:
    """Names and globs of all metrics that a panel names."""
    return [*panel.lines, *filter(None, (panel.bars, panel.sweeps, panel.importance))]


def read_sweep(path: Path) -> Sweep:
    """The parameters of a W&B sweep file that vary. Raises RunError, ConfigError where it is none."""
    content = _read(path)
    parameters = content.get("parameters") if isinstance(content, Mapping) else None
    if not isinstance(parameters, Mapping) or not all(isinstance(entry, Mapping) for entry in parameters.values()):
        raise ConfigError(f"{path}: no W&B sweep; it has no parameters")
    varied = {str(name): entry for name, entry in parameters.items() if "value" not in entry}
    scales = {name: str(entry.get("distribution", "")).find("log") >= 0 for name, entry in varied.items()}
    return Sweep(path.stem.removeprefix("wandb_"), scales)
