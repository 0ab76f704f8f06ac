"""Metrics, plots and report of recordings made earlier, here or elsewhere; no run or policy is needed."""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

from collections.abc import Mapping, Sequence
from dataclasses import replace

from myoassist.config import VideoConfig
from myoassist.errors import ConfigError, unknown
from myoassist.processes import asks_for_help, exit_code

USAGE = """Analyse recordings again: metrics.json, strides.csv, plots and report.html from recordings alone.

  python scripts/analyse.py recording=<place> [output=<folder>] [plots=[<name>,...]] [formats=[png,svg,pdf]]
                            [videos=<episodes>]

<place> is a recording (.npz), the folder of a trial, or the folder of an evaluation with its trials:

  python scripts/analyse.py recording=outputs/2026-01-31/12-00-00_walk/evaluations/step_0002000000
  python scripts/analyse.py recording=walk.npz output=figures plots=[gait_cycle,muscle*] formats=[svg,pdf]

videos=2 films the first two episodes of each trial anew; videos made earlier stay in the report otherwise.

Results go beside the recordings (those of walk.npz into walk_analysis) or into output. Earlier results of the same
trial are replaced, nothing else is overwritten.
"""
KEYS = ("recording", "output", "plots", "formats", "videos")


def read_arguments(arguments: Sequence[str]) -> dict[str, str]:
    """The settings of a command line. Raises ConfigError for one that is not known, empty, or given twice."""
    settings: dict[str, str] = {}
    for argument in arguments:
        key, equals, text = argument.partition("=")
        if key not in KEYS:
            raise ConfigError(unknown("setting", key.lstrip("-"), KEYS, where="command line"))
        if not equals or not text.strip() or key in settings:
            raise ConfigError(f"{key}: give one, as {key}=<{'folder' if key == 'output' else 'value'}>")
        settings[key] = text.strip()
    if "recording" not in settings:
        raise ConfigError("recording: none given; say recording=<file or folder>, or --help")
    return settings


def listed(text: str) -> list[str]:
    """``[a,b]`` or ``a,b`` as a list."""
    return [part.strip().strip("'\"") for part in text.strip().removeprefix("[").removesuffix("]").split(",")]


def whole_number(key: str, text: str) -> int:
    """A number of things. Raises ConfigError for anything else."""
    if not text.isdigit():
        raise ConfigError(f"{key}: got {text!r}; expected a whole number >= 0")
    return int(text)


def say(line: str) -> None:
    """Tell the user how far it is."""
    print(line, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code: 0, 2 for a bad request, 130 after Ctrl-C."""
    if asks_for_help(arguments):
        print(USAGE, end="")
        return 0
    return exit_code(lambda: analyse(read_arguments(arguments)))


def analyse(settings: Mapping[str, str]) -> None:
    """Make metrics, plots, films and report as ``settings`` ask."""
    from myoassist.analysis.results import analyse_again  # after the simple checks: matplotlib takes a second
    from myoassist.finishing import film

    video = replace(VideoConfig(), episodes=whole_number("videos", settings.get("videos", "0")))
    report = analyse_again(
        Path(settings["recording"]),
        output=Path(settings["output"]) if "output" in settings else None,
        plots=listed(settings.get("plots", "*")),
        formats=listed(settings.get("formats", "png")),
        say=say,
        film=lambda recording, folder: film(recording, folder, video, say=say),
    )
    say(f"report: {report}")
