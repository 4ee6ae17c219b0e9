from datetime import date

from graphs.rules.closing import close_sprint


def test_a_sprint_without_pending_tasks_is_closed(facts, sprint):
    ruling = close_sprint(facts(active_sprint=sprint(pending_tasks=0)))
    assert ruling is not None
    assert (ruling.kind, ruling.sprint_id) == ("close_sprint", "APOLLO-S01")
    assert "none of its 8 tasks is pending" in ruling.reason


def test_a_sprint_is_closed_the_day_after_its_last_day(facts, sprint):
    ruling = close_sprint(facts(active_sprint=sprint(end_date=date(2016, 6, 5))))
    assert ruling is not None
    assert "2016-06-05 has passed with 1 of 8 tasks pending" in ruling.reason


def test_a_sprint_with_one_pending_task_on_its_last_day_goes_on(facts, sprint):
    assert close_sprint(facts(active_sprint=sprint())) is None


def test_no_sprint_is_closed_where_none_is_in_progress(facts):
    assert close_sprint(facts()) is None


def test_the_reason_says_why_no_sprint_follows_in_the_same_run(facts, sprint):
    ruling = close_sprint(facts(active_sprint=sprint(pending_tasks=0)))
    assert ruling is not None
    assert "A new sprint is left to the next run" in ruling.reason
