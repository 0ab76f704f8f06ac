"""What works on this machine, and what to do about the rest.

  python scripts/doctor.py            one line on each thing: ok, or what to do
  python scripts/doctor.py --json     the same as JSON, to attach to a question

Exit code: 0 when all that is needed works, 1 when something is missing, 2 for a bad request. Nothing is changed, and no
network is used. What is "optional" some things need: videos, the live view, W&B, sweeps on a cluster.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # it has to work where nothing is installed

from myoassist.starting import OLDEST, leave, too_old


def main(arguments: list) -> int:
    """Run the program; returns the exit code."""
    if sys.version_info[:2] < OLDEST:
        leave(1, too_old())
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return 0
    wrong = [argument for argument in arguments if argument != "--json"]
    if wrong:
        leave(2, f"error: {wrong[0]}: no such flag; allowed: --json, --help")
    from myoassist.doctor.examine import report

    try:
        return report(sys.stdout, as_json="--json" in arguments)
    except KeyboardInterrupt:
        leave(130, "error: interrupted from the keyboard")
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
