"""Compare the runs of a sweep, or any others: which setting is best, and what matters."""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

import argparse
from collections.abc import Sequence

from myoassist.processes import ArgumentParser, exit_code

EXAMPLES = """examples:
  python scripts/compare.py outputs/multirun/2026-01-31_12-00-00
  python scripts/compare.py outputs/multirun/2026-01-31_12-00-00 --metric gait/cost_of_transport
  python scripts/compare.py outputs/2026-01-31/*_walk outputs/multirun/* --output outputs/walks

A sweep is compared by itself at its end; the page and table lie in its folder as sweep.html and sweep.csv.
"""


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The settings of a command line. Raises ConfigError for one that is not valid."""
    parser = ArgumentParser(
        prog="python scripts/compare.py",
        description="Compare runs: table, learning curves, importance of settings, and the best setting as a command.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("places", nargs="+", type=Path, metavar="folder", help="a sweep, a run, or a folder of runs")
    add("--metric", metavar="name", help="what to sort by, as best/speed or gait/<metric>; see docs/comparing.md")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--minimize", dest="minimize", action="store_true", default=None, help="less of it is better")
    way.add_argument("--maximize", dest="minimize", action="store_false", help="more of it is better")
    add("--output", type=Path, metavar="folder", help="where to write sweep.html and sweep.csv")
    return parser.parse_intermixed_args(list(arguments))


def show(settings: argparse.Namespace) -> None:
    """Write the comparison and tell what it says."""
    from myoassist.runs.comparing import compare  # matplotlib, which a mistake need not wait for

    done = compare(settings.places, metric=settings.metric, minimize=settings.minimize, output=settings.output)
    print(done.text)


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code: 0, 2 for a bad request, 130 after Ctrl-C."""
    return exit_code(lambda: show(read_arguments(arguments)))
