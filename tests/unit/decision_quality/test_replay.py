from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from benchmarks.decision_quality.recall import Memory
from benchmarks.decision_quality.replay import (
    Decided,
    decide_all,
    experienced,
    review_scopes,
    without_scope,
)
from benchmarks.decision_quality.sprints import Row, Teams, read
from benchmarks.decision_quality.yardsticks import YARDSTICKS, planned, trimmed
from tests.unit.decision_quality.conftest import Write, lines


def decide(teams: Teams, team: str, certainty: int = 50) -> list[Decided]:
    """Decide the sprints of one team, which remembers all teams."""
    decided = decide_all(teams, Memory(teams, scope_known=False), certainty)
    return [decision for decision in decided if decision.case.team == team]


def test_unusable_rows_are_left_out_and_order_is_by_seq(write: Write):
    rows = [
        {**lines()[0], "seq": seq, "sprint_id": seq, "n_completed": done, "usable": usable}
        for seq, done, usable in (("10", "4", "1"), ("2", "3", "1"), ("3", "9", "0"))
    ]
    assert [row.completed for row in read(write(rows))["slow"]] == [3, 4]


def test_every_sprint_is_decided_and_the_fourth_is_the_first_with_experience(teams: Teams):
    decided = decide_all(teams, Memory(teams, scope_known=False))
    assert Counter(decision.case.team for decision in decided)["new"] == 2
    counts = Counter(decision.case.team for decision in experienced(decided))
    assert counts == {"slow": 5, "fast": 5, "even": 5, "wild": 5}


def test_nothing_of_the_decided_sprint_is_known_but_its_length(teams: Teams):
    *before, last = teams["slow"]
    other = replace(last, scope=90, people=40, completed=70, added=3)
    changed = teams | {"slow": (*before, other)}
    here, there = decide(teams, "slow")[-1], decide(changed, "slow")[-1]
    assert there.case.evidence == here.case.evidence
    assert there.proposal == here.proposal
    assert (here.case.completed, there.case.completed) == (3, 70)


def test_of_the_reviewed_sprint_scope_and_people_are_known(teams: Teams):
    *before, last = teams["slow"]

    def review(row: Row) -> Decided:
        decided = review_scopes(teams | {"slow": (*before, row)})
        return [decision for decision in decided if decision.case.team == "slow"][-1]

    here = review(last)
    assert review(replace(last, completed=70)).proposal == here.proposal
    large = review(replace(last, scope=90))
    assert (large.case.scope, large.case.evidence.plannable) == (90, 90)
    assert large.proposal.forecast.mean > here.proposal.forecast.mean
    assert all(sprint.committed is not None for sprint in large.case.evidence.history)


def test_the_people_of_a_first_sprint_are_its_own(teams: Teams):
    first, *others = teams["slow"]
    changed = teams | {"slow": (replace(first, people=12), *others)}
    sizes = [decision.case.evidence.team_size for decision in decide(changed, "slow")]
    assert sizes[:3] == [12, 12, 5]


def test_a_first_sprint_does_not_see_any_scope(teams: Teams):
    rows = teams["slow"]
    other = (replace(rows[0], scope=500), *rows[1:])
    assert decide(teams | {"slow": other}, "slow")[0].proposal == decide(teams, "slow")[0].proposal


def test_a_record_holds_earlier_sprints_of_the_same_team_alone(teams: Teams):
    decided = decide(teams, "wild")
    followed = [decision.case.evidence.followed for decision in decided]
    assert followed[0] == ()
    assert len(followed[-1]) == sum(
        decision.proposal.kind == "similar_episodes" for decision in decided[:-1]
    )
    assert [pair.completed for pair in followed[-1]] == [
        decision.case.completed
        for decision in decided[:-1]
        if decision.proposal.kind == "similar_episodes"
    ]
    assert [pair.rule for pair in followed[-1]] == [
        decision.rule for decision in decided[:-1] if decision.proposal.kind == "similar_episodes"
    ]


def test_surer_plans_are_smaller(teams: Teams):
    plans = [[one.applied for one in decide(teams, "fast", sure)] for sure in (50, 70, 85)]
    assert all(least < middle < most for most, middle, least in zip(*plans, strict=True))


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
    case = decide(teams, "wild")[6].case  # after 0, 14, 3, 22, 1, 17 tasks
    level = 0.0
    for count in (14, 3, 22, 1, 17):
        level += 0.3 * (count - level)
    plans = {name: rule(case) for name, rule in YARDSTICKS.items()}
    assert plans == {
        "constant_10": 10,
        "last_sprint": 17,
        "mean_of_3": pytest.approx(40 / 3),
        "median_of_3": 17,
        "mean_of_6": 9.5,
        "last_6_without_best_and_worst": 8.75,
        "the_same_at_the_length_of_the_sprint": 8.75,
        "smoothing_0_3": pytest.approx(level),
    }
    assert planned("last_6_without_best_and_worst", [case]) == [9]
    assert trimmed([1, 2, 9]) == 2


def test_longer_sprints_are_worth_more_tasks(teams: Teams):
    *before, last = teams["even"]
    case = decide(teams | {"even": (*before, replace(last, days=28))}, "even")[-1].case
    plain = YARDSTICKS["last_6_without_best_and_worst"](case)
    scaled = YARDSTICKS["the_same_at_the_length_of_the_sprint"](case)
    assert scaled == pytest.approx(plain * 2**0.25)


def test_a_blank_is_not_known_and_a_zero_is(write: Write):
    first, second = lines()[:2]
    first |= {"n_issues_scope_t0": "", "team_size_t0": " "}
    blank, zero = read(write([first, second | {"n_issues_scope_t0": "0"}]))["slow"]
    assert (blank.scope, blank.people, blank.sprint.committed) == (None, None, None)
    assert (zero.scope, zero.people, zero.sprint.committed) == (0, 5, 0)


def test_a_sprint_without_scope_is_not_reviewed(teams: Teams):
    rows = teams["slow"]
    some = teams | {"slow": (*rows[:4], replace(rows[4], scope=None), *rows[5:])}
    reviewed = [decision for decision in review_scopes(some) if decision.case.team == "slow"]
    assert len(reviewed) == 4
    assert without_scope(some) == 1
    assert [past.committed for past in reviewed[-1].case.evidence.history].count(None) == 1


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


def test_a_row_is_a_past_sprint(row: Callable[..., Row]):
    assert row().sprint == row().committed_sprint
    assert row(added=1).sprint.committed is None
