from graphs.rules.cronjob import (
    drop_closed_schedule,
    drop_orphaned_schedule,
    restore_schedule,
    schedule_new_sprint,
)

UNWISHED = {"create_cronjob": False}


def test_a_new_sprint_gets_a_cronjob(facts):
    ruling = schedule_new_sprint(facts())
    assert ruling is not None
    assert (ruling.kind, ruling.sprint_id) == ("create_cronjob", None)
    assert "0 14 * * 1-5" in ruling.reason


def test_a_new_sprint_gets_no_cronjob_unless_wished(facts):
    assert schedule_new_sprint(facts(options=UNWISHED)) is None


def test_without_a_new_sprint_there_is_nothing_to_schedule(facts):
    assert schedule_new_sprint(facts(unassigned=())) is None
    assert schedule_new_sprint(facts(team_working_days=0)) is None


def test_a_sprint_that_lost_its_cronjob_gets_it_back(facts, sprint):
    ruling = restore_schedule(facts(active_sprint=sprint(cronjob=None)))
    assert ruling is not None
    assert (ruling.kind, ruling.sprint_id) == ("create_cronjob", "APOLLO-S01")


def test_a_sprint_with_its_cronjob_is_left_alone(facts, sprint):
    assert restore_schedule(facts(active_sprint=sprint())) is None


def test_a_lost_cronjob_is_not_restored_unless_wished(facts, sprint):
    given = facts(active_sprint=sprint(cronjob=None), options=UNWISHED)
    assert restore_schedule(given) is None


def test_a_sprint_that_closes_gets_no_cronjob_back(facts, sprint):
    assert restore_schedule(facts(active_sprint=sprint(cronjob=None, pending_tasks=0))) is None
    assert restore_schedule(facts()) is None


def test_the_cronjob_of_a_closed_sprint_is_deleted(facts, sprint):
    ruling = drop_closed_schedule(facts(active_sprint=sprint(pending_tasks=0)))
    assert ruling is not None
    assert (ruling.kind, ruling.cronjob) == ("delete_cronjob", "run-dailyscrum-apollo-s01")


def test_the_cronjob_of_a_sprint_that_goes_on_is_kept(facts, sprint):
    assert drop_closed_schedule(facts(active_sprint=sprint())) is None
    assert drop_closed_schedule(facts()) is None
    assert drop_closed_schedule(facts(active_sprint=sprint(pending_tasks=0, cronjob=None))) is None


def test_the_cronjob_of_a_sprint_that_is_gone_is_deleted(facts):
    ruling = drop_orphaned_schedule(facts(orphaned_cronjobs=("run-a",)))
    assert ruling is not None
    assert (ruling.kind, ruling.cronjob) == ("delete_cronjob", "run-a")
    assert drop_orphaned_schedule(facts()) is None


def test_orphans_are_deleted_one_a_run_and_the_others_are_counted(facts):
    ruling = drop_orphaned_schedule(facts(orphaned_cronjobs=("run-a", "run-b", "run-c")))
    assert ruling is not None
    assert ruling.cronjob == "run-a"
    assert "2 more are left to the next runs" in ruling.reason
