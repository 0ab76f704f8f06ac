"""Write the pages and tables of ``docs/`` that follow from the code: the configuration reference, and the weights
of the ready rewards. Run it after a change of the schema, or of ``conf/``; tests compare.

  python scripts/write_docs.py
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from myoassist.config import Schedule, TrainConfig
from myoassist.config_search import SearchSettings
from myoassist.processes import ArgumentParser, exit_code

ROOT = Path(__file__).resolve().parent.parent
CONF, DOCS = ROOT / "conf", ROOT / "docs"
PAGE, TERMS = DOCS / "configuration.md", DOCS / "signals-and-terms.md"
MORE = {  # pages that say more about a group
    "model": "own-models-and-motions.md", "device": "devices.md", "terrain": "terrains.md",
    "condition": "commands-and-conditions.md", "reference": "own-models-and-motions.md",
    "command": "commands-and-conditions.md", "observation": "signals-and-terms.md", "reward": "signals-and-terms.md",
    "termination": "signals-and-terms.md", "aid": "commands-and-conditions.md", "network": "networks.md",
    "algorithm": "networks.md", "evaluation": "evaluation.md", "checkpoint": "how-to-resume-and-transfer.md",
    "logging": "logging.md", "launch": "sweeps-and-clusters.md",
    "experiment": "learning.md", "sweep": "search.md", "search": "search.md",
}  # fmt: skip
PRESETS = {
    "experiment": "Ready experiments: `experiment=<name>` changes what differs from `conf/train.yaml`.",
    "sweep": "Ready spaces to search, for `python train.py -m sweep=<name>`; those called `wandb_…` are read by W&B.",
}
SIMPLE = {int: "whole number", float: "number", bool: "true or false", str: "text", Any: "anything"}
NEEDED = "*needed*"
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
INTRO = """# Configuration reference

Every setting of an experiment, written from the schema by `scripts/write_docs.py`.

- A **group** has ready choices, the files of `conf/<group>/`: `python train.py terrain=rough`.
- A **key** is set with its group in front: `terrain.amplitude=0.05`, `evaluation.camera.distance=2.5`. A key that the
  chosen file does not list, such as an entry with a name of your own (`<name>` below), is added with `+`:
  `"+terrain.waves.fine={amplitude: 0.01, wavelength: 0.8}"`; `~terrain.waves.cross` removes one.
- **Default** is that of the schema; "sets" says where the file of a choice has something else. *needed* has none: each
  file gives it. `python train.py --cfg job` prints what holds, with your own settings.
- A value that does not fit ends the start with one line that says what is allowed.
"""


def configuration() -> str:
    """The configuration reference as Markdown."""
    defaults = yaml.safe_load((CONF / "train.yaml").read_text(encoding="utf-8"))
    chosen = {group: name for entry in defaults["defaults"] if isinstance(entry, dict) for group, name in entry.items()}
    hints, fields = get_type_hints(TrainConfig), _fields(TrainConfig)
    groups = [name for name in chosen if name in fields]
    own = [row for name in fields if name not in (*groups, "search") for row in rows(fields[name], hints[name])]
    own = [[f"`{shown(defaults['name'])}`" if cell == NEEDED else cell for cell in row] for row in own]
    parts = [INTRO, _contents([*groups, *PRESETS, "schedule", "search"]), "## The run\n", table(own)]
    parts += [group_page(name, variants(hints[name]), fields[name].metadata["help"], chosen[name]) for name in groups]
    parts += [f"## {name}\n\n{text}{_more(name)}\n\n{_choices(name)}" for name, text in PRESETS.items()]
    parts += [f"## schedule\n\n{_sentence(Schedule)}\n", table(section_rows(Schedule))]
    parts += [_search_page(variants(hints["search"])[0])]
    return "\n".join(parts).rstrip("\n") + "\n"


def _contents(names: Iterable[str]) -> str:
    return "Groups: " + ", ".join(f"[{name}](#{name})" for name in names) + ".\n"


def _search_page(trial: type) -> str:
    heading = f"## search\n\nOf `hydra/sweeper=optuna`, and what each of its trials is told.{_more('search')}\n\n"
    settings = table(section_rows(SearchSettings, "hydra.sweeper."))
    return f"{heading}{settings}\n{_sentence(trial)}\n\n{table(section_rows(trial, 'search.'))}"


def group_page(name: str, kinds: Sequence[type], help_text: str, default: str | None) -> str:
    """One group: its choices, then its keys; those of several types come once, before what each has alone."""
    top = f"## {name}\n\n{_capital(help_text)}. `{name}={default}` is the default.{_more(name)}\n"
    parts = [top, _choices(name)]
    if len(kinds) == 1:
        return "\n".join([*parts, table(section_rows(kinds[0], f"{name}."))])
    users: dict[tuple[type, ...], dict[str, type]] = {}
    for kind in kinds:
        for field in dataclasses.fields(kind):
            same = tuple(other for other in kinds if _fields(other).get(field.name) is field)
            users.setdefault(same, {})[field.name] = kind
    for same, named in users.items():
        if len(same) > 1:
            parts += [f"### {name}: {', '.join(map(_type, same))}\n", table(section_rows(same[0], f"{name}.", named))]
    for kind in kinds:
        own = [field for field in users.get((kind,), {}) if field != "type"]
        parts += [f"### {name}: {_type(kind)}\n\n{_sentence(kind)}\n"]
        parts += [table(section_rows(kind, f"{name}.", own))] if own else []
    return "\n".join(parts)


def section_rows(cls: type, where: str = "", names: Iterable[str] | None = None) -> list[list[str]]:
    """Rows of the keys of a section and of those inside it; ``names`` narrows them."""
    hints = get_type_hints(cls)
    wanted = list(_fields(cls)) if names is None else list(names)
    told = [name for name in wanted if _fields(cls)[name].metadata]  # the type of a section has its own heading
    return [row for name in told for row in rows(_fields(cls)[name], hints[name], where)]


def rows(field: dataclasses.Field, hint: Any, where: str = "") -> list[list[str]]:
    """One row ``[key, type, unit, default, allowed, meaning]`` for a key; a section gives one for each of its keys."""
    key, inner = f"{where}{field.name}", variants(hint)
    is_dict = get_origin(hint) is dict
    if is_dict:
        inner = variants(get_args(hint)[1])
    if len(inner) == 1 and NoneType not in get_args(hint) and inner[0] is not Schedule:
        return section_rows(inner[0], f"{key}.<name>." if is_dict else f"{key}.")
    note = field.metadata
    kind = _home(inner) if inner and inner[0] is not Schedule else _kind(hint)
    bounds = [f"{sign} {shown(note[name])}" for name, sign in BOUNDS.items() if note[name] is not None]
    allowed = ", ".join(bounds) or ", ".join(f"`{shown(value)}`" for value in _values(hint))
    each = "each " if bounds and get_origin(hint) in (list, dict) else ""
    key = f"`{key}.<name>`" if is_dict else f"`{key}`"
    meaning = note["help"].replace("<", "&lt;")
    return [[key, kind, note["unit"], _default_shown(field), each + allowed, meaning]]


def table(body: list[list[str]]) -> str:
    """Rows of :func:`rows` as a Markdown table; columns that are empty everywhere are left out."""
    heads = ["key", "type", "unit", "default", "allowed", "meaning"]
    used = [column for column in range(len(heads)) if any(row[column] for row in body)]
    return markdown([heads[column] for column in used], [[row[column] for column in used] for row in body])


def markdown(heads: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", "\\|") for cell in row] for row in body)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def variants(hint: Any) -> list[type]:
    """The sections that an annotation allows, in its order."""
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return [option for option in options if dataclasses.is_dataclass(option) and isinstance(option, type)]


def first_sentence(file: Path) -> str:
    """The first sentence of the comment at the head of a file of ``conf/``; "" where it has none."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    words: list[str] = []
    for line in lines:
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            words.append(line.lstrip("# "))
    return re.split(r"(?<=[.:])\s+(?=[A-Z~`]|python|wandb)", " ".join(words) + " ", maxsplit=1)[0].strip().rstrip(":")


def _choices(group: str) -> str:
    files = sorted((CONF / group).glob("*.yaml"))
    heads = [f"`{group}=`", "", *([] if group in PRESETS else ["sets"])]
    return markdown(heads, ([f"`{f.stem}`", first_sentence(f), _sets(group, f)][: len(heads)] for f in files))


def _sets(group: str, file: Path) -> str:
    """What a file of ``conf/`` sets to something else than the schema's default."""
    if group in PRESETS:
        return ""
    plain = yaml.safe_load(file.read_text(encoding="utf-8"))
    plain = plain.get(group, plain)  # a file for the whole tree names its section
    kinds = variants(get_type_hints(TrainConfig)[group])
    kind = next((kind for kind in kinds if "type" in plain and _type(kind) == plain["type"]), kinds[0])
    others = [f"what `{name}` sets" for name in plain.get("defaults", []) if name != "_self_"]
    return ", ".join([*others, *(f"`{key}: {value}`" for key, value in _differing(kind, plain))])


def _differing(cls: type, plain: dict[str, Any], where: str = "") -> Iterator[tuple[str, str]]:
    hints = get_type_hints(cls)
    for key, value in plain.items():
        if key not in hints or key in ("name", "type"):
            continue
        inner = variants(hints[key])
        if isinstance(value, dict) and len(inner) == 1:
            yield from _differing(inner[0], value, f"{where}{key}.")
        elif value != _default(_fields(cls)[key]):
            names = isinstance(value, dict) and len(str(value)) > 60
            yield f"{where}{key}", ", ".join(value) if names else shown(value)


def _default(field: dataclasses.Field) -> Any:
    return field.default_factory() if callable(field.default_factory) else field.default


def _default_shown(field: dataclasses.Field) -> str:
    value = _default(field)
    return NEEDED if value is dataclasses.MISSING else f"`{shown(value)}`"


def shown(value: Any) -> str:
    """A value as in YAML, on one line."""
    if isinstance(value, float):
        return repr(value).replace("e-0", "e-")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:_}" if value >= 10_000 else str(value)
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _kind(hint: Any) -> str:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        named = [_kind(option) for option in inside]
        return " or ".join("null" if option is NoneType else name for option, name in zip(inside, named, strict=True))
    if origin is list:
        return f"list of {_kind(inside[0]).replace('choice', 'choices').replace('number', 'numbers')}"
    if origin is dict:
        return _kind(inside[1])
    if origin is Literal:
        return "choice"
    return "[schedule](#schedule)" if hint is Schedule else SIMPLE.get(hint, "null")


def _values(hint: Any) -> list[Any]:
    """The values that an annotation lists."""
    if get_origin(hint) is Literal:
        return list(get_args(hint))
    return [value for inner in get_args(hint) for value in _values(inner)]


def _home(kinds: Sequence[type]) -> str:
    """What kind of section it is, and the group that has the keys of such a one."""
    for group, hint in get_type_hints(TrainConfig).items():
        known = variants(hint)
        if all(any(issubclass(owner, kind) for owner in known) for kind in kinds):
            some = "" if len(kinds) == len(known) else f", {', '.join(map(_type, kinds))}"
            return f"as [{group}](#{group}){some}"
    return "as `evaluation." + kinds[0].__name__.removesuffix("Config").lower() + "`"


def _fields(cls: type) -> dict[str, dataclasses.Field]:
    return cls.__dataclass_fields__


def _type(cls: type) -> str:
    return _default(_fields(cls)["type"])


def _sentence(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _more(name: str) -> str:
    return f" More: [{MORE[name]}]({MORE[name]})." if name in MORE else ""


def reward_weights() -> str:
    """Weight of each term in each file of ``conf/reward``, as a Markdown table."""
    weights = {file.stem: _weights(file) for file in sorted((CONF / "reward").glob("*.yaml"))}
    terms = dict.fromkeys(term for known in weights.values() for term in known)
    body = [[f"`{term}`", *(str(known.get(term, "")) for known in weights.values())] for term in terms]
    return markdown(["term", *(f"`{name}`" for name in weights)], body)


def _weights(file: Path) -> dict[str, float]:
    plain = yaml.safe_load(file.read_text(encoding="utf-8"))
    bases = [file.with_stem(name) for name in plain.get("defaults", []) if name != "_self_"]
    own = {term: settings["weight"] for term, settings in plain["terms"].items() if "weight" in settings}
    return {**{term: weight for base in bases for term, weight in _weights(base).items()}, **own}


def with_table(page: Path, script: str, text: str) -> str:
    """A page with ``text`` between the two comments that say which script writes it."""
    begin, end = f"<!-- written by scripts/{script} -->\n", "<!-- end -->\n"
    head, _, rest = page.read_text(encoding="utf-8").partition(begin)
    return f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}"


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code."""
    return exit_code(lambda: write(arguments))


def write(arguments: Sequence[str]) -> None:
    """Write the page and the table. Raises ConfigError for any argument but ``--help``."""
    ArgumentParser(prog="python scripts/write_docs.py", description=__doc__).parse_args(arguments)
    PAGE.write_text(configuration(), encoding="utf-8")
    TERMS.write_text(with_table(TERMS, "write_docs.py", reward_weights()), encoding="utf-8")
