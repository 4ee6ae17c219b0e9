from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.decision_quality.forecasts import BASELINES
from benchmarks.decision_quality.recall import Memory
from benchmarks.decision_quality.replay import cases, mean_of_three, smoothing
from benchmarks.decision_quality.sprints import Teams, read
from tests.unit.decision_quality.conftest import Write, lines


def test_unusable_rows_are_left_out_and_order_is_by_seq(write: Write):
    rows = [
        {**lines()[0], "seq": seq, "n_completed": done, "usable": usable}
        for seq, done, usable in (("10", "4", "1"), ("2", "3", "1"), ("3", "9", "0"))
    ]
    assert [row.completed for row in read(write(rows))["slow"]] == [3, 4]


def test_a_sprint_is_decided_from_the_fourth_on(teams: Teams):
    counted = Counter(case.team for case in cases(teams, scope_known=False))
    assert counted == {"slow": 5, "fast": 5, "even": 5, "wild": 5}


def test_nothing_of_the_decided_sprint_is_known_but_its_length(teams: Teams):
    *before, last = teams["slow"]
    other = replace(last, scope=90, people=40, completed=70)
    changed = teams | {"slow": (*before, other)}
    for scope_known in (False, True):
        known = other if not scope_known else replace(last, completed=70)
        here = [case for case in cases(teams, scope_known) if case.team == "slow"][-1]
        there = [
            case
            for case in cases(teams | {"slow": (*before, known)}, scope_known)
            if case.team == "slow"
        ][-1]
        assert there.evidence == here.evidence
        assert there.prediction == here.prediction
        assert (here.completed, there.completed) == (3, 70)
    with_scope = [case for case in cases(changed, True) if case.team == "slow"][-1]
    assert (with_scope.scope, with_scope.evidence.rule_tasks) == (90, 10)


def test_later_sprints_of_the_team_are_not_remembered(teams: Teams):
    rows = teams["even"]
    memory = Memory({"even": rows}, scope_known=False)
    assert len(memory.recall(rows, 3)) == 2  # the second and the third; the first has no past
    assert memory.recall(rows, 1) == ()


def test_other_teams_are_remembered_whenever_they_were(teams: Teams):
    memory = Memory(teams, scope_known=False)
    projects = {episode.project_id for episode in memory.recall(teams["new"], 1)}
    assert projects
    assert "new" not in projects


def test_yardsticks_are_what_their_names_say(teams: Teams):
    case = next(case for case in cases(teams, False) if case.team == "slow")
    assert smoothing(case) == pytest.approx(2 + 0.3 + 0.3 * (2 - 2.3))
    assert mean_of_three(case) == pytest.approx(7 / 3)


def test_a_blank_is_not_known_and_a_zero_is(write: Write):
    first, second = lines()[:2]
    first |= {"n_issues_scope_t0": "", "team_size_t0": " "}
    blank, zero = read(write([first, second | {"n_issues_scope_t0": "0"}]))["slow"]
    assert (blank.scope, blank.people, blank.sprint.committed) == (None, None, None)
    assert (zero.scope, zero.people, zero.sprint.committed) == (0, 5, 0)


def test_a_sprint_without_scope_is_not_decided_with_it(teams: Teams):
    rows = teams["slow"]
    some = teams | {"slow": (*rows[:4], replace(rows[4], scope=None), *rows[5:])}
    assert len(list(cases(some, False))) == 20
    slow_cases = [case for case in cases(some, True) if case.team == "slow"]
    assert len(slow_cases) == 4
    assert [past.committed for past in slow_cases[-1].evidence.history].count(None) == 1


def test_half_of_an_unknown_scope_is_nothing(teams: Teams):
    case = next(iter(cases(teams, False)))
    with pytest.raises(ValueError, match="scope"):
        BASELINES["half_scope_half_smoothing"](case)


@pytest.mark.parametrize("scope_known", [False, True])
def test_an_unknown_scope_is_no_scope_of_zero(teams: Teams, scope_known: bool):
    def recalled(scope: int | None) -> list[float]:
        rows = tuple(replace(row, scope=scope) for row in teams["even"])
        memory = Memory(teams | {"even": rows}, scope_known)
        return [episode.similarity for episode in memory.recall(rows, 4)]

    assert recalled(None) != recalled(0)
    assert max(recalled(None)) > max(recalled(0))  # ten tasks are nearer to the mean than to none


def test_a_memory_of_nothing_recalls_nothing(teams: Teams):
    assert Memory({"one": teams["new"][:1]}, scope_known=False).recall(teams["new"], 1) == ()
