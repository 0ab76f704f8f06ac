"""A W&B workspace from the table of panels: built and checked offline, saved online."""

from __future__ import annotations

import io
import json
import textwrap
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any

from myoassist.errors import ConfigError, MyoAssistError, RunError
from myoassist.places import STEPS
from myoassist.track.dashboard_table import Panel, Part, Sweep, Table, expanded, needs_pattern, pattern_of, title_of
from myoassist.track.session import has_login

STEPS_LABEL = "Environment steps"
SECONDS = 5  # in which W&B has to answer
SHOWN_RUNS = 20  # in one panel


def build_workspace(
    table: Table, *, name: str, entity: str = "", project: str = "", trials: Sequence[str], sweeps: Sequence[Sweep]
) -> Any:
    """The workspace of wandb-workspaces that ``table`` describes; needs neither a login nor a network.

    Raises:
        ConfigError: wandb-workspaces is not installed, or refuses a name.
    """
    ws = _library()[0]
    sections = [_section(part, trials, sweeps) for part in table.sections]
    try:
        return ws.Workspace(
            entity=entity,
            project=project,
            name=name,
            sections=[section for section in sections if section.panels],
            settings=ws.WorkspaceSettings(x_axis=STEPS, max_runs=SHOWN_RUNS),
            runset_settings=ws.RunsetSettings(pinned_columns=list(table.columns)),
        )
    except ValueError as error:  # pydantic's
        problems = getattr(error, "errors", lambda: [])()
        reason = problems[0]["msg"] if problems else error
        raise ConfigError(f"dashboard: wandb-workspaces refuses {name!r}: {reason}") from error


def _library() -> tuple[Any, Any]:
    """wandb-workspaces' modules of workspaces and of panels. Raises ConfigError where it is not installed."""
    try:
        import wandb_workspaces.reports.v2 as panels
        import wandb_workspaces.workspaces as workspaces
    except ImportError as error:
        raise ConfigError(f'dashboard: needs wandb-workspaces ({error}); pip install "myoassist[dashboard]"') from error
    return workspaces, panels


def _section(part: Part, trials: Sequence[str], sweeps: Sequence[Sweep]) -> Any:
    ws = _library()[0]
    panels = [_panel(panel, part, sweep) for panel, sweep in expanded(part, trials, sweeps)]
    return ws.Section(
        name=part.name,
        panels=panels,
        is_open=part.open,
        layout_settings=ws.SectionLayoutSettings(columns=3, rows=max(1, min(4, -(-len(panels) // 3)))),
        panel_settings=ws.SectionPanelSettings(x_axis=STEPS),
    )


def _panel(panel: Panel, part: Part, sweep: Sweep | None) -> Any:
    wr, title = _library()[1], title_of(panel)
    if panel.kind == "lines":
        return _lines(panel, part.smoothing if panel.smoothing is None else panel.smoothing)
    if panel.kind == "bars":
        return wr.BarPlot(title=title, metrics=[panel.bars], title_x=panel.axis, max_bars_to_show=SHOWN_RUNS)
    if panel.kind == "media":
        return wr.MediaBrowser(title=title, media_keys=panel.media, num_columns=1, mode="gallery", gallery_axis="step")
    if panel.kind == "importance":
        return wr.ParameterImportancePlot(with_respect_to=panel.importance)
    if sweep is None:
        return wr.RunComparer(diff_only="split")
    column = wr.ParallelCoordinatesPlotColumn
    settings = [column(wr.Config(name), display_name=name, log=log) for name, log in sweep.parameters.items()]
    result = column(wr.SummaryMetric(panel.sweeps), display_name=panel.axis)
    return wr.ParallelCoordinatesPlot(title=title, columns=[*settings, result])


def _lines(panel: Panel, smoothing: float) -> Any:
    wr, pattern = _library()[1], needs_pattern(panel.lines)
    return wr.LinePlot(
        title=title_of(panel),
        x=STEPS,
        y=[] if pattern else panel.lines,
        metric_regex=pattern_of(panel.lines) if pattern else None,
        title_x=STEPS_LABEL,
        title_y=panel.axis,
        smoothing_type="exponentialTimeWeighted" if smoothing else "none",
        smoothing_factor=smoothing,
        smoothing_show_original=True if smoothing else None,
        max_runs_to_show=SHOWN_RUNS,
    )


def specification(workspace: Any) -> dict[str, Any]:
    """What W&B would be sent, as JSON data, after reading it back: every panel must come out as the kind it went in.

    Raises:
        ConfigError: wandb-workspaces cannot read its own specification, or takes a panel for something else.
    """
    view = workspace._to_model()  # there is no public way to the specification
    plain = json.loads(view.spec.model_dump_json(by_alias=True, exclude_none=True))
    try:
        read = type(view).model_validate({**view.model_dump(by_alias=True), "spec": plain})
        again = type(workspace)._from_model(read)
    except ValueError as error:
        raise ConfigError(f"dashboard: the specification is not valid: {str(error).splitlines()[0]}") from error
    for section, other in zip(workspace.sections, again.sections, strict=True):
        for panel, found in zip(section.panels, other.panels, strict=True):
            if type(panel) is not type(found) or panel._to_model() != found._to_model():
                raise ConfigError(f"dashboard: {section.name}: {panel!r} is read back as {found!r}")
    return {"entity": view.entity, "project": view.project, "displayName": view.display_name, "spec": plain}


def save_workspace(workspace: Any, *, update: str | None = None) -> str:
    """Save ``workspace`` in W&B, as a new view or in place of the view at the address ``update``; returns its address.

    Raises:
        RunError: there is no login, no network, no such project or view, or no right to write there.
    """
    with _one_line():
        import wandb

        if not has_login():
            raise RunError("W&B: no login; run `wandb login` or set WANDB_API_KEY, or look at it with --dry-run")
        _check_reachable(str(wandb.setup().settings.base_url))
        api = wandb.Api(timeout=SECONDS)
        workspace.entity = workspace.entity or str(api.default_entity or "")
        if update:
            earlier = type(workspace).from_url(update)
            workspace.entity, workspace.project = earlier.entity, earlier.project
            workspace._internal_name, workspace._internal_id = earlier._internal_name, earlier._internal_id
        return str(workspace.save().url)


def _check_reachable(address: str) -> None:
    """Raise RunError where no server answers at ``address``; W&B itself would try again for minutes."""
    try:
        urllib.request.urlopen(address, timeout=SECONDS).close()
    except urllib.error.HTTPError:
        return  # an answer all the same
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise RunError(f"{address}: W&B cannot be reached ({reason}); --dry-run needs no network") from error


@contextmanager
def _one_line() -> Iterator[None]:
    """Whatever goes wrong in W&B's own code becomes a RunError of one line: it raises a dozen kinds."""
    try:
        with redirect_stderr(io.StringIO()):  # its own lines say the same again
            yield
    except MyoAssistError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise RunError(f"W&B: {reason} (check the login, --entity and --project; --dry-run needs none)") from error


def overview(workspace: Any) -> list[str]:
    """Each section with the number of its panels, and their titles below, as lines to print."""
    lines = []
    for section in workspace.sections:
        titles = [getattr(panel, "title", None) or _words(type(panel).__name__) for panel in section.panels]
        lines.append(f"{section.name} ({len(titles)})")
        lines += textwrap.wrap("; ".join(titles), width=110, initial_indent="    ", subsequent_indent="    ")
    return lines


def _words(name: str) -> str:
    """``ParameterImportancePlot`` as ``Parameter importance``."""
    text = "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name).strip()
    return text[:1].upper() + text[1:].removesuffix(" plot")
