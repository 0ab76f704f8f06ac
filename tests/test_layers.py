"""Imports point one way, and each library is known in one place. Read from the source of every file; nothing is run."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "myoassist"

# A part may import from its own layer and from those above it in this list; a new part gets a line here.
LAYERS = (
    {"errors", "fields", "files", "interrupting", "places", "processes", "registry"},
    {
        "config",
        "config_launch",
        "config_learning",
        "config_results",
        "config_search",
        "config_task",
        "config_terrain",
        "config_world",
        "rules",
        "rules_world",
        "parsing",
    },
    {"model"},
    {"reference"},
    {"analysis"},
    {"view"},
    {"finishing"},
    {"sim"},
    {"mdp"},
    {"env"},
    {"runs"},
    {"track"},
    {"learn"},
    {"commandline", "experiment", "explain", "replacing", "evaluation", "main", "multirun", "shipping", "sweep"},
    {"doctor", "starting"},
)

# Who may import a library: modules, or packages with all that is in them.
KNOWN_BY = {
    "hydra": {"commandline", "experiment", "explain", "replacing", "evaluation", "main", "multirun", "sweep"},
    "omegaconf": {
        "commandline",
        "experiment",
        "explain",
        "replacing",
        "evaluation",
        "main",
        "multirun",
        "parsing",
        "sweep",
    },
    "torch": {"learn", "shipping", "doctor.probes"},
    "submitit": {"sweep.submitted", "sweep.jobs"},
    "ray": {"sweep.on_ray"},
    "cloudpickle": {"sweep.apart"},
    "optuna": {"runs.study", "sweep"},
    "stable_baselines3": {"learn", "env.sb3_vec_env", "doctor.probes"},
    "sb3_contrib": {"learn", "doctor.probes"},
    "gymnasium": {"env", "learn"},
    "jinja2": {"analysis.page"},
    "matplotlib": {"analysis.plots", "runs.page", "runs.plots"},
    "mujoco": {"model", "reference", "sim", "env.recorded", "view"},
    "assist_sim": {"model.compose"},
    "imageio_ffmpeg": {"view.encoder"},
    "PIL": {"view", "analysis.plots", "analysis.report_media"},
    "viser": {"view.browser", "view.browser_plots", "doctor.probes"},
    "trimesh": {"view.browser", "view.meshes"},
    "wandb": {"track", "doctor.probes"},
    "wandb_workspaces": {"track.dashboard"},
}


def module_of(path: Path) -> str:
    """``mdp.terms`` for ``myoassist/mdp/terms.py``; ``env`` for ``myoassist/env/__init__.py``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class _Imports(ast.NodeVisitor):
    """Names of all modules that a file imports, in functions too; not those for annotations only."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        annotations_only = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for part in node.orelse if annotations_only else [node.test, *node.body, *node.orelse]:
            self.visit(part)

    def visit_Import(self, node: ast.Import) -> None:
        self.names |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.level == 0, "relative imports hide where they point"
        assert node.module
        self.names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}


def imports(source: str) -> set[str]:
    visitor = _Imports()
    visitor.visit(ast.parse(source))
    return visitor.names


@cache
def modules() -> dict[str, set[str]]:
    """What every module of the package imports."""
    found = {module_of(path): imports(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    assert len(found) > 30
    return found


@cache
def own(module: str) -> set[str]:
    """Modules of the package that ``module`` imports."""
    names = {name.removeprefix("myoassist.") for name in modules()[module] if name.startswith("myoassist.")}
    return names & set(modules())


def layer(module: str) -> int:
    part = module.split(".")[0]
    places = [place for place, parts in enumerate(LAYERS) if part in parts]
    assert len(places) == 1, f"{part} needs a place in LAYERS of {Path(__file__).name}"
    return places[0]


def allowed(module: str, holders: set[str]) -> bool:
    return any(module == holder or module.startswith(f"{holder}.") for holder in holders)


@pytest.mark.parametrize("module", sorted(name for name in modules() if name))
def test_imports_point_one_way(module: str) -> None:
    place = layer(module)
    wrong = sorted(other for other in own(module) if other and layer(other) > place)
    assert not wrong, f"{module} imports {', '.join(wrong)}"


def test_the_package_itself_imports_nothing() -> None:
    assert modules()[""] == set()


def test_no_module_imports_itself_in_a_circle() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for other in sorted(own(module)):
                visit(other, (*path, module))
            done.add(module)

    for module in modules():
        visit(module, ())


@pytest.mark.parametrize("library", KNOWN_BY)
def test_libraries_are_known_in_one_place(library: str) -> None:
    users = {module for module, names in modules().items() if library in {name.split(".")[0] for name in names}}
    wrong = sorted(module for module in users if not allowed(module, KNOWN_BY[library]))
    assert not wrong, f"{library} is imported by {', '.join(wrong)}"


def test_terms_need_numpy_only() -> None:
    for module, names in modules().items():
        if module.split(".")[0] == "mdp":
            foreign = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"myoassist", "numpy"}
            assert not foreign, f"{module} imports {', '.join(sorted(foreign))}"


def test_nothing_reads_the_tests_or_the_programs() -> None:
    for module, names in modules().items():
        assert not {"tests", "scripts", "benchmarks", "train", "eval"} & {n.split(".")[0] for n in names}, module


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import mujoco", {"mujoco"}),
        ("def f():\n    from hydra.core import x", {"hydra.core", "hydra.core.x"}),
        ("try:\n    import torch\nexcept ImportError:\n    pass", {"torch"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import mujoco", {"typing", "typing.TYPE_CHECKING"}),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", {"b"}),
        ("if True:\n    import a", {"a"}),
        ("class A:\n    def f(self):\n        import a.b", {"a.b"}),
    ],
)
def test_imports_are_found(source: str, expected: set[str]) -> None:
    assert imports(source) == expected
