"""The smallest program with a walker: random actions for 150 steps of 1/30 s. The first file to read.

  python scripts/sim_minimal.py                     in a window, or without a display into sim_minimal.mp4
  python scripts/sim_minimal.py view=browser        on a page of this machine; view=none always makes the film
  python scripts/sim_minimal.py model=80muscle device=none terrain=rough seed=2

Every setting of train.py can be given. A film of an earlier time is replaced.
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # before the other imports: what this Python lacks is told in one line
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from myoassist.starting import script

    script(__file__)

from collections.abc import Iterator, Sequence

import gymnasium

import myoassist.env  # noqa: F401  (makes the environment known to Gymnasium)
from myoassist.experiment import make_experiment
from myoassist.processes import asks_for_help, exit_code

STEPS = 150
DEFAULTS = {"name": "sim_minimal", "termination": "fall", "reset": "standing"}  # else it leaves the reference at once
FILM = Path("sim_minimal.mp4")


def simulate(overrides: Sequence[str]) -> None:
    """Make the experiment and its environment, and let the walker move on a screen or for a film."""
    from myoassist.env.rendering import window_opens
    from myoassist.view.encoder import write_film

    given = {override.lstrip("+~").partition("=")[0] for override in overrides}
    config = make_experiment(*(f"{key}={value}" for key, value in DEFAULTS.items() if key not in given), *overrides)
    live = config.view.kind != "none" or ("view" not in given and window_opens())
    env = gymnasium.make("MyoAssist/Walk-v0", config=config, render_mode="human" if live else "rgb_array")
    try:
        pictures = walk(env, seed=config.seed)
        if live:
            for _ in pictures:  # each step shows itself
                pass
        else:
            size = config.evaluation.video
            width, height = (pixels // 2 * 2 for pixels in (size.width, size.height))
            film = write_film(pictures, FILM.resolve(), width=width, height=height, fps=config.model.control_hz)
            print(f"film: {film}")
    finally:
        env.close()


def walk(env: gymnasium.Env, *, seed: int) -> Iterator:
    """Take ``STEPS`` random actions; gives the picture after each one."""
    observation, info = env.reset(seed=seed)
    env.action_space.seed(seed)
    episodes, total = 1, 0.0
    for _ in range(STEPS):
        observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
        total += float(reward)
        if terminated or truncated:
            print(f"episode {episodes}: {info['reason']} after {info['episode']['t']:.2f} s")
            observation, info = env.reset()
            episodes += 1
        yield env.render()
    print(f"{STEPS} steps, {observation.size} observations, {env.action_space.shape} actions, reward {total:.1f}")


def main(arguments: Sequence[str]) -> int:
    """Run the program; returns the exit code: 0, 2 for a bad request, 130 after Ctrl-C."""
    if asks_for_help(arguments):
        print(__doc__)
        return 0
    return exit_code(lambda: simulate(arguments))
