"""Learning from ended sprints: observations, accepted and refused calibrations, rollback."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from agent.learning.learner import MIN_NEW_OUTCOMES, Learner, as_observation
from agent.learning.schema import Rollback
from domain_services.kernel.errors import NotFound
from graphs.evidence.shipped import shipped
from memory import outcomes
from memory.calibrations import Calibrations
from memory.decision_outcomes import EndedDecision, EndedDecisions
from memory.journal import Journal, append
from memory.outcomes import ClosedSprint
from memory.pool import Pool, open_pool
from memory.postgres import PostgresEpisodes
from tests.memory.conftest import adjust, decide, perceive, remember, stored_row

CLOSED = datetime(2026, 3, 16, tzinfo=UTC)


def ended_decision(**changes: Any) -> EndedDecision:
    """Return a decision of which 10 tasks were planned, 7 recommended and 6 completed."""
    values: dict[str, Any] = {
        "episode_id": uuid4(),
        "project_id": "ALPHA",
        "sprint_id": "ALPHA-S01",
        "decision_source": "rule_based_only",
        "completed_tasks": 6,
        "planned_tasks": 10,
        "completion_rate": 0.6,
        "rule_tasks": 10,
        "recommended_tasks": 7,
        "raw_confidence": 0.7,
        "stated_confidence": 0.72,
        "evidence_kind": "chances",
        "closed_at": CLOSED,
    }
    return EndedDecision(**values | changes)


@pytest.mark.parametrize(
    ("changes", "won"),
    [
        ({}, True),
        ({"completed_tasks": 9}, False),
        ({"recommended_tasks": 13, "planned_tasks": 13, "completed_tasks": 12}, True),
        # Ties, missing recommendations and plans that let only one side win.
        ({"recommended_tasks": 8, "completed_tasks": 9}, None),
        ({"raw_confidence": None}, None),
        ({"evidence_kind": None}, None),
        ({"planned_tasks": 7}, None),
        ({"recommended_tasks": 13, "completed_tasks": 10}, None),
    ],
)
def test_outcome_is_an_observation_only_where_either_side_could_win(
    changes: dict[str, Any], won: bool | None
) -> None:
    outcome = as_observation(ended_decision(**changes))
    assert (outcome.observation.won if outcome else None) is won


@pytest.fixture
async def pool(database_url: Callable[[str], str]) -> AsyncIterator[Pool]:
    async with open_pool(database_url("memory")) as connections:
        yield connections


async def store_ended_decisions(pool: Pool, count: int, completed: int, first: int = 1) -> None:
    """Store `count` decisions whose sprints ended with `completed` of 10 tasks."""
    async with pool.connection() as connection, connection.transaction():
        for number in range(first, first + count):
            sprint_id = f"ALPHA-S{number:02d}"
            episode = remember(
                perceive(),
                number,
                decision=decide(tasks=10, adjustments=(adjust(),)),
                outcome=None,
                sprint_id=sprint_id,
            )
            await append(connection, episode)
            sprint = ClosedSprint(
                sprint_id=sprint_id,
                project_id="ALPHA",
                completed_tasks=completed,
                planned_tasks=10,
                completion_rate=completed / 10,
                spill_over=10 - completed,
                duration_days=14,
                closed_at=CLOSED + timedelta(days=number),
                progress_source="reported",
            )
            assert await outcomes.store(connection, sprint) == 0  # its episode is in the journal
    await Journal(pool).drain()


async def test_outcome_that_came_before_the_episode_is_written_to_it(pool: Pool) -> None:
    await store_ended_decisions(pool, 1, completed=6)
    row = await stored_row(pool, "ALPHA-S01")
    assert row is not None
    assert (row["completed_tasks"], row["spill_over"]) == (6, 4)
    assert (await PostgresEpisodes(pool).count()).recallable == 1


async def test_better_calibration_is_activated_and_can_be_rolled_back(pool: Pool) -> None:
    learner = Learner(Calibrations(pool), EndedDecisions(pool))
    await store_ended_decisions(pool, MIN_NEW_OUTCOMES - 1, completed=6)
    few = await learner.learn("test")
    assert (few.learned, few.version) == (False, None)
    assert "4 new outcomes" in few.reason

    await store_ended_decisions(pool, 6, completed=6, first=MIN_NEW_OUTCOMES)
    learned = await learner.learn("test")
    assert (learned.learned, learned.version, learned.new_outcomes) == (True, 1, 10)
    assert (learned.log_loss or 1) < (learned.active_log_loss or 0)
    assert learned.active.own == 10
    assert learner.calibration.calibrated(0.68) > shipped().calibrated(0.68)

    other_replica = Learner(Calibrations(pool), EndedDecisions(pool))
    await other_replica.refresh()
    assert other_replica.calibration == learner.calibration

    again = await learner.learn("test")
    assert (again.learned, again.new_outcomes) == (False, 0)

    history = await learner.roll_back(Rollback(version=0), "test")
    assert history.active.version == 0
    assert learner.calibration == shipped()
    after = await learner.learn("test")
    assert (after.learned, after.reason) == (False, "no outcome is newer than attempt 1")
    with pytest.raises(NotFound):
        await learner.roll_back(Rollback(version=2), "test")


async def test_worse_calibration_is_refused_and_never_in_force(pool: Pool) -> None:
    # Wins are about as frequent as stated: each fit to four outcomes errs away from the fifth.
    learner = Learner(Calibrations(pool), EndedDecisions(pool))
    await store_ended_decisions(pool, 4, completed=6)
    await store_ended_decisions(pool, 1, completed=10, first=5)
    attempt = await learner.learn("test")
    assert (attempt.learned, attempt.version) == (False, 1)
    assert attempt.reason.startswith("refused: log loss")
    assert (attempt.log_loss or 0) > (attempt.active_log_loss or 1)
    assert learner.calibration == shipped()
    with pytest.raises(NotFound, match="never in force"):
        await learner.roll_back(Rollback(version=1), "test")
