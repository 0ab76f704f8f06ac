"""What an import changed, in words and in numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from myoassist.errors import ReferenceError


@dataclass
class Report:
    """Lines in the order in which things were done; ``warnings`` need a look; ``numbers`` are plain JSON data, SI."""

    title: str
    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)

    def say(self, line: str) -> None:
        """Add what was done."""
        self.lines.append(line)

    def warn(self, line: str) -> None:
        """Add what should be looked at."""
        self.warnings.append(line)

    def text(self) -> str:
        """The report as plain text."""
        parts = [self.title, *(f"- {line}" for line in self.lines)]
        if self.warnings:
            parts += ["", "Look at this:", *(f"- {line}" for line in self.warnings)]
        return "\n".join(parts) + "\n"

    def save(self, folder: Path) -> None:
        """Write ``report.txt`` and ``report.json``. Raises ReferenceError where they cannot be written."""
        content = {"title": self.title, "done": self.lines, "warnings": self.warnings, **self.numbers}
        try:
            (folder / "report.txt").write_text(self.text(), encoding="utf-8")
            (folder / "report.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise ReferenceError(f"{folder}: cannot write the report ({error.strerror or error})") from error
