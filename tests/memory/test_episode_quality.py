"""The score of an episode is the share of its record that is known."""

import struct

import pytest

from memory.episode import Outcome
from memory.quality import LEARNING_QUALITY, recallable, score, score_with_outcome
from tests.memory.conftest import decide, perceive, remember

IMPORTED = decide(
    tasks=None,
    duration_weeks=None,
    duration_days=14,
    rule=None,
    adjustments=None,
    reasoning="imported: 7 tasks were completed in these two weeks",
)
PAST_SPRINT = remember(
    perceive(team_size=None, working_days=None, team_working_days=None),
    origin="import",
    decision=IMPORTED,
    outcome=Outcome(completed_tasks=7, duration_days=14),
)


def test_fully_recorded_decision_scores_one() -> None:
    assert score(remember(perceive())) == 1.0


def test_imported_sprint_is_recallable_without_people_and_plan() -> None:
    assert score(PAST_SPRINT) == pytest.approx(0.71)
    assert recallable(PAST_SPRINT.outcome, score(PAST_SPRINT))


@pytest.mark.parametrize(
    "loss",
    [
        {"decision": IMPORTED.model_copy(update={"reasoning": ""})},
        {"decision": IMPORTED.model_copy(update={"duration_days": None})},
        {"perception": PAST_SPRINT.perception.model_copy(update={"completed": ()})},
    ],
)
def test_imported_sprint_that_lacks_more_is_not_recallable(loss: dict[str, object]) -> None:
    poorer = PAST_SPRINT.model_copy(update=loss)
    assert score(poorer) < LEARNING_QUALITY
    assert not recallable(poorer.outcome, score(poorer))


def test_first_sprint_of_a_project_lacks_no_history() -> None:
    first = perceive(past_sprints=0, completed=())
    assert score(remember(first)) == 1.0


def test_decision_without_an_outcome_is_not_recallable() -> None:
    open_ended = remember(perceive(), outcome=None)
    assert score(open_ended) == pytest.approx(0.85)
    assert not recallable(None, score(open_ended))


def test_decision_to_create_no_sprint_lacks_no_length() -> None:
    assert (
        score(
            remember(
                perceive(), decision=decide(create_sprint=False, tasks=None, duration_weeks=None)
            )
        )
        == 1.0
    )


@pytest.mark.parametrize("before", [None, Outcome(completed_tasks=3, duration_days=14)])
def test_score_with_a_new_outcome_is_the_score_of_the_whole_record(before: Outcome | None) -> None:
    after = Outcome(completed_tasks=5, planned_tasks=8, duration_days=14)
    stored = float32(score(remember(perceive(), outcome=before)))
    assert score_with_outcome(stored, before, after) == score(remember(perceive(), outcome=after))


def float32(value: float) -> float:
    """Return the value as a column of 32 bits holds it."""
    return struct.unpack("f", struct.pack("f", value))[0]
