from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.decision_quality import gating
from benchmarks.decision_quality.calibrating import UNCALIBRATED, leave_one_out, outcomes
from benchmarks.decision_quality.replay import Decided, cases, decide
from benchmarks.decision_quality.sprints import Teams


def decided(teams: Teams, *numbers: tuple[int, int, int]) -> Sequence[Decided]:
    """Make a decision of each (recommended, applied, completed) against the rule's 10."""
    case = next(iter(cases(teams, False)))
    proposal = decide(case, UNCALIBRATED).proposal
    return [
        Decided(
            replace(case, completed=completed),
            replace(proposal, original=10, recommended=recommended, confidence=0.8),
            applied,
        )
        for recommended, applied, completed in numbers
    ]


def test_harm_and_help_count_from_two_tasks_on(teams: Teams):
    measured = gating.measure(
        decided(teams, (5, 5, 5), (5, 5, 9), (6, 10, 7), (5, 5, 8), (8, 10, 9), (10, 10, 3))
    )
    ungated, gated = measured["ungated"], measured["gated"]
    assert (ungated["changed"], ungated["wins"], ungated["losses"], ungated["ties"]) == (5, 2, 2, 1)
    assert (ungated["help"]["count"], ungated["harm"]["count"]) == (2, 1)
    assert (gated["changed"], gated["wins"], gated["losses"]) == (3, 1, 2)
    assert (measured["help_kept"], measured["harm_kept"]) == (0.5, 1.0)
    assert gated["win_rate"] == pytest.approx(1 / 3)
    assert gated["harm"]["of_changed"]["value"] == pytest.approx(1 / 3)
    assert gated["harm"]["of_decisions"]["value"] == pytest.approx(1 / 6)


def test_overshoot_is_what_was_planned_and_not_completed(teams: Teams):
    measured = gating.measure(decided(teams, (5, 5, 7), (5, 10, 4)))["commitment"]
    assert (measured["rule"]["mean_overshoot"], measured["gated"]["mean_overshoot"]) == (4.5, 3.0)
    assert measured["gated"]["over_committed"]["value"] == 0.5
    assert measured["ungated"]["mean_overshoot"] == 0.5


def test_stated_confidence_is_held_against_what_came_true(teams: Teams):
    bins = gating.confidence(decided(teams, (5, 5, 5), (5, 10, 9), (8, 8, 9)))
    (full,) = [bucket for bucket in bins if bucket["count"]]
    assert (full["low"], full["count"], full["observed"]) == (0.75, 2, 0.5)  # a tie is not counted
    assert full["stated_minus_observed"] == pytest.approx(0.3)
    assert all(bucket["stated_minus_observed"] is None for bucket in bins if not bucket["count"])


def test_a_project_is_calibrated_on_the_others_only(teams: Teams):
    known = outcomes(list(cases(teams, False)))
    turned = [
        (
            case,
            outcome.model_copy(update={"won": not outcome.won}) if case.team == "slow" else outcome,
        )
        for case, outcome in known
    ]
    case = next(case for case, _ in known if case.team == "slow")
    other = next(case for case, _ in known if case.team != "slow")
    assert leave_one_out(turned)(case) == leave_one_out(known)(case)
    assert leave_one_out(turned)(other) != leave_one_out(known)(other)
