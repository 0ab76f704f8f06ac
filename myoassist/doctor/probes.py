"""What is tried for real, in a process of its own: ``python -m myoassist.doctor.probes models`` writes JSON lines.

What libraries write themselves goes to stderr, so that each line of stdout is a finding.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from myoassist.doctor.findings import Finding, needed, ok, optional
from myoassist.errors import MyoAssistError
from myoassist.starting import how_to_install

PAIRS = {"22muscle": "tutorial", "26muscle": "hmedi", "80muscle": "osl_ankle"}
STEPS = 3
LAUNCHES = ("basic", "local", "joblib", "slurm", "ray")
PORT = 8080


def probe_learning() -> Iterator[Finding]:
    """PyTorch and Stable-Baselines3 load; on what they compute."""
    import sb3_contrib  # noqa: F401
    import stable_baselines3
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU (enough: the simulation is the work)"
    versions = f"PyTorch {torch.__version__}, Stable-Baselines3 {stable_baselines3.__version__}"
    yield ok("learning", f"{versions} on {device}")


def probe_models() -> Iterator[Finding]:
    """The configuration is found, and each body is composed with a device and steps."""
    from myoassist.experiment import make_experiment
    from myoassist.model.library import check_mujoco

    make_experiment("experiment=quickstart")
    yield ok("settings", "conf/ composes")
    check_mujoco()
    for body, device in PAIRS.items():
        try:
            yield _step(body, device)
        except MyoAssistError as error:
            yield needed(body, str(error), how_to_install())


def _step(body: str, device: str) -> Finding:
    import numpy as np

    from myoassist.env.walk import WalkEnv
    from myoassist.experiment import make_experiment

    walk = WalkEnv(make_experiment(f"model={body}", f"device={device}", "reset.bank_size=1"), num_envs=1, threads=1)
    try:
        observation = walk.reset()
        for _ in range(STEPS):
            observation = walk.step(np.zeros((1, len(walk.action_map)))).observation
    finally:
        walk.close()
    if not np.isfinite(observation).all():
        return needed(body, f"with device={device}: the simulation gives no numbers", how_to_install())
    index = walk.index
    return ok(body, f"with device={device}: {len(index.muscles)} muscles, {len(index.motors)} motors, steps")


def probe_launching() -> Iterator[Finding]:
    """Launchers and searches are known to Hydra."""
    from myoassist.experiment import make_experiment

    for launch in LAUNCHES:
        given = ("launch.partition=any",) if launch == "slurm" else ()
        make_experiment(f"launch={launch}", *given)
    make_experiment("sweep=ppo")
    text = f"launch={', '.join(LAUNCHES)} and searches (sweep=ppo) are known to Hydra"
    yield ok("sweeps", text)


def probe_window() -> Iterator[Finding]:
    """MuJoCo's viewer can be opened."""
    from myoassist.view.window import check_window

    try:
        check_window()
        yield ok("window", "view=window can be opened")
    except MyoAssistError as error:
        yield optional("window", str(error).removeprefix("view=window: "))


def probe_browser() -> Iterator[Finding]:
    """The page of ``view=browser`` is served."""
    import viser

    from myoassist.view.browser import HOST, free_port

    port = free_port(PORT)
    server = viser.ViserServer(host=HOST, port=port, verbose=False)
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # this machine, not a proxy
        with direct.open(f"http://{HOST}:{port}/", timeout=10) as page:
            served = page.status == 200
    finally:
        server.stop()
    moved = f" (port {PORT} is taken by another program)" if port != PORT else ""
    yield (
        ok("browser", f"view=browser: http://localhost:{port}{moved}")
        if served
        else optional("browser", "the page of view=browser is not served", how_to_install())
    )


def probe_film() -> Iterator[Finding]:
    """ffmpeg writes a film."""
    import numpy as np

    from myoassist.view.encoder import write_film

    frames = np.zeros((2, 64, 64, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        film = write_film(frames, Path(folder) / "film.mp4", width=64, height=64, fps=10)
    if film.suffix == ".mp4":
        yield ok("ffmpeg", "writes films (mp4)")
    else:
        todo = "python -m pip install --force-reinstall imageio-ffmpeg, or set IMAGEIO_FFMPEG_EXE to an ffmpeg"
        if chosen := os.environ.get("IMAGEIO_FFMPEG_EXE"):
            todo = f"unset IMAGEIO_FFMPEG_EXE, which names {chosen}, or name one that is there"
        yield optional("ffmpeg", "not found: films are GIFs", todo)


def probe_wandb() -> Iterator[Finding]:
    """Whether there is a login, and what a run with W&B does then; no network is used."""
    import wandb

    from myoassist.track.session import has_login

    login, mode = has_login(), os.environ.get("WANDB_MODE")
    what = f"W&B {wandb.__version__}, {'logged in' if login else 'not logged in'}"
    does = f"WANDB_MODE={mode}" if mode else "logging=wandb sends runs" if login else "logging=wandb keeps runs here"
    later = "" if login or mode == "disabled" else "; wandb login, then python scripts/sync.py sends them"
    yield ok("W&B", f"{what}: {does}{later}")


PROBES: dict[str, Callable[[], Iterator[Finding]]] = {
    "learning": probe_learning,
    "models": probe_models,
    "launching": probe_launching,
    "window": probe_window,
    "browser": probe_browser,
    "film": probe_film,
    "wandb": probe_wandb,
}


def main() -> int:
    """Run the probes that the command line names; one that raises is told in a line and does not end the others."""
    out, findings = os.fdopen(os.dup(1), "w", encoding="utf-8"), 0
    os.dup2(2, 1)
    for name in sys.argv[1:]:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                for finding in PROBES[name]():
                    findings += 1
                    out.write(json.dumps(asdict(finding)) + "\n")
        except Exception as error:  # whatever a library does: it is a line, and the next one is tried
            reason = cause(error)
            told = isinstance(reason, (MyoAssistError, ModuleNotFoundError))  # they say what to do themselves
            out.write(json.dumps({"problem": one_line(reason), "todo": None if told else how_to_install()}) + "\n")
        out.flush()
    os._exit(0)  # what a library leaves running cannot keep this waiting


def cause(error: Exception) -> Exception:
    """What is behind an exception: a MUJOCO_GL with which MuJoCo does not load, where that is so."""
    if not isinstance(error, ModuleNotFoundError):
        from myoassist.model.library import check_mujoco

        try:
            check_mujoco()
        except MyoAssistError as known:
            return known
    return error


def one_line(error: Exception) -> str:
    """What an exception says, in one line."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"needs the package {error.name.partition('.')[0]}, which is not installed"
    text = " ".join(str(error).split())
    return text if isinstance(error, MyoAssistError) else f"{type(error).__name__}: {text}"[:300]


if __name__ == "__main__":
    sys.exit(main())
