"""Send runs to Weights & Biases that were logged offline, or not at all: python scripts/sync.py [<folder> ...]"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

from collections.abc import Sequence

from myoassist.track.syncing import sync_main


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code."""
    return sync_main(arguments)
