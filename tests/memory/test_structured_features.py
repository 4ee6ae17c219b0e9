"""Features are bounded, and their similarity falls with the distance."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from memory.features import DIMENSIONS, LIMIT, SCALES, features, similarity
from tests.memory.conftest import perceive

NAMES = list(SCALES)


def test_equal_states_of_two_projects_have_equal_features() -> None:
    assert features(perceive("ALPHA")) == features(perceive("BETA"))


def test_unknown_value_is_the_mean() -> None:
    unknown = perceive(
        team_size=None, working_days=None, team_working_days=None, past_sprints=0, completed=()
    )
    values = dict(zip(NAMES, features(unknown), strict=True))
    names = ("throughput", "last", "variation", "trend", "team", "week", "present")
    assert [values[name] for name in names] == [0.0] * len(names)
    assert values["backlog"] != 0.0


def test_empty_team_differs_from_an_unknown_team() -> None:
    at = NAMES.index("team")
    assert features(perceive(team_size=0))[at] < 0.0 == features(perceive(team_size=None))[at]


@given(
    backlog=some.integers(0, 10**6),
    completed=some.lists(some.integers(0, 10**6), max_size=24),
    days=some.integers(1, 400),
)
def test_every_state_has_bounded_features(backlog: int, completed: list[int], days: int) -> None:
    state = perceive(backlog_tasks=backlog, completed=tuple(completed), sprint_days=days)
    assert len(features(state)) == DIMENSIONS
    assert all(-LIMIT <= value <= LIMIT for value in features(state))


def test_similarity_is_one_at_no_distance_and_half_at_one_unit_in_every_feature() -> None:
    assert similarity(0.0) == 1.0
    assert similarity(DIMENSIONS**0.5) == pytest.approx(0.5)


@given(near=some.floats(0, 1000), more=some.floats(0.01, 1000))
def test_similarity_falls_with_distance_and_stays_above_zero(near: float, more: float) -> None:
    assert 1.0 >= similarity(near) > similarity(near + more) > 0.0
