"""The windows of a history are as long as the tracker's own sprints, unless somebody said."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.history.known_rows import KnownRows
from agent.importing.history.sprint_length import SprintLength, choose_length
from agent.importing.history.sprint_notices import length_notice
from agent.importing.tasks import TrackerSprint

MONDAY = date(2024, 1, 1)
DAY = MONDAY + timedelta(400)
DEFAULT = SprintLength(14)


def sprint(start: int, days: int, **fields: object) -> TrackerSprint:
    """Make a sprint that begins so many days after a Monday; `days` may be negative."""
    first = MONDAY + timedelta(start)
    last = first + timedelta(days - 1)
    return TrackerSprint("P", f"S{start}", first, last, **fields)  # pyright: ignore[reportArgumentType]


def in_a_row(lengths: Iterable[int], apart: int = 28) -> list[TrackerSprint]:
    return [sprint(place * apart, days) for place, days in enumerate(lengths)]


def chosen(sprints: Sequence[TrackerSprint], day: date = DAY) -> SprintLength:
    return choose_length(None, None, sprints, day)


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([7, 7, 7], SprintLength(7, 3)),
        ([20, 21, 22, 21], SprintLength(21, 4)),
        # From a Monday to a Friday.
        ([12, 12, 12], SprintLength(14, 3)),
        ([10, 10, 11], SprintLength(10, 3)),
        # Many sprints: the newest six.
        ([21] * 8 + [14] * 6, SprintLength(14, 6)),
        # One is no rhythm, nor are two boards of two lengths.
        ([21], DEFAULT),
        ([7, 28, 7, 28], DEFAULT),
        # Nothing that a sprint which is decided here can last.
        ([1, 1, 1], DEFAULT),
        ([120, 120, 120], DEFAULT),
        # The end before the start.
        ([-5, -5, -5], DEFAULT),
    ],
)
def test_typical_length_of_sprints_that_are_over_is_the_default(
    lengths: list[int], expected: SprintLength
) -> None:
    assert chosen(in_a_row(lengths)) == expected


def test_sprints_that_are_not_over_or_of_unknown_days_do_not_count() -> None:
    over = in_a_row([21, 21])
    others = [
        sprint(200, 7, state="future"),
        sprint(210, 7, state="active"),
        sprint(399, 7),
        sprint(220, 7, inferred=True),
        TrackerSprint("P", "no days", None, None),
        TrackerSprint("P", "no end", MONDAY, None),
    ]
    assert chosen([*over, *others]) == SprintLength(21, 2)
    # On an earlier day only one of them is over.
    assert chosen(over, MONDAY + timedelta(30)) == DEFAULT


def test_planned_length_counts_of_a_sprint_that_was_closed_late() -> None:
    late = [sprint(place * 28, 14, closed=MONDAY + timedelta(place * 28 + 20)) for place in (0, 1)]
    assert chosen(late) == SprintLength(14, 2)


def test_requested_length_goes_first_and_then_that_of_an_earlier_import() -> None:
    before = KnownRows("P", DAY, 10, DAY, ())
    weekly = in_a_row([7, 7, 7])
    assert choose_length(30, before, weekly, DAY) == SprintLength(30)
    assert choose_length(None, before, weekly, DAY) == SprintLength(10)


@given(st.lists(st.integers(-30, 200), max_size=12))
def test_length_is_one_that_a_sprint_can_have(lengths: list[int]) -> None:
    length = chosen(in_a_row(lengths))
    assert 7 <= length.days <= 56
    assert (length_notice("P", length) is not None) == (length != DEFAULT or length.sprints > 0)
