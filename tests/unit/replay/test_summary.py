"""Counts of a replay, the outcomes beside it, and the runs that cannot be decided again."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from agent.cli.replay_output import headline, left_out, outcome_in_words
from agent.replay.many import replay_all
from agent.replay.schema import KnownOutcome, RunInputs, RunInputsPage
from agent.replay.summary import Line, summarise
from graphs.adjustable import parse
from graphs.inputs import Deeds, from_document

RUN = UUID(int=7)


def _stored(inputs: dict[str, Any], number: int = 7, completed: int | None = None) -> RunInputs:
    outcome = None
    if completed is not None:
        outcome = KnownOutcome(sprint_id="S1", planned_tasks=5, completed_tasks=completed)
    return RunInputs(
        run_id=UUID(int=number),
        project_id="P1",
        decided_at=datetime(2026, 3, 2, tzinfo=UTC),
        agent_version="0.1.0",
        status="done",
        effect="acted",
        outcome=outcome,
        inputs=inputs,
    )


def _page(*runs: RunInputs) -> RunInputsPage:
    return RunInputsPage(runs=[*runs], next_before=None, first_at=runs[-1].decided_at)


@pytest.fixture
def line(adjusted: dict[str, Any]) -> Line:
    """A plan of five tasks in place of one of four, of which four were completed."""
    before = from_document(adjusted).decided
    return Line(
        run_id=RUN,
        project_id="P1",
        decided_at=datetime(2026, 3, 2, tzinfo=UTC),
        change="changed",
        before=replace(before, tasks=4),
        after=replace(before, tasks=5),
        reasoning="",
        status="done",
        effect="acted",
        outcome=KnownOutcome(sprint_id="S1", planned_tasks=4, completed_tasks=4),
    )


def test_inputs_of_another_release_are_left_out_and_the_others_are_decided(
    adjusted: dict[str, Any],
) -> None:
    other = {**adjusted, "shape": 2}
    summary = replay_all([_page(_stored(adjusted, 9), _stored(other))], parse([]), None)
    assert (summary.decisions, summary.same) == (1, 1)
    assert [run.run_id for run in summary.left_out] == [RUN]
    [words] = left_out(summary)
    assert words.startswith(f"1 decision, such as {RUN} by release 0.1.0: these inputs are not of")


def test_days_off_without_a_team_leave_one_run_out(adjusted: dict[str, Any]) -> None:
    adjusted["snapshot"]["facts"]["team_working_days"] = None
    summary = replay_all([_page(_stored(adjusted))], parse(["away=3"]), None)
    assert "knew no team" in summary.left_out[0].reason


def test_larger_plan_after_one_that_was_completed_whole_is_told_apart(line: Line) -> None:
    judged = summarise([line], first_at=None).judged
    assert (judged.plans, judged.farther, judged.unknown) == (1, 1, 1)
    assert "nobody knows" in " ".join(headline(summarise([line], first_at=None)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "undone"}, "undone"),
        ({"effect": "edited"}, "4 of 4 done, edited by a person"),
    ],
)
def test_plan_that_was_not_carried_out_as_decided_is_not_judged(
    changes: dict[str, Any], words: str, line: Line
) -> None:
    other = replace(line, **changes)
    assert outcome_in_words(other) == words
    assert summarise([other], first_at=None).judged.plans == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "4 of 4 done"),
        ({"outcome": None}, "no outcome yet"),
        ({"status": "waiting", "effect": None, "outcome": None}, "waiting"),
        ({"status": "rejected", "effect": "not_approved", "outcome": None}, "rejected"),
        ({"effect": "not_approved", "outcome": None, "status": None}, "not approved"),
        ({"effect": "dry_run", "outcome": None}, "dry run"),
        ({"effect": "shadow", "outcome": None}, "observed, no call"),
        ({"before": None}, "no sprint began"),
    ],
)
def test_outcome_says_what_became_of_the_plan(
    changes: dict[str, Any], words: str, line: Line
) -> None:
    if "before" in changes:
        nothing: Deeds = replace(line.before, create_sprint=False, tasks=None, weeks=None)
        changes = {"before": nothing}
    assert outcome_in_words(replace(line, **changes)) == words
