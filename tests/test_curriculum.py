"""Levels move as the rule says, rows walk on the ground of their level, and nothing of it is lost by a resume."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import experiment
from stable_baselines3.common.logger import Logger

from myoassist.config import CurriculumTerrain, Rough
from myoassist.env.curriculum import Curriculum
from myoassist.env.episodes import TIME_UP, Episode
from myoassist.env.walk import WalkEnv
from myoassist.learn.callbacks import EpisodeStatistics, record_episodes
from myoassist.learn.evaluate import summarize, trial_config

DT = 0.1  # s, of the scripted episodes


def curriculum(num_envs: int = 4, **changes: Any) -> Curriculum:
    settings = {"tiles": {"rough": Rough()}, "levels": 4, "variants": 2, "promote_distance": 8.0, "demote_seconds": 2.0}
    return Curriculum(CurriculumTerrain(**{**settings, **changes}), num_envs)  # type: ignore[arg-type]


def end(levels: Curriculum, *episodes: tuple[float, float, bool]) -> list[int]:
    """End an episode of (distance m, seconds, time was up) in every environment; the levels after it."""
    distance, seconds, time_up = (np.array(values) for values in zip(*episodes, strict=True))
    state: Any = SimpleNamespace(
        distance=distance, step=np.round(seconds / DT).astype(int), task=SimpleNamespace(dt=DT), num_envs=len(episodes)
    )
    levels.finish(np.arange(len(episodes)), time_up, state)
    return levels.level.tolist()


FAR, FELL_LATE, FELL_EARLY = (8.0, 7.0, False), (7.9, 6.0, False), (0.5, 1.9, False)
STOOD, SHORT_BUT_TIME_UP = (0.0, 20.0, True), (0.5, 1.0, True)


class TestRule:
    def test_promoted_by_distance_and_demoted_by_early_falls(self) -> None:
        levels = curriculum(5)
        assert end(levels, FAR, FAR, FAR, FAR, FAR) == [1, 1, 1, 1, 1]
        assert end(levels, FAR, FELL_LATE, FELL_EARLY, STOOD, SHORT_BUT_TIME_UP) == [2, 1, 0, 1, 1]
        assert end(levels, *[FELL_EARLY] * 5) == [1, 0, 0, 0, 0]  # there is nothing below 0
        assert not levels.graduated.any()

    def test_only_the_rows_that_ended_move(self) -> None:
        levels = curriculum(3)
        state: Any = SimpleNamespace(distance=np.full(3, 9.0), step=np.full(3, 50), task=SimpleNamespace(dt=DT))
        levels.finish(np.array([1]), np.zeros(3, dtype=bool), state)
        assert levels.level.tolist() == [0, 1, 0]

    def test_an_early_fall_far_away_is_still_a_success(self) -> None:
        assert end(curriculum(1), (8.5, 1.0, False)) == [1]

    def test_levels_are_random_once_the_last_is_passed(self) -> None:
        levels, random = curriculum(1), np.random.default_rng(0)
        for level in (1, 2, 3):
            assert end(levels, FAR) == [level]
        assert [levels.begin(0, random) // 2 for _ in range(5)] == [3] * 5  # reached, not passed: it stays there
        end(levels, FAR)
        assert levels.graduated.all()
        drawn = []
        for _ in range(60):
            drawn.append(levels.begin(0, random) // 2)
            assert levels.level[0] == drawn[-1]
            end(levels, FELL_EARLY)
        assert np.bincount(drawn, minlength=4).min() > 5

    def test_graduates_spend_as_much_time_on_every_level(self) -> None:
        levels, random = curriculum(1), np.random.default_rng(0)
        for _ in range(4):
            end(levels, FAR)
        seconds, spent = (20.0, 10.0, 5.0, 1.0), np.zeros(4)
        for number in range(4000):
            levels.begin(0, random)
            here = int(levels.level[0])
            spent[here] += seconds[here] * (number >= 1000)  # from when the means are known
            end(levels, (0.0, seconds[here], False))
        assert spent / spent.sum() == pytest.approx([0.25] * 4, abs=0.04)

    def test_variants_are_drawn_by_the_environments_own_generator(self) -> None:
        levels = curriculum(2, variants=5)
        levels.level[:] = 0, 3
        grounds = [levels.begin(1, np.random.default_rng(seed)) for seed in range(40)]
        assert set(grounds) == {15, 16, 17, 18, 19}
        assert levels.begin(1, np.random.default_rng(7)) == grounds[7]
        assert curriculum(tiles={}).begin(0, np.random.default_rng(0)) == 0  # a plane

    def test_without_adaptation_the_levels_are_shared_equally(self) -> None:
        levels = curriculum(8, adapt=False)
        assert levels.level.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
        assert end(levels, *[FAR] * 8) == [0, 1, 2, 3, 0, 1, 2, 3]

    def test_target_speed_grows_with_the_level(self) -> None:
        levels = curriculum(4, start_speed=0.5)
        levels.level[:] = 0, 1, 2, 3
        assert levels.ease(np.array([1.4, 1.4, 1.4, 1.4])) == pytest.approx([0.5, 0.8, 1.1, 1.4])
        assert levels.ease(np.array([0.2, 0.5, 0.8, 0.8])) == pytest.approx([0.5, 0.5, 0.7, 0.8])
        same = np.full(4, 1.4)
        assert curriculum(4).ease(same) is same
        assert curriculum(4, start_speed=0.5, adapt=False).ease(same) is same


class TestLog:
    def test_early_falls_take_no_part_in_the_share_of_alternating_steps(self) -> None:
        """Two walks of 25 steps, 24 and 12 of the 24 possible changes of foot; 18 falls before a heel strike."""
        walks = [replace(self.episode(None, None), steps=25, alternating=count) for count in (24, 12)]
        falls = [replace(self.episode(None, None), steps=0, alternating=0)] * 18
        assert summarize([*walks, *falls]).alternation == 36 / 48
        assert summarize(falls).alternation == 0.0

    def episode(self, level: int | None, success: bool | None, reason: str = "fall") -> Episode:
        numbers = dict.fromkeys(("length", "steps", "alternating", "env"), 1)
        names = ("seconds", "total_reward", "distance", "mean_speed", "speed_error", "peak_load", "mean_activation")
        return Episode(**numbers, **dict.fromkeys(names, 1.0), terms={}, reason=reason, level=level, success=success)  # type: ignore[arg-type]

    def test_histogram_by_hand(self) -> None:
        levels = curriculum(8)
        levels.level[:] = 0, 0, 1, 1, 1, 1, 3, 3
        levels.graduated[6:] = True
        shares = {"envs_on_level_0": 0.25, "envs_on_level_1": 0.5, "envs_on_level_2": 0.0, "envs_on_level_3": 0.25}
        assert levels.numbers() == {"level": 1.25, "graduated": 0.25, **shares}

    def test_success_on_each_level(self) -> None:
        logger = Logger(None, [])
        ended = [(0, True), (0, True), (0, False), (0, True), (2, False)]
        record_episodes(logger, [self.episode(level, success) for level, success in ended])
        found = {key: value for key, value in logger.name_to_value.items() if key.startswith("curriculum/")}
        assert found == {"curriculum/success_on_level_0": 0.75, "curriculum/success_on_level_2": 0.0}
        logger = Logger(None, [])
        record_episodes(logger, [self.episode(None, None)])
        assert not any(key.startswith("curriculum/") for key in logger.name_to_value)

    def test_row_has_both(self) -> None:
        walk: Any = SimpleNamespace(numbers=curriculum(2).numbers)
        statistics = EpisodeStatistics(SimpleNamespace(walk=walk))  # type: ignore[arg-type]
        logger = Logger(None, [])
        statistics.model = SimpleNamespace(logger=logger)  # type: ignore[assignment]
        statistics.pending = [self.episode(0, True)]
        statistics.record()
        assert logger.name_to_value["curriculum/envs_on_level_0"] == 1.0
        assert logger.name_to_value["curriculum/success_on_level_0"] == 1.0

    def test_evaluation_by_level(self) -> None:
        reasons = {0: [TIME_UP, TIME_UP], 1: [TIME_UP, "fall"], 2: ["fall"]}
        result = summarize([self.episode(level, None, reason) for level in reasons for reason in reasons[level]])
        assert result.levels == {"level_0": 1.0, "level_1": 0.5, "level_2": 0.0}
        assert summarize([self.episode(None, None)]).levels == {}


SMALL = (
    "terrain=curriculum", "terrain.length=10", "terrain.tile_length=10", "terrain.levels=3", "terrain.variants=2",
    "termination=fall", "reset.bank_size=8", "num_envs=6", "threads=1",
)  # fmt: skip


def walker(*changes: str, **arguments: Any) -> WalkEnv:
    return WalkEnv(experiment(*SMALL, *changes), **arguments)


def play(walk: WalkEnv, steps: int) -> list[Episode]:
    """Episodes of a walker without muscles, which falls forward within a second."""
    for _ in range(steps):
        walk.step(np.full((walk.num_envs, len(walk.action_map)), -1.0))
    return walk.episodes.drain()


class TestEnvironment:
    def test_everyone_climbs_where_little_is_asked(self) -> None:
        walk = walker("terrain.promote_distance=0.05", "terrain.demote_seconds=0")
        walk.reset()
        heights = walk.task.ground.grid
        assert heights is not None and len(walk.sim.models) == 6
        episodes: list[Episode] = []
        for _ in range(60):
            episodes += play(walk, 1)
            assert (walk.sim.ground // 2 == walk.curriculum.level).all()  # type: ignore[union-attr]
            assert all(walk.sim._rows[row] is walk.sim.models[walk.sim.ground[row]] for row in range(6))
        first = [[e.level for e in episodes if e.env == env][:3] for env in range(6)]
        assert first == [[0, 1, 2]] * 6
        assert all(episode.success and episode.ground // 2 == episode.level for episode in episodes)
        assert walk.curriculum is not None and walk.curriculum.graduated.all()
        walk.close()

    def test_everyone_descends_where_much_is_asked(self) -> None:
        walk = walker("terrain.promote_distance=9", "terrain.demote_seconds=5")
        assert walk.curriculum is not None
        walk.curriculum.level[:] = 2
        walk.reset()
        episodes = play(walk, 60)
        first = [[e.level for e in episodes if e.env == env][:3] for env in range(6)]
        assert first == [[2, 1, 0]] * 6
        assert not any(episode.success for episode in episodes)
        walk.reset(seed=3)
        walk.curriculum.level[:] = 2
        walk.reset()  # goes on
        assert walk.curriculum.level.tolist() == [2] * 6
        walk.reset(seed=3)  # begins anew
        assert walk.curriculum.level.tolist() == [0] * 6
        walk.close()

    def test_target_speed_of_the_level(self) -> None:
        walk = walker("terrain.start_speed=0.65", "command.speed=1.25")
        assert walk.curriculum is not None
        walk.curriculum.level[:] = 0, 0, 1, 1, 2, 2
        walk.reset()
        assert walk.state.target_speed == pytest.approx([0.65, 0.65, 0.95, 0.95, 1.25, 1.25])
        walk.close()

    @pytest.mark.slow
    def test_state_goes_on_bit_by_bit(self) -> None:
        changes = ("terrain.promote_distance=0.3", "terrain.demote_seconds=5", "terrain.start_speed=0.8")
        first, second = walker(*changes), walker(*changes)
        first.reset()
        play(first, 40)
        state = first.get_state()
        second.reset(seed=9)
        play(second, 7)
        second.set_state(state)
        assert (second.sim.ground == first.sim.ground).all()
        assert len(set((first.sim.ground // 2).tolist())) > 1
        assert play(first, 40) == play(second, 40)
        assert (first.sim.state == second.sim.state).all()
        for key, value in first.get_state().items():
            assert (second.get_state()[key] == value).all(), key
        first.close()
        second.close()

    def test_evaluation_walks_on_every_level_and_nobody_moves(self) -> None:
        config = trial_config(experiment(*SMALL, "terrain.promote_distance=0.05", "terrain.start_speed=0.5"))
        walk = WalkEnv(config, seed=5)
        walk.reset(seed=5)
        assert (walk.state.target_speed == 1.25).all()
        episodes = play(walk, 60)
        assert len(episodes) > 6
        assert all(episode.level == episode.env % 3 for episode in episodes)
        walk.close()
