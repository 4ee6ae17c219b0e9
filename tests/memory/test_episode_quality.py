import pytest

from memory.episode import Outcome
from memory.quality import LEARNING_QUALITY, recallable, score
from tests.memory.conftest import perceive, remember

PAST_SPRINT = remember(
    perceive(team_size=None, working_days=None, team_working_days=None),
    origin="import",
    reasoning={"text": "imported: 7 tasks were completed in these two weeks"},
    action={"create_sprint": True, "tasks": None, "duration_days": 14},
    outcome=Outcome(completed_tasks=7, duration_days=14),
)


def test_a_fully_recorded_decision_scores_one() -> None:
    assert score(remember(perceive())) == 1.0


def test_an_imported_past_sprint_is_good_enough_without_people_and_plan() -> None:
    assert score(PAST_SPRINT) == pytest.approx(0.71)
    assert recallable(PAST_SPRINT)


@pytest.mark.parametrize(
    "loss",
    [
        {"reasoning": {}},
        {"action": {"create_sprint": True}},
        {"perception": PAST_SPRINT.perception.model_copy(update={"completed": ()})},
    ],
)
def test_an_imported_past_sprint_that_lacks_more_is_not(loss: dict[str, object]) -> None:
    poorer = PAST_SPRINT.model_copy(update=loss)
    assert score(poorer) < LEARNING_QUALITY
    assert not recallable(poorer)


def test_the_first_sprint_of_a_project_lacks_no_history() -> None:
    first = perceive(past_sprints=0, completed=())
    assert score(remember(first)) == 1.0


def test_a_decision_without_outcome_is_not_learned_from() -> None:
    open_ended = remember(perceive(), outcome=None)
    assert score(open_ended) == pytest.approx(0.85)
    assert not recallable(open_ended)


def test_a_decision_for_no_sprint_lacks_no_length() -> None:
    assert score(remember(perceive(), action={"create_sprint": False})) == 1.0


def test_a_failure_is_kept_and_not_learned_from() -> None:
    failed = remember(perceive(), reasoning={"text": "the backlog is down"}, action={})
    assert score(failed) < LEARNING_QUALITY
