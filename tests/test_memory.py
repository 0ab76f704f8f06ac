"""Everything that the next steps depend on is in ``get_state``: an environment put back goes on bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import experiment

from myoassist.env.walk import StepResult, WalkEnv
from myoassist.errors import RunError

WITH_EVERYTHING = (
    "command=mixture",
    *("condition=fatigue", "condition.excitation_noise=0.1", "condition.excitation_delay=0.045"),
    *("condition.fatigue.start_high=0.4", "condition.fatigue.speedup=100"),
    *("observation=walk_preview", "+observation.terms.joint_vel.noise=0.1", "+observation.terms.joint_pos.delay=0.05"),
    "reward=effort",
)
CASES = {
    "default": (),
    "late drive": ("condition=motor_delay", "command=sinusoidal"),
    "everything": WITH_EVERYTHING,
}


def environment(*overrides: str) -> WalkEnv:
    config = experiment(
        *("device=tutorial", "reset.bank_size=4", "threads=1", "termination.max_seconds=0.4"), *overrides
    )
    return WalkEnv(config, num_envs=3)


def walked(walk: WalkEnv, steps: int, seed: int) -> list[StepResult]:
    rng = np.random.default_rng(seed)
    return [walk.step(rng.uniform(-1, 0.2, (3, len(walk.action_map)))) for _ in range(steps)]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_an_environment_put_back_goes_on_bit_for_bit(case: str) -> None:
    first, second = environment(*CASES[case]), environment(*CASES[case])
    first.reset(seed=1)
    second.reset(seed=2)
    walked(first, 10, seed=0)
    walked(second, 5, seed=9)  # a past of its own, to be forgotten
    saved = {key: value.copy() for key, value in first.get_state().items()}
    expected = walked(first, 25, seed=1)
    assert any(result.done.any() for result in expected)  # new episodes too
    second.set_state(saved)
    for result, other in zip(expected, walked(second, 25, seed=1), strict=True):
        for name, value in vars(result).items():
            assert value.tobytes() == getattr(other, name).tobytes(), name
    again = second.get_state()
    assert all(value.tobytes() == again[key].tobytes() for key, value in first.get_state().items())
    first.close()
    second.close()


def test_the_state_of_another_condition_is_refused() -> None:
    tired, healthy = environment("condition=fatigue"), environment()
    tired.reset(seed=0)
    healthy.reset(seed=0)
    with pytest.raises(RunError, match="active is missing"):
        tired.set_state(healthy.get_state())
    tired.close()
    healthy.close()
