"""Evaluate a trained policy: ``python eval.py checkpoint=outputs/<date>/<time>_<name>``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # python -I leaves it out

from myoassist.starting import evaluate

if __name__ == "__main__":
    evaluate()
