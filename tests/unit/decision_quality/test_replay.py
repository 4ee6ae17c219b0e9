from collections import Counter
from dataclasses import replace

import pytest

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


def test_a_file_of_another_format_is_refused(write: Write):
    folder = write(lines())
    (folder / "sprints.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(KeyError):
        read(folder)


def test_a_sprint_is_decided_from_the_fourth_on(teams: Teams):
    counted = Counter(case.team for case in cases(teams, scope_known=False))
    assert counted == {"slow": 5, "fast": 5, "even": 5, "wild": 5}


def test_nothing_of_the_decided_sprint_is_known_but_its_length(teams: Teams):
    *before, last = teams["slow"]
    other = replace(last, scope=90, people=40, completed=70)
    changed = teams | {"slow": (*before, other)}
    for scope_known in (False, True):
        known = other if not scope_known else replace(last, completed=70)
        here = [each for each in cases(teams, scope_known) if each.team == "slow"][-1]
        there = [
            each
            for each in cases(teams | {"slow": (*before, known)}, scope_known)
            if each.team == "slow"
        ][-1]
        assert there.evidence == here.evidence
        assert there.prediction == here.prediction
        assert (here.completed, there.completed) == (3, 70)
    with_scope = [each for each in cases(changed, True) if each.team == "slow"][-1]
    assert (with_scope.scope, with_scope.evidence.rule_tasks) == (90, 10)


def test_later_sprints_of_the_team_are_not_remembered(teams: Teams):
    rows = teams["even"]
    memory = Memory({"even": rows}, scope_known=False)
    assert len(memory.recall(rows, 3)) == 2  # the second and the third; the first has no past
    assert memory.recall(rows, 1) == ()


def test_other_teams_are_remembered_whenever_they_were(teams: Teams):
    memory = Memory(teams, scope_known=False)
    projects = {each.project_id for each in memory.recall(teams["new"], 1)}
    assert projects
    assert "new" not in projects


def test_yardsticks_are_what_their_names_say(teams: Teams):
    case = next(each for each in cases(teams, False) if each.team == "slow")
    assert smoothing(case) == pytest.approx(2 + 0.3 + 0.3 * (2 - 2.3))
    assert mean_of_three(case) == pytest.approx(7 / 3)
