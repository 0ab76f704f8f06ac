"""``scripts/doctor.py``: what works on this machine, and what to do about the rest.

A check is a function that gives findings (``findings.py``); ``examine.py`` lists them all. What may crash or hang runs
in a process of its own (``probes.py``).
"""
