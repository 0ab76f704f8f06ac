"""A user's MJCF as text: what it includes, what is refused, and names exchanged. Nothing in it is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from myoassist.errors import ModelError

MOST_INCLUDES = 100  # files; more is a circle
_REFUSED = {"extension": "engine extensions", "plugin": "engine plugins"}
_REFERENCES = {
    "joint": ("joint", "joint1", "joint2", "jointinparent"),
    "body": ("body", "body1", "body2", "target"),
    "actuator": ("actuator",),
}
_FOLDERS = ("assetdir", "meshdir", "texturedir")


def read_mjcf(file: Path) -> ElementTree.Element:
    """The tree of an MJCF file with everything that it includes in place.

    Raises:
        ModelError: a file that cannot be read, is no MJCF, or asks for engine plugins.
    """
    root = _tree(file)
    if root.tag != "mujoco":
        hint = "; convert it to MJCF first" if root.tag == "robot" else ""
        raise ModelError(f"model.path: {file} is no MJCF: its first element is <{root.tag}>, not <mujoco>{hint}")
    _expand(root, file, file, [])
    for element in root.iter():
        if element.tag in _REFUSED:
            raise ModelError(f"model.path: {file} has <{element.tag}>: {_REFUSED[element.tag]} are not allowed")
    return root


def _tree(file: Path) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(file.read_bytes())
    except OSError as error:
        raise ModelError(f"model.path: cannot read {file} ({error.strerror or error})") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ModelError(f"model.path: {file} is not XML: {error}") from error


def _expand(element: ElementTree.Element, main: Path, here: Path, included: list[Path]) -> None:
    """Put the children of included files in the place of ``<include>``.

    Their paths are relative to the file ``main``; one that is not there is looked for beside the file ``here``.
    """
    for child in list(element):
        if child.tag != "include":
            _expand(child, main, here, included)
            continue
        places = [folder / child.get("file", "") for folder in (main.parent, here.parent)]
        file = next((place for place in places if place.is_file()), places[0])
        included.append(file)
        if len(included) > MOST_INCLUDES:
            raise ModelError(f"model.path: {main} includes more than {MOST_INCLUDES} files; is there a circle?")
        part = _tree(file)
        _expand(part, main, file, included)
        place = list(element).index(child)
        element.remove(child)
        for offset, grandchild in enumerate(part):
            element.insert(place + offset, grandchild)


def renamed(root: ElementTree.Element, names: Mapping[str, Mapping[str, str]], folder: Path) -> str:
    """The tree as text with names exchanged and folders of meshes and textures made absolute.

    Args:
        names: new names by old one, for ``joint``, ``body`` and ``actuator``.
        folder: of the main file, which relative paths refer to.
    """
    actuators = {id(element) for section in root.iter("actuator") for element in section}
    for element in root.iter():
        kind = "actuator" if id(element) in actuators else element.tag
        if (name := element.get("name")) in names.get(kind, {}):
            element.set("name", names[kind][str(name)])
        for kind, attributes in _REFERENCES.items():
            for attribute in attributes:
                value = element.get(attribute)
                if value is not None:
                    element.set(attribute, _exchanged(value, names.get(kind, {})))
    _fix_folders(root, folder)
    return ElementTree.tostring(root, encoding="unicode")


def _exchanged(value: str, names: Mapping[str, str]) -> str:
    if value in names or not any(word in names for word in value.split()):
        return names.get(value, value)
    return " ".join(names.get(word, word) for word in value.split())  # a flex lists several bodies


def _fix_folders(root: ElementTree.Element, folder: Path) -> None:
    compilers = list(root.iter("compiler"))
    given = {key: c.get(key) for c in compilers for key in _FOLDERS if c.get(key) is not None}
    for compiler in compilers:
        for key in _FOLDERS:
            compiler.attrib.pop(key, None)
    base = given.get("assetdir") or ""
    places = {key: str((folder / (given.get(key) or base)).resolve()) for key in ("meshdir", "texturedir")}
    root.insert(0, ElementTree.Element("compiler", places))
