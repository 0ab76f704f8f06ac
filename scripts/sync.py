"""Send runs to Weights & Biases that were logged offline, or not at all: python scripts/sync.py [<folder> ...]"""

from __future__ import annotations

import sys

from myoassist.track.syncing import sync_main

if __name__ == "__main__":
    sys.exit(sync_main(sys.argv[1:]))
