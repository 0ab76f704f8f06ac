"""Train a walker: ``python train.py model=22muscle terrain=rough``. ``--help`` lists every choice."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # python -I leaves it out

from myoassist.starting import train

if __name__ == "__main__":
    train()
