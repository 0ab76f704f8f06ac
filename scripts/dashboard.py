"""The project's W&B workspace: learning, rewards, gait, device, terrain, timing, videos, sweeps, each with its units.

  python scripts/dashboard.py --project myoassist                  saves a new workspace and prints its address
  python scripts/dashboard.py --project myoassist --update <url>   replaces an earlier one, after a change of the panels
  python scripts/dashboard.py --dry-run dashboard.json             writes and checks it; needs no login and no network

The panels are the lines of myoassist/assets/dashboard.yaml; --panels takes a table of your own in the same form.
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

import argparse
import json
from collections.abc import Sequence
from typing import NoReturn

from myoassist.commandline import config_dir
from myoassist.errors import ConfigError
from myoassist.files import write_beside
from myoassist.processes import exit_code
from myoassist.track.dashboard import build_workspace, overview, save_workspace, specification
from myoassist.track.dashboard_table import SHIPPED, load_table, read_sweep


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The settings of a command line. Raises ConfigError for one that is not known."""

    def refuse(message: str) -> NoReturn:
        raise ConfigError(f"command line: {message}; --help lists what is allowed")

    parser = argparse.ArgumentParser(
        prog="scripts/dashboard.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.error = refuse
    parser.add_argument("--entity", default="", help="W&B user or team; your own by default")
    parser.add_argument("--project", default="myoassist", help="W&B project; %(default)s by default")
    parser.add_argument("--name", default="MyoAssist", help="name of the workspace; %(default)s by default")
    parser.add_argument("--update", metavar="URL", help="address of the workspace to replace")
    parser.add_argument("--panels", metavar="FILE", type=Path, default=SHIPPED, help="table of panels of your own")
    parser.add_argument("--trials", default="", help="trials of evaluations that have several, as slow,fast")
    parser.add_argument(
        "--dry-run", metavar="FILE", nargs="?", const="-", help="write the specification to FILE, save nothing"
    )
    return parser.parse_args(list(arguments))


def make(settings: argparse.Namespace) -> None:
    """Build the workspace, check it, and write or save it."""
    trials = [trial.strip() for trial in settings.trials.split(",")]
    workspace = build_workspace(
        load_table(settings.panels),
        name=settings.name,
        entity=settings.entity,
        project=settings.project,
        trials=trials,
        sweeps=[read_sweep(path) for path in sorted((config_dir() / "sweep").glob("wandb_*.yaml"))],
    )
    content = specification(workspace)
    if settings.dry_run is None:
        print(f"workspace: {save_workspace(workspace, update=settings.update)}")
        return
    print("\n".join(overview(workspace)))
    if settings.dry_run != "-":
        write_beside(Path(settings.dry_run), json.dumps(content, indent=1) + "\n")
        print(f"specification: {settings.dry_run}")


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code: 0, 2 for a bad request, 130 after Ctrl-C."""
    return exit_code(lambda: make(read_arguments(arguments)))
