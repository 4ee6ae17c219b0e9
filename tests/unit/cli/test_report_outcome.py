"""Actual outcome beside a decision on its page."""

from dataclasses import replace

from agent.cli.comparison import Comparison
from agent.cli.report_outcome import actual_outcome
from tests.unit.cli.answers import (
    OUTCOME,
)
from tests.unit.cli.printing import printed


def comparison(window_days: int, decided_days: int | None) -> Comparison:
    return Comparison("2025-06-22", window_days, decided_days, 9, 4, None, 6, 10, 6)


def test_only_windows_of_equal_length_have_a_verdict() -> None:
    assert comparison(14, 14).nearer == "recommendation"
    assert comparison(7, 14).nearer is None
    assert comparison(7, 14).in_usual_range is None
    assert "none: the actual outcome is of 7 days, the decision is for 14" in printed(
        actual_outcome(comparison(7, 14))
    )


def test_verdict_is_about_finished_tasks_of_the_backlog() -> None:
    text = " ".join(printed(actual_outcome(OUTCOME)).split())
    assert "11 tasks of this backlog finished, and 15 that arrived later" in text
    assert "rule's 10 missed it by 1 (too few), evidence's 12 (applied) missed it by 1" in text
    assert "both were equally near" in text
    exact = " ".join(printed(actual_outcome(replace(OUTCOME, from_backlog=10))).split())
    assert "the rule's 10 met it exactly, evidence's 12 (applied) missed it by 2" in exact
    assert "the rule was nearer" in exact
    rejected = printed(actual_outcome(replace(OUTCOME, applied=10)))
    assert "the rule's 10 (applied)" in rejected
    assert "rule and evidence both planned 10" in printed(
        actual_outcome(replace(OUTCOME, recommended=10))
    )


def test_outcome_is_set_beside_the_expected_range() -> None:
    text = " ".join(printed(actual_outcome(OUTCOME)).split())
    assert "backlog 11 finished, 11.9 expected: in the usual range, 8 to 15" in text
    assert "arrived 15 finished, 14.2 expected: in the usual range, 8 to 22" in text
    assert OUTCOME.in_usual_range is True
    few = replace(OUTCOME, from_backlog=7, finished=40)
    assert few.in_usual_range is False
    text = " ".join(printed(actual_outcome(few)).split())
    assert "backlog 7 finished, 11.9 expected: outside the usual range, 8 to 15" in text
    assert "arrived 33 finished, 14.2 expected: outside the usual range, 8 to 22" in text


def test_plan_of_picked_tasks_is_compared_with_the_picked_ones() -> None:
    draft = replace(
        OUTCOME, picked=5, picked_finished=2, rule=5, recommended=2, applied=2, finished=26
    )
    text = " ".join(printed(actual_outcome(draft)).split())
    assert "of the picked 2 of 5" in text
    assert "picked 2 finished, 11.9 expected: outside the usual range" in text
    assert "the rule's 5 missed it by 3 (too many), evidence's 2 (applied) met it exactly" in text
    assert draft.nearer == "recommendation"


def test_partly_known_window_has_a_count_and_no_verdict() -> None:
    partly = replace(OUTCOME, known_until="2016-10-09")
    text = printed(actual_outcome(partly))
    assert "known until 2016-10-09  11 tasks of this backlog finished, and 15 that" in text
    assert "verdict" not in text
    assert "usual range" not in text


def test_decision_without_a_sprint_shows_the_outcome_without_a_verdict() -> None:
    text = printed(actual_outcome(comparison(14, None)))
    assert "4 tasks of this backlog finished, and 5 that arrived later" in text
    assert "verdict" not in text
