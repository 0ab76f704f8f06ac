"""Make a trained policy part of the package: strip its checkpoint, measure it, write its model card.

  python scripts/ship_policy.py run=<run or checkpoint> name=<name> title="<a few words>" [limit="<sentence>"] ...
                                [remark="<sentence>"] [machine="<in words>"] [command="<train.py ...>"]
                                [bar.<line>=<number>|none] [below_bar=true] [output=<folder>] [group=choice] [key=value]

It is measured as eval.py would: every trial of its evaluation, deterministic, 20 episodes of 20 s from random starts
unless other settings are given, which are then saved with it (evaluation=speeds, terrain=rough, ...). What misses the
bar is refused unless below_bar=true is given; the card says what was missed. Its lines, for the worst trial:

{bar}

Title, limits, remarks and machine that are not given are kept from an earlier card of that name. The policy goes to
myoassist/assets/policies/<name>, whole or not at all; recordings and metrics to outputs/<date>/<time>_ship_<name>.

  python scripts/ship_policy.py run=outputs/2026-01-31/12-00-00_walk/best name=walk title="22 muscles, level ground"
  python scripts/ship_policy.py run=outputs/2026-01-31/12-00-00_rough name=rough bar.completed=0.9 evaluation=rough
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from myoassist.errors import ConfigError, unknown
from myoassist.processes import asks_for_help, exit_code
from myoassist.shipping.bar import BAR

ONCE = ("run", "name", "title", "machine", "command", "below_bar", "output")
MANY = {"limit": "limits", "remark": "remarks"}


def read_arguments(arguments: Sequence[str]) -> dict[str, Any]:
    """The order that a command line gives, by the names of ``Shipment``'s fields.

    Raises:
        ConfigError: a setting is missing, given twice or not valid.
    """
    order: dict[str, Any] = {"limits": [], "remarks": [], "bar": {}, "replaced": []}
    for argument in arguments:
        key, _, text = argument.partition("=")
        if key in ONCE:
            if key in order or not text.strip():
                raise ConfigError(f"{key}: give one, as {key}=<{'folder' if key == 'run' else 'value'}>")
            order[key] = text.strip()
        elif key in MANY:
            order[MANY[key]].append(text.strip())
        elif key.startswith("bar."):
            order["bar"][_line(key)] = _number(key, text)
        else:
            order["replaced"].append(argument)
    for key in ("run", "name"):
        if key not in order:
            raise ConfigError(f"{key}: none given; say {key}=<{'folder' if key == 'run' else key}>, or --help")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", order["name"]):
        raise ConfigError(f"name: got {order['name']!r}; expected small letters, digits and _, as rough or walk_26")
    below = order.pop("below_bar", "false")
    if below not in ("true", "false"):
        raise ConfigError(f"below_bar: got {below!r}; expected true or false")
    now, place = datetime.now(), order.pop("output", None)
    output = Path(place or f"outputs/{now:%Y-%m-%d}/{now:%H-%M-%S}_ship_{order['name']}")
    source = order.pop("run")
    return {**order, "source": source, "below_bar": below == "true", "output": output}


def _line(key: str) -> str:
    name = key.removeprefix("bar.")
    if name not in BAR:
        raise ConfigError(unknown("line", name, BAR, where="bar"))
    return name


def _number(key: str, text: str) -> float | None:
    try:
        return None if text in ("none", "null") else float(text)
    except ValueError:
        raise ConfigError(f"{key}: got {text!r}; expected a number, or none to leave the line out") from None


def usage() -> str:
    """What --help says."""
    sign = {True: "at least", False: "at most"}
    lines = [f"  bar.{name:12} {line.about}: {sign[line.at_least]} {line.bar:g}" for name, line in BAR.items()]
    return (__doc__ or "").format(bar="\n".join(lines))


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code: 0, 2 for a bad request, 130 after Ctrl-C."""
    if asks_for_help(arguments):
        print(usage(), end="")
        return 0
    return exit_code(lambda: _ship(read_arguments(arguments)))


def _ship(order: dict[str, Any]) -> None:
    from myoassist.learn.progress import say  # after the simple checks: torch takes seconds
    from myoassist.shipping.ship import Shipment, ship

    folder = ship(Shipment(**order), say=say)
    say(f"shipped: {folder}")
    say(f"look at it: python eval.py evaluation.policy={folder.name}")
