"""Sweeps: how the runs of ``-m`` are started, and how settings are searched for."""
