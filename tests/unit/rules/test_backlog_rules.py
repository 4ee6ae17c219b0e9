from datetime import date

from graphs.rules.backlog import create_sprint, keep_as_is
from graphs.rules.base import TaskFact
from graphs.rules.catalogue import decide
from tests.unit.rules.conftest import BuildFacts, BuildSprint


def tasks(count: int) -> tuple[TaskFact, ...]:
    return tuple(TaskFact(f"T{n}", 1) for n in range(count))


def test_unassigned_tasks_without_a_sprint_become_one(facts: BuildFacts) -> None:
    ruling = create_sprint(facts())
    assert ruling is not None
    assert (ruling.kind, ruling.tasks, ruling.duration_weeks) == ("create_sprint", 10, 2)
    assert "17 of 20 backlog tasks are free to be planned" in ruling.reason


def test_one_unassigned_task_is_enough_for_a_sprint(facts: BuildFacts) -> None:
    ruling = create_sprint(facts(unassigned=tasks(1)))
    assert ruling is not None
    assert ruling.tasks == 1


def test_without_an_unassigned_task_nothing_is_created(facts: BuildFacts) -> None:
    situation = facts(unassigned=())
    assert create_sprint(situation) is None
    ruling = keep_as_is(situation)
    assert ruling is not None
    assert ruling.kind == "nothing"
    assert ruling.reason == "Nothing, because none of the 20 backlog tasks is free to be planned."


def test_backlog_in_which_every_task_waits_begins_no_sprint(facts: BuildFacts) -> None:
    situation = facts(plannable=(), unassigned_tasks=4)
    assert create_sprint(situation) is None
    ruling = keep_as_is(situation)
    assert ruling is not None
    assert ruling.reason == "Nothing, because each of the 4 free tasks waits for another task."
    picked = facts(options={"task_ids": ("T1", "T2")}, plannable=(), unassigned_tasks=4)
    ruling = keep_as_is(picked)
    assert ruling is not None
    assert "each of the 2 tasks picked waits for another task" in ruling.reason


def test_reason_explains_the_pace_with_its_numbers(facts: BuildFacts) -> None:
    ruling = create_sprint(facts())
    assert ruling is not None
    assert "10 tasks are as likely reached as not." in ruling.reason


def test_no_second_sprint_is_created_beside_one_in_progress(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    situation = facts(active_sprint=sprint())
    assert create_sprint(situation) is None
    ruling = keep_as_is(situation)
    assert ruling is not None
    assert "APOLLO-S01 is in progress until 2016-06-06 with 1 of 8 tasks pending" in ruling.reason


def test_no_sprint_is_created_when_the_request_does_not_ask_for_one(facts: BuildFacts) -> None:
    situation = facts(options={"create_sprint_if_needed": False})
    assert create_sprint(situation) is None
    ruling = keep_as_is(situation)
    assert ruling is not None
    assert "does not ask for one" in ruling.reason


def test_request_that_assigns_no_tasks_gets_its_own_reason(facts: BuildFacts) -> None:
    situation = facts(options={"assign_tasks": False})
    assert create_sprint(situation) is None
    ruling = keep_as_is(situation)
    assert ruling is not None
    assert "the request assigns no tasks" in ruling.reason
    assert "does not ask for one" not in ruling.reason


def test_nothing_is_not_said_beside_a_change_of_a_schedule(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    for changes in (
        {"active_sprint": sprint(cronjob=None)},
        {"active_sprint": sprint(), "orphaned_cronjobs": ("run-dailyscrum-apollo-s00",)},
    ):
        ruling = keep_as_is(facts(**changes))
        assert ruling is not None
        assert ruling.reason.startswith("No sprint begins or ends, because sprint APOLLO-S01")
    ruling = keep_as_is(
        facts(options={"create_cronjob": False}, active_sprint=sprint(cronjob=None))
    )
    assert ruling is not None
    assert ruling.reason.startswith("Nothing, because")


def test_reasons_hold_also_when_nothing_is_carried_out(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    """A dry run and a refused call have the same reasons as a run that acts."""
    over = facts(active_sprint=sprint(pending_tasks=0))
    for situation in (facts(), over):
        for ruling in decide(situation):
            assert " is to " in ruling.reason, ruling.reason


def test_empty_backlog_is_said_as_such(facts: BuildFacts) -> None:
    ruling = keep_as_is(facts(unassigned=(), backlog_tasks=0))
    assert ruling is not None
    assert ruling.reason == "Nothing, because the backlog has no open task."


def test_limit_of_zero_tasks_creates_nothing(facts: BuildFacts) -> None:
    situation = facts(options={"max_tasks": 0})
    assert create_sprint(situation) is None
    ruling = keep_as_is(situation)
    assert ruling is not None
    assert "allows 0 tasks" in ruling.reason


def test_keep_as_is_does_not_apply_when_a_sprint_starts_or_ends(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    assert keep_as_is(facts()) is None
    assert keep_as_is(facts(active_sprint=sprint(pending_tasks=0))) is None


def test_sprint_has_the_requested_duration(facts: BuildFacts) -> None:
    ruling = create_sprint(facts(options={"sprint_duration_weeks": 3}))
    assert ruling is not None
    assert ruling.duration_weeks == 3


def test_a_sprint_of_a_later_day_says_when_it_begins(facts: BuildFacts) -> None:
    later = create_sprint(facts(next_start=date(2016, 6, 7)))
    assert later is not None
    assert "It begins on 2016-06-07, the next working day." in later.reason
    for today in (None, date(2016, 6, 6)):
        ruling = create_sprint(facts(next_start=today))
        assert ruling is not None
        assert "begins" not in ruling.reason
