"""Documented, bounded fields of the schema."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def setting(
    default: Any = ...,
    *,
    help: str,
    unit: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
) -> Any:
    """A documented, bounded dataclass field; ``...`` as default makes it required. Mutable defaults are copied."""
    metadata = {"help": help, "unit": unit, "ge": ge, "gt": gt, "le": le, "lt": lt}
    if default is ...:
        return field(metadata=metadata)
    if isinstance(default, (dict, list)):
        return field(default_factory=lambda: type(default)(default), metadata=metadata)
    return field(default=default, metadata=metadata)
