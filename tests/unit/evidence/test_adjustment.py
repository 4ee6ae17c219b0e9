from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.adjustment import Proposal
from graphs.evidence.adjustment import propose as propose_with
from graphs.evidence.evidence import Draft, Evidence
from graphs.evidence.neighbours import NeighbourEvidence
from graphs.evidence.pace import Sprint
from graphs.evidence.pace_words import explain_pace
from graphs.evidence.payoff import Pair
from graphs.evidence.shipped import shipped
from graphs.evidence.suggestion import rests_on_episodes, suggest
from tests.unit.evidence.sprints import ages, by_class, of

CALIBRATION = shipped()
TEAM = Evidence(project_id="OWN", history=of(7, 4, 15, 6, 9, 7), plannable=40, days=14)
SIMILAR = tuple(NeighbourEvidence(0.8, done, 4.0, f"P{done}") for done in (7, 8, 9))
YOUNG = [2, 9, 4, 12, 1, 7, 10, 3, 8, 5] * 4
WINDOWS = [(by_class(d3=count, d224=20), by_class(d3=round(0.8 * count))) for count in YOUNG]
WITH_TASKS = replace(TEAM, ages=ages(WINDOWS, by_class(d3=5, d224=20)), plannable=25)


def propose(evidence: Evidence) -> Proposal:
    return propose_with(evidence, CALIBRATION)


def test_rule_is_the_own_pace_from_the_first_sprint_on() -> None:
    assert propose(TEAM).original == TEAM.own_pace.quantile(0.5)
    assert 4 <= propose(replace(TEAM, history=of(4))).original <= 6
    people = propose(replace(TEAM, history=(), team_size=3)).original
    assert 4 <= people <= 6
    assert propose(replace(TEAM, history=())).original == 8


@pytest.mark.parametrize(
    ("history", "least", "most"),
    [((0,) * 24, 1, 1), ((7, 7, 7, 7, 7, 3000), 6, 9), ((8,) * 300, 7, 10)],
)
def test_odd_histories_have_a_sensible_rule(
    history: tuple[int, ...], least: int, most: int
) -> None:
    assert least <= propose(replace(TEAM, history=of(*history))).original <= most


def test_rule_exceeds_neither_the_callers_limit_nor_the_plannable_tasks() -> None:
    assert propose(replace(TEAM, max_tasks=3)).original == 3
    assert propose(replace(TEAM, plannable=2)).original == 2
    assert propose(replace(TEAM, max_tasks=400)).original == propose(TEAM).original


def test_surer_plan_is_smaller() -> None:
    plans = [propose(replace(TEAM, certainty=share)).original for share in (50, 60, 70, 85)]
    assert plans == sorted(plans, reverse=True)
    assert len(set(plans)) >= 3


def test_without_evidence_beyond_the_own_pace_nothing_is_adjusted() -> None:
    proposal = propose(TEAM)
    assert (proposal.recommended, proposal.confidence, proposal.kind) == (
        proposal.original,
        None,
        None,
    )
    assert "no evidence beyond the team's own pace" in proposal.reason


def test_rule_that_plans_nothing_is_not_adjusted() -> None:
    proposal = propose(replace(WITH_TASKS, plannable=0))
    assert (proposal.original, proposal.recommended, proposal.confidence) == (0, 0, None)
    assert "nothing to adjust" in proposal.reason


def test_chances_of_the_open_tasks_are_the_evidence_where_tasks_are_known() -> None:
    proposal = propose(WITH_TASKS)
    assert (proposal.kind, proposal.recommended) == ("chances", 4)
    assert proposal.confidence is not None and proposal.confidence > 0.95
    assert proposal.nearer == CALIBRATION.calibrated(proposal.raw_nearer or 0)
    assert "25 open tasks" in proposal.reason
    assert "In 24 past windows of this project its plans missed by" in proposal.reason


def test_similar_episodes_are_evidence_with_the_record_of_past_decisions() -> None:
    unproven = propose(replace(TEAM, neighbours=SIMILAR))
    assert unproven.kind == "similar_episodes"
    assert unproven.recommended > unproven.original
    assert unproven.confidence == 0.5
    assert "No past window of this project shows" in unproven.reason
    proven = propose(replace(TEAM, neighbours=SIMILAR, followed=(Pair(7, 10, 11),) * 12))
    assert proven.confidence is not None and proven.confidence > 0.9


def test_without_own_sprints_it_takes_three_similar_projects() -> None:
    nobody = replace(TEAM, history=(), neighbours=SIMILAR)
    assert propose(nobody).kind == "similar_episodes"
    alone = tuple(replace(neighbour, project_id="OWN") for neighbour in SIMILAR)
    assert propose(replace(nobody, neighbours=alone)).kind is None
    assert propose(replace(nobody, neighbours=SIMILAR[:2])).kind is None


def test_draft_is_reviewed_by_past_commitments() -> None:
    half = tuple(Sprint(8, 14, 16) for _ in range(8))
    proposal = propose(replace(TEAM, history=half, draft=Draft(23, ()), plannable=23))
    assert proposal.kind == "scope"
    assert proposal.review is not None
    assert proposal.review.startswith("Of the 23 picked expect 1")
    assert "% of what it commits to" in proposal.review
    assert propose(TEAM).review is None


def test_review_expects_no_more_tasks_than_were_picked() -> None:
    review = propose(replace(TEAM, draft=Draft(3, ()), plannable=3)).review
    assert review is not None
    assert review.startswith("Of the 3 picked expect 3 (2 to 3): ")


def test_draft_of_tasks_of_known_age_is_reviewed_by_their_chances() -> None:
    old = replace(WITH_TASKS, draft=Draft(6, (300,) * 6), plannable=6)
    young = replace(WITH_TASKS, draft=Draft(6, (3,) * 6), plannable=6)
    assert propose(young).forecast.mean == pytest.approx(6 * 0.8, abs=0.4)
    assert propose(old).forecast.mean < 1
    assert "of the 6 picked expect 0 " in (propose(old).review or "").lower()
    assert propose(young).recommended <= 6


def test_count_moves_by_half_of_the_rule_at_most_and_by_one_at_least() -> None:
    many = replace(WITH_TASKS, ages=ages(WINDOWS, by_class(d3=90)), plannable=90)
    assert propose(many).recommended == propose(many).original + propose(many).original // 2
    slow = replace(many, history=of(0, 0, 0, 0, 0, 0))
    assert (propose(slow).original, propose(slow).recommended) == (1, 2)


def test_days_off_lower_the_plan_and_are_explained() -> None:
    half = replace(TEAM, capacity_share=0.5)
    assert half.own_pace.mean == pytest.approx(TEAM.own_pace.mean / 2)
    assert "Days off leave 50% of the working time" in explain_pace(half)
    assert "Days off" not in explain_pace(replace(TEAM, capacity_share=1.0))


def test_pace_is_explained_with_its_numbers() -> None:
    assert explain_pace(TEAM).startswith(
        "The last six sprints finished 7, 4, 15, 6, 9 and 7 tasks; without the best and the worst"
        " 7.25 a sprint."
    )
    assert explain_pace(TEAM).endswith("tasks are as likely reached as not.")
    assert "drawn towards 9, what other teams complete" in explain_pace(
        replace(TEAM, history=of(4))
    )
    people = explain_pace(replace(TEAM, history=(), team_size=5))
    assert people.startswith("No past sprint is known: 8 tasks are expected, one for each of 5")
    assert "reached in 85 of 100 sprints or more" in explain_pace(replace(TEAM, certainty=85))
    assert explain_pace(replace(TEAM, plannable=2)).endswith("Only 2 can be planned.")
    assert explain_pace(replace(TEAM, max_tasks=3)).endswith("The request allows 3.")


def test_pace_of_a_large_team_without_a_past_is_not_said_to_be_one_task_a_person() -> None:
    assert explain_pace(replace(TEAM, history=(), team_size=100)).startswith(
        "No past sprint is known: 30 tasks are expected, the most for a team without a past, here"
        " of 100 people."
    )
    assert "one for each of 27 people" in explain_pace(replace(TEAM, history=(), team_size=27))


def test_days_off_of_a_slow_team_are_compared_with_its_pace_without_them() -> None:
    slow = replace(TEAM, history=of(1, 1, 1, 1, 1, 1), capacity_share=0.1)
    full_pace = replace(slow, capacity_share=None).own_pace.mean
    assert f"0.5 tasks instead of {full_pace:.1f}." in explain_pace(slow)


def test_smallest_plan_is_not_said_to_be_sure() -> None:
    slow = replace(TEAM, history=of(0, 0, 0, 0, 0, 0), certainty=85)
    chance = round(100 * slow.own_pace.at_least(1))
    assert chance < 85
    assert explain_pace(slow).endswith(
        f"1 task is the smallest plan, though reached in {chance} of 100 sprints."
    )


def test_every_number_behind_a_proposal_has_its_sample_size() -> None:
    parts = {part.name: part for part in propose(WITH_TASKS).parts}
    assert parts["own_pace"].sample_size == 6
    assert parts["sum_of_chances"].sample_size == 40
    assert 0 < parts["chance_to_complete_original"].value < 1


@given(
    history=st.lists(st.integers(0, 200), max_size=24),
    plannable=st.integers(1, 60),
    limit=st.none() | st.integers(1, 40),
    share=st.none() | st.floats(0, 1),
    certainty=st.sampled_from([50, 60, 70, 85]),
    has_tasks=st.booleans(),
)
def test_proposal_stays_within_its_limits(
    history: list[int],
    plannable: int,
    limit: int | None,
    share: float | None,
    certainty: int,
    has_tasks: bool,
) -> None:
    evidence = replace(
        WITH_TASKS if has_tasks else TEAM,
        history=of(*history),
        plannable=plannable,
        max_tasks=limit,
        capacity_share=share,
        certainty=certainty,
        neighbours=SIMILAR,
    )
    proposal = propose(evidence)
    rule = proposal.original
    assert abs(proposal.recommended - rule) <= max(1, rule // 2)
    assert 1 <= proposal.recommended <= min(plannable, limit or plannable)
    assert (proposal.confidence is None) == (proposal.recommended == rule)
    assert proposal.confidence is None or 0 <= proposal.confidence <= 1


def test_evidence_plans_at_the_wanted_certainty() -> None:
    erratic = [(by_class(d3=10), by_class(d3=done)) for done in (2, 9, 4, 8, 1, 9) * 6]
    tasks = ages(erratic, by_class(d3=12))
    proposal = propose(replace(WITH_TASKS, history=of(12) * 6, ages=tasks, certainty=85))
    assert proposal.recommended == proposal.forecast.most_with(0.85)
    assert proposal.recommended < proposal.forecast.most_with(0.5)


def test_days_off_lower_what_evidence_expects() -> None:
    draft = replace(WITH_TASKS, draft=Draft(10, (3,) * 10), plannable=10)
    for evidence in (WITH_TASKS, draft):
        full, half = propose(evidence), propose(replace(evidence, capacity_share=0.5))
        assert half.forecast.mean == pytest.approx(full.forecast.mean / 2)


def test_past_scopes_are_reviewed_without_what_came_after_them() -> None:
    history = tuple(
        Sprint(count, 14, committed, outside=1)
        for count, committed in ((9, 12), (4, 3), (15, 16), (7, 3), (30, 40), (8, 2), (6, 11))
    )
    known, later = (
        suggest(replace(TEAM, history=past, draft=Draft(9, ()))) for past in (history[:6], history)
    )
    assert known is not None and later is not None
    assert later.pairs[: len(known.pairs)] == known.pairs
    assert [pair.completed for pair in later.pairs] == [6, 29, 7, 5]
    for pair, sprint in zip(later.pairs, history[3:], strict=True):
        assert max(pair.rule, pair.evidence) <= (sprint.committed or 0)


def test_episodes_are_asked_for_when_nothing_says_more() -> None:
    alone = replace(TEAM, neighbours=SIMILAR)
    assert rests_on_episodes(alone)
    assert not rests_on_episodes(replace(alone, draft=Draft(9, ())))
    assert not rests_on_episodes(replace(WITH_TASKS, neighbours=SIMILAR))
    assert not rests_on_episodes(TEAM)
