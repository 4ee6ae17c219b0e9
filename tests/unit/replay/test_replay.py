"""Stored inputs give the run's decision again, and another one by other numbers."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain_services.backlog.planning_schema import Candidate
from domain_services.kernel.errors import Invalid
from graphs.inputs import (
    LEAST_TASKS,
    deeds_of,
    from_document,
    inputs_of,
    is_replayable,
    restore,
    to_document,
)
from graphs.replay import compare, decide_again, replay, without_episode
from graphs.state import State
from graphs.what_if import Changes, what_if, with_changes
from tests.unit.replay.conftest import NAMES, read


@pytest.mark.parametrize("name", NAMES)
def test_stored_inputs_of_this_shape_decide_as_their_run_did(name: str) -> None:
    inputs = from_document(read(name))
    assert deeds_of(decide_again(inputs)) == inputs.decided
    assert from_document(json.loads(json.dumps(to_document(inputs)))) == inputs


def test_inputs_of_another_shape_are_refused_in_words(adjusted: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="not of shape 1"):
        from_document(adjusted | {"shape": 2})
    assert [is_replayable(adjusted | {"shape": shape}) for shape in (1, 2)] == [True, False]


def test_higher_threshold_leaves_the_number_of_the_rule(adjusted: dict[str, Any]) -> None:
    inputs = from_document(adjusted)
    assert inputs.decided.source == "intelligence_enhanced"
    strict = replay(with_changes(inputs, Changes(confidence_threshold=1))).decision
    assert strict.source == "rule_based_only"
    assert compare(inputs.decided, deeds_of(strict)) == "changed"


def test_decision_that_plans_no_call_any_more_is_named_so(adjusted: dict[str, Any]) -> None:
    inputs = from_document(adjusted)
    facts = replace(inputs.snapshot.facts, project_status="inactive")
    stopped = replace(inputs, snapshot=replace(inputs.snapshot, facts=facts))
    assert compare(inputs.decided, deeds_of(decide_again(stopped))) == "nothing"


def test_wanted_certainty_makes_the_plan_smaller(adjusted: dict[str, Any]) -> None:
    inputs = from_document(adjusted)
    tasks = [
        replay(with_changes(inputs, Changes(certainty=certainty))).planning.evidence.pace_tasks
        for certainty in (50, 60, 70, 85)
    ]
    assert tasks == sorted(tasks, reverse=True)
    assert tasks[0] > tasks[-1]


def test_forgotten_episode_is_left_out_and_no_other_takes_its_place() -> None:
    inputs = from_document(read("similar_episodes_0"))
    first = inputs.recall.neighbours[0].episode_id
    less = without_episode(inputs, str(first))
    assert len(less.recall.neighbours) == len(inputs.recall.neighbours) - 1
    before, after = replay(inputs).proposal, replay(less).proposal
    assert before and after and before.forecast.mean != after.forecast.mean


def test_what_if_states_the_chance_of_other_numbers(adjusted: dict[str, Any]) -> None:
    inputs = from_document(adjusted)
    few, many = (what_if(inputs, Changes(), tasks).after for tasks in (2, 12))
    assert few and many
    assert few.odds[0].probability > many.odds[0].probability
    assert (few.planned, few.certainty) == (many.planned, many.certainty)
    longer = what_if(inputs, Changes(weeks=3))
    assert longer.weeks == 3
    assert any("own pace speaks alone" in note for note in longer.notes)


def test_people_away_make_the_expectation_smaller() -> None:
    inputs = from_document(read("similar_episodes_0"))
    whole = what_if(inputs, Changes()).after
    away = what_if(inputs, Changes(away=15)).after
    assert whole and away
    assert away.planned.expected < whole.planned.expected


def test_people_away_are_refused_where_no_team_is_known(adjusted: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="knew no team"):
        what_if(from_document(adjusted), Changes(away=3))


def test_inputs_stay_small_with_ten_thousand_free_tasks(adjusted: dict[str, Any]) -> None:
    """Keep the head of the planning order alone, and decide the same by it."""
    inputs = from_document(adjusted)
    many = [_candidate(number) for number in range(10_000)]
    order = replace(inputs.planning.order, plannable=tuple(many))
    evidence = replace(inputs.planning.evidence, plannable=len(many))
    large = replace(inputs, planning=replace(inputs.planning, order=order, evidence=evidence))
    decided = replay(large)
    state = State(
        order=large.order,
        snapshot=decided.snapshot,
        patterns=large.patterns,
        planning=decided.planning,
        recall=large.recall,
        learned=large.learned,
        degraded=[],
        decision=decided.decision,
    )
    small = inputs_of(state)
    assert len(small.planning.order.plannable) == LEAST_TASKS
    assert len(json.dumps(to_document(small))) < 30_000
    assert decide_again(small) == decided.decision
    assert len(restore(small)[0].facts.plannable) == LEAST_TASKS


def _candidate(number: int) -> Candidate:
    # The first tasks are alike: only the ones behind them show that priorities differ.
    return Candidate(
        task_id=f"GOLD-TASK{number:05d}",
        title="T" * 60,
        external_key=None,
        rank=None,
        carried_over=False,
        ready=True,
        waits_for=[],
        priority=1 if number < 9_000 else 2,
        estimate=None,
        created_on=date(2026, 1, 1),
        age_days=60 if number < 9_500 else 90,
    )
