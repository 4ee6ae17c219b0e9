import pytest

from graphs.rules.backlog import create_sprint
from graphs.rules.base import TaskFact
from graphs.rules.capacity import describe_capacity, planned_tasks
from tests.unit.rules.conftest import BuildFacts


@pytest.mark.parametrize(
    ("unassigned", "limit", "planned"),
    [(17, None, 10), (10, None, 10), (9, None, 9), (17, 12, 10), (17, 4, 4), (3, 4, 3), (0, 5, 0)],
)
def test_own_pace_is_planned_within_the_plannable_tasks_and_the_callers_limit(
    facts: BuildFacts, unassigned: int, limit: int | None, planned: int
) -> None:
    tasks = tuple(TaskFact(f"T{n}", 1) for n in range(unassigned))
    assert planned_tasks(facts(options={"max_tasks": limit}, unassigned=tasks)) == planned


def test_reason_names_the_team_and_its_capacity(facts: BuildFacts) -> None:
    ruling = create_sprint(facts())
    assert ruling is not None
    assert "The team has 5 people with 48 working days in the window." in ruling.reason


def test_reason_says_that_no_team_is_known(facts: BuildFacts) -> None:
    situation = facts(team_size=None, team_working_days=None)
    assert describe_capacity(situation) == "No team is known, the window has 10 working days."


def test_reason_admits_unknown_working_days(facts: BuildFacts) -> None:
    assert describe_capacity(facts(team_size=None, working_days=None)) == "No team is known."
    assert "not known" in describe_capacity(facts(team_size=1, team_working_days=None))


def test_first_days_off_are_named_and_the_others_counted(facts: BuildFacts) -> None:
    off = tuple(f"2016-06-{day:02} leave (ANN)" for day in range(6, 12))
    assert "; off: 2016-06-06 leave (ANN)." in describe_capacity(facts(days_off=off[:1]))
    assert describe_capacity(facts(days_off=off[:5])).endswith("2016-06-10 leave (ANN).")
    assert describe_capacity(facts(days_off=off)).endswith("2016-06-10 leave (ANN) and 1 more.")
