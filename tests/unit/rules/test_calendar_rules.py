from graphs.rules.backlog import create_sprint
from graphs.rules.calendar import block_absent_team


def test_an_absent_team_blocks_creation_and_the_days_off_are_named(facts):
    given = facts(team_working_days=0, days_off=("2016-06-06 Pfingstmontag",))
    ruling = block_absent_team(given)
    assert ruling is not None
    assert ruling.kind == "blocked"
    assert "team of 5" in ruling.reason
    assert "2016-06-06 Pfingstmontag" in ruling.reason
    assert create_sprint(given) is None


def test_one_working_day_of_one_person_is_enough(facts):
    given = facts(team_working_days=1)
    assert block_absent_team(given) is None
    assert create_sprint(given) is not None


def test_an_unknown_team_blocks_nothing(facts):
    for given in (
        facts(team_size=None, team_working_days=None),
        facts(team_size=5, team_working_days=None),
        facts(team_size=0, team_working_days=0),
    ):
        assert block_absent_team(given) is None
        assert create_sprint(given) is not None


def test_nothing_is_blocked_where_nothing_would_be_created(facts, sprint):
    assert block_absent_team(facts(team_working_days=0, unassigned=())) is None
    assert block_absent_team(facts(team_working_days=0, active_sprint=sprint())) is None
    options = {"create_sprint_if_needed": False}
    assert block_absent_team(facts(team_working_days=0, options=options)) is None
