"""The program that builds the W&B workspace: without a login, without a network, and with a server of its own."""

from __future__ import annotations

import gzip
import http.server
import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import REPOSITORY

from myoassist.track.dashboard_table import load_table

TABLE = load_table()


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
