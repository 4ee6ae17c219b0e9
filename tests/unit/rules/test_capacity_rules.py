import pytest

from graphs.rules.backlog import create_sprint
from graphs.rules.base import TaskFact
from graphs.rules.capacity import describe_capacity, planned_tasks


@pytest.mark.parametrize(
    ("unassigned", "limit", "planned"),
    [(17, None, 10), (10, None, 10), (9, None, 9), (17, 12, 12), (17, 4, 4), (3, 4, 3), (0, 5, 0)],
)
def test_tasks_are_the_unassigned_up_to_the_limit(facts, unassigned, limit, planned):
    waiting = tuple(TaskFact(f"T{n}", 1) for n in range(unassigned))
    assert planned_tasks(facts(options={"max_tasks": limit}, unassigned=waiting)) == planned


def test_the_reason_names_team_and_capacity(facts):
    ruling = create_sprint(facts())
    assert ruling is not None
    assert "The team has 5 people with 48 working days in the window." in ruling.reason


def test_the_reason_says_that_no_team_is_known(facts):
    given = facts(team_size=None, team_working_days=None)
    assert describe_capacity(given) == "No team is known, the window has 10 working days."


def test_unknown_working_days_are_not_made_up(facts):
    assert describe_capacity(facts(team_size=None, working_days=None)) == "No team is known."
    assert "not known" in describe_capacity(facts(team_size=1, team_working_days=None))


def test_days_off_are_named_and_many_are_counted(facts):
    off = tuple(f"2016-06-{day:02} leave (ANN)" for day in range(6, 12))
    assert "; off: 2016-06-06 leave (ANN)." in describe_capacity(facts(days_off=off[:1]))
    assert describe_capacity(facts(days_off=off[:5])).endswith("2016-06-10 leave (ANN).")
    assert describe_capacity(facts(days_off=off)).endswith("2016-06-10 leave (ANN) and 1 more.")
