import itertools
from datetime import date

from graphs.rules.base import Facts
from graphs.rules.catalogue import RULES, decide
from tests.unit.rules.conftest import BuildFacts, BuildSprint

ABOUT_SPRINTS = {"create_sprint", "close_sprint", "blocked", "nothing"}


def kinds(facts: Facts) -> list[str]:
    return [ruling.kind for ruling in decide(facts)]


def test_a_new_sprint_comes_before_its_cronjob(facts: BuildFacts) -> None:
    assert kinds(facts()) == ["create_sprint", "create_cronjob"]


def test_no_sprint_is_created_in_the_run_that_closes_one(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    assert kinds(facts(active_sprint=sprint(pending_tasks=0))) == ["close_sprint", "delete_cronjob"]


def test_a_sprint_in_progress_with_its_cronjob_needs_nothing(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    assert kinds(facts(active_sprint=sprint())) == ["nothing"]


def test_missing_cronjob_of_a_sprint_in_progress_is_created_again(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    assert kinds(facts(active_sprint=sprint(cronjob=None))) == ["create_cronjob", "nothing"]


def test_absent_team_gets_neither_sprint_nor_cronjob(facts: BuildFacts) -> None:
    assert kinds(facts(team_working_days=0)) == ["blocked"]


def test_orphaned_cronjob_is_deleted_whatever_else_is_decided(facts: BuildFacts) -> None:
    assert kinds(facts(orphaned_cronjobs=("run-a",)))[0] == "delete_cronjob"
    assert kinds(facts(orphaned_cronjobs=("run-a",), unassigned=())) == [
        "delete_cronjob",
        "nothing",
    ]


def test_exactly_one_ruling_is_about_the_sprint_in_every_situation(
    facts: BuildFacts, sprint: BuildSprint
) -> None:
    sprints = [None] + [
        sprint(pending_tasks=pending, end_date=date(2016, 6, day), cronjob=job)
        for pending, day, job in itertools.product((0, 1), (5, 6), (None, "run-x"))
    ]
    for active, allowed, scheduled, limit, unassigned, working, status in itertools.product(
        sprints,
        (True, False),
        (True, False),
        (None, 0, 4),
        (True, False),
        (None, 0, 48),
        ("active", "inactive"),
    ):
        options = {
            "create_sprint_if_needed": allowed,
            "create_cronjob": scheduled,
            "max_tasks": limit,
        }
        changes = {"options": options, "active_sprint": active, "project_status": status}
        situation = facts(**changes, team_working_days=working)
        if not unassigned:
            situation = facts(**changes, unassigned=())
        rulings = decide(situation)
        assert sum(ruling.kind in ABOUT_SPRINTS for ruling in rulings) == 1
        assert all(ruling.reason.endswith(".") for ruling in rulings)


def test_rulings_carry_the_name_of_their_rule(facts: BuildFacts, sprint: BuildSprint) -> None:
    names = {rule.__name__ for rule in RULES}
    assert len(names) == len(RULES)
    for situation in (facts(), facts(active_sprint=sprint()), facts(orphaned_cronjobs=("run-a",))):
        assert {ruling.rule for ruling in decide(situation)} <= names
