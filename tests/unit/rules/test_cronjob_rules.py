from graphs.rules.cronjob import (
    drop_closed_schedule,
    drop_orphaned_schedule,
    restore_schedule,
    schedule_new_sprint,
)
from tests.unit.rules.conftest import BuildFacts, BuildSprint

NO_CRONJOB = {"create_cronjob": False}


def test_new_sprint_gets_a_cronjob(facts: BuildFacts) -> None:
    ruling = schedule_new_sprint(facts())
    assert ruling is not None
    assert (ruling.kind, ruling.sprint_id) == ("create_cronjob", None)
    assert "0 14 * * 1-5" in ruling.reason


def test_new_sprint_gets_no_cronjob_unless_requested(facts: BuildFacts) -> None:
    assert schedule_new_sprint(facts(options=NO_CRONJOB)) is None


def test_nothing_is_scheduled_without_a_new_sprint(facts: BuildFacts) -> None:
    assert schedule_new_sprint(facts(unassigned=())) is None
    assert schedule_new_sprint(facts(team_working_days=0)) is None


def test_sprint_in_progress_without_a_cronjob_gets_one(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    ruling = restore_schedule(facts(active_sprint=sprint(cronjob=None)))
    assert ruling is not None
    assert (ruling.kind, ruling.sprint_id) == ("create_cronjob", "APOLLO-S01")


def test_sprint_with_a_cronjob_gets_no_second_one(facts: BuildFacts, sprint: BuildSprint) -> None:
    assert restore_schedule(facts(active_sprint=sprint())) is None


def test_missing_cronjob_is_not_created_again_unless_requested(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    situation = facts(active_sprint=sprint(cronjob=None), options=NO_CRONJOB)
    assert restore_schedule(situation) is None


def test_sprint_that_closes_gets_no_cronjob(facts: BuildFacts, sprint: BuildSprint) -> None:
    assert restore_schedule(facts(active_sprint=sprint(cronjob=None, pending_tasks=0))) is None
    assert restore_schedule(facts()) is None


def test_cronjob_of_a_closed_sprint_is_deleted(facts: BuildFacts, sprint: BuildSprint) -> None:
    ruling = drop_closed_schedule(facts(active_sprint=sprint(pending_tasks=0)))
    assert ruling is not None
    assert (ruling.kind, ruling.cronjob) == ("delete_cronjob", "run-dailyscrum-apollo-s01")


def test_cronjob_of_a_sprint_in_progress_is_not_deleted(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    assert drop_closed_schedule(facts(active_sprint=sprint())) is None
    assert drop_closed_schedule(facts()) is None
    assert drop_closed_schedule(facts(active_sprint=sprint(pending_tasks=0, cronjob=None))) is None


def test_cronjob_of_a_sprint_that_ended_earlier_is_deleted(facts: BuildFacts) -> None:
    ruling = drop_orphaned_schedule(facts(orphaned_cronjobs=("run-a",)))
    assert ruling is not None
    assert (ruling.kind, ruling.cronjob) == ("delete_cronjob", "run-a")
    assert drop_orphaned_schedule(facts()) is None


def test_one_orphaned_cronjob_is_deleted_a_run_and_the_others_are_counted(
    facts: BuildFacts,
) -> None:
    ruling = drop_orphaned_schedule(facts(orphaned_cronjobs=("run-a", "run-b", "run-c")))
    assert ruling is not None
    assert ruling.cronjob == "run-a"
    assert "2 more are left to the next runs" in ruling.reason
