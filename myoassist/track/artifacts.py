"""Checkpoints kept as W&B artifacts: downloaded once, and checked each time they are used."""

from __future__ import annotations

import json
import re
import shutil
import socket
import tempfile
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from myoassist.errors import RunError
from myoassist.files import read_json, write_beside
from myoassist.places import cache_root
from myoassist.runs.checkpoints import is_checkpoint, list_checkpoints, read_best
from myoassist.runs.finding import OUTPUTS, find_runs
from myoassist.track.found import digest
from myoassist.track.session import has_login
from myoassist.track.state import read_state

PREFIX = "wandb:"
_REFERENCE = re.compile(r"^wandb:(?P<project>[^/:]+/[^/:]+)/(?P<name>[^/:]+):(?P<alias>[^/:]+)$")
_VERSION = re.compile(r"v\d+")
_TIMEOUT = 15  # s until a server that does not answer counts as away


@dataclass(frozen=True)
class Reference:
    """``wandb:entity/project/name:alias``; ``project`` holds the entity too."""

    project: str
    name: str
    alias: str

    @property
    def place(self) -> Path:
        """Folder of the versions of this artifact in the cache."""
        return artifact_cache() / self.project / self.name


def parse_reference(text: str, *, key: str = "checkpoint") -> Reference:
    """Read a reference. Raises RunError where it is none."""
    found = _REFERENCE.match(text)
    if not found:
        raise RunError(f"{key}={text}: not an artifact; expected wandb:entity/project/name:alias")
    return Reference(found["project"], found["name"], found["alias"])


def fetch_artifact(text: str, *, key: str = "checkpoint") -> Path:
    """Folder of the checkpoint ``wandb:entity/project/name:alias``.

    A version (``v3``) never changes, so its whole local copy is used unasked. Another alias (``latest``) asks W&B which
    version it is, and downloads that if it is not there. Where W&B cannot be asked, the version that the alias last
    stood for is used, else the run itself if it lies in ``outputs/`` of the current folder.

    Raises:
        RunError: not a reference, or neither W&B nor a whole local copy has it.
    """
    reference = parse_reference(text, key=key)
    with _locked(reference):
        kept = local_copy(reference)
        if kept and _VERSION.fullmatch(reference.alias):
            return kept
        try:
            return _ask(reference)
        except Exception as error:  # W&B raises errors of its own, of requests and of its service
            found = kept or local_run(reference)
            if found:
                return found
            reason = next(iter(str(error).splitlines()), "") or type(error).__name__
            raise RunError(
                f"{key}={text}: W&B did not give it ({reason}); looked for {_what_is_there(reference)}"
                f" and for the run of {reference.name} in {OUTPUTS.resolve()}"
            ) from error


def artifact_cache() -> Path:
    """Folder of downloaded artifacts: below ``$MYOASSIST_CACHE``, else in the user's cache folder."""
    return cache_root() / "artifacts"


def local_copy(reference: Reference) -> Path | None:
    """The copy in the cache, if every file of it has the digest that was noted when W&B had checked it."""
    version = _version_of(reference)
    folder = reference.place / (version or "")
    return folder if version and is_whole(folder) else None


def keep(folder: Path, reference: Reference, version: str) -> Path:
    """Move a checked download into the cache as ``version``, which the alias stands for from now on."""
    kept = reference.place / version
    files = {path.relative_to(folder).as_posix(): digest(path) for path in folder.rglob("*") if path.is_file()}
    if kept.exists():
        shutil.rmtree(kept)
    folder.rename(kept)
    write_beside(_digests(kept), json.dumps({"sha256": files}, indent=1))
    _note_alias(reference, version)
    return kept


def is_whole(folder: Path) -> bool:
    """Whether a copy in the cache has the files that were downloaded, byte for byte."""
    known = read_json(_digests(folder)).get("sha256")
    return (
        isinstance(known, dict) and bool(known) and all(digest(folder / name) == told for name, told in known.items())
    )


def local_run(reference: Reference) -> Path | None:
    """The checkpoint of a run in ``outputs/`` whose policy this artifact is: best, latest or step-<n>."""
    if not OUTPUTS.is_dir():
        return None
    for run in find_runs([OUTPUTS]):
        state = read_state(run)
        if state is None or state.policy != reference.name:
            continue
        folder, found = run / "checkpoints", list_checkpoints(run / "checkpoints")
        if reference.alias == "latest" and found:
            return found[-1]
        best = read_best(folder) if reference.alias == "best" else None
        steps = reference.alias.removeprefix("step-")
        name = Path(best["checkpoint"]).name if best else f"step_{int(steps):010d}" if steps.isdigit() else ""
        if name and is_checkpoint(folder / name):
            return folder / name
    return None


def _ask(reference: Reference) -> Path:
    """Ask W&B for the version, and download it unless a whole copy is here; W&B checks every file's digest."""
    if not has_login():
        raise RunError("there is no login: wandb login")
    import wandb

    _check_server(wandb.setup().settings.base_url)
    artifact = wandb.Api(timeout=_TIMEOUT).artifact(f"{reference.project}/{reference.name}:{reference.alias}")
    version = str(artifact.version)
    if is_whole(reference.place / version):
        _note_alias(reference, version)
        return reference.place / version
    with tempfile.TemporaryDirectory(dir=reference.place, prefix=".download.") as partial:
        root = Path(partial) / version
        artifact.download(root=str(root), skip_cache=True)
        artifact.verify(root=str(root))
        return keep(root, reference, version)


def _check_server(url: str) -> None:
    """Raise ``OSError`` at once where nothing answers, where W&B would try for half a minute; not behind a proxy."""
    server = urllib.parse.urlsplit(url)
    if not urllib.request.getproxies().get(server.scheme):
        port = server.port or (80 if server.scheme == "http" else 443)
        socket.create_connection((server.hostname or "", port), timeout=_TIMEOUT).close()


def _locked(reference: Reference) -> FileLock:
    """One process at a time downloads an artifact, as the jobs of a sweep would all at once."""
    try:
        reference.place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{reference.place}: cannot be written ({error.strerror or error})") from error
    return FileLock(reference.place / ".lock")


def _version_of(reference: Reference) -> str | None:
    if _VERSION.fullmatch(reference.alias):
        return reference.alias
    version = read_json(reference.place / "aliases.json").get(reference.alias)
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else None


def _note_alias(reference: Reference, version: str) -> None:
    path = reference.place / "aliases.json"
    write_beside(path, json.dumps({**read_json(path), reference.alias: version}, indent=1))


def _digests(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.digests.json")


def _what_is_there(reference: Reference) -> str:
    """What the cache has of a reference, in words."""
    version = _version_of(reference)
    folder = reference.place / (version or reference.alias)
    if version and folder.is_dir():
        return f"a local copy in {folder}, which is damaged (a file is not what was downloaded)"
    return f"a local copy in {folder}, which is not there"
