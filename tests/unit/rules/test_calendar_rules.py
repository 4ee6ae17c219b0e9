from graphs.rules.backlog import create_sprint
from graphs.rules.calendar import block_absent_team
from tests.unit.rules.conftest import BuildFacts, BuildSprint


def test_absent_team_blocks_a_sprint_and_the_reason_names_its_days_off(facts: BuildFacts) -> None:
    situation = facts(team_working_days=0, days_off=("2016-06-06 Pfingstmontag",))
    ruling = block_absent_team(situation)
    assert ruling is not None
    assert ruling.kind == "blocked"
    assert "team of 5" in ruling.reason
    assert "2016-06-06 Pfingstmontag" in ruling.reason
    assert create_sprint(situation) is None


def test_one_working_day_of_one_person_is_enough_for_a_sprint(facts: BuildFacts) -> None:
    situation = facts(team_working_days=1)
    assert block_absent_team(situation) is None
    assert create_sprint(situation) is not None


def test_unknown_team_blocks_nothing(facts: BuildFacts) -> None:
    for situation in (
        facts(team_size=None, team_working_days=None),
        facts(team_size=5, team_working_days=None),
        facts(team_size=0, team_working_days=0),
    ):
        assert block_absent_team(situation) is None
        assert create_sprint(situation) is not None


def test_window_without_a_working_day_blocks_a_sprint_of_an_unknown_team_too(
    facts: BuildFacts,
) -> None:
    situation = facts(team_size=None, team_working_days=None, working_days=0)
    ruling = block_absent_team(situation)
    assert ruling is not None
    assert "nobody can work in the window of 2 week(s)" in ruling.reason
    assert create_sprint(situation) is None


def test_nothing_is_blocked_when_no_sprint_is_due(facts: BuildFacts, sprint: BuildSprint) -> None:
    assert block_absent_team(facts(team_working_days=0, unassigned=())) is None
    assert block_absent_team(facts(team_working_days=0, active_sprint=sprint())) is None
    options = {"create_sprint_if_needed": False}
    assert block_absent_team(facts(team_working_days=0, options=options)) is None
