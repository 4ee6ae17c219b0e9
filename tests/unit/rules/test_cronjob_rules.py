from datetime import UTC, date, datetime

from graphs.rules.cronjob import (
    change_schedule,
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
    assert "Monday to Friday at 14:00, UTC" in ruling.reason


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


MORNING = datetime(2016, 6, 6, 8, tzinfo=UTC)  # a Monday
EVENING = datetime(2016, 6, 6, 20, tzinfo=UTC)


def test_schedule_named_in_the_request_changes_the_running_sprint(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    running = sprint(schedule="0 14 * * 1-5", end_date=date(2016, 6, 17))
    ruling = change_schedule(facts(active_sprint=running, options={"schedule": "30 9 * * 1-5"}))
    assert ruling is not None
    assert (ruling.kind, ruling.cronjob) == ("change_cronjob", "run-dailyscrum-apollo-s01")
    assert "Monday to Friday at 09:30, UTC (was Monday to Friday at 14:00, UTC)" in ruling.reason


def test_schedule_of_the_running_sprint_is_kept_without_another_wish(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    running = sprint(schedule="0 14 * * 1-5")
    for options in (
        {"schedule": None},
        {"schedule": " 0  14 * * 1-5"},
        {"schedule": "0 9 * * *", "create_cronjob": False},
    ):
        assert change_schedule(facts(active_sprint=running, options=options)) is None
    other = {"schedule": "0 9 * * *"}
    assert change_schedule(facts(options=other)) is None
    assert change_schedule(facts(active_sprint=sprint(cronjob=None), options=other)) is None
    over = sprint(schedule="0 14 * * 1-5", pending_tasks=0)
    assert change_schedule(facts(active_sprint=over, options=other)) is None


def test_new_sprint_gets_the_default_schedule_when_none_is_named(facts: BuildFacts) -> None:
    ruling = schedule_new_sprint(facts(options={"schedule": None}))
    assert ruling is not None
    assert "Monday to Friday at 14:00, UTC" in ruling.reason


def test_schedule_deleted_by_a_person_is_not_restored(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    deleted = sprint(cronjob=None, schedule_deleted="maria deleted it on 2016-06-02")
    ruling = restore_schedule(facts(active_sprint=deleted))
    assert ruling is not None
    assert ruling.kind == "no_cronjob"
    assert "because maria deleted it on 2016-06-02" in ruling.reason


def test_schedule_that_can_never_fire_is_said_and_not_created(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    impossible = {"schedule": "0 8 30 2 *"}
    new = schedule_new_sprint(facts(options=impossible, now=MORNING))
    assert new is not None
    assert new.kind == "no_cronjob"
    assert "no day matches its schedule (Each year on 30 February at 08:00, UTC)" in new.reason

    restored = restore_schedule(facts(active_sprint=sprint(cronjob=None), now=EVENING))
    assert restored is not None
    assert restored.kind == "no_cronjob"
    assert "does not come any more up to 2016-06-06" in restored.reason

    running = sprint(schedule="0 14 * * 1-5")
    changed = change_schedule(
        facts(active_sprint=running, options={"schedule": "0 15 * * *"}, now=EVENING)
    )
    assert changed is not None
    assert changed.kind == "no_cronjob"


def test_schedule_is_created_while_one_due_time_is_left(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    ruling = restore_schedule(facts(active_sprint=sprint(cronjob=None), now=MORNING))
    assert ruling is not None
    assert ruling.kind == "create_cronjob"
