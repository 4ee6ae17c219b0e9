from graphs.rules.backlog import create_sprint, keep_as_is
from graphs.rules.base import TaskFact


def tasks(count):
    return tuple(TaskFact(f"T{n}", 1) for n in range(count))


def test_unassigned_tasks_without_a_sprint_become_one(facts):
    ruling = create_sprint(facts())
    assert ruling is not None
    assert (ruling.kind, ruling.tasks, ruling.duration_weeks) == ("create_sprint", 10, 2)
    assert "17 of 20 backlog tasks are unassigned" in ruling.reason


def test_one_unassigned_task_is_enough(facts):
    ruling = create_sprint(facts(unassigned=tasks(1)))
    assert ruling is not None
    assert ruling.tasks == 1


def test_no_unassigned_task_creates_nothing_and_says_so(facts):
    given = facts(unassigned=())
    assert create_sprint(given) is None
    ruling = keep_as_is(given)
    assert ruling is not None
    assert ruling.kind == "nothing"
    assert ruling.reason == "Nothing, because none of the 20 backlog tasks is unassigned."


def test_a_sprint_in_progress_keeps_another_from_being_created(facts, sprint):
    given = facts(active_sprint=sprint())
    assert create_sprint(given) is None
    ruling = keep_as_is(given)
    assert ruling is not None
    assert "APOLLO-S01 is in progress until 2016-06-06 with 1 of 8 tasks pending" in ruling.reason


def test_a_sprint_that_is_not_wished_is_not_created(facts):
    given = facts(options={"create_sprint_if_needed": False})
    assert create_sprint(given) is None
    ruling = keep_as_is(given)
    assert ruling is not None
    assert "does not ask for one" in ruling.reason


def test_a_limit_of_no_tasks_creates_nothing(facts):
    given = facts(options={"max_tasks": 0})
    assert create_sprint(given) is None
    ruling = keep_as_is(given)
    assert ruling is not None
    assert "allows 0 tasks" in ruling.reason


def test_keep_as_is_is_silent_when_a_sprint_begins_or_ends(facts, sprint):
    assert keep_as_is(facts()) is None
    assert keep_as_is(facts(active_sprint=sprint(pending_tasks=0))) is None


def test_the_wished_duration_is_taken(facts):
    ruling = create_sprint(facts(options={"sprint_duration_weeks": 3}))
    assert ruling is not None
    assert ruling.duration_weeks == 3
