"""Weights & Biases: a process of its own follows the run folder (``follow.py``), and training only starts it."""
