"""Evaluate a trained policy: ``python eval.py checkpoint=outputs/<date>/<time>_<name>``."""

from myoassist.starting import evaluate

if __name__ == "__main__":
    evaluate()
