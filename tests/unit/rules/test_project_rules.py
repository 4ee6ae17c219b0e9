from graphs.rules.catalogue import decide
from graphs.rules.cronjob import restore_schedule
from graphs.rules.project import block_inactive_project
from tests.unit.rules.conftest import BuildFacts, BuildSprint


def test_an_inactive_project_gets_no_sprint(facts: BuildFacts) -> None:
    (ruling,) = decide(facts(project_status="inactive"))
    assert (ruling.kind, ruling.rule) == ("blocked", "block_inactive_project")
    assert ruling.reason.startswith("APOLLO is inactive, so that no sprint is created.")


def test_its_backlog_and_team_do_not_matter(facts: BuildFacts) -> None:
    for situation in (
        facts(project_status="inactive", unassigned=()),
        facts(project_status="inactive", team_working_days=0),
        facts(project_status="inactive", options={"max_tasks": 0}),
    ):
        assert [ruling.rule for ruling in decide(situation)] == ["block_inactive_project"]


def test_an_active_project_is_not_blocked(facts: BuildFacts) -> None:
    assert block_inactive_project(facts()) is None


def test_a_request_without_a_sprint_is_not_blocked(facts: BuildFacts) -> None:
    situation = facts(project_status="inactive", options={"create_sprint_if_needed": False})
    assert [ruling.rule for ruling in decide(situation)] == ["keep_as_is"]


def test_the_running_sprint_of_an_inactive_project_is_closed_when_over(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    running = facts(project_status="inactive", active_sprint=sprint())
    assert [ruling.kind for ruling in decide(running)] == ["nothing"]
    over = facts(project_status="inactive", active_sprint=sprint(pending_tasks=0))
    assert [ruling.kind for ruling in decide(over)] == ["close_sprint", "delete_cronjob"]


def test_an_inactive_project_gets_no_schedule_back(facts: BuildFacts, sprint: BuildSprint) -> None:
    situation = facts(project_status="inactive", active_sprint=sprint(cronjob=None))
    assert restore_schedule(situation) is None
