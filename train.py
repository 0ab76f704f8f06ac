"""Train a walker: ``python train.py model=22muscle terrain=rough``. ``--help`` lists every choice."""

from myoassist.starting import train

if __name__ == "__main__":
    train()
