from datetime import date

from graphs.rules.closing import close_sprint
from tests.unit.rules.conftest import BuildFacts, BuildSprint


def test_sprint_without_pending_tasks_is_closed(facts: BuildFacts, sprint: BuildSprint) -> None:
    ruling = close_sprint(facts(active_sprint=sprint(pending_tasks=0)))
    assert ruling is not None
    assert (ruling.kind, ruling.sprint_id) == ("close_sprint", "APOLLO-S01")
    assert "none of its 8 tasks is pending" in ruling.reason


def test_sprint_is_closed_the_day_after_its_last_day(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    ruling = close_sprint(facts(active_sprint=sprint(end_date=date(2016, 6, 5))))
    assert ruling is not None
    assert "2016-06-05 has passed with 1 of 8 tasks pending" in ruling.reason


def test_sprint_with_a_pending_task_on_its_last_day_is_not_closed(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    assert close_sprint(facts(active_sprint=sprint())) is None


def test_nothing_is_closed_when_no_sprint_is_in_progress(facts: BuildFacts) -> None:
    assert close_sprint(facts()) is None


def test_reason_says_why_no_sprint_follows_in_the_same_run(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    ruling = close_sprint(facts(active_sprint=sprint(pending_tasks=0)))
    assert ruling is not None
    assert "A new sprint is left to the next run" in ruling.reason
