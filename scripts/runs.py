"""The runs on this machine: which there are, how they stand, and room on the disk."""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

import argparse
from collections.abc import Sequence

from myoassist.errors import ConfigError
from myoassist.processes import ArgumentParser, exit_code
from myoassist.runs.entry import Entry
from myoassist.runs.finding import OUTPUTS
from myoassist.runs.listing import SORTS, Filters, as_csv, as_json, as_table, list_runs, nearby, size_text
from myoassist.runs.pruning import find_surplus, remove
from myoassist.runs.status import STATES
from myoassist.runs.table import terminal_width

EXAMPLES = """examples:
  python scripts/runs.py                                       every run below outputs/, newest first
  python scripts/runs.py --status failed stopped --since 2d    what went wrong in the last two days
  python scripts/runs.py --where model.name=22muscle --where algorithm.learning_rate=1e-4 --sort distance
  python scripts/runs.py outputs/multirun/2026-01-31_12-00-00 --csv > runs.csv
  python scripts/runs.py --prune --dry-run                     which checkpoints --prune would remove
"""


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The settings of a command line. Raises ConfigError for one that is not valid."""
    parser = ArgumentParser(
        prog="python scripts/runs.py",
        description="List local runs, with filters; --prune makes room.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("places", nargs="*", type=Path, metavar="folder", help="where to look (default: outputs)")
    add("--status", nargs="+", metavar="status", default=[], help=f"only these: {', '.join(STATES)}")
    add("--name", metavar="pattern", help="only runs whose name fits, as 'walk*'")
    add("--model", metavar="name", help="only this body: short for --where model.name=<name>")
    add(
        "--where", action="append", metavar="key=value", default=[], help="only runs with this setting, or group=choice"
    )
    add("--since", metavar="time", help="only runs begun in the last 30m, 12h, 2d, 1w, or since a date")
    add("--sort", metavar="order", default="age", help=f"one of {', '.join(SORTS)} (default: age)")
    add("--reverse", action="store_true", help="the other way round")
    add("--json", action="store_true", help="as JSON")
    add("--csv", action="store_true", help="as CSV")
    add(
        "--prune", action="store_true", help="remove checkpoints beside the best and the last of each run, after asking"
    )
    add("--yes", action="store_true", help="with --prune: do not ask")
    add("--dry-run", action="store_true", help="with --prune: only tell")
    settings = parser.parse_intermixed_args(list(arguments))
    if settings.json and settings.csv:
        raise ConfigError("--json and --csv: one of them")
    if (settings.yes or settings.dry_run) and not settings.prune:
        raise ConfigError("--yes and --dry-run: only together with --prune")
    if settings.prune and (settings.json or settings.csv):
        raise ConfigError("--prune: not together with --json or --csv")
    return settings


def show(settings: argparse.Namespace) -> None:
    """List the runs, or prune them."""
    where = [*settings.where, *([f"model.name={settings.model}"] if settings.model else [])]
    filters = Filters(settings.status, settings.name, where, settings.since)
    places = settings.places or [OUTPUTS]
    if not settings.places and not OUTPUTS.is_dir():
        runs: list[Entry] = []
    else:
        runs = list_runs(places, filters, sort=settings.sort, reverse=settings.reverse)
    if settings.prune:
        prune([run.folder for run in runs], yes=settings.yes, only_tell=settings.dry_run)
    elif settings.json or settings.csv:
        print(as_json(runs) if settings.json else as_csv(runs), end="")
    elif runs:
        print(as_table(runs, width=terminal_width()))
    else:
        asked = " that fits" if any((settings.status, settings.name, where, settings.since)) else ""
        print(f"no run{asked} in {', '.join(map(str, places))}")


def prune(runs: Sequence[Path], *, yes: bool, only_tell: bool) -> None:
    """Remove checkpoints beside the best and the last, after showing which and asking."""
    surplus = find_surplus(runs)
    if not surplus:
        print("nothing to remove: every run holds its best and last checkpoint only, or is running")
        return
    for part in surplus:
        print(f"{nearby(part.run)}: {size_text(part.size)}: {', '.join(path.name for path in part.checkpoints)}")
    count, size = sum(len(part.checkpoints) for part in surplus), sum(part.size for part in surplus)
    whole = f"{count} checkpoint{'s' if count != 1 else ''} of {len(surplus)} run{'s' if len(surplus) != 1 else ''}"
    print(f"{whole}, {size_text(size)}; the best and the last of each stay")
    if only_tell:
        return
    if not yes and not sys.stdin.isatty():
        raise ConfigError(
            "--prune: nobody to ask here, so nothing was removed; give --yes to remove without a question"
        )
    if not yes and input("Remove them? [y/N] ").strip().lower() not in ("y", "yes"):
        print("nothing was removed")
        return
    freed, problems = remove(surplus)
    print(f"removed, {size_text(freed)} free now")
    for problem in problems:
        print(f"warning: {problem}", file=sys.stderr)


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code: 0, 2 for a bad request, 130 after Ctrl-C."""
    return exit_code(lambda: show(read_arguments(arguments)))
