"""The names of what a policy sees and drives."""

from __future__ import annotations

from dataclasses import dataclass

from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError


@dataclass(frozen=True)
class Layout:
    """Names of the observation's signals with their sources, and of the actions, in order."""

    signals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]

    @classmethod
    def of(cls, walk: WalkEnv) -> Layout:
        """The layout of an environment."""
        return cls(tuple((s.name, s.source) for s in walk.observer.signals), tuple(walk.action_map.names))

    @property
    def signal_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.signals)

    def require(self, other: Layout, *, where: str) -> None:
        """Raise ``RunError`` naming the first differences where a policy of this layout does not fit ``other``."""
        for kind, mine, theirs in (
            ("signals", list(self.signal_names), list(other.signal_names)),
            ("actions", list(self.actions), list(other.actions)),
        ):
            if mine != theirs:
                missing = [name for name in mine if name not in theirs][:6]
                extra = [name for name in theirs if name not in mine][:6]
                raise RunError(
                    f"{where}: the policy's {kind} do not fit this environment: "
                    f"it lacks {', '.join(missing) or 'none'}; it has besides {', '.join(extra) or 'none'}; "
                    f"{len(mine)} wanted, {len(theirs)} there"
                )
