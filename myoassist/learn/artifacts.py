"""Checkpoints kept as W&B artifacts, downloaded once."""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
import urllib.parse
from pathlib import Path

import platformdirs

from myoassist.errors import RunError

PREFIX = "wandb:"
_REFERENCE = re.compile(r"^wandb:(?P<project>[^/:]+/[^/:]+)/(?P<name>[^/:]+):(?P<alias>[^/:]+)$")
_TIMEOUT = 15  # s until a server that does not answer counts as away


def fetch_artifact(reference: str, *, key: str = "checkpoint") -> Path:
    """Folder of the checkpoint ``wandb:entity/project/name:alias``, from the local copy where it is there.

    A version (``v3``) never changes, so its copy is used unasked; another alias (``latest``) asks W&B first and falls
    back to the copy that it last stood for.

    Raises:
        RunError: not a reference, or neither W&B nor a local copy has it.
    """
    found = _REFERENCE.match(reference)
    if not found:
        raise RunError(f"{key}={reference}: not an artifact; expected wandb:entity/project/name:alias")
    place = artifact_cache() / found["project"] / found["name"]
    kept = place / found["alias"]
    if re.fullmatch(r"v\d+", found["alias"]) and kept.is_dir():
        return kept
    try:
        return _download(reference.removeprefix(PREFIX), kept)
    except Exception as error:  # W&B raises errors of its own, of requests and of its service
        if kept.is_dir():
            return kept
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise RunError(
            f"{key}={reference}: W&B did not give it ({reason}), and there is no local copy in {kept}"
        ) from error


def artifact_cache() -> Path:
    """Folder of downloaded artifacts: below ``$MYOASSIST_CACHE``, else in the user's cache folder."""
    return Path(os.environ.get("MYOASSIST_CACHE") or platformdirs.user_cache_dir("myoassist")) / "artifacts"


def _download(name: str, kept: Path) -> Path:
    """Download into a folder beside ``kept`` and put it there whole; W&B checks every file's digest."""
    import wandb

    server = urllib.parse.urlsplit(wandb.setup().settings.base_url)
    port = server.port or (80 if server.scheme == "http" else 443)
    socket.create_connection((server.hostname or "", port), timeout=_TIMEOUT).close()  # W&B would try for minutes
    if not wandb.login(prompt=False):
        raise RunError("there is no login: wandb login")
    artifact = wandb.Api(timeout=_TIMEOUT).artifact(name)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".download.") as partial:
        artifact.download(root=partial)
        artifact.verify(root=partial)
        if kept.is_dir():
            shutil.rmtree(kept)
        Path(partial).rename(kept)
        Path(partial).mkdir()  # for the clean-up
    return kept
