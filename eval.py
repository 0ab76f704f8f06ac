"""Evaluate a trained policy: ``python eval.py checkpoint=outputs/<date>/<time>_<name>``."""

from myoassist.main import eval_main

if __name__ == "__main__":
    eval_main()
