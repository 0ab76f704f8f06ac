"""``docs/`` tells the truth: tables that follow from the code are current, nothing is left out, and every link leads
somewhere. Only text is read."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from myoassist.analysis.plots.registry import PLOTS, TRAINING_PLOTS
from myoassist.mdp.observations import OBSERVATIONS
from myoassist.mdp.rewards import REWARDS
from myoassist.mdp.terminations import TERMINATIONS
from scripts import write_devices, write_docs
from tests.helpers import CONF, experiment

ROOT = CONF.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
NAMED = {"device": "devices.md", "terrain": "terrains.md", "network": "networks.md", "algorithm": "networks.md"}
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def choices(group: str) -> list[str]:
    return [file.stem for file in sorted((CONF / group).glob("*.yaml"))]


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of all tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("| ---")]


# Written by scripts


@pytest.mark.parametrize("page", ["configuration.md", "signals-and-terms.md"])
def test_what_is_written_from_the_schema_and_conf_is_current(page: str) -> None:
    weights = write_docs.with_table(write_docs.TERMS, "write_docs.py", write_docs.reward_weights())
    written = {"configuration.md": write_docs.configuration, "signals-and-terms.md": lambda: weights}[page]()
    assert read(page) == written, "run: python scripts/write_docs.py"


def test_the_configuration_reference_says_of_a_key_what_the_schema_says() -> None:
    page = read("configuration.md")
    grade = "| `terrain.grade` | number |  | `0.1` | ≥ 0, ≤ 0.7 | rise over run, 0.1 is 10 % |"
    camera = "| `evaluation.camera.distance` | number | m | `3.0` | > 0, ≤ 100 | from the pelvis |"
    schedule = (
        "| `algorithm.learning_rate` | number or [schedule](#schedule) | `0.0003` | > 0, ≤ 1 | of the optimizer |"
    )
    optional = "| `algorithm.target_kl` | number or null | `0.02` | > 0 |"
    needed = "| `terrain.waves.<name>.wavelength` | number | m | *needed* | > 0, ≤ 500 |"
    assert all(row in page for row in (grade, camera, schedule, optional, needed))
    assert "| `sarcopenia` | Muscles of an old adult: 30 % weaker" in page and "`strength: {'*': 0.7}`" in page


@pytest.mark.slow
def test_the_table_of_devices_is_that_of_the_compiled_models() -> None:
    written = write_docs.with_table(write_devices.PAGE, "write_devices.py", write_devices.device_table())
    assert read("devices.md") == written, "run: python scripts/write_devices.py"


# Nothing left out


@pytest.mark.parametrize("group", NAMED)
def test_every_choice_has_its_row(group: str) -> None:
    named = " ".join(row[0] for row in rows(read(NAMED[group])))
    missing = [name for name in choices(group) if f"`{name}`" not in named and name != "none"]
    step = "run: python scripts/write_devices.py" if group == "device" else f"add a row to docs/{NAMED[group]}"
    assert missing == [], f"no row for {group} {missing}: {step}"


@pytest.mark.parametrize("group", ["device", "terrain"])
def test_every_device_and_ground_has_a_picture(group: str) -> None:
    page = read(NAMED[group])
    pictures = {n: f"figures/{group}s/{n}.jpg" for n in choices(group) if (group, n) != ("device", "none")}
    missing = [picture for picture in pictures.values() if picture not in page]
    assert missing == [], f"run: python scripts/draw_docs.py {group}s; then show {missing} in docs/{NAMED[group]}"


def test_every_term_has_its_row() -> None:
    named = " ".join(row[0] for row in rows(read("signals-and-terms.md")))
    missing = [term for term in (*OBSERVATIONS, *REWARDS, *TERMINATIONS) if f"`{term}`" not in named]
    assert missing == [], f"no row for {missing}: add one to its table in docs/signals-and-terms.md"


def test_every_plot_has_an_example() -> None:
    page = read("evaluation.md")
    missing = [plot for plot in (*PLOTS, *TRAINING_PLOTS) if f"(figures/evaluation/{plot}.png) `{plot}`" not in page]
    show = [f"![](figures/evaluation/{plot}.png) `{plot}`" for plot in missing]
    assert missing == [], f"run: python scripts/draw_docs.py evaluation; then write in docs/evaluation.md: {show}"


def test_every_page_is_in_the_navigation_and_every_entry_is_a_page() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    entries = set(re.findall(r"[\w./-]+\.(?:md|ipynb)\b", text[text.index("\nnav:") :]))
    pages = {page.relative_to(DOCS).as_posix() for page in (*DOCS.glob("*.md"), *DOCS.glob("notebooks/*.ipynb"))}
    assert entries == pages


def test_pictures_are_small() -> None:
    pictures = [file for file in (DOCS / "figures").rglob("*") if file.suffix in (".png", ".jpg", ".gif")]
    drawn = [file for file in pictures if file.parent != DOCS / "figures"]  # by scripts/draw_docs.py
    assert [file.name for file in drawn if file.stat().st_size > 80_000] == []
    assert sum(file.stat().st_size for file in pictures) < 4_000_000


def test_every_picture_is_shown() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = [file for file in (DOCS / "figures").rglob("*") if file.suffix in (".png", ".jpg", ".gif")]
    assert [file.name for file in pictures if file.relative_to(DOCS).as_posix() not in text] == []


# Links


def anchor(heading: str) -> str:
    """The name that GitHub and the site give a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", page.read_text(encoding="utf-8")))
    broken = []
    for link in _LINK.findall(text):
        if re.match(r"\w+:", link):
            continue  # of the network
        place, _, name = unquote(link).partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (name and name not in anchors(target)):
            broken.append(link)
    assert broken == []


# The site


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    nowhere = {f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https")}  # a build needs no network
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT, env={**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert built.returncode == 0 and "WARNING" not in built.stderr, built.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    loads = re.compile(r"<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=[\"']?(?:https?:)?//[^>]*>")
    assert len(pages) > 20
    assert [found for page in pages for found in loads.findall(page.read_text(encoding="utf-8"))] == []


# Coming from MyoAssist


def key_exists(key: str) -> bool:
    """A group, a section or a key of the configuration reference; of a term, its name has to be in a file of conf/."""
    keys = [row[0].strip("`").split(".") for row in rows(read("configuration.md"))]
    parts = key.split(".")
    if parts[1:2] == ["terms"]:
        files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in (CONF / parts[0]).glob("*.yaml")]
        if not any(parts[2] in file["terms"] for file in files):
            return False
    known = (known[: len(parts)] for known in keys)
    return (CONF / key).is_dir() or any(
        len(start) == len(parts) and all(name in (part, "<name>") for name, part in zip(start, parts, strict=True))
        for start in known
    )


def test_every_new_key_of_the_table_exists() -> None:
    table = [row for row in rows(read("coming-from-myoassist.md").partition("## Top level")[2]) if row[0] != "old key"]
    assert len(table) > 80
    for old, new, why in table:
        keys = re.findall(r"`([^`]+)`", new)
        assert keys or (new == "*none*" and why), f"{old}: no key, and no word why"
        assert [key for key in keys if not key_exists(key)] == [], old


def test_the_test_of_keys_finds_what_does_not_exist() -> None:
    assert key_exists("terrain.tiles.<name>") and key_exists("reward.terms.forward.params.sharpness")
    assert not any(map(key_exists, ["terrain.height", "reward.terms.onward.weight", "numenvs", "seed.more"]))


def test_the_tutorial_of_myoassist_is_a_valid_experiment() -> None:
    command = read("coming-from-myoassist.md").partition("```bash\n")[2].partition("```")[0]
    config = experiment(*shlex.split(command.replace("\\\n", " "))[2:])
    assert (config.num_envs, config.model.physics_hz, config.network.type) == (32, 1200, "separate")
    assert config.reward.terms["joint_position"].weight == pytest.approx(0.1 + 1.0 + 2 * 0.2 + 2 * 1.0 + 2 * 0.2)
