"""Train a walker: ``python train.py model=22muscle terrain=rough``. ``--help`` lists every choice."""

from myoassist.main import train_main

if __name__ == "__main__":
    train_main()
