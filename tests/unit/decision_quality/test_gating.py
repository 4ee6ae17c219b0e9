from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.decision_quality import gating
from benchmarks.decision_quality.backlog import decide_known
from benchmarks.decision_quality.calibrating import fitted, leave_one_out, outcomes
from benchmarks.decision_quality.fortnights import Fortnight
from benchmarks.decision_quality.recall import Memory
from benchmarks.decision_quality.replay import Decided, decide_all
from benchmarks.decision_quality.sprints import Teams


@pytest.fixture
def decided(teams: Teams) -> list[Decided]:
    return decide_all(teams, Memory(teams, scope_known=False))


def with_outcomes(decided: Sequence[Decided], completed: int) -> list[Decided]:
    return [replace(one, case=replace(one.case, completed=completed)) for one in decided]


def test_harm_and_help_count_from_two_tasks_on():
    rule, completed = np.full(5, 10.0), np.array([5.0, 9.0, 7.0, 8.0, 3.0])
    measured = gating.compare(rule, np.array([5.0, 5.0, 6.0, 5.0, 10.0]), completed, list("abcde"))
    assert measured["changed"]["value"] == 0.8
    assert (measured["wins"], measured["losses"]) == (2, 2)
    assert (measured["help"]["value"], measured["harm"]["value"]) == (0.4, 0.2)
    assert measured["ratio_to_rule"]["value"] == pytest.approx(15 / 18)


def test_evidence_with_an_edge_passes_and_evidence_without_one_does_not(decided: list[Decided]):
    slow = [one for one in decided if one.case.team in ("slow", "fast")]
    controls = gating.measure(slow)["controls"]
    against_ten = controls["own_pace_against_10"]
    assert against_ten["passed"]["value"] > 0.5
    assert against_ten["evidence_mae"] < against_ten["applied"]["mae"] < against_ten["rule_mae"]
    assert controls["smoothing_0_3_against_own_pace"]["passed"]["value"] < 0.5


def test_a_control_is_judged_by_earlier_sprints_alone(decided: list[Decided]):
    *before, last = [one for one in decided if one.case.team == "fast"]
    other = replace(last, case=replace(last.case, completed=0))
    here, there = (
        gating.measure([*before, one])["controls"]["own_pace_against_10"] for one in (last, other)
    )
    assert here["passed"] == there["passed"]


def test_similar_episodes_are_compared_with_the_rule(decided: list[Decided]):
    measured = gating.measure(decided)["similar_episodes"]
    assert measured["decisions"] == 20
    assert measured["with_evidence"] == 20
    assert measured["passed"]["value"] <= measured["confident"]["value"]


def test_a_project_is_calibrated_on_the_others_only(decided: list[Decided]):
    known = outcomes(decided)
    turned = [
        (
            case,
            outcome.model_copy(update={"won": not outcome.won}) if case.team == "fast" else outcome,
        )
        for case, outcome in known
    ]
    case = next(case for case, _ in known if case.team == "fast")
    other = next(case for case, _ in known if case.team != "fast")
    assert leave_one_out(turned)(case) == leave_one_out(known)(case)
    assert leave_one_out(turned)(other) != leave_one_out(known)(other)


def test_a_calibration_counts_its_outcomes_and_teams(
    decided: list[Decided], projects: dict[str, list[Fortnight]]
):
    known = [*outcomes(decided), *outcomes(decide_known(projects))]
    result = fitted(known, "these")
    assert result.sample_size == sum(interval.count for interval in result.table) == len(known)
    assert result.teams == len({case.team for case, _ in known})


def test_equal_plans_and_ties_are_no_outcomes(decided: list[Decided]):
    changed = [one for one in decided if one.recommended != one.rule]
    assert changed
    assert len(outcomes(with_outcomes(decided, 0))) == len(changed)
    tied = [
        replace(one, case=replace(one.case, completed=(one.rule + one.recommended) // 2))
        for one in changed
        if (one.rule + one.recommended) % 2 == 0
    ]
    assert outcomes(tied) == []
