"""The memory of an object that is made of arrays: taken out and put back by name, so that a run can be continued."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from myoassist.errors import RunError

Arrays = dict[str, np.ndarray]


def take_arrays(owner: object, *, without: Collection[str] = ()) -> Arrays:
    """Copies of the array attributes of ``owner`` by name, except those named in ``without``."""
    found = vars(owner) if hasattr(owner, "__dict__") else {}
    return {key: v.copy() for key, v in found.items() if isinstance(v, np.ndarray) and key not in without}


def put_arrays(owner: object, state: Mapping[str, np.ndarray], *, without: Collection[str] = ()) -> None:
    """Write what :func:`take_arrays` took back into the attributes of ``owner``, in place.

    Raises:
        RunError: an array is missing or of another shape.
    """
    for key, here in vars(owner).items() if hasattr(owner, "__dict__") else ():
        if isinstance(here, np.ndarray) and key not in without:
            here[...] = matching(state, key, here)


def matching(state: Mapping[str, np.ndarray], key: str, like: np.ndarray) -> np.ndarray:
    """``state[key]`` checked against ``like``. Raises RunError where it is missing or of another shape or kind."""
    there = state.get(key)
    if there is None or there.shape != like.shape or there.dtype != like.dtype:
        what = "is missing" if there is None else f"is {there.dtype}{there.shape}, not {like.dtype}{like.shape}"
        raise RunError(f"saved state: {key} {what}; it was written by another version or for another experiment")
    return there


def nested(parts: Mapping[str, Mapping[str, np.ndarray]]) -> Arrays:
    """One flat mapping ``<part>/<name>`` of several."""
    return {f"{part}/{name}": value for part, arrays in parts.items() for name, value in arrays.items()}


def part_of(state: Mapping[str, np.ndarray], part: str) -> Arrays:
    """The entries of ``part`` in what :func:`nested` made."""
    return {key[len(part) + 1 :]: value for key, value in state.items() if key.startswith(f"{part}/")}


def generator_arrays(generators: Collection[np.random.Generator]) -> np.ndarray:
    """States of PCG64 generators as ``(n, 6)`` uint64."""
    rows = []
    for generator in generators:
        state = generator.bit_generator.state
        halves = [half for big in (state["state"]["state"], state["state"]["inc"]) for half in divmod(big, 1 << 64)]
        rows.append([*halves, state["has_uint32"], state["uinteger"]])
    return np.array(rows, dtype=np.uint64).reshape(-1, 6)


def set_generators(generators: Collection[np.random.Generator], rows: np.ndarray) -> None:
    """Put states made by :func:`generator_arrays` back."""
    for generator, row in zip(generators, rows.tolist(), strict=True):
        generator.bit_generator.state = {
            "bit_generator": "PCG64",
            "state": {"state": (row[0] << 64) | row[1], "inc": (row[2] << 64) | row[3]},
            "has_uint32": row[4],
            "uinteger": row[5],
        }
