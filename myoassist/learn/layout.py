"""The names of what a policy sees and drives."""

from __future__ import annotations

from dataclasses import dataclass, field

from myoassist.env.observing import Signal
from myoassist.env.walk import WalkEnv
from myoassist.errors import RunError
from myoassist.model.index import ModelIndex


@dataclass(frozen=True)
class Layout:
    """Names of the observation's signals with their sources, and of the actions, in order.

    ``turned`` are the signals of joints whose positive direction is not OpenSim's: an angle that extends the knee of
    one body bends that of another. None in checkpoints that do not say.
    """

    signals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    turned: tuple[str, ...] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, walk: WalkEnv) -> Layout:
        """The layout of an environment."""
        signals = walk.observer.signals
        turned = tuple(signal.name for signal in signals if _is_turned(signal, walk.index))
        return cls(tuple((s.name, s.source) for s in signals), tuple(walk.action_map.names), turned)

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
                    f"{_apart(missing, extra)}; the policy has {len(mine)}, the environment {len(theirs)}"
                )


def _is_turned(signal: Signal, index: ModelIndex) -> bool:
    column = signal.name.partition(".")[2]
    if signal.source == "reference_ahead":  # time_joint
        column = column.partition("_")[2]
    return column in index.joints and index.joints[column].sign < 0


def _apart(missing: list[str], extra: list[str]) -> str:
    """Whose names are missing where; at most six of each are given."""
    parts = []
    if missing:
        parts.append(f"the policy expects {', '.join(missing)}, which the environment does not have")
    if extra:
        parts.append(f"the environment has {', '.join(extra)}, which the policy does not know")
    return "; ".join(parts) or "they come in another order"
